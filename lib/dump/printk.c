/* printk - the crashed kernel's log as text. */
/* SPDX-License-Identifier: MIT */
#include "dump/printk.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"

/* kernel/printk/printk_ringbuffer.h: the state is the top two bits of state_var, the id the rest. */
#define STATE_SHIFT    62
#define ID_MASK        (~(3ULL << STATE_SHIFT))
#define NO_TEXT        1ULL		/* bit 0 of both lpos: FAILED_LPOS 1 or EMPTY_LINE_LPOS 3 */
enum { STATE_COMMITTED = 1, STATE_FINALIZED = 2 };
enum { MAX_BITS = 28, MAX_RECORD = 512, BLOCK_ID = 8 };

/* Offsets and addresses of the ring, from vmcoreinfo. */
struct ring {
	uint32_t count_bits, size_bits;
	vaddr_t  descs, infos, text;
	uint64_t head_id, tail_id;
	uint32_t desc_size, info_size;
	uint32_t desc_state, desc_begin, desc_next;	/* in struct prb_desc */
	uint32_t info_ts, info_len, info_caller;	/* in struct printk_info */
};

/* One desired field: where vmcoreinfo tells it. */
struct key {
	const char *name;
	uint32_t   *out;
};

static int find_keys(const struct vmcoreinfo *v, const struct key *keys, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (!vmci_offset(v, keys[i].name, keys[i].out))
			return err_say(e, -ENOENT, "no OFFSET(%s) in vmcoreinfo", keys[i].name);
	return 0;
}

/* Read the heads of the ring: what can change at run time. */
static int read_heads(struct ring *r, struct kernel *k, vaddr_t rb, uint32_t desc_ring, uint32_t text_ring,
		      const uint32_t *at, struct err *e)
{
	int rc = kernel_read_u32(k, rb + desc_ring + at[0], &r->count_bits);

	if (!rc)
		rc = kernel_read_u64(k, rb + desc_ring + at[1], &r->descs);
	if (!rc)
		rc = kernel_read_u64(k, rb + desc_ring + at[2], &r->infos);
	if (!rc)
		rc = kernel_read_u64(k, rb + desc_ring + at[3], &r->head_id);
	if (!rc)
		rc = kernel_read_u64(k, rb + desc_ring + at[4], &r->tail_id);
	if (!rc)
		rc = kernel_read_u32(k, rb + text_ring + at[5], &r->size_bits);
	if (!rc)
		rc = kernel_read_u64(k, rb + text_ring + at[6], &r->text);
	if (rc)
		return err_set(e, rc, "read the printk ring at %#llx", (unsigned long long)rb);
	if (r->count_bits > MAX_BITS || r->size_bits > MAX_BITS || !r->count_bits || !r->size_bits)
		return err_say(e, -ENOENT, "the printk ring is damaged (2^%u records, 2^%u bytes)",
			       r->count_bits, r->size_bits);
	return 0;
}

static int ring_open(struct ring *r, struct kernel *k, struct err *e)
{
	const struct vmcoreinfo *v = &k->info;
	uint32_t desc_ring, text_ring, at[7], blk, begin, next, counter = 0;
	const struct key keys[] = {
		{ "printk_ringbuffer.desc_ring", &desc_ring }, { "printk_ringbuffer.text_data_ring", &text_ring },
		{ "prb_desc_ring.count_bits", &at[0] }, { "prb_desc_ring.descs", &at[1] },
		{ "prb_desc_ring.infos", &at[2] }, { "prb_desc_ring.head_id", &at[3] },
		{ "prb_desc_ring.tail_id", &at[4] }, { "prb_data_ring.size_bits", &at[5] },
		{ "prb_data_ring.data", &at[6] }, { "prb_desc.state_var", &r->desc_state },
		{ "prb_desc.text_blk_lpos", &blk }, { "prb_data_blk_lpos.begin", &begin },
		{ "prb_data_blk_lpos.next", &next }, { "printk_info.ts_nsec", &r->info_ts },
		{ "printk_info.text_len", &r->info_len }, { "printk_info.caller_id", &r->info_caller },
	};
	uint64_t prb, rb;
	int rc;

	if (!vmci_symbol(v, "prb", &prb))
		return err_say(e, -ENOENT, "no SYMBOL(prb) in vmcoreinfo: no kernel log of 5.10 or newer");
	rc = find_keys(v, keys, sizeof(keys) / sizeof(keys[0]), e);
	if (rc)
		return rc;
	vmci_offset(v, "atomic_long_t.counter", &counter);
	at[3] += counter;
	at[4] += counter;
	r->desc_state += counter;
	r->desc_begin = blk + begin;
	r->desc_next = blk + next;
	if (!vmci_size(v, "prb_desc", &r->desc_size) || !vmci_size(v, "printk_info", &r->info_size) ||
	    r->desc_size > MAX_RECORD || r->info_size > MAX_RECORD ||
	    !in_bounds(r->desc_state, 8, r->desc_size) || !in_bounds(r->desc_begin, 8, r->desc_size) ||
	    !in_bounds(r->desc_next, 8, r->desc_size) || !in_bounds(r->info_ts, 8, r->info_size) ||
	    !in_bounds(r->info_len, 2, r->info_size) || !in_bounds(r->info_caller, 4, r->info_size))
		return err_say(e, -ENOENT, "the printk keys in vmcoreinfo do not fit together");
	rc = kernel_read_u64(k, prb, &rb);
	if (rc)
		return err_set(e, rc, "read prb at %#llx", (unsigned long long)prb);
	return read_heads(r, k, rb, desc_ring, text_ring, at, e);
}

/*
 * Where the text of a block stands: *at in the ring, *len bytes of room. False if the block holds
 * none. A block that does not fit before the ring's end begins again at its start; one that ends
 * just there (6.18+, kernel 67e1b0052f6b) has not wrapped.
 */
static bool text_place(const struct ring *r, uint64_t begin, uint64_t next, uint64_t *at, uint64_t *len)
{
	uint64_t size = (uint64_t)1 << r->size_bits;

	if ((begin & NO_TEXT) || (next & NO_TEXT) || next <= begin || next - begin > 2 * size)
		return false;
	if (begin >> r->size_bits == (next - 1) >> r->size_bits) {
		*at = begin & (size - 1);
		*len = next - begin;
	} else {
		*at = 0;
		*len = next & (size - 1);
	}
	if (*len < BLOCK_ID)
		return false;
	*at += BLOCK_ID;
	*len -= BLOCK_ID;
	return true;
}

/* Bytes that do not print leave the text as \xNN, so that no terminal obeys them. */
static size_t escape(char *out, const uint8_t *in, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (isprint(in[i]) || isspace(in[i]))
			out[n++] = (char)in[i];
		else
			n += (size_t)sprintf(out + n, "\\x%02x", in[i]);
	}
	return n;
}

static int emit_text(struct kernel *k, vaddr_t from, uint64_t len, printk_emit emit, void *ctx)
{
	uint8_t raw[256];
	char text[4 * sizeof(raw)];
	int rc = 0;

	while (len && !rc) {
		size_t n = len < sizeof(raw) ? (size_t)len : sizeof(raw);

		if (kernel_read(k, from, raw, n))
			return emit(ctx, "[text cannot be read]", 21);
		rc = emit(ctx, text, escape(text, raw, n));
		from += n;
		len -= n;
	}
	return rc;
}

static int one_record(const struct ring *r, struct kernel *k, uint64_t id, printk_emit emit, void *ctx,
		      uint64_t *records)
{
	uint64_t slot = id & (((uint64_t)1 << r->count_bits) - 1), state, ns, at, room;
	uint8_t desc[MAX_RECORD], info[MAX_RECORD];
	char stamp[64];
	size_t len;
	int n, rc;

	if (kernel_read(k, r->descs + slot * r->desc_size, desc, r->desc_size) ||
	    kernel_read(k, r->infos + slot * r->info_size, info, r->info_size))
		return 0;
	state = get_le64(desc + r->desc_state);
	if ((state & ID_MASK) != id ||
	    (state >> STATE_SHIFT != STATE_COMMITTED && state >> STATE_SHIFT != STATE_FINALIZED))
		return 0;
	if (!text_place(r, get_le64(desc + r->desc_begin), get_le64(desc + r->desc_next), &at, &room))
		return 0;
	len = get_le16(info + r->info_len);
	ns = get_le64(info + r->info_ts);
	n = snprintf(stamp, sizeof(stamp), "[%5llu.%06llu] ", (unsigned long long)(ns / 1000000000),
		     (unsigned long long)(ns / 1000 % 1000000));
	rc = emit(ctx, stamp, (size_t)n);
	if (!rc)
		rc = emit_text(k, r->text + at, len < room ? len : room, emit, ctx);
	(*records)++;
	return rc ? rc : emit(ctx, "\n", 1);
}

int printk_write(struct kernel *k, printk_emit emit, void *ctx, uint64_t *records, struct err *e)
{
	struct ring r = { 0 };
	uint64_t count, seen = 0;
	int rc = ring_open(&r, k, e);

	if (rc)
		return rc;
	count = ((r.head_id - r.tail_id) & ID_MASK) + 1;
	if (count > (uint64_t)1 << r.count_bits)
		count = (uint64_t)1 << r.count_bits;	/* a damaged head: every slot once */
	for (uint64_t i = 0; i < count && !rc; i++)
		rc = one_record(&r, k, (r.tail_id + i) & ID_MASK, emit, ctx, &seen);
	if (records)
		*records = seen;
	return rc ? err_set(e, rc, "write the kernel log") : 0;
}
