/* sftpfile - how is a file written over SFTP so that a break loses nothing that was acknowledged? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ssh/sftpfile.h"

enum {
	MAX_CHUNK = 64 << 10,
	SYNC_MS = 600000,		/* a slow disk may have gigabytes to write */
	NO_ROOM = 1 << 20,		/* bytes free, below which a failure is called a full disk */
};
enum { ATTR_MODE = 4 };

void sftp_put_handle(struct sftp_file *f, struct sftp_request *r)
{
	wire_put_string(&r->o, f->lanes[0].handle, f->lanes[0].handle_len);
}

/*
 * Tell the write that was refused, once, when nothing is on its way any more. Version 3 has no word
 * for a full disk: look.
 */
int sftp_tell_failure(struct sftp_file *f, struct err *e)
{
	struct sftp_slot *filling = sftp_find_slot(f, SLOT_FILLING);
	struct err first = f->failed;
	uint64_t space;
	int rc = f->s ? 0 : -ENOTCONN;

	if (!rc && filling)
		rc = sftp_send_slot(f, filling, NULL);
	while (!rc && sftp_find_slot(f, SLOT_SENT))
		rc = sftp_take_answer(f, true, NULL) < 0 ? f->s->why.code : 0;
	if (first.code == -EIO && !rc && !sftp_space(f->s, f->path, &space, NULL) && space < NO_ROOM) {
		first = (struct err){ 0 };
		err_set(&first, -ENOSPC, "write %s on the server, of which %llu bytes are acknowledged", f->path,
			(unsigned long long)f->acked);
	}
	f->failed = (struct err){ 0 };
	if (e)
		*e = first;
	return first.code;
}

/* Send what is being filled, and take the answers that are there. */
static int push(struct sftp_file *f, struct err *e)
{
	struct sftp_slot *slot = sftp_find_slot(f, SLOT_FILLING);
	int rc = 0;

	if (slot)
		rc = sftp_send_slot(f, slot, e);
	do
		rc = rc < 0 ? rc : sftp_take_answer(f, false, e);
	while (rc > 0);
	return rc;
}

/* Errors that every call begins with: detached, or refused before. */
static int check(struct sftp_file *f, struct err *e)
{
	if (f->failed.code)
		return sftp_tell_failure(f, e);
	if (!f->s || !f->open)
		return err_set(e, -ENOTCONN, "write %s", f->path);
	if (f->s->broken && e)
		*e = f->s->why;
	return f->s->broken ? f->s->why.code : 0;
}

int sftp_drain(struct sftp_file *f, struct err *e)
{
	int rc = check(f, e);

	if (!rc)
		rc = push(f, e);
	while (rc >= 0 && sftp_find_slot(f, SLOT_SENT))
		rc = sftp_take_answer(f, true, e);
	rc = rc < 0 ? rc : 0;
	return !rc && f->failed.code ? sftp_tell_failure(f, e) : rc;
}

int sftp_fsync(struct sftp_file *f, struct err *e)
{
	struct sftp_request r;
	struct wire w;
	int rc = sftp_drain(f, e);

	if (rc)
		return rc;
	if (!(f->s->ext & SFTP_FSYNC))
		return err_set(e, -EOPNOTSUPP, "fsync %s on the server", f->path);
	sftp_begin_extended(f->s, &r, "fsync@openssh.com");
	sftp_put_handle(f, &r);
	rc = sftp_ask(f->s, &r, FXP_STATUS, SYNC_MS, &w, "fsync", f->path, e);
	if (!rc) {
		f->nr_records = 0;
		f->unsure = false;
	}
	return rc;
}

/* Have no record of what is about to be overwritten or does not fit any more. */
static int settle(struct sftp_file *f, struct err *e)
{
	int rc = f->s->ext & SFTP_FSYNC ? sftp_fsync(f, e) : sftp_drain(f, e);

	if (rc && (rc != -EOPNOTSUPP || f->s->broken))
		return rc;
	if (rc || !(f->s->ext & SFTP_FSYNC))
		f->unsure = true;
	f->nr_records = 0;
	return 0;
}

static bool overlap(uint64_t a, uint64_t a_len, uint64_t b, uint64_t b_len)
{
	return a < b + b_len && b < a + a_len;
}

/* True if [at, at + len) was written before, as far as that matters still. */
static bool written_before(const struct sftp_file *f, uint64_t at, uint64_t len)
{
	if (at >= f->end)
		return false;
	for (unsigned i = 0; i < f->nr_slots; i++)
		if (f->slots[i].state != SLOT_FREE && overlap(at, len, f->slots[i].at, f->slots[i].len))
			return true;
	for (unsigned i = 0; i < f->nr_records; i++)
		if (overlap(at, len, f->records[i].at, f->records[i].len))
			return true;
	return false;
}

/* The slot that takes the byte at `at` next. */
static int slot_for(struct sftp_file *f, uint64_t at, struct sftp_slot **out, struct err *e)
{
	struct sftp_slot *slot = sftp_find_slot(f, SLOT_FILLING);
	int rc = 0;

	if (slot && slot->at + slot->len == at && slot->len < f->chunk) {
		*out = slot;
		return 0;
	}
	rc = push(f, e);
	while (rc >= 0 && !f->failed.code && !(slot = sftp_find_slot(f, SLOT_FREE)))
		rc = sftp_take_answer(f, true, e);
	rc = rc < 0 ? rc : 0;
	if (!rc && f->failed.code)
		rc = sftp_tell_failure(f, e);
	if (rc)
		return rc;
	*slot = (struct sftp_slot){ .state = SLOT_FILLING, .at = at };
	*out = slot;
	return 0;
}

int sftp_write(struct sftp_file *f, uint64_t at, const void *buf, size_t len, struct err *e)
{
	const uint8_t *from = buf;
	int rc = check(f, e);

	if (!rc && len > INT64_MAX - at)
		return err_set(e, -EFBIG, "write %s", f->path);
	if (!rc && (f->nr_records + f->nr_slots >= SFTP_RECORDS || written_before(f, at, len)))
		rc = settle(f, e);
	while (!rc && len) {
		struct sftp_slot *slot;
		size_t n;

		rc = slot_for(f, at, &slot, e);
		if (rc)
			break;
		n = f->chunk - slot->len < len ? f->chunk - slot->len : len;
		memcpy(sftp_slot_data(f, slot) + slot->len, from, n);
		slot->len += (uint32_t)n;
		from += n;
		at += n;
		len -= n;
		if (at > f->end)
			f->end = at;
	}
	return rc;
}

/* ---- opening and closing */
void sftp_join(struct sftp_file *f, struct sftp *s)
{
	f->s = f->lanes[0].s = s;
	f->nr_lanes = 1;
	f->next = s->files;
	s->files = f;
}

void sftp_leave(struct sftp_file *f)
{
	if (!f->s)
		return;
	for (struct sftp_file **at = &f->s->files; *at; at = &(*at)->next) {
		if (*at == f) {
			*at = f->next;
			break;
		}
	}
	f->s = NULL;
	f->nr_lanes = 0;
	f->open = false;
}

void sftp_close(struct sftp *s)
{
	while (s && s->files)
		sftp_leave(s->files);
	free(s);
}

int sftp_open_lane(struct sftp_file *f, struct sftp_lane *lane, uint32_t how, struct err *e)
{
	struct sftp_request r;
	struct wire_str handle;
	struct wire w;
	int rc;

	sftp_begin(lane->s, &r, FXP_OPEN);
	wire_put_text(&r.o, f->path);
	wire_put_u32(&r.o, how);
	wire_put_u32(&r.o, ATTR_MODE);
	wire_put_u32(&r.o, 0600);
	rc = sftp_ask(lane->s, &r, FXP_HANDLE, 0, &w, "open", f->path, e);
	if (rc)
		return rc;
	handle = wire_string(&w);
	if (w.bad || !handle.len || handle.len > sizeof(lane->handle)) {
		struct err own = { 0 };

		err_say(&own, -EPROTO, "the SFTP server breaks the protocol: a handle of %zu bytes", handle.len);
		if (e)
			*e = own;
		return sftp_break(lane->s, &own);
	}
	memcpy(lane->handle, handle.p, handle.len);
	lane->handle_len = handle.len;
	f->open = true;
	return 0;
}

int sftp_close_lane(struct sftp_file *f, struct sftp_lane *lane, struct err *e)
{
	struct sftp_request r;
	struct wire w;

	sftp_begin(lane->s, &r, FXP_CLOSE);
	wire_put_string(&r.o, lane->handle, lane->handle_len);
	return sftp_ask(lane->s, &r, FXP_STATUS, 0, &w, "close", f->path, e);
}

int sftp_create(struct sftp_file **out, struct sftp *s, const char *path, struct err *e)
{
	struct sftp_file *f = calloc(1, sizeof(*f));
	int rc;

	if (!f)
		return err_set(e, -ENOMEM, "open %s on the server", path);
	f->chunk = s->max_write < MAX_CHUNK ? s->max_write : MAX_CHUNK;
	f->lane_slots = SFTP_WINDOW / f->chunk < SFTP_SLOTS / SFTP_LANES ? SFTP_WINDOW / f->chunk :
		SFTP_SLOTS / SFTP_LANES;
	f->nr_slots = f->lane_slots;
	f->lost_from = UINT64_MAX;
	f->path = strdup(path);
	f->mem = malloc((size_t)f->nr_slots * (SFTP_HEAD + f->chunk));
	f->records = malloc(SFTP_RECORDS * sizeof(*f->records));
	sftp_join(f, s);
	rc = f->path && f->mem && f->records ? sftp_open_lane(f, f->lanes, SFTP_OPEN_WRITE | SFTP_OPEN_CREAT | SFTP_OPEN_TRUNC, e) :
		err_set(e, -ENOMEM, "open %s on the server", path);
	if (rc) {
		sftp_file_free(f);
		return rc;
	}
	*out = f;
	return 0;
}

int sftp_ask_size(struct sftp_file *f, uint64_t *out, struct err *e)
{
	struct sftp_request r;
	struct sftp_attr attr;
	struct wire w;
	int rc;

	sftp_begin(f->s, &r, FXP_FSTAT);
	sftp_put_handle(f, &r);
	rc = sftp_ask(f->s, &r, FXP_ATTRS, 0, &w, "stat", f->path, e);
	if (rc)
		return rc;
	sftp_read_attr(&w, &attr);
	if (w.bad || !attr.has_size)
		return err_say(e, -EIO, "stat %s: the server does not tell its size", f->path);
	*out = attr.size;
	return 0;
}

int sftp_check_size(struct sftp_file *f, struct err *e)
{
	uint64_t size;
	int rc = sftp_drain(f, e);

	if (!rc)
		rc = sftp_ask_size(f, &size, e);
	if (!rc && size != f->end)
		rc = err_say(e, -EIO, "%s has %llu bytes on the server, %llu were written", f->path,
			     (unsigned long long)size, (unsigned long long)f->end);
	return rc;
}

uint64_t sftp_lost_from(const struct sftp_file *f)
{
	return f->lost_from;
}

uint64_t sftp_acked(const struct sftp_file *f)
{
	return f->acked;
}

int sftp_file_close(struct sftp_file *f, struct err *e)
{
	int rc;

	if (!f->open)
		return 0;
	rc = sftp_drain(f, e);
	if (rc && (!f->s || f->s->broken))
		return rc;
	f->open = false;
	for (; f->nr_lanes; f->nr_lanes--) {
		struct sftp_lane *lane = &f->lanes[f->nr_lanes - 1];
		int last = sftp_close_lane(f, lane, rc ? NULL : e);

		if (last && lane->s->broken)	/* a new connection may still close it */
			sftp_lane_error(f, lane, last);
		rc = rc ? rc : last;
	}
	return rc;
}

void sftp_file_free(struct sftp_file *f)
{
	if (!f)
		return;
	sftp_leave(f);
	free(f->path);
	free(f->mem);
	free(f->records);
	free(f);
}
