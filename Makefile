# Builds kdumpbox, one static binary for the capture kernel, and runs its tests: see `make help`.
B       := build
CROSS   ?=
HOSTCC  ?= gcc
# The library of TLS: bearssl, 1.2, or mbedtls, 1.3 too. What is linked goes to $(OUT).
TLS     ?= bearssl
OUT     ?= $B
ifeq ($(filter bearssl mbedtls,$(TLS)),)
$(error TLS is bearssl or mbedtls, not '$(TLS)')
endif
# Warnings are errors with the compiler that we test with; others know other ones.
WERROR  ?= $(if $(filter 12,$(shell $(CROSS)gcc -dumpversion)),-Werror)
.DEFAULT_GOAL := all
ARCH    := $(firstword $(subst -, ,$(shell $(CROSS)gcc -dumpmachine)))
ifeq ($(ARCH),)
$(error $(CROSS)gcc is missing; on Debian: apt-get install gcc)
endif
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif

include configs/$(ARCH).mk
HARDEN += -fPIE -fstack-protector-strong
include configs/third-party.mk

# ---- what we build
APPLETS  ?= $(filter-out main,$(basename $(notdir $(sort $(wildcard applets/*.c)))))
LIBSRC   := $(filter-out lib/tls/$(filter-out $(TLS),bearssl mbedtls)%,$(sort $(wildcard lib/*/*.c)))
# An applet of several subcommands has them in a directory of its name.
SRC      := applets/main.c $(APPLETS:%=applets/%.c) $(foreach a,$(APPLETS),$(sort $(wildcard applets/$a/*.c))) \
            $(LIBSRC)
OBJ      := $(SRC:%.c=$B/%.o)

CC       := $(MUSL)/bin/musl-gcc
WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wpointer-arith \
            -Wno-format-truncation $(WERROR)
CPPFLAGS := -D_GNU_SOURCE -Ilib -Iapplets -MMD -MP
CFLAGS   := -std=gnu11 -O2 -g $(WARN) $(HARDEN) -ffunction-sections -fdata-sections \
            -fno-asynchronous-unwind-tables \
            -fno-delete-null-pointer-checks -ftrivial-auto-var-init=zero \
            -ffile-prefix-map=$(abspath $(TP))=third-party -ffile-prefix-map=$(CURDIR)=.
INCLUDES := -I$B -isystem $(MUSL)/uapi
LDFLAGS  := -static-pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,text,--gc-sections
gccfile   = $(shell $(CROSS)gcc -print-file-name=$1)
START    := $(MUSL)/lib/rcrt1.o $(MUSL)/lib/crti.o $(call gccfile,crtbeginS.o)
END      := $(call gccfile,crtendS.o) $(MUSL)/lib/crtn.o

all: $(OUT)/kdumpbox

$(OUT)/kdumpbox: $(OUT)/kdumpbox.debug
	@echo "  STRIP   $@"
	@$(CROSS)strip -o $@ $<

$(OUT)/kdumpbox.debug: $(OBJ) $(LIBS_MUSL) $(OUT)/link
	@echo "  LD      $@"
	@$(CROSS)gcc $(LDFLAGS) -nostdlib -o $@ $(START) $(OBJ) -L$(MUSL)/lib $(LINK) \
		-Wl,--start-group -lc -lgcc -lgcc_eh -Wl,--end-group $(END)

$(call update,$(OUT)/link,$(LINK))

# Speed is wanted where a dump's bytes pass through; all else shall be small.
HOT      := $(foreach o,lib/dump/% lib/sink/% lib/ssh/cipher.o lib/ssh/cha% lib/ssh/packet.o lib/base/%,$B/$o)

# One X(symbol) per applet and the compiler's flags, each rewritten only when it changes.
$(call update,$B/applets.inc,$(foreach a,$(APPLETS),X($(subst -,_,$a))))
$(call update,$B/flags,$(CPPFLAGS) $(CFLAGS) -Os but $(HOT))

$(filter-out $(HOT),$(OBJ)) $B/lib/sink/s3.o $B/lib/sink/s3plan.o: CFLAGS += -Os
$(OBJ): $B/%.o: %.c $B/flags | $(LIBS_MUSL)
	@mkdir -p $(@D)
	@echo "  CC      $<"
	@$(CC) $(CPPFLAGS) $(INCLUDES) $(CFLAGS) -c -o $@ $<

# ---- what runs on this machine: unit tests and their tools with sanitizers, fuzzers with clang
HOSTCFLAGS := -std=gnu11 -O1 -g $(WARN) -fsanitize=address,undefined -fno-sanitize-recover=all \
              -fno-omit-frame-pointer
FUZZCFLAGS := $(filter-out -Werror,$(HOSTCFLAGS)) -Wno-unknown-warning-option -fsanitize=fuzzer-no-link
HOSTCPP  := -I$B -Itests/tools -isystem $(HOSTLIBS)/include
SHARED   := $(LIBSRC) $(sort $(wildcard tests/tools/lib_*.c))
UNITS    := $(patsubst tests/%.c,$(OUT)/host/%,$(sort $(wildcard tests/unit/test_*.c)))
TOOLS    := $(patsubst tests/%.c,$(OUT)/host/%,$(filter-out $(SHARED),$(sort $(wildcard tests/tools/*.c))))
FUZZERS  := $(patsubst tests/fuzz/%.c,$B/fuzz/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
$(call update,$B/host/flags,$(HOSTCC) $(CPPFLAGS) $(HOSTCFLAGS) $(FUZZCFLAGS))

# mbedTLS calls back into lib/tls.
GROUP     = -Wl,--start-group $(filter %.o %.a,$^) -lcmocka -llzo2 $(LINK) -lpthread -Wl,--end-group

units: $(UNITS)
tools: $(TOOLS)
fuzzers: $(FUZZERS)

$B/host/%.o: %.c $B/host/flags | $(LIBS_HOST)
	@mkdir -p $(@D)
	@echo "  HOSTCC  $<"
	@$(HOSTCC) $(CPPFLAGS) $(HOSTCPP) $(HOSTCFLAGS) -c -o $@ $<

$B/fuzz/%.o: %.c $B/host/flags | $(LIBS_HOST)
	@mkdir -p $(@D)
	@echo "  CLANG   $<"
	@clang $(CPPFLAGS) $(HOSTCPP) $(FUZZCFLAGS) -c -o $@ $<

$(OUT)/host/libkdumpbox.a: $(SHARED:%.c=$B/host/%.o) $(LIBS_HOST) $(OUT)/link
$(OUT)/fuzz/libkdumpbox.a: $(SHARED:%.c=$B/fuzz/%.o) $(LIBS_HOST) $(OUT)/link
$(OUT)/%/libkdumpbox.a:
	@mkdir -p $(@D)
	@rm -f $@
	@$(CROSS)ar rcs $@ $(filter %.o,$^)

$(UNITS) $(TOOLS): $(OUT)/host/%: $B/host/tests/%.o $(OUT)/host/libkdumpbox.a
	@mkdir -p $(@D)
	@$(HOSTCC) $(HOSTCFLAGS) -o $@ -L$(HOSTLIBS)/lib $(GROUP)

$(FUZZERS): $B/fuzz/%: $B/fuzz/tests/fuzz/%.o $(OUT)/fuzz/libkdumpbox.a
	@clang $(HOSTCFLAGS) -fsanitize=fuzzer -o $@ -L$(HOSTLIBS)/lib $(GROUP)

# ---- what a person asks for
check: ## run the tests, or one of them with T=name
	@configs/deps build demo check
	@MAKE="$(MAKE)" tests/run $(T)

demo: ## crash a guest under QEMU and open its dump
	@configs/deps build demo
	@$(MAKE) --no-print-directory all
	@qemu/demo

bench: ## measure what README promises
	@configs/deps build demo check
	@$(MAKE) --no-print-directory all tools
	@tests/bench/run

matrix: ## boot guests of many sizes with what kdump estimate prints
	@configs/deps build check
	@$(MAKE) --no-print-directory all
	@tests/bench/estimate

fuzz: ## run each fuzzer for a while
	@configs/deps build check
	@$(MAKE) --no-print-directory fuzzers
	@tests/fuzz/run

deps: ## install what build, demo and tests need (as root, by apt)
	@configs/deps build demo check

install: all ## into DESTDIR, PREFIX (/usr/local): program, manual pages, units and hooks
	@PREFIX="$(or $(PREFIX),/usr/local)" DESTDIR="$(DESTDIR)" SYSCONFDIR="$(SYSCONFDIR)" \
		DRACUT_MODULES="$(DRACUT_MODULES)" configs/install $B/kdumpbox

deb: all ## a Debian package in build/deb
	@configs/debian/build $B/deb

rpm: all ## an RPM package in build/rpm
	@command -v rpmbuild >/dev/null || { echo "make rpm: rpmbuild is missing: apt-get install rpm"; exit 1; }
	@rpmbuild -bb --quiet --define "top $(CURDIR)" --define "_topdir $(CURDIR)/$B/rpm" configs/kdumpbox.spec

sbom: all ## what is in the program and from where, as SPDX: build/kdumpbox.spdx.json
	@configs/sbom $B/kdumpbox $(LIBS.musl) >$B/kdumpbox.spdx.json
	@echo $B/kdumpbox.spdx.json

clean: ## remove what was compiled; third-party libraries, kernels and disk images stay
	rm -rf $B/applets $B/lib $B/host $B/fuzz $B/log $B/kdumpbox $B/kdumpbox.debug $B/link $B/mbedtls

help: ## show this
	@echo 'make                  build/kdumpbox, with all applets or APPLETS="init mount save"'
	@sed -n 's/^\([a-z]*\):.* ## /\1\t/p' Makefile | awk -F'\t' '{ printf "make %-16s %s\n", $$1, $$2 }'
	@echo 'make TLS=mbedtls      the same with TLS 1.3'
	@echo 'DISTFILES=dir builds offline, from source packages in that directory'

.PHONY: all units tools fuzzers install deb sbom check demo bench matrix fuzz deps clean help lock
.SECONDARY:
.DELETE_ON_ERROR:
-include $(OBJ:.o=.d) $(wildcard $B/host/*/*/*.d $B/fuzz/*/*/*.d)
