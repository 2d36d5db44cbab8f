/* printk_log - the structured log buffer of kernels 3.5 to 5.9. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_PRINTK_LOG_H
#define DUMP_PRINTK_LOG_H

#include "dump/printk_line.h"

/* Records of a header and text, one behind the other; kernel/printk/printk.c of those kernels. */
struct log_buf {
	vaddr_t  at;
	uint32_t len;			/* bytes */
	uint32_t first, next, clear;	/* byte offsets: oldest record, end, last clear */
	uint32_t head_size;		/* struct printk_log (struct log before 3.11) */
	uint32_t ts_at, len_at, text_len_at, dict_len_at, caller_at;
	bool     has_level, has_caller, has_clear;
};

/* Open what SYMBOL(log_buf) points to. Returns 0, or -ENOENT with what is missing or wrong. */
int log_buf_open(struct log_buf *b, struct kernel *k, struct err *e);

/*
 * Write its records. Where one makes no sense, go on with the next from which a chain of records
 * leads to the end. Returns 0 or emit's error.
 */
int log_buf_write(const struct log_buf *b, struct printk_out *out);

#endif
