/* channel - how does a channel begin, and what do the server's messages do to it? RFC 4254 */
/* SPDX-License-Identifier: MIT */
#include "ssh/channel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"

/* ---- what the server sends */

static int violates(struct ssh *s, struct err *e, const char *what)
{
	return ssh_break(s, e, -EPROTO, "channel: the server %s", what);
}

static int confirmed(struct ssh_channel *c, struct wire *w, struct err *e)
{
	uint32_t peer = wire_u32(w), window = wire_u32(w), packet = wire_u32(w);

	if (w->bad)
		return violates(c->ssh, e, "sends a damaged message");
	if (c->open || c->refused)
		return violates(c->ssh, e, "opens it twice");
	if (!packet)
		return violates(c->ssh, e, "takes packets of at most 0 bytes");
	c->peer = peer;
	c->may_send = window;
	c->packet_max = packet < SSH_DATA_MAX ? packet : SSH_DATA_MAX;
	c->open = true;
	return 0;
}

static int not_opened(struct ssh_channel *c, struct wire *w, struct err *e)
{
	struct wire_str text;

	wire_u32(w);
	text = wire_string(w);
	wire_string(w);
	if (w->bad || c->open)
		return violates(c->ssh, e, "refuses a channel in a damaged way");
	ssh_printable(c->why, sizeof(c->why), text.p, text.len);
	c->refused = true;
	return 0;
}

static int adjusted(struct ssh_channel *c, struct wire *w, struct err *e)
{
	c->may_send += wire_u32(w);
	if (w->bad)
		return violates(c->ssh, e, "sends a damaged message");
	return c->may_send > UINT32_MAX ? violates(c->ssh, e, "opens its window beyond 2^32") : 0;
}

/* Takes len bytes of our window. */
static int use_window(struct ssh_channel *c, size_t len, struct err *e)
{
	if (len > c->may_receive)
		return violates(c->ssh, e, "sends more than the window that it has");
	if (c->eof_in)
		return violates(c->ssh, e, "sends data after their end");
	c->may_receive -= (uint32_t)len;
	c->ssh->moved += len;
	return 0;
}

static int data(struct ssh_channel *c, struct wire *w, struct err *e)
{
	struct wire_str d = wire_string(w);
	size_t size = c->ssh->opt.window, tail, part;
	int rc = w->bad ? violates(c->ssh, e, "sends a damaged message") : use_window(c, d.len, e);

	if (rc)
		return rc;
	if (c->abandoned) {
		c->taken += (uint32_t)d.len;
		return 0;
	}
	tail = (c->head + c->count) % size; /* the window never lets more in than the ring holds */
	part = d.len < size - tail ? d.len : size - tail;
	memcpy(c->ring + tail, d.p, part);
	memcpy(c->ring, d.p + part, d.len - part);
	c->count += d.len;
	return 0;
}

static int extended_data(struct ssh_channel *c, struct wire *w, struct err *e)
{
	uint32_t kind = wire_u32(w);
	struct wire_str d = wire_string(w);
	int rc = w->bad ? violates(c->ssh, e, "sends a damaged message") : use_window(c, d.len, e);

	c->taken += rc ? 0 : (uint32_t)d.len;
	if (rc || kind != 1)	/* SSH_EXTENDED_DATA_STDERR */
		return rc;
	for (size_t i = d.len < SSH_STDERR_KEPT ? 0 : d.len - SSH_STDERR_KEPT; i < d.len; i++)
		c->err_tail[(c->err_len + i) % SSH_STDERR_KEPT] = d.p[i];
	c->err_len += d.len;
	return 0;
}

static int request(struct ssh_channel *c, struct wire *w, struct err *e)
{
	struct wire_str name = wire_string(w), text;
	bool reply = wire_u8(w);

	if (wire_is(name, "exit-status") && !c->exit.known) {
		c->exit.status = wire_u32(w);
		c->exit.known = !w->bad;
		c->exit.before_end = !c->eof_out;
	} else if (wire_is(name, "exit-signal") && !c->exit.known) { /* what it says first counts */
		text = wire_string(w);
		ssh_printable(c->exit.signal, sizeof(c->exit.signal), text.p, text.len);
		if (!text.len)
			snprintf(c->exit.signal, sizeof(c->exit.signal), "?");
		c->exit.known = !w->bad;
		c->exit.before_end = !c->eof_out;
	}
	if (w->bad)
		return violates(c->ssh, e, "sends a damaged request");
	return reply ? ssh_owe(c->ssh, MSG_CHANNEL_FAILURE, c->peer, e) : 0;
}

static int answered(struct ssh_channel *c, uint8_t type, struct err *e)
{
	if (c->request != REQUEST_SENT)
		return violates(c->ssh, e, "answers what nothing asked");
	c->request = type == MSG_CHANNEL_SUCCESS ? REQUEST_GRANTED : REQUEST_REFUSED;
	return 0;
}

int ssh_channel_message(struct ssh *s, uint8_t type, struct wire w, struct err *e)
{
	uint32_t id = wire_u32(&w);
	struct ssh_channel *c = !w.bad && id < SSH_CHANNELS ? s->channels[id] : NULL;

	if (!c || c->close_in)
		return violates(s, e, "speaks of a channel that there is not");
	if (type == MSG_CHANNEL_OPEN_CONFIRMATION)
		return confirmed(c, &w, e);
	if (type == MSG_CHANNEL_OPEN_FAILURE)
		return not_opened(c, &w, e);
	if (!c->open)
		return violates(s, e, "uses a channel before it is open");
	switch (type) {
	case MSG_CHANNEL_WINDOW_ADJUST: return adjusted(c, &w, e);
	case MSG_CHANNEL_DATA: return data(c, &w, e);
	case MSG_CHANNEL_EXTENDED_DATA: return extended_data(c, &w, e);
	case MSG_CHANNEL_REQUEST: return request(c, &w, e);
	case MSG_CHANNEL_EOF: c->eof_in = true; return 0;
	case MSG_CHANNEL_CLOSE: c->eof_in = c->close_in = true; return 0;
	default: return answered(c, type, e);
	}
}

/* ---- what we send */

void ssh_channel_say(struct ssh_channel *c, uint8_t message)
{
	struct wire_out o = ssh_message(c->ssh, message);

	wire_put_u32(&o, c->peer);
	ssh_post(c->ssh, &o);
}

/* Windows that have to be opened, and channels that both sides closed. */
void ssh_channels_service(struct ssh *s)
{
	for (int i = 0; i < SSH_CHANNELS; i++) {
		struct ssh_channel *c = s->channels[i];

		if (!c || !c->open)
			continue;
		if (c->taken >= s->opt.window / 2 && !c->close_in && !c->close_out &&
		    ssh_room(s, 64)) {
			struct wire_out o = ssh_message(s, MSG_CHANNEL_WINDOW_ADJUST);

			wire_put_u32(&o, c->peer);
			wire_put_u32(&o, c->taken);
			ssh_post(s, &o);
			c->may_receive += c->taken;
			c->taken = 0;
		}
		if (c->close_in && !c->close_out && ssh_room(s, 64)) {
			ssh_channel_say(c, MSG_CHANNEL_CLOSE);
			c->close_out = true;
		}
		if (c->abandoned && c->close_in && c->close_out)
			ssh_channel_drop(c);
	}
}

bool ssh_in_use(const struct ssh *s)
{
	bool held = false;

	for (int i = 0; i < SSH_CHANNELS; i++)
		held |= s->channels[i] && !s->channels[i]->abandoned;
	return held;
}

void ssh_channels_free(struct ssh *s)
{
	for (int i = 0; i < SSH_CHANNELS; i++)
		if (s->channels[i] && s->channels[i]->abandoned)
			ssh_channel_drop(s->channels[i]);
}

void ssh_channel_drop(struct ssh_channel *c)
{
	for (int i = 0; i < SSH_CHANNELS; i++)
		if (c->ssh->channels[i] == c)
			c->ssh->channels[i] = NULL;
	free(c);
}

/* ---- how it begins */

/* A number and memory; it is not open yet. */
static int make(struct ssh *s, struct ssh_channel **out, struct err *e)
{
	struct ssh_channel *c;
	int id = 0;

	while (id < SSH_CHANNELS && s->channels[id])
		id++;
	if (id == SSH_CHANNELS)
		return err_say(e, -EMFILE, "%d channels are open already", SSH_CHANNELS);
	c = calloc(1, sizeof(*c) + s->opt.window);
	if (!c)
		return err_set(e, -ENOMEM, "open a channel");
	c->s = (struct stream){ .ops = &ssh_channel_ops, .idle_ms = 60000 };
	c->ssh = s;
	c->ring = (uint8_t *)(c + 1);
	c->may_receive = s->opt.window;
	s->channels[id] = c;
	*out = c;
	return id;
}

/* Pump until the channel is open or refused, and its request is answered, or it is closed. */
static int await(struct ssh_channel *c, struct err *e)
{
	uint64_t deadline = now_ms() + c->ssh->opt.handshake_ms, now;
	int rc = 0;

	while (!rc && !c->refused && !c->close_in && (!c->open || c->request == REQUEST_SENT)) {
		now = now_ms();
		rc = now < deadline ? ssh_pump(c->ssh, (unsigned)(deadline - now), e) :
		     ssh_break(c->ssh, e, -ETIMEDOUT, "the server does not answer on a channel");
	}
	return rc;
}

static int flush_room(struct ssh *s, size_t len, struct err *e)
{
	int rc = ssh_check(s, e);

	return rc || ssh_room(s, len) ? rc : ssh_flush(s, e);
}

int ssh_channel_new(struct ssh *s, struct ssh_channel **out, struct err *e)
{
	struct wire_out o;
	int rc = flush_room(s, 64, e), id;

	if (rc)
		return rc;
	id = make(s, out, e);
	if (id < 0)
		return id;
	o = ssh_message(s, MSG_CHANNEL_OPEN);
	wire_put_text(&o, "session");
	wire_put_u32(&o, (uint32_t)id);
	wire_put_u32(&o, s->opt.window);
	wire_put_u32(&o, SSH_DATA_MAX);
	ssh_post(s, &o);
	rc = await(*out, e);
	if (!rc && (*out)->refused)
		rc = err_say(e, -EACCES, "the server opens no channel: %s", (*out)->why);
	if (rc)
		ssh_channel_drop(*out);
	return rc;
}

/* A request with one string, and its answer. */
static int start(struct ssh *s, const char *name, const char *arg, struct stream **out,
		 struct err *e)
{
	struct ssh_channel *c;
	struct wire_out o;
	int rc = ssh_channel_new(s, &c, e);

	if (!rc) {
		rc = flush_room(s, strlen(arg) + 64, e);
		if (rc)
			ssh_channel_drop(c);
	}
	if (rc)
		return rc;
	o = ssh_message(s, MSG_CHANNEL_REQUEST);
	wire_put_u32(&o, c->peer);
	wire_put_text(&o, name);
	wire_put_u8(&o, 1);
	wire_put_text(&o, arg);
	if (o.full || o.len > SSH_DATA_MAX) {
		rc = err_say(e, -E2BIG, "the command is too long");
	} else {
		ssh_post(s, &o);
		c->request = REQUEST_SENT;
		rc = await(c, e);
		if (!rc && c->request != REQUEST_GRANTED)
			rc = err_say(e, -EACCES, "the server refuses %s \"%.80s\"", name, arg);
	}
	if (rc) {
		stream_close(&c->s);
		return rc;
	}
	*out = &c->s;
	return 0;
}

int ssh_channel_exec(struct ssh *s, const char *command, struct stream **out, struct err *e)
{
	return start(s, "exec", command, out, e);
}

int ssh_channel_subsystem(struct ssh *s, const char *name, struct stream **out, struct err *e)
{
	return start(s, "subsystem", name, out, e);
}
