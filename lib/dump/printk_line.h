/* printk_line - one record of the crashed kernel's log as a line of text. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_PRINTK_LINE_H
#define DUMP_PRINTK_LINE_H

#include "dump/printk.h"

/* Where records go, and what became of them. */
struct printk_out {
	struct kernel *k;		/* borrowed */
	struct printk_form form;
	printk_emit emit;
	void       *ctx;
	struct printk_report said;
};

/* A record as its ring tells it. */
struct printk_record {
	uint64_t ns;			/* since boot */
	uint32_t caller;		/* task id, or CPU number with bit 31 */
	uint8_t  facility, level;
	bool     has_caller, has_level;
	vaddr_t  text;
	uint64_t len;			/* bytes */
};

/* Write it. Returns 0 or emit's error. */
int printk_line(struct printk_out *out, const struct printk_record *r);

/*
 * The level byte of kernels of both kinds: flags in bits 4:0, level above (struct printk_log and
 * struct printk_info); facility stands in the byte before it.
 */
void printk_take_level(struct printk_record *r, const uint8_t *facility);

#endif
