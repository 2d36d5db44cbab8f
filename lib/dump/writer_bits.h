/* writer_bits - the two bitmaps of a kdump-compressed file: which pages there are, and which are in it. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_WRITER_BITS_H
#define DUMP_WRITER_BITS_H

#include "dump/writer.h"

/* All of bitmap1, from the ranges of RAM. Returns as sink_write, as all here do. */
int bitmap1_put(struct writer *w, struct err *e);

/* Set a page's bit in bitmap2. Pages come rising: buffers that end below it are handed on. */
int bitmap2_mark(struct writer *w, pfn_t pfn, struct err *e);

/* The bits of kept pages of [from, to), whose descriptors are in other files. Also -ENOMEM. */
int bitmap2_mark_others(struct writer *w, pfn_t from, pfn_t to, struct err *e);

/* The rest of bitmap2. */
int bitmap2_end(struct writer *w, struct err *e);

#endif
