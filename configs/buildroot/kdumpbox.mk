################################################################################
#
# kdumpbox: put this directory into an external tree (BR2_EXTERNAL) as package/kdumpbox
#
################################################################################

KDUMPBOX_VERSION = 0.1
KDUMPBOX_SITE = $(KDUMPBOX_SOURCE_DIR)
KDUMPBOX_SITE_METHOD = local
KDUMPBOX_LICENSE = MIT, BSD-2-Clause, BSD-3-Clause, Zlib, CC0-1.0
KDUMPBOX_LICENSE_FILES = LICENSE
# Where the kdumpbox tree is, and the Debian source packages that configs/third-party.lock names, if
# apt is not to fetch them: set both in local.mk.
KDUMPBOX_SOURCE_DIR ?= $(BR2_EXTERNAL)/kdumpbox
KDUMPBOX_MAKE = $(TARGET_MAKE_ENV) $(MAKE) -C $(@D) CROSS="$(TARGET_CROSS)" \
	$(if $(KDUMPBOX_DISTFILES),DISTFILES="$(KDUMPBOX_DISTFILES)")

# It brings its own C library, so that it is one static file whatever the toolchain has.
define KDUMPBOX_BUILD_CMDS
	$(KDUMPBOX_MAKE)
endef

define KDUMPBOX_INSTALL_TARGET_CMDS
	$(INSTALL) -D -m 0755 $(@D)/build/kdumpbox $(TARGET_DIR)/usr/sbin/kdumpbox
endef

$(eval $(generic-package))
