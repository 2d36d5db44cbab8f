/* printk_ring - the lockless ring of kernels since 5.10. */
/* SPDX-License-Identifier: MIT */
#include "dump/printk_ring.h"

#include <errno.h>

#include "base/buf.h"

/* kernel/printk/printk_ringbuffer.h: the state is the top two bits of state_var, the id the rest. */
#define STATE_SHIFT    62
#define ID_MASK        (~(3ULL << STATE_SHIFT))
#define NO_TEXT        1ULL		/* bit 0 of both lpos: FAILED_LPOS 1 or EMPTY_LINE_LPOS 3 */
enum { STATE_COMMITTED = 1, STATE_FINALIZED = 2 };
enum {
	MAX_COUNT_BITS = 26, MAX_SIZE_BITS = 31,	/* LOG_BUF_LEN_MAX is 2^31; 32 bytes a record */
	MAX_RECORD = 512, BLOCK_ID = 8,
	SAMPLE = 1024, TOLERANCE = 8,	/* one record in eight may be damaged */
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

static bool layout_fits(const struct ring_layout *l)
{
	return in_bounds(l->count_bits, 4, RING_STRUCT) && in_bounds(l->descs, 8, RING_STRUCT) &&
	       in_bounds(l->infos, 8, RING_STRUCT) && in_bounds(l->head_id, 8, RING_STRUCT) &&
	       in_bounds(l->tail_id, 8, RING_STRUCT) && in_bounds(l->size_bits, 4, RING_STRUCT) &&
	       in_bounds(l->data, 8, RING_STRUCT) &&
	       l->desc_size <= MAX_RECORD && l->info_size <= MAX_RECORD &&
	       in_bounds(l->desc_state, 8, l->desc_size) && in_bounds(l->desc_begin, 8, l->desc_size) &&
	       in_bounds(l->desc_next, 8, l->desc_size) && in_bounds(l->info_seq, 8, l->info_size) &&
	       in_bounds(l->info_ts, 8, l->info_size) && in_bounds(l->info_len, 2, l->info_size) &&
	       in_bounds(l->info_caller, 4, l->info_size);
}

int ring_layout_init(struct ring_layout *l, const struct vmcoreinfo *v, struct err *e)
{
	uint32_t desc_ring, text_ring, block, begin, next, counter = 0;
	const struct key keys[] = {
		{ "printk_ringbuffer.desc_ring", &desc_ring },
		{ "printk_ringbuffer.text_data_ring", &text_ring },
		{ "prb_desc_ring.count_bits", &l->count_bits }, { "prb_desc_ring.descs", &l->descs },
		{ "prb_desc_ring.infos", &l->infos }, { "prb_desc_ring.head_id", &l->head_id },
		{ "prb_desc_ring.tail_id", &l->tail_id }, { "prb_data_ring.size_bits", &l->size_bits },
		{ "prb_data_ring.data", &l->data }, { "prb_desc.state_var", &l->desc_state },
		{ "prb_desc.text_blk_lpos", &block }, { "prb_data_blk_lpos.begin", &begin },
		{ "prb_data_blk_lpos.next", &next }, { "printk_info.seq", &l->info_seq },
		{ "printk_info.ts_nsec", &l->info_ts }, { "printk_info.text_len", &l->info_len },
		{ "printk_info.caller_id", &l->info_caller },
	};
	int rc = find_keys(v, keys, sizeof(keys) / sizeof(keys[0]), e);

	if (rc)
		return rc;
	vmci_offset(v, "atomic_long_t.counter", &counter);
	l->count_bits += desc_ring;
	l->descs += desc_ring;
	l->infos += desc_ring;
	l->head_id += desc_ring + counter;
	l->tail_id += desc_ring + counter;
	l->size_bits += text_ring;
	l->data += text_ring;
	l->desc_state += counter;
	l->desc_begin = block + begin;
	l->desc_next = block + next;
	l->has_level = l->info_caller == l->info_len + 4;
	if (!vmci_size(v, "prb_desc", &l->desc_size) || !vmci_size(v, "printk_info", &l->info_size) ||
	    !layout_fits(l))
		return err_say(e, -ENOENT, "the printk keys in vmcoreinfo do not fit together");
	return 0;
}

bool ring_layout_known(struct ring_layout *l, unsigned n)
{
	/* 5.10; later last_finalized_seq makes the ring of descriptors 8 bytes longer. */
	static const uint32_t text_ring[] = { 40, 48 };

	if (n >= sizeof(text_ring) / sizeof(text_ring[0]))
		return false;
	*l = (struct ring_layout){
		.count_bits = 0, .descs = 8, .infos = 16, .head_id = 24, .tail_id = 32,
		.size_bits = text_ring[n], .data = text_ring[n] + 8,
		.desc_size = 24, .desc_state = 0, .desc_begin = 8, .desc_next = 16,
		.info_size = 88, .info_seq = 0, .info_ts = 8, .info_len = 16, .info_caller = 20,
		.has_level = true,
	};
	return true;
}

static bool kernel_pointer(uint64_t p)
{
	return p >> 55 == 0x1ff && !(p & 7);
}

bool ring_parse(struct ring *r, const struct ring_layout *l, const uint8_t *raw)
{
	/* A search asks this of each word of the image. */
	if (!kernel_pointer(get_le64(raw + l->descs)) || !kernel_pointer(get_le64(raw + l->infos))) {
		*r = (struct ring){ 0 };
		return false;
	}
	*r = (struct ring){
		.at = *l,
		.count_bits = get_le32(raw + l->count_bits), .size_bits = get_le32(raw + l->size_bits),
		.descs = get_le64(raw + l->descs), .infos = get_le64(raw + l->infos),
		.text = get_le64(raw + l->data),
		.head_id = get_le64(raw + l->head_id), .tail_id = get_le64(raw + l->tail_id),
	};
	return r->count_bits >= 1 && r->count_bits <= MAX_COUNT_BITS && r->size_bits >= 4 &&
	       r->size_bits <= MAX_SIZE_BITS && kernel_pointer(r->text);
}

static uint64_t slot_of(const struct ring *r, uint64_t id)
{
	return id & (((uint64_t)1 << r->count_bits) - 1);
}

static int read_desc(const struct ring *r, struct kernel *k, uint64_t slot, uint8_t *desc)
{
	return kernel_read(k, r->descs + slot * r->at.desc_size, desc, r->at.desc_size);
}

static int read_info(const struct ring *r, struct kernel *k, uint64_t slot, uint8_t *info)
{
	return kernel_read(k, r->infos + slot * r->at.info_size, info, r->at.info_size);
}

static bool has_record(uint64_t state)
{
	return state >> STATE_SHIFT == STATE_COMMITTED || state >> STATE_SHIFT == STATE_FINALIZED;
}

/* One slot of a sound ring: id and sequence number of a record end in the slot's number. */
static bool slot_sound(const struct ring *r, struct kernel *k, uint64_t slot, bool *record)
{
	uint8_t desc[MAX_RECORD], info[MAX_RECORD];
	uint64_t state;

	if (read_desc(r, k, slot, desc) || read_info(r, k, slot, info))
		return false;
	state = get_le64(desc + r->at.desc_state);
	*record = has_record(state);
	if (slot_of(r, state) != slot)
		return !state;
	return !*record || slot_of(r, get_le64(info + r->at.info_seq)) == slot;
}

bool ring_sound(const struct ring *r, struct kernel *k)
{
	uint64_t count = (uint64_t)1 << r->count_bits, n = count < SAMPLE ? count : SAMPLE;
	uint64_t records = 0, bad = 0;
	uint8_t byte;

	if (kernel_read(k, r->text, &byte, 1) ||
	    kernel_read(k, r->text + ((uint64_t)1 << r->size_bits) - 1, &byte, 1))
		return false;
	for (uint64_t i = 0; i < n && bad <= n / TOLERANCE; i++) {
		bool record = false;

		if (!slot_sound(r, k, slot_of(r, r->head_id - i), &record))
			bad++;
		else if (record)
			records++;
	}
	return records && bad <= (records + bad) / TOLERANCE;
}

uint64_t ring_newest(const struct ring *r, struct kernel *k)
{
	uint8_t info[MAX_RECORD];

	return read_info(r, k, slot_of(r, r->head_id), info) ? 0 : get_le64(info + r->at.info_seq);
}

int ring_open(struct ring *r, struct kernel *k, struct err *e)
{
	uint8_t raw[RING_STRUCT] = { 0 };
	struct ring_layout l;
	uint64_t prb, rb;
	uint32_t size;
	int rc;

	if (!vmci_symbol(&k->info, "prb", &prb))
		return err_say(e, -ENOENT, "no SYMBOL(prb) in vmcoreinfo");
	rc = ring_layout_init(&l, &k->info, e);
	if (rc)
		return rc;
	rc = kernel_read_u64(k, prb, &rb);
	if (rc)
		return err_set(e, rc, "read prb at %#llx", (unsigned long long)prb);
	if (!vmci_size(&k->info, "printk_ringbuffer", &size) || size > sizeof(raw))
		size = l.data + 8;
	rc = kernel_read(k, rb, raw, size);
	if (rc)
		return err_set(e, rc, "read the printk ring at %#llx", (unsigned long long)rb);
	if (!ring_parse(r, &l, raw))
		return err_say(e, -ENOENT,
			       "the printk ring at %#llx is damaged (2^%u records, 2^%u bytes)",
			       (unsigned long long)rb, r->count_bits, r->size_bits);
	return 0;
}

uint64_t ring_clear_seq(struct kernel *k)
{
	uint64_t at, seq;
	uint32_t val;

	if (!vmci_symbol(&k->info, "clear_seq", &at))
		return 0;
	/* A latch since 5.13: its counter's low bit tells which copy holds. */
	if (vmci_offset(&k->info, "latched_seq.val", &val)) {
		uint32_t latch;

		if (kernel_read_u32(k, at, &latch))
			return 0;
		at += val + (latch & 1) * sizeof(seq);
	}
	return kernel_read_u64(k, at, &seq) ? 0 : seq;
}

/*
 * Where the text of a block stands: *at in the ring, *len bytes of room. False if the block holds
 * none. A block that does not fit before the ring's end begins again at its start; one that ends
 * just there (6.18+, kernel 67e1b0052f6b) has not wrapped.
 */
static bool text_place(const struct ring *r, uint64_t begin, uint64_t next, uint64_t *at,
		       uint64_t *len)
{
	uint64_t size = (uint64_t)1 << r->size_bits;

	if ((begin & NO_TEXT) || (next & NO_TEXT) || next - begin > 2 * size || next == begin)
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

/* room: bytes of text that a ring of this size can still hold, for damaged blocks may overlap. */
static int write_record(const struct ring *r, struct printk_out *o, uint64_t id, uint64_t since,
			uint64_t *room)
{
	const struct ring_layout *l = &r->at;
	uint64_t slot = slot_of(r, id), state, begin, next, at, len;
	uint8_t desc[MAX_RECORD], info[MAX_RECORD];
	struct printk_record rec = { .has_caller = true };

	if (read_desc(r, o->k, slot, desc) || read_info(r, o->k, slot, info)) {
		o->said.lost++;
		return 0;
	}
	state = get_le64(desc + l->desc_state);
	if ((state & ID_MASK) != id || !has_record(state) || get_le64(info + l->info_seq) < since)
		return 0;
	begin = get_le64(desc + l->desc_begin);
	next = get_le64(desc + l->desc_next);
	if (text_place(r, begin, next, &at, &len)) {
		rec.text = r->text + at;
		rec.len = get_le16(info + l->info_len);
		if (rec.len > len)
			rec.len = len;
		if (rec.len > *room) {
			o->said.lost++;
			return 0;
		}
		*room -= rec.len;
	} else if (!(begin & NO_TEXT)) {
		o->said.lost++;
		return 0;
	} else if (o->form.skip_empty) {	/* there was no text, or no room for it */
		return 0;
	}
	rec.ns = get_le64(info + l->info_ts);
	rec.caller = get_le32(info + l->info_caller);
	if (l->has_level)
		printk_take_level(&rec, info + l->info_len + 2);
	return printk_line(o, &rec);
}

/* The id that the descriptor in id's slot bears, and whether there is a record. */
static bool id_there(const struct ring *r, struct kernel *k, uint64_t id, bool *record)
{
	uint8_t desc[MAX_RECORD];
	uint64_t state;

	if (read_desc(r, k, slot_of(r, id), desc))
		return false;
	state = get_le64(desc + r->at.desc_state);
	*record = has_record(state);
	return (state & ID_MASK) == (id & ID_MASK);
}

/* Are the heads as the kernel keeps them: the tail in its own slot, no record behind the head? */
static bool heads_good(const struct ring *r, struct kernel *k)
{
	uint64_t count = (uint64_t)1 << r->count_bits;
	bool record;

	return ((r->head_id - r->tail_id) & ID_MASK) < count && id_there(r, k, r->tail_id, &record) &&
	       !(id_there(r, k, r->head_id + 1, &record) && record);
}

/*
 * The ids to walk, [*first, *first + *n): those between the heads, or, if these are damaged, the
 * highest id of any record and as many before it as there are slots.
 */
static void find_range(const struct ring *r, struct kernel *k, uint64_t *first, uint64_t *n)
{
	uint64_t count = (uint64_t)1 << r->count_bits, newest = 0;
	uint8_t desc[MAX_RECORD];
	bool any = false;

	*first = r->tail_id;
	*n = ((r->head_id - r->tail_id) & ID_MASK) + 1;
	if (heads_good(r, k))
		return;
	for (uint64_t slot = 0; slot < count; slot++) {
		uint64_t state, id;

		if (read_desc(r, k, slot, desc))
			continue;
		state = get_le64(desc + r->at.desc_state);
		id = state & ID_MASK;
		if (!has_record(state) || slot_of(r, id) != slot)
			continue;
		/* Ids start just below zero and wrap there. */
		if (!any || ((id - newest) & ID_MASK) < ID_MASK / 2)
			newest = id;
		any = true;
	}
	*first = (newest - count + 1) & ID_MASK;
	*n = any ? count : 0;
}

int ring_write(const struct ring *r, struct printk_out *o, uint64_t since)
{
	uint64_t first, n, room = (uint64_t)1 << r->size_bits;
	int rc = 0;

	find_range(r, o->k, &first, &n);
	for (uint64_t i = 0; i < n && !rc; i++)
		rc = write_record(r, o, (first + i) & ID_MASK, since, &room);
	return rc;
}
