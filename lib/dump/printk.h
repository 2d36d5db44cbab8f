/* printk - the crashed kernel's log as text. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_PRINTK_H
#define DUMP_PRINTK_H

#include "dump/kernel.h"

/* Takes text; returns 0 or a negative errno, which ends the walk. */
typedef int (*printk_emit)(void *ctx, const char *text, size_t len);

/*
 * How a record is written. All zero is the form of kexec-tools' vmcore-dmesg: one line
 * "[    0.000000] text", also if there is no text; a record's own line breaks as they are.
 */
struct printk_form {
	bool since_clear;	/* only what came after the last `dmesg --clear` */
	bool level;		/* "<6>" in front: facility * 8 + level, as `dmesg --raw` */
	bool caller;		/* "[      T1] " or "[      C0] " behind the time, if it is known */
	bool indent;		/* lines of a record after its first begin under its text */
	bool skip_empty;	/* no line for records of the ring that have no text */
};

/* makedumpfile --dump-dmesg writes so (1.7.6 and newer; the caller as of 1.7.8). */
#define PRINTK_AS_MAKEDUMPFILE { .caller = true, .indent = true, .skip_empty = true }

struct printk_report {
	uint64_t records;	/* written */
	uint64_t lost;		/* places where a record made no sense and was left out */
	bool     searched;	/* not where vmcoreinfo says, but found in the kernel image */
};

/*
 * Write the log, oldest record first: the lockless ring of 5.10 and newer
 * (kernel/printk/printk_ringbuffer.c), or the structured buffer of 3.5 to 5.9. Bytes that do not
 * print are \xNN. If the ring is not where vmcoreinfo says, the kernel image is searched for it.
 * Bounded whatever memory holds; records that make no sense are left out. how and said may be
 * NULL. Returns 0, -ENOENT if there is no log to be found, or emit's error.
 */
int printk_write(struct kernel *k, const struct printk_form *how, printk_emit emit, void *ctx,
		 struct printk_report *said, struct err *e);

#endif
