/* printk - the crashed kernel's log as text. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_PRINTK_H
#define DUMP_PRINTK_H

#include "dump/kernel.h"

/* Takes text; returns 0 or a negative errno, which ends the walk. */
typedef int (*printk_emit)(void *ctx, const char *text, size_t len);

/*
 * Write the records of the lockless ring (5.10+, kernel/printk/printk_ringbuffer.c), oldest first,
 * one line each: "[    0.000000] text". The form is that of kexec-tools' vmcore-dmesg: bytes that
 * do not print are \xNN, records without text are left out. *records (may be NULL) counts them.
 * Bounded whatever the ring says; records that make no sense are left out. Returns 0, -ENOENT if the
 * keys are missing or the ring is not where they say, or emit's error.
 */
int printk_write(struct kernel *k, printk_emit emit, void *ctx, uint64_t *records, struct err *e);

#endif
