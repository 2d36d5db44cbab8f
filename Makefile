# Builds kdumpbox, one static binary for the capture kernel, and runs its tests: see `make help`.
B       := build
CROSS   ?=
HOSTCC  ?= gcc
WERROR  ?= -Werror
.DEFAULT_GOAL := all
ARCH    := $(firstword $(subst -, ,$(shell $(CROSS)gcc -dumpmachine)))
ifeq ($(ARCH),)
$(error $(CROSS)gcc is missing; on Debian: apt-get install gcc)
endif
ifeq ($(filter -j% --jobserver%,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(shell nproc)
endif

include configs/$(ARCH).mk
HARDEN += -fPIE -fstack-protector-strong
include configs/third-party.mk

# ---- what we build
APPLETS  ?= $(filter-out main,$(basename $(notdir $(sort $(wildcard applets/*.c)))))
LIBSRC   := $(sort $(wildcard lib/*/*.c))
SRC      := applets/main.c $(APPLETS:%=applets/%.c) $(LIBSRC)
OBJ      := $(SRC:%.c=$B/%.o)

CC       := $(MUSL)/bin/musl-gcc
WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wpointer-arith \
            -Wno-format-truncation $(WERROR)
CPPFLAGS := -D_GNU_SOURCE -Ilib -Iapplets -MMD -MP
CFLAGS   := -std=gnu11 -O2 -g $(WARN) $(HARDEN) -ffunction-sections -fdata-sections \
            -fno-delete-null-pointer-checks -ftrivial-auto-var-init=zero \
            -ffile-prefix-map=$(abspath $(TP))=third-party -ffile-prefix-map=$(CURDIR)=.
INCLUDES := -I$B -isystem $(MUSL)/uapi
LDFLAGS  := -static-pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,text,--gc-sections
gccfile   = $(shell $(CROSS)gcc -print-file-name=$1)
START    := $(MUSL)/lib/rcrt1.o $(MUSL)/lib/crti.o $(call gccfile,crtbeginS.o)
END      := $(call gccfile,crtendS.o) $(MUSL)/lib/crtn.o

all: $B/kdumpbox

$B/kdumpbox: $B/kdumpbox.debug
	@echo "  STRIP   $@"
	@$(CROSS)strip -o $@ $<

$B/kdumpbox.debug: $(OBJ) $(LIBS_MUSL)
	@echo "  LD      $@"
	@$(CROSS)gcc $(LDFLAGS) -nostdlib -o $@ $(START) $(OBJ) -L$(MUSL)/lib $(LINK) \
		-Wl,--start-group -lc -lgcc -lgcc_eh -Wl,--end-group $(END)

# One X(symbol) per applet and the compiler's flags, each rewritten only when it changes.
$(call update,$B/applets.inc,$(foreach a,$(APPLETS),X($(subst -,_,$a))))
$(call update,$B/flags,$(CPPFLAGS) $(CFLAGS))

$(OBJ): $B/%.o: %.c $B/flags | $(LIBS_MUSL)
	@mkdir -p $(@D)
	@echo "  CC      $<"
	@$(CC) $(CPPFLAGS) $(INCLUDES) $(CFLAGS) -c -o $@ $<
-include $(OBJ:.o=.d)
