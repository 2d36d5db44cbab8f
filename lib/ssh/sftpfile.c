/* sftpfile - how is a file written over SFTP so that a break loses nothing that was acknowledged? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "ssh/sftpwire.h"

enum {
	MAX_CHUNK = 64 << 10,
	MAX_RECORDS = 2048,		/* acknowledged writes between two syncs: 64 to 128 MiB */
	SYNC_MS = 600000,		/* a slow disk may have gigabytes to write */
	NO_ROOM = 1 << 20,		/* bytes free, below which a failure is called a full disk */
};
enum { OPEN_READ = 1, OPEN_WRITE = 2, OPEN_CREAT = 8, OPEN_TRUNC = 16 };	/* section 6.3 */
enum { ATTR_MODE = 4 };

/* A write: none, being filled, or sent and not acknowledged. */
struct slot {
	enum { SLOT_FREE, SLOT_FILLING, SLOT_SENT } state;
	uint32_t id, len;
	uint64_t at;
};

/* What was acknowledged and not synced: a server that was restarted may have lost it. */
struct record {
	uint64_t at, sum;
	uint32_t len;
};

struct sftp_file {
	struct sftp *s;			/* NULL: detached */
	struct sftp_file *next;
	char     *path;
	uint8_t  *mem;			/* per slot room for the head of its packet, then its data */
	struct record *records;
	struct slot slots[SFTP_SLOTS];
	unsigned nr_slots, nr_records;
	uint32_t chunk;
	bool     unsure;		/* more is not synced than records tell */
	bool     open;
	uint8_t  handle[SFTP_MAX_HANDLE];
	size_t   handle_len;
	uint64_t end, acked, acked_end;	/* offset behind the last byte; bytes; offset */
	struct err failed;		/* the first write that the server refused */
	uint64_t refused_from;		/* lowest offset of what it refused since the last settling */
};

static uint8_t *slot_data(const struct sftp_file *f, const struct slot *slot)
{
	return f->mem + (size_t)(slot - f->slots) * (SFTP_HEAD + f->chunk) + SFTP_HEAD;
}

static void put_handle(struct sftp_file *f, struct sftp_request *r)
{
	wire_put_string(&r->o, f->handle, f->handle_len);
}

/* ---- the answers */
static void note_acked(struct sftp_file *f, const struct slot *slot)
{
	f->acked += slot->len;
	if (slot->at + slot->len > f->acked_end)
		f->acked_end = slot->at + slot->len;
	if (f->nr_records == MAX_RECORDS) {
		f->unsure = true;
		return;
	}
	f->records[f->nr_records++] = (struct record){
		slot->at, XXH64(slot_data(f, slot), slot->len, 0), slot->len,
	};
}

bool sftp_answer(struct sftp *s, uint32_t id, struct wire *w)
{
	for (struct sftp_file *f = s->files; f; f = f->next) {
		for (unsigned i = 0; i < f->nr_slots; i++) {
			struct slot *slot = &f->slots[i];
			struct err e = { 0 };
			char act[40];

			if (slot->state != SLOT_SENT || slot->id != id)
				continue;
			slot->state = SLOT_FREE;
			snprintf(act, sizeof(act), "write byte %llu of", (unsigned long long)slot->at);
			if (!sftp_status(w, act, f->path, &e) && !w->bad) {
				note_acked(f, slot);
				return true;
			}
			if (slot->at < f->refused_from)
				f->refused_from = slot->at;
			if (!f->failed.code)
				f->failed = e.code ? e : (struct err){ -EPROTO, "a status that is cut" };
			return true;
		}
	}
	return false;
}

/* Tell the write that was refused. Version 3 has no word for a full disk: look. */
static int tell_failure(struct sftp_file *f, struct err *e)
{
	uint64_t space;

	if (f->failed.code == -EIO && f->s && !sftp_space(f->s, f->path, &space, NULL) && space < NO_ROOM) {
		f->failed = (struct err){ 0 };
		err_set(&f->failed, -ENOSPC, "write %s on the server, of which %llu bytes are acknowledged", f->path,
			(unsigned long long)f->acked);
	}
	if (e)
		*e = f->failed;
	return f->failed.code;
}

/* ---- the writes */
static int send_slot(struct sftp_file *f, struct slot *slot, struct err *e)
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

static struct slot *find_slot(struct sftp_file *f, int state)
{
	for (unsigned i = 0; i < f->nr_slots; i++)
		if ((int)f->slots[i].state == state)
			return &f->slots[i];
	return NULL;
}

/* Send what is being filled, and take the answers that are there. */
static int push(struct sftp_file *f, struct err *e)
{
	struct slot *slot = find_slot(f, SLOT_FILLING);
	int rc = 0;

	if (slot)
		rc = send_slot(f, slot, e);
	while (!rc && find_slot(f, SLOT_SENT) && stream_ready(f->s->stream, 0))
		rc = sftp_take(f->s, e);
	return rc;
}

/* Errors that every call begins with: detached, or refused before. */
static int check(struct sftp_file *f, struct err *e)
{
	if (f->failed.code)
		return tell_failure(f, e);
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
	return !rc && f->failed.code ? tell_failure(f, e) : rc;
}

int sftp_settle(struct sftp_file *f, uint64_t *lost_from, struct err *e)
{
	int rc = f->failed.code && f->s ? 0 : check(f, e), told;

	if (!rc)
		rc = push(f, e);
	while (!rc && find_slot(f, SLOT_SENT))
		rc = sftp_take(f->s, e);
	if (rc || !f->failed.code)
		return rc;
	told = tell_failure(f, e);
	*lost_from = f->refused_from;
	f->failed = (struct err){ 0 };
	f->refused_from = UINT64_MAX;
	return told;
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
	put_handle(f, &r);
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
static int slot_for(struct sftp_file *f, uint64_t at, struct slot **out, struct err *e)
{
	struct slot *slot = find_slot(f, SLOT_FILLING);
	int rc = 0;

	if (slot && slot->at + slot->len == at && slot->len < f->chunk) {
		*out = slot;
		return 0;
	}
	rc = push(f, e);
	while (!rc && !f->failed.code && !(slot = find_slot(f, SLOT_FREE)))
		rc = sftp_take(f->s, e);
	if (!rc && f->failed.code)
		rc = tell_failure(f, e);
	if (rc)
		return rc;
	*slot = (struct slot){ .state = SLOT_FILLING, .at = at };
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
		struct slot *slot;
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
static void attach(struct sftp_file *f, struct sftp *s)
{
	f->s = s;
	f->next = s->files;
	s->files = f;
}

static void detach(struct sftp_file *f)
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
		detach(s->files);
	free(s);
}

static int open_handle(struct sftp_file *f, uint32_t how, struct err *e)
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
	f->refused_from = UINT64_MAX;
	f->path = strdup(path);
	f->mem = malloc((size_t)f->nr_slots * (SFTP_HEAD + f->chunk));
	f->records = malloc(MAX_RECORDS * sizeof(*f->records));
	attach(f, s);
	rc = f->path && f->mem && f->records ? open_handle(f, OPEN_WRITE | OPEN_CREAT | OPEN_TRUNC, e) :
		err_set(e, -ENOMEM, "open %s on the server", path);
	if (rc) {
		sftp_file_free(f);
		return rc;
	}
	*out = f;
	return 0;
}

/* The size that the server has. */
static int ask_size(struct sftp_file *f, uint64_t *out, struct err *e)
{
	struct sftp_request r;
	struct sftp_attr attr;
	struct wire w;
	int rc;

	sftp_begin(f->s, &r, FXP_FSTAT);
	put_handle(f, &r);
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
		rc = ask_size(f, &size, e);
	if (!rc && size != f->end)
		rc = err_say(e, -EIO, "%s has %llu bytes on the server, %llu were written", f->path,
			     (unsigned long long)size, (unsigned long long)f->end);
	return rc;
}

uint64_t sftp_acked(const struct sftp_file *f)
{
	return f->acked;
}

/* Read a record back and compare. */
static int check_record(struct sftp_file *f, const struct record *rec, struct err *e)
{
	XXH64_state_t sum;
	uint32_t done = 0;

	XXH64_reset(&sum, 0);
	while (done < rec->len) {
		uint32_t n = rec->len - done < SFTP_READ_MAX ? rec->len - done : SFTP_READ_MAX;
		struct sftp_request r;
		struct wire_str data;
		struct wire w;
		int rc;

		sftp_begin(f->s, &r, FXP_READ);
		put_handle(f, &r);
		wire_put_u64(&r.o, rec->at + done);
		wire_put_u32(&r.o, n);
		rc = sftp_ask(f->s, &r, FXP_DATA, 0, &w, "read back", f->path, e);
		if (rc)
			return f->s->broken ? rc : -ESTALE;
		data = wire_string(&w);
		if (!data.len || data.len > n)
			return err_say(e, -ESTALE, "read back %s: not what was asked for", f->path);
		XXH64_update(&sum, data.p, data.len);
		done += (uint32_t)data.len;
	}
	if (XXH64_digest(&sum) == rec->sum)
		return 0;
	return err_say(e, -ESTALE, "the server lost acknowledged bytes of %s at offset %llu", f->path,
		       (unsigned long long)rec->at);
}

/* The server has all that it acknowledged. */
static int check_records(struct sftp_file *f, struct err *e)
{
	uint64_t size;
	int rc;

	if (f->unsure)
		return err_say(e, -ESTALE, "%s cannot be continued: the server does not sync", f->path);
	rc = open_handle(f, OPEN_READ | OPEN_WRITE, e);
	if (rc)
		return f->s->broken ? rc : -ESTALE;
	rc = ask_size(f, &size, e);
	if (!rc && size < f->acked_end)
		rc = err_say(e, -ESTALE, "%s was cut to %llu bytes on the server, %llu were acknowledged", f->path,
			     (unsigned long long)size, (unsigned long long)f->acked_end);
	for (unsigned i = 0; !rc && i < f->nr_records; i++)
		rc = check_record(f, &f->records[i], e);
	return rc;
}

int sftp_attach(struct sftp_file *f, struct sftp *s, struct err *e)
{
	int rc;

	detach(f);
	if (f->failed.code)
		return tell_failure(f, e);
	if (s->max_write < f->chunk)
		return err_say(e, -ESTALE, "%s cannot be continued: the server takes smaller writes now", f->path);
	attach(f, s);
	rc = check_records(f, e);
	for (unsigned i = 0; !rc && i < f->nr_slots; i++)
		if (f->slots[i].state == SLOT_SENT)
			rc = send_slot(f, &f->slots[i], e);
	return rc;
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
	put_handle(f, &r);
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
	detach(f);
	free(f->path);
	free(f->mem);
	free(f->records);
	free(f);
}
