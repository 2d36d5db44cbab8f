/* printk_ring - the lockless ring of kernels since 5.10. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_PRINTK_RING_H
#define DUMP_PRINTK_RING_H

#include "dump/printk_line.h"

enum { RING_STRUCT = 256 };	/* bytes of struct printk_ringbuffer that are looked at, at most */

/* Where things are: offsets in struct printk_ringbuffer, prb_desc and printk_info; sizes in bytes. */
struct ring_layout {
	uint32_t count_bits, descs, infos, head_id, tail_id, size_bits, data;
	uint32_t desc_size, desc_state, desc_begin, desc_next;
	uint32_t info_size, info_seq, info_ts, info_len, info_caller;
	bool     has_level;		/* facility and level stand between text_len and caller_id */
};

struct ring {
	struct ring_layout at;
	uint32_t count_bits, size_bits;	/* log2 of records, of bytes of text */
	vaddr_t  descs, infos, text;
	uint64_t head_id, tail_id;
};

/* The layout as vmcoreinfo has it. Returns 0, or -ENOENT naming the first missing key. */
int ring_layout_init(struct ring_layout *l, const struct vmcoreinfo *v, struct err *e);

/* The n-th of the layouts that kernels are known to have had; false if there are no more. */
bool ring_layout_known(struct ring_layout *l, unsigned n);

/* Take the ring from a struct printk_ringbuffer (RING_STRUCT bytes). False if it cannot be one. */
bool ring_parse(struct ring *r, const struct ring_layout *l, const uint8_t *raw);

/*
 * True if memory holds such a ring: its arrays can be read, and of the newest descriptors nearly
 * each bears an id, and its record a sequence number, that belong to its slot, or was never used.
 */
bool ring_sound(const struct ring *r, struct kernel *k);

/* Sequence number of the newest record; 0 if there is none. */
uint64_t ring_newest(const struct ring *r, struct kernel *k);

/* Open the ring that SYMBOL(prb) points to. Returns 0, or -ENOENT with what is missing or wrong. */
int ring_open(struct ring *r, struct kernel *k, struct err *e);

/* Find a ring in the kernel image, whatever vmcoreinfo says. Returns 0 or -ENOENT. */
int ring_search(struct ring *r, struct kernel *k);

/* Write its records, from sequence number `since` on. Returns 0 or emit's error. */
int ring_write(const struct ring *r, struct printk_out *out, uint64_t since);

/* The sequence number of the first record after the last `dmesg --clear`; 0 if it is not known. */
uint64_t ring_clear_seq(struct kernel *k);

#endif
