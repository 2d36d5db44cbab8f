/* conf_keys - what each keyword of kdump.conf does (inside conf only). */
/* SPDX-License-Identifier: MIT */
#ifndef BASE_CONF_KEYS_H
#define BASE_CONF_KEYS_H

#include <stdint.h>

#include "base/conf.h"

/* One parse of one source. Zero-initialise it, then set c and mode. */
struct conf_parser {
	struct kdump_conf *c;
	enum conf_mode     mode;
	bool               cmdline;	/* keys of targets are for all of them */
	int                only;	/* on the command line: for this target alone, from 1; 0: all */
	bool               block;	/* a target line came: keys of targets are the last one's */
	uint64_t           seen;	/* a bit per keyword group that had its value, here or in the block */
	bool               forced[2];	/* force_rebuild, force_no_rebuild were 1 */
};

/*
 * Apply one keyword. Returns 0 or -EINVAL with a message that lacks the place. In CONF_LENIENT
 * a repeated key is no error but a note, which begins with place.
 */
int conf_apply(struct conf_parser *p, const char *place, const char *key, const char *value,
	       struct err *e);

/*
 * A target line: opens a block, or on the command line replaces targets. keyword is one of those of
 * targets. Returns 0 or -EINVAL; -EINVAL in CONF_STRICT only for a kind that this build does not have.
 */
int conf_target(struct conf_parser *p, const char *keyword, const char *value, struct err *e);

/* 0, or -EINVAL if there is a blank in value. */
int conf_one_word(const char *value, struct err *e);

#endif
