/* dmesg - save the crashed kernel's log as an object of its own, before anything else can fail. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_DMESG_H
#define DUMP_DMESG_H

#include "dump/printk.h"
#include "sink/sink.h"

/*
 * Write the log to `to` (see sink_open) and commit it. how and said are those of printk_write.
 * On an error what was written stays as an incomplete object.
 */
int dmesg_save(struct kernel *k, const char *to, bool replace, const struct printk_form *how,
	       struct printk_report *said, struct err *e);

/* The same to standard output, as text. */
int dmesg_print(struct kernel *k, const struct printk_form *how, struct err *e);

/* The same into a sink that is open, which stays the caller's to close. */
int dmesg_put(struct kernel *k, struct sink *sink, const struct printk_form *how,
	      struct printk_report *said, struct ack *ack, struct err *e);

#endif
