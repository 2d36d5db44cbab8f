/* pins - which pages are never excluded, whatever their struct page says. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_PINS_H
#define DUMP_PINS_H

#include "dump/kernel.h"

/*
 * Pin what a reader of the dump cannot do without: the kernel image (its own PT_LOAD), the roots of
 * the memory map, the printk ring and the pages under each CPU's stack pointer. Page tables are
 * pinned by walking (kernel.pins). Whatever is not found is left out silently: this is a net below
 * the filter, not the filter. Sets k->pins to p while it works; sorts p at the end.
 */
void pins_collect(struct kernel *k, struct pins *p);

#endif
