/* sftpresume - does a server still have what it acknowledged before the connection broke? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "ssh/sftpfile.h"

/* Read a record back and compare. */
static int check_record(struct sftp_file *f, const struct sftp_record *rec, struct err *e)
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
		sftp_put_handle(f, &r);
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
	rc = sftp_open_lane(f, f->lanes, SFTP_OPEN_READ | SFTP_OPEN_WRITE, e);
	if (rc)
		return f->s->broken ? rc : -ESTALE;
	rc = sftp_ask_size(f, &size, e);
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

	sftp_leave(f);
	if (f->failed.code)
		return sftp_tell_failure(f, e);
	if (s->max_write < f->chunk)
		return err_say(e, -ESTALE, "%s cannot be continued: the server takes smaller writes now", f->path);
	sftp_join(f, s);
	rc = check_records(f, e);
	for (unsigned i = 0; !rc && i < f->nr_slots; i++)
		if (f->slots[i].state == SLOT_SENT)
			rc = sftp_send_slot(f, &f->slots[i], e);
	if (rc)
		sftp_leave(f);	/* nobody will answer what is marked as sent */
	return rc;
}
