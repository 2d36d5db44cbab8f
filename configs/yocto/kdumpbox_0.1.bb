SUMMARY = "Saves the memory of a crashed kernel, without a shell"
LICENSE = "MIT & BSD-2-Clause & BSD-3-Clause & Zlib & CC0-1.0"
LIC_FILES_CHKSUM = "file://LICENSE;beginline=1;endline=3;md5=9dc41b31fa5692ef84af61b29deb7043"
# The kdumpbox tree, and the Debian source packages that configs/third-party.lock names.
inherit externalsrc
EXTERNALSRC ?= "${TOPDIR}/../kdumpbox"
KDUMPBOX_DISTFILES ?= "${DL_DIR}/kdumpbox"
COMPATIBLE_HOST = "(x86_64|aarch64).*-linux"
INHIBIT_PACKAGE_STRIP = "1"
DEPENDS += "xz-native"

EXTRA_OEMAKE = "CROSS=${TARGET_PREFIX} DISTFILES=${KDUMPBOX_DISTFILES}"

do_compile() {
	# The flags of the distribution are for its libc; this is static with its own.
	unset CC CFLAGS CPPFLAGS LDFLAGS
	oe_runmake
}

do_install() {
	install -D -m 0755 ${B}/build/kdumpbox ${D}${sbindir}/kdumpbox
}
