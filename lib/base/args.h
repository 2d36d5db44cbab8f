/* args - options from one table: it drives parsing, help and manual. */
/* SPDX-License-Identifier: MIT */
#ifndef BASE_ARGS_H
#define BASE_ARGS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * One option. id is the short letter, or a number from 256 on for an option that has a long name
 * only; name is the long name or NULL; arg names the value, NULL if it takes none. An option whose
 * help is NULL is accepted but not shown. The table ends with id 0.
 */
struct opt {
	int         id;
	const char *name, *arg, *help;
};

/* The state of a walk over argv; fields below the line are the results. */
struct args {
	int               argc;
	char            **argv;
	const struct opt *opts;
	int               next, shorts;	/* index of the next word; place inside a bundle like -pfs */
	int               only_operands;	/* "--" was seen */

	const char       *value;	/* of the option just returned; borrowed from argv */
	const char      **operands;	/* in order; room for argc; borrowed from the caller of args_init */
	int               nr_operands;
};

/* argv[0] is the applet's name. operands: room for argc pointers, the caller's. */
void args_init(struct args *a, int argc, char **argv, const struct opt *opts, const char **operands);

/*
 * The next option, GNU manners: short ones bundle, long ones take "=VALUE" or the next word and
 * may be cut to a unique beginning, operands may stand anywhere, "--" ends the options.
 * Returns its id, 0 at the end, or -EINVAL with a message that names the nearest option.
 */
int args_next(struct args *a, struct err *e);

/* The nearest of n names to word by edit distance, NULL if none is near enough to be meant. */
const char *nearest_name(const char *word, const char *const *names, size_t n);

/*
 * A number with base prefix; the whole text must be it and lie in [min, max].
 * Returns 0, or -EINVAL with a message that names what.
 */
int parse_number(const char *text, const char *what, unsigned long long min, unsigned long long max,
		 unsigned long long *out, struct err *e);

/*
 * A number of bytes, with K, M, G or T (or small letters) behind it for 1024 bytes, 1024 of these and so on. Returns 0, or -EINVAL with a
 * message that names what.
 */
int parse_size(const char *text, const char *what, uint64_t *out, struct err *e);

#endif
