/* inputs - what an image is made of, a sum of each part, and what is different now. */
/* SPDX-License-Identifier: MIT */
#ifndef PROD_INPUTS_H
#define PROD_INPUTS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "boot/cpio.h"

/* One part, in words that people know: "kernel", "module ext4", "file /root/.ssh/id". */
struct input {
	char    *name;		/* owned */
	uint64_t sum;		/* XXH64 of its content, seed 0 */
};

/* Parts by name, each once. Zero-initialise it. */
struct inputs {
	struct input *list;
	size_t        n, cap;
};

/* XXH64 of these bytes with that seed. */
uint64_t input_sum(const void *data, size_t len, uint64_t seed);

void inputs_free(struct inputs *in);

/* Add a part; the same name again is added to the first one's sum, in order. Returns 0 or -ENOMEM. */
int inputs_add(struct inputs *in, const char *name, const void *data, size_t len, struct err *e);

/*
 * Everything in an image: its kdump.conf as "configuration", "target" and "network", this program as
 * "kdumpbox", modules by their names, the rest by its path. Returns 0 or an error.
 */
int inputs_add_image(struct inputs *in, const struct cpio *c, struct err *e);

/* One sum of them all, the same for the same parts. */
uint64_t inputs_sum(const struct inputs *in);

/*
 * Tell each difference from old to now, in words: "kernel changed", "module xfs is new", "file /x is gone".
 * Returns how many there are.
 */
size_t inputs_differ(const struct inputs *old, const struct inputs *now,
		     void (*tell)(void *ctx, const char *line), void *ctx);

/*
 * A part as one line, "SUM NAME" with 16 hex digits and without newline, into out; and back. Returns 0 or
 * -EINVAL.
 */
void inputs_line(const struct input *i, char *out, size_t size);
int inputs_add_line(struct inputs *in, const char *line, struct err *e);

#endif
