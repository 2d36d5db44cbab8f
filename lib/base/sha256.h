/* sha256 - SHA-256 (FIPS 180-4) by the CPU's own instructions where it has them. */
/* SPDX-License-Identifier: MIT */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include <stdbool.h>

#include <bearssl.h>

/* Does this CPU have the SHA extensions (x86; CPUID leaf 7, EBX bit 29)? */
bool sha256_is_fast(void);

/*
 * What computes SHA-256 fastest here, to be used wherever &br_sha256_vtable could be, with the same
 * context: 4 to 8 times as fast with the SHA extensions, else BearSSL's own. It asks the CPU, which
 * takes microseconds in a virtual machine: call it once for many digests.
 */
const br_hash_class *sha256_class(void);

#endif
