/* names - domain names as they come over the wire. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_NAMES_H
#define NET_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	NAME_WIRE = 255,	/* bytes of a name, lengths and root included (RFC 1035 3.1) */
	NAME_TEXT = 256,	/* as text, NUL included */
	NAME_POINTERS = 127,	/* in one name: each label may be followed by one */
	NAME_UNCOMPRESSED = -1,
};

/* Uncompressed, the root label included. */
struct name {
	uint8_t bytes[NAME_WIRE];
	uint8_t len;
};

/*
 * Read the name at offset at of len bytes. A pointer (RFC 1035 4.1.4) may only lead to offset first
 * or behind it and only before all that was read of this name, so that there are no loops
 * (RFC 9267 2); first NAME_UNCOMPRESSED: no pointers at all. Returns the offset behind the name in
 * place, or -EBADMSG.
 */
int name_read(const uint8_t *msg, size_t len, size_t at, int first, struct name *out);

/* Letters in either case are the same (RFC 4343). */
bool name_same(const struct name *a, const struct name *b);

/*
 * As text without the last dot, into out of NAME_TEXT bytes. false if a label has bytes other than
 * letters, digits, '-' and '_', or begins or ends with '-', or if it is the root.
 */
bool name_text(const struct name *n, char *out);

/* From text, with or without a last dot. false if it is no such name. */
bool name_parse(const char *text, struct name *out);

/*
 * Add a name to a list with blanks between, of size bytes. false, and the list as it was, if it
 * does not fit; true without a change if it is in it.
 */
bool name_list_add(char *list, size_t size, const char *text);

/*
 * Names one behind the other in [at, len) into such a list; one that is no good text or does not
 * fit is passed over. Returns 0 or -EBADMSG.
 */
int name_list_read(const uint8_t *msg, size_t len, size_t at, int first, char *list, size_t size);

#endif
