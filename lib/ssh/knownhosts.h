/* knownhosts - the lines of known_hosts files that speak of one host. */
/* SPDX-License-Identifier: MIT */
#ifndef SSH_KNOWNHOSTS_H
#define SSH_KNOWNHOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ssh/pubkey.h"

enum known_mark { KNOWN_PLAIN, KNOWN_CA, KNOWN_REVOKED };

/* One line that is about the host. */
struct known_line {
	enum known_mark mark;
	unsigned nr;			/* from 1 */
	const uint8_t *blob;		/* the key */
	size_t   len;
};

/*
 * The host as lines name it: in lower case, "[host]:port" for another port than 22. -ENAMETOOLONG.
 */
int known_name(char *out, size_t size, const char *host, uint16_t port);

/*
 * Call each for the lines of text that are about name, in order, until it returns nonzero, which
 * is then returned. Lines that cannot be understood are nobody's, as ssh(1) has it.
 */
int known_walk(const char *text, size_t len, const char *name,
	       int (*each)(void *arg, const struct known_line *line), void *arg);

/* A comma separated list of patterns with * and ?; one that matches behind a ! kills the line. */
bool known_match(const char *list, size_t len, const char *name);

#endif
