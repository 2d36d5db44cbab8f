# third-party.mk - which libraries we build, from which Debian source package, and how.
#
# One stanza per source package: the shell lines that build it, run in the unpacked source with
# PREFIX, HOST, CC, AR, CFLAGS and LDFLAGS set; they install headers to $PREFIX/include and a
# static library to $PREFIX/lib. Each is built twice at most: "musl" for the program itself,
# "host" (this machine's libc) for the unit tests. A changed stanza rebuilds that library only.

TP        ?= $B/third-party
MUSL      := $(abspath $(TP))/musl
HOSTLIBS  := $(abspath $(TP))/host
DIST      := $(TP)/distfiles
LIBS.tls  := $(filter mbedtls,$(TLS))
LIBS.musl := musl zlib xz-utils libzstd xxhash libarchive bearssl tinyssh openssh $(LIBS.tls)
LIBS.host := zlib xz-utils libzstd xxhash libarchive bearssl tinyssh openssh cmocka $(LIBS.tls)
LIBS.mbedtls := mbedtls
LOCK      := $(file <configs/third-party.lock)
LINK      := $(LIBS.tls:%=-l%) -larchive -ltinyssh -lbearssl -lzstd -llzma -lz

# The C library. rcrt1.o, the start of a static PIE, is missing from some distributions' gcc
# wrappers for musl. The kernel's headers come beside it, never with those of the machine's libc.
define build.musl
./configure --prefix="$PREFIX" --syslibdir="$PREFIX/lib" --disable-shared --enable-wrapper=gcc
make
make install
mkdir -p "$PREFIX/uapi"
arch=$($CC -print-multiarch)
for dir in linux asm asm-generic; do
	for from in /usr/include/$arch /usr/$arch/include /usr/include; do
		[ ! -d $from/$dir ] || { ln -sfn $from/$dir "$PREFIX/uapi/$dir"; break; }
	done
	[ -e "$PREFIX/uapi/$dir" ] || { echo "no kernel headers $dir for $arch"; exit 1; }
done
endef

define build.zlib
./configure --static --prefix="$PREFIX"
make libz.a
cp zlib.h zconf.h "$PREFIX/include"
cp libz.a "$PREFIX/lib"
endef

# Only the decoder: modules come as .ko.xz, we write zstd or gzip.
define build.xz-utils
./configure --host=$HOST --prefix="$PREFIX" --disable-shared --disable-threads --disable-nls \
	--enable-encoders= --enable-decoders=lzma1,lzma2,x86,arm,arm64 --disable-microlzma \
	--disable-lzip-decoder --disable-doc --disable-scripts --disable-xz --disable-xzdec \
	--disable-lzmadec --disable-lzmainfo
make -C src/liblzma install $NO_AUTOTOOLS
endef

# For initramfs and for reading dumps. No dictionaries, no old formats, no threads; of the
# strategies only the fastest: the others are 350 KB, and what searches in an attached dictionary is more.
# Of two ways to decode, which only reading a dump takes, the smaller one.
define build.libzstd
cd lib
for strategy in DFAST GREEDY LAZY LAZY2 BTLAZY2 BTOPT BTULTRA; do
	CFLAGS="$CFLAGS -DZSTD_EXCLUDE_${strategy}_BLOCK_COMPRESSOR"
done
CFLAGS="$CFLAGS -DHUF_FORCE_DECOMPRESS_X1 -DZSTD_FORCE_DECOMPRESS_SEQUENCES_SHORT"
sed -i 's/ZSTD_compressBlock_fast_dictMatchState/NULL/' compress/zstd_compress.c
make libzstd.a CFLAGS="$CFLAGS" ZSTD_LEGACY_SUPPORT=0 ZSTD_LIB_DEPRECATED=0 \
	ZSTD_LIB_DICTBUILDER=0
cp zstd.h zstd_errors.h "$PREFIX/include"
cp libzstd.a "$PREFIX/lib"
endef

# Header only: use with XXH_INLINE_ALL.
define build.xxhash
cp xxhash.h "$PREFIX/include"
endef

# For cpio and tar archives and compressed modules; what is not called is not linked, so call the
# functions for one format or filter each, not those for "all".
define build.libarchive
./configure --host=$HOST --prefix="$PREFIX" --disable-shared --disable-bsdtar --disable-bsdcat \
	--disable-bsdcpio --disable-posix-regex-lib --disable-acl --disable-xattr --without-bz2lib \
	--without-libb2 --without-iconv --without-lz4 --without-nettle --without-openssl \
	--without-xml2 --without-expat \
	CFLAGS="$CFLAGS -Os" CPPFLAGS="-I$PREFIX/include" LDFLAGS="$LDFLAGS -L$PREFIX/lib"
make libarchive.la $NO_AUTOTOOLS
cp libarchive/archive.h libarchive/archive_entry.h "$PREFIX/include"
cp .libs/libarchive.a "$PREFIX/lib"
endef

define build.bearssl
make lib DLL=no CC="$CC" AR="$AR" CFLAGS="$CFLAGS" BUILD=obj
cp inc/*.h "$PREFIX/include"
cp obj/libbearssl.a "$PREFIX/lib"
endef

# What BearSSL lacks for SSH: Ed25519, sntrup761, Poly1305 as a plain function; X25519 for 1 KB more.
# SHA-512 and random bytes, which these functions call, come from lib/ssh/crypto.c.
define build.tinyssh
cd crypto
: >hasasmvolatilememory.h
$CC $CFLAGS -DHASASMVOLATILEMEMORY -Dverify=tinyssh_verify -I. -c crypto_sign_ed25519.c \
	crypto_kem_sntrup761.c crypto_sort_uint32.c crypto_scalarmult_curve25519.c \
	crypto_onetimeauth_poly1305.c fe.c fe25519.c ge25519.c sc25519.c verify.c crypto_verify_32.c cleanup.c \
	uint32_pack.c uint32_unpack.c
$AR rcs "$PREFIX/lib/libtinyssh.a" *.o
mkdir -p "$PREFIX/include/tinyssh"
cp *.h "$PREFIX/include/tinyssh"
endef

# Of OpenSSH only ML-KEM-768, which Cryspen's libcrux generates as one header: see lib/ssh/mlkem.c.
define build.openssh
cp libcrux_mlkem768_sha3.h "$PREFIX/include"
endef

# TLS 1.3, for `make TLS=mbedtls` only. A client; its X.509 and GCM stay out, lib/tls has its own, and random
# bytes come from there too.
define build.mbedtls
for option in \
	HAVE_ASM PLATFORM_C THREADING_C THREADING_PTHREAD AES_C AES_FEWER_TABLES \
	GCM_C GCM_ALT CHACHA20_C POLY1305_C CHACHAPOLY_C SHA256_C SHA384_C SHA512_C MD_C \
	HKDF_C ASN1_PARSE_C ASN1_WRITE_C OID_C BIGNUM_C ECP_C ECDH_C ECDSA_C \
	ECP_DP_CURVE25519_ENABLED ECP_DP_SECP256R1_ENABLED ECP_DP_SECP384R1_ENABLED \
	ECP_DP_SECP521R1_ENABLED ECP_NIST_OPTIM RSA_C PKCS1_V15 PKCS1_V21 CIPHER_C PK_C PK_PARSE_C \
	X509_USE_C X509_CRT_PARSE_C X509_RSASSA_PSS_SUPPORT PSA_CRYPTO_C PSA_CRYPTO_EXTERNAL_RNG \
	SSL_TLS_C SSL_CLI_C SSL_PROTO_TLS1_2 SSL_PROTO_TLS1_3 \
	SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ENABLED SSL_TLS1_3_COMPATIBILITY_MODE \
	SSL_KEEP_PEER_CERTIFICATE SSL_SERVER_NAME_INDICATION SSL_ALPN SSL_EXTENDED_MASTER_SECRET \
	KEY_EXCHANGE_ECDHE_RSA_ENABLED KEY_EXCHANGE_ECDHE_ECDSA_ENABLED; do
	echo "#define MBEDTLS_$option"
done >include/mbedtls/mbedtls_config.h
echo "typedef struct { void *state; } mbedtls_gcm_context;" >include/mbedtls/gcm_alt.h
cd library
# 3.6.6 refuses in TLS 1.2 the RSA-PSS that it offers and can verify (Mbed-TLS/mbedtls issue 10668).
sed -i '/^static int ssl_parse_signature_algorithm/,/^}/s/!mbedtls_ssl_sig_alg_is_supp/*pk_alg != MBEDTLS_PK_RSASSA_PSS \&\& &/' \
	ssl_tls12_client.c
for file in $(ls *.c | grep -v '^x509'); do
	case $file in
	chacha* | poly1305.c) optimize= ;;
	*) optimize=-Os ;;
	esac
	echo "$optimize $file"
done | xargs -P $(nproc) -L 1 $CC $CFLAGS -I../include -c
$AR rcs "$PREFIX/lib/libmbedtls.a" *.o
cp -r ../include/mbedtls ../include/psa "$PREFIX/include"
endef

define build.cmocka
cat >config.h <<-END
	#define HAVE_INTTYPES_H 1
	#define HAVE_MALLOC_H 1
	#define HAVE_SIGNAL_H 1
	#define HAVE_STRINGS_H 1
	#define HAVE_STRUCT_TIMESPEC 1
	#define HAVE_CLOCK_GETTIME 1
	#define HAVE_CLOCK_GETTIME_REALTIME 1
	#define HAVE_GCC_THREAD_LOCAL_STORAGE 1
END
$CC $CFLAGS -DHAVE_CONFIG_H -I. -Iinclude -c src/cmocka.c
$AR rcs "$PREFIX/lib/libcmocka.a" cmocka.o
cp include/cmocka.h "$PREFIX/include"
endef

NEEDS.libarchive := zlib xz-utils libzstd
LIBCFLAGS := -O2 -g0 -ffunction-sections -fdata-sections -w

# What a stanza finds set. Debian's patches make the autotools believe they have to run again.
define env.all
export PREFIX="$(abspath $(TP))/$1" HOST=$(ARCH)-linux-$(if $(filter musl,$1),musl,gnu) AR=$(CROSS)ar RANLIB=$(CROSS)ranlib
export NO_AUTOTOOLS="ACLOCAL=: AUTOCONF=: AUTOMAKE=: AUTOHEADER=: MAKEINFO=:"
export MAKEFLAGS=-j$$(nproc)
mkdir -p "$$PREFIX/include" "$$PREFIX/lib"
endef
env.musl = export CC="$(if $(filter musl,$1),$(CROSS)gcc,$(MUSL)/bin/musl-gcc)" LDFLAGS=-static \
	CFLAGS="$(LIBCFLAGS) $(HARDEN) -fno-asynchronous-unwind-tables -ffile-prefix-map=$$PWD=."
env.host = export CC=$(HOSTCC) CFLAGS="$(LIBCFLAGS)"

# $(call update,FILE,TEXT): rewrites FILE if it does not hold TEXT.
# make 4.3 now and then leaves the newline at the end of what $(file <) reads.
same   = $(if $(and $(subst x$1x,,x$2x),$(subst x$1$(newline)x,,x$2x)),,yes)
update = $(if $(and $(wildcard $1),$(call same,$2,$(file <$1))),,$(shell mkdir -p $(dir $1))$(file >$1,$2))

define newline


endef

# $(call library,FLAVOUR,NAME): NAME.sh is all that a build depends on, the locked files included.
# One at a time, since several makes may share $(TP).
define library
$$(call update,$(TP)/$1/$2.sh,# $(filter $2_%,$(LOCK))$$(newline)$$(call env.all,$1)$$(newline)$\
	$$(call env.$1,$2)$$(newline)$$(value build.$2))
$(TP)/$1/$2.done: $(TP)/$1/$2.sh \
		$(filter-out $(TP)/musl/$2.done,$(if $(filter musl,$1),$(TP)/musl/musl.done)) \
		$(NEEDS.$2:%=$(TP)/$1/%.done) | $(DIST)/verified.$(or $(filter mbedtls,$2),$1)
	@echo "  LIB     $2 ($1)"
	@flock $(TP)/lock configs/build-library $(DIST) $(TP)/$1 $2 \
		$(if $(filter musl,$1),$(filter-out $2,musl)) $(NEEDS.$2)
endef
$(foreach flavour,musl host,$(foreach lib,$(LIBS.$(flavour)),$(eval $(call library,$(flavour),$(lib)))))

LIBS_MUSL := $(LIBS.musl:%=$(TP)/musl/%.done)
LIBS_HOST := $(LIBS.host:%=$(TP)/host/%.done)

$(call update,$(DIST)/lock,$(LOCK))
$(DIST)/verified.host $(DIST)/verified.mbedtls: $(DIST)/verified.musl
$(DIST)/verified.%: $(DIST)/lock
	@configs/deps build
	@configs/fetch-sources $(DIST) $(LIBS.$*)
	@touch $@

# Takes the newest versions that this machine's apt offers into the lock.
lock:
	configs/fetch-sources --lock $(DIST) $(sort $(LIBS.musl) $(LIBS.host) mbedtls) >$B/lock.new
	mv $B/lock.new configs/third-party.lock
