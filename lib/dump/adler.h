/* adler - the checksum at the end of a stream of zlib. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_ADLER_H
#define DUMP_ADLER_H

#include <stddef.h>
#include <stdint.h>

/* Adler-32 of len bytes: RFC 1950, 8.2. */
uint32_t adler32_of(const void *bytes, size_t len);

#endif
