/* tus - an object on a server of tus 1.0: what is not acknowledged is kept here, to be sent again. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "http/tus.h"
#include "sink/http.h"

enum { CHUNK = 1 << 20 };	/* kept, and sent by one PATCH */

struct tus_sink {
	struct sink      base;
	struct http_tus *tus;
	uint64_t         sent;	/* and acknowledged */
	size_t           held;
	bool             broken;	/* how much of the chunk the server has is not known any more */
	uint8_t          chunk[CHUNK];
};

static int send(struct tus_sink *k, bool last, struct err *e)
{
	int rc = k->broken ? err_say(e, -EPIPE, "the upload broke off before") :
			     http_tus_put(k->tus, k->chunk, k->held, last, e);

	k->broken |= rc;
	if (!rc) {
		k->sent += k->held;
		k->base.acked = k->sent;
		k->held = 0;
	}
	return rc;
}

static int tus_sink_write(struct sink *s, uint64_t at, const void *buf, size_t len, struct err *e)
{
	struct tus_sink *k = (struct tus_sink *)s;
	const uint8_t *from = buf;

	if (at != k->sent + k->held)
		return err_say(e, -ESPIPE, "write to an upload at %llu, where %llu is next", (unsigned long long)at,
			       (unsigned long long)(k->sent + k->held));
	while (len) {
		size_t n = CHUNK - k->held < len ? CHUNK - k->held : len;
		int rc;

		memcpy(k->chunk + k->held, from, n);
		k->held += n;
		from += n;
		len -= n;
		rc = k->held == CHUNK ? send(k, false, e) : 0;
		if (rc)
			return rc;
	}
	return 0;
}

static int tus_sink_commit(struct sink *s, struct ack *ack, struct err *e)
{
	struct tus_sink *k = (struct tus_sink *)s;
	int rc = send(k, true, e);

	if (!rc)
		rc = http_tus_check(k->tus, k->sent, e);
	ack->level = rc ? ACK_NONE : ACK_RECEIVED;
	return rc;
}

/* The server calls an upload incomplete until it has its length. */
static int tus_sink_keep(struct sink *s, struct err *e)
{
	return send((struct tus_sink *)s, false, e);
}

static void tus_sink_release(struct sink *s)
{
	struct tus_sink *k = (struct tus_sink *)s;

	http_tus_free(k->tus);
	free(k);
}

int tus_sink_open(struct sink **out, struct http *h, const struct url *url, uint64_t len, struct err *e)
{
	static const struct sink_ops ops = {
		"tus", tus_sink_write, NULL, NULL, tus_sink_commit, tus_sink_keep, tus_sink_release, NULL,
	};
	struct tus_sink *k = malloc(sizeof(*k));
	int rc;

	if (!k)
		return err_set(e, -ENOMEM, "upload");
	memset(k, 0, offsetof(struct tus_sink, chunk));
	k->base = (struct sink){ .ops = &ops };
	rc = http_tus_open(&k->tus, h, url, len, e);
	if (rc) {
		free(k);
		return rc;
	}
	*out = &k->base;
	return 0;
}
