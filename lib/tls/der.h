/* der - elements of DER, read within bounds. */
/* SPDX-License-Identifier: MIT */
#ifndef TLS_DER_H
#define TLS_DER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of an encoding: borrowed. While it is read, the rest of them. */
struct der {
	const uint8_t *p;
	size_t len;
};

/* X.690 section 8.1.2 */
enum {
	DER_BOOLEAN = 1, DER_INTEGER = 2, DER_BITS = 3, DER_OCTETS = 4, DER_NULL = 5, DER_OID = 6,
	DER_UTC_TIME = 0x17, DER_GENERALIZED_TIME = 0x18, DER_SEQUENCE = 0x30, DER_SET = 0x31,
	DER_CONTEXT = 0x80, DER_CONSTRUCTED = 0x20,
};

/*
 * Take the next element off in: its tag, its value and (may be NULL) all of it. False, and in is as
 * it was, at the end and for what is not DER: a tag above 30, a length that is indefinite, not the
 * shortest, above 2^24 or beyond the end.
 */
bool der_any(struct der *in, uint8_t *tag, struct der *value, struct der *whole);

/* As above, but only an element with this tag. */
bool der_next(struct der *in, uint8_t tag, struct der *value);

/* A positive INTEGER without its leading zero. */
bool der_positive(struct der *in, struct der *value);

/* A BIT STRING of whole bytes. */
bool der_bytes(struct der *in, struct der *value);

bool der_equal(struct der a, struct der b);

#endif
