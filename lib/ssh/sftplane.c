/* sftplane - which way does each write of a file go, and which write does an answer belong to? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "ssh/sftpfile.h"

uint8_t *sftp_slot_data(const struct sftp_file *f, const struct sftp_slot *slot)
{
	return f->mem + (size_t)(slot - f->slots) * (SFTP_HEAD + f->chunk) + SFTP_HEAD;
}

struct sftp_slot *sftp_find_slot(struct sftp_file *f, int state)
{
	for (unsigned i = 0; i < f->nr_slots; i++)
		if ((int)f->slots[i].state == state)
			return &f->slots[i];
	return NULL;
}

static void note_acked(struct sftp_file *f, const struct sftp_slot *slot)
{
	f->acked += slot->len;
	if (slot->at + slot->len > f->acked_end)
		f->acked_end = slot->at + slot->len;
	if (f->nr_records == SFTP_RECORDS) {
		f->unsure = true;
		return;
	}
	f->records[f->nr_records++] = (struct sftp_record){
		slot->at, XXH64(sftp_slot_data(f, slot), slot->len, 0), slot->len,
	};
}

static void note_refused(struct sftp_file *f, const struct sftp_slot *slot, struct err e)
{
	if (!f->failed.code)
		f->failed = e;
	if (slot->at < f->lost_from)
		f->lost_from = slot->at;
}

bool sftp_answer(struct sftp *s, uint32_t id, struct wire *w)
{
	for (struct sftp_file *f = s->lead->files; f; f = f->next) {
		for (unsigned i = 0; i < f->nr_slots; i++) {
			struct sftp_slot *slot = &f->slots[i];
			struct err e = { 0 };
			char act[40];

			if (slot->state != SLOT_SENT || slot->id != id || f->lanes[slot->lane].s != s)
				continue;
			slot->state = SLOT_FREE;
			snprintf(act, sizeof(act), "write byte %llu of", (unsigned long long)slot->at);
			if (!sftp_status(w, act, f->path, &e) && !w->bad)
				note_acked(f, slot);
			else
				note_refused(f, slot, e.code ? e : (struct err){ -EPROTO, "a status that is cut" });
			return true;
		}
	}
	return false;
}

/* The lane that has the fewest writes on their way, of several the one that waits longest. */
static unsigned idlest(const struct sftp_file *f)
{
	unsigned busy[SFTP_LANES] = { 0 }, best = (f->last_lane + 1) % f->nr_lanes;

	for (unsigned i = 0; i < f->nr_slots; i++)
		if (f->slots[i].state == SLOT_SENT)
			busy[f->slots[i].lane]++;
	for (unsigned i = 1; i < f->nr_lanes; i++) {
		unsigned lane = (f->last_lane + 1 + i) % f->nr_lanes;

		if (busy[lane] < busy[best])
			best = lane;
	}
	return best;
}

int sftp_lane_error(struct sftp_file *f, const struct sftp_lane *lane, int rc)
{
	if (rc && lane->s != f->s)
		sftp_break(f->s, &lane->s->why);
	return rc;
}

int sftp_send_slot(struct sftp_file *f, struct sftp_slot *slot, struct err *e)
{
	unsigned nr = idlest(f);
	struct sftp_lane *lane = &f->lanes[nr];
	size_t head = 25 + lane->handle_len;	/* SFTP_HEAD, with this handle */
	uint8_t *data = sftp_slot_data(f, slot);
	struct wire_out o = { .buf = data - head, .size = head };

	slot->id = f->s->next_id++;
	slot->state = SLOT_SENT;
	slot->lane = f->last_lane = nr;
	wire_put_u32(&o, (uint32_t)(head - 4 + slot->len));
	wire_put_u8(&o, FXP_WRITE);
	wire_put_u32(&o, slot->id);
	wire_put_string(&o, lane->handle, lane->handle_len);
	wire_put_u64(&o, slot->at);
	wire_put_u32(&o, slot->len);
	return sftp_lane_error(f, lane, sftp_send(lane->s, data - head, head + slot->len, e));
}

/* The lane whose answer is due first: that of the write with the lowest number, which may wrap. */
static struct sftp_lane *oldest(struct sftp_file *f)
{
	const struct sftp_slot *first = NULL;

	for (unsigned i = 0; i < f->nr_slots; i++)
		if (f->slots[i].state == SLOT_SENT && (!first || (int32_t)(f->slots[i].id - first->id) < 0))
			first = &f->slots[i];
	return first ? &f->lanes[first->lane] : NULL;
}

int sftp_take_answer(struct sftp_file *f, bool wait, struct err *e)
{
	struct sftp_lane *lane = oldest(f);
	int rc;

	if (!lane || (!wait && !stream_ready(lane->s->stream, 0)))
		return 0;
	rc = sftp_lane_error(f, lane, sftp_take(lane->s, e));
	return rc ? rc : 1;
}

int sftp_widen(struct sftp_file *f, struct sftp *helper, struct err *e)
{
	unsigned nr = f->nr_lanes + 1, slots = f->lane_slots * nr;
	struct sftp_lane *lane = &f->lanes[f->nr_lanes];
	uint8_t *mem;
	int rc;

	if (!f->s || !f->open)	/* left without a session */
		return err_set(e, -ENOTCONN, "write %s over several sessions", f->path);
	if (nr > SFTP_LANES)
		return err_say(e, -EMFILE, "%s is written over %u sessions already", f->path, SFTP_LANES);
	if (helper->max_write < f->chunk)
		return err_say(e, -EOPNOTSUPP, "%s: another session takes smaller writes", f->path);
	slots = slots > f->nr_slots ? slots : f->nr_slots;	/* a wider one may have broken */
	mem = realloc(f->mem, slots * (SFTP_HEAD + (size_t)f->chunk));
	if (!mem)
		return err_set(e, -ENOMEM, "write %s over several sessions", f->path);
	f->mem = mem;
	helper->lead = f->s;
	lane->s = helper;
	rc = sftp_open_lane(f, lane, SFTP_OPEN_WRITE, e);
	if (rc)
		return rc;
	f->nr_lanes = nr;
	f->nr_slots = slots;
	return 0;
}
