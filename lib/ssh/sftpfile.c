/* sftpfile - how is a file written over SFTP so that a break loses nothing that was acknowledged? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "ssh/sftpfile.h"

enum {
	MAX_CHUNK = 64 << 10,
	MAX_RECORDS = 2048,		/* acknowledged writes between two syncs: 64 to 128 MiB */
	SYNC_MS = 600000,		/* a slow disk may have gigabytes to write */
	NO_ROOM = 1 << 20,		/* bytes free, below which a failure is called a full disk */
};
enum { ATTR_MODE = 4 };

static uint8_t *slot_data(const struct sftp_file *f, const struct sftp_slot *slot)
{
	return f->mem + (size_t)(slot - f->slots) * (SFTP_HEAD + f->chunk) + SFTP_HEAD;
}

static struct sftp_slot *find_slot(struct sftp_file *f, int state)
{
	for (unsigned i = 0; i < f->nr_slots; i++)
		if ((int)f->slots[i].state == state)
			return &f->slots[i];
	return NULL;
}

void sftp_put_handle(struct sftp_file *f, struct sftp_request *r)
{
	wire_put_string(&r->o, f->handle, f->handle_len);
}

static void note_acked(struct sftp_file *f, const struct sftp_slot *slot)
{
	f->acked += slot->len;
	if (slot->at + slot->len > f->acked_end)
		f->acked_end = slot->at + slot->len;
	if (f->nr_records == MAX_RECORDS) {
		f->unsure = true;
		return;
	}
	f->records[f->nr_records++] = (struct sftp_record){
		slot->at, XXH64(slot_data(f, slot), slot->len, 0), slot->len,
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
	for (struct sftp_file *f = s->files; f; f = f->next) {
		for (unsigned i = 0; i < f->nr_slots; i++) {
			struct sftp_slot *slot = &f->slots[i];
			struct err e = { 0 };
			char act[40];

			if (slot->state != SLOT_SENT || slot->id != id)
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

int sftp_send_slot(struct sftp_file *f, struct sftp_slot *slot, struct err *e)
{
	size_t head = 25 + f->handle_len;	/* SFTP_HEAD, with this handle */
	uint8_t *data = slot_data(f, slot);
	struct wire_out o = { .buf = data - head, .size = head };

	slot->id = f->s->next_id++;
	slot->state = SLOT_SENT;
	wire_put_u32(&o, (uint32_t)(head - 4 + slot->len));
	wire_put_u8(&o, FXP_WRITE);
	wire_put_u32(&o, slot->id);
	wire_put_string(&o, f->handle, f->handle_len);
	wire_put_u64(&o, slot->at);
	wire_put_u32(&o, slot->len);
	return sftp_send(f->s, data - head, head + slot->len, e);
}

/*
 * Tell the write that was refused, once, when nothing is on its way any more. Version 3 has no word
 * for a full disk: look.
 */
int sftp_tell_failure(struct sftp_file *f, struct err *e)
{
	struct sftp_slot *filling = find_slot(f, SLOT_FILLING);
	struct err first = f->failed;
	uint64_t space;
	int rc = f->s ? 0 : -ENOTCONN;

	if (!rc && filling)
		rc = sftp_send_slot(f, filling, NULL);
	while (!rc && find_slot(f, SLOT_SENT))
		rc = sftp_take(f->s, NULL);
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
	struct sftp_slot *slot = find_slot(f, SLOT_FILLING);
	int rc = 0;

	if (slot)
		rc = sftp_send_slot(f, slot, e);
	while (!rc && find_slot(f, SLOT_SENT) && stream_ready(f->s->stream, 0))
		rc = sftp_take(f->s, e);
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
	while (!rc && find_slot(f, SLOT_SENT))
		rc = sftp_take(f->s, e);
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
	struct sftp_slot *slot = find_slot(f, SLOT_FILLING);
	int rc = 0;

	if (slot && slot->at + slot->len == at && slot->len < f->chunk) {
		*out = slot;
		return 0;
	}
	rc = push(f, e);
	while (!rc && !f->failed.code && !(slot = find_slot(f, SLOT_FREE)))
		rc = sftp_take(f->s, e);
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
	if (!rc && (f->nr_records + f->nr_slots >= MAX_RECORDS || written_before(f, at, len)))
		rc = settle(f, e);
	while (!rc && len) {
		struct sftp_slot *slot;
		size_t n;

		rc = slot_for(f, at, &slot, e);
		if (rc)
			break;
		n = f->chunk - slot->len < len ? f->chunk - slot->len : len;
		memcpy(slot_data(f, slot) + slot->len, from, n);
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
	f->s = s;
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
	f->open = false;
}

void sftp_close(struct sftp *s)
{
	while (s && s->files)
		sftp_leave(s->files);
	free(s);
}

int sftp_open_handle(struct sftp_file *f, uint32_t how, struct err *e)
{
	struct sftp_request r;
	struct wire_str handle;
	struct wire w;
	int rc;

	sftp_begin(f->s, &r, FXP_OPEN);
	wire_put_text(&r.o, f->path);
	wire_put_u32(&r.o, how);
	wire_put_u32(&r.o, ATTR_MODE);
	wire_put_u32(&r.o, 0600);
	rc = sftp_ask(f->s, &r, FXP_HANDLE, 0, &w, "open", f->path, e);
	if (rc)
		return rc;
	handle = wire_string(&w);
	if (w.bad || !handle.len || handle.len > sizeof(f->handle)) {
		struct err own = { 0 };

		err_say(&own, -EPROTO, "the SFTP server breaks the protocol: a handle of %zu bytes", handle.len);
		if (e)
			*e = own;
		return sftp_break(f->s, &own);
	}
	memcpy(f->handle, handle.p, handle.len);
	f->handle_len = handle.len;
	f->open = true;
	return 0;
}

int sftp_create(struct sftp_file **out, struct sftp *s, const char *path, struct err *e)
{
	struct sftp_file *f = calloc(1, sizeof(*f));
	int rc;

	if (!f)
		return err_set(e, -ENOMEM, "open %s on the server", path);
	f->chunk = s->max_write < MAX_CHUNK ? s->max_write : MAX_CHUNK;
	f->nr_slots = SFTP_WINDOW / f->chunk < SFTP_SLOTS ? SFTP_WINDOW / f->chunk : SFTP_SLOTS;
	f->lost_from = UINT64_MAX;
	f->path = strdup(path);
	f->mem = malloc((size_t)f->nr_slots * (SFTP_HEAD + f->chunk));
	f->records = malloc(MAX_RECORDS * sizeof(*f->records));
	sftp_join(f, s);
	rc = f->path && f->mem && f->records ? sftp_open_handle(f, SFTP_OPEN_WRITE | SFTP_OPEN_CREAT | SFTP_OPEN_TRUNC, e) :
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
	struct sftp_request r;
	struct wire w;
	int rc;

	if (!f->open)
		return 0;
	rc = sftp_drain(f, e);
	if (rc && (!f->s || f->s->broken))
		return rc;
	f->open = false;
	sftp_begin(f->s, &r, FXP_CLOSE);
	sftp_put_handle(f, &r);
	if (rc) {
		sftp_ask(f->s, &r, FXP_STATUS, 0, &w, "close", f->path, NULL);
		return rc;
	}
	return sftp_ask(f->s, &r, FXP_STATUS, 0, &w, "close", f->path, e);
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
