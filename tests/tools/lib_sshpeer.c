/* lib_sshpeer - how does a server answer each message? */
/* SPDX-License-Identifier: MIT */
#include "lib_sshpeer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "ssh/crypto.h"
#include "ssh/session.h"

static const uint8_t seed[32] = { [0 ... 31] = 0x42 };

size_t ssh_peer_blob(uint8_t out[64])
{
	struct wire_out o = { .buf = out, .size = 64 };
	uint8_t pub[32];

	ssh_ed25519_public(pub, seed);
	wire_put_text(&o, "ssh-ed25519");
	wire_put_string(&o, pub, 32);
	return o.len;
}

void ssh_peer_send(struct ssh_peer *p, const void *payload, size_t len)
{
	static const uint8_t pad[SSH_PADDING_MAX] = { 0 };
	uint8_t *packet = p->queue + p->tail;
	size_t size;

	if (p->tail + len + 256 > PEER_QUEUE)
		return;
	memmove(packet + 5, payload, len);
	size = ssh_cipher_seal(&p->out, p->out_seq++, packet, len, pad);
	if (p->wire)
		p->wire(p, packet, &size);
	p->tail += size;
	p->sent++;
}

static void send_message(struct ssh_peer *p, const struct wire_out *o)
{
	static uint8_t buf[PEER_MESSAGE];
	size_t len = o->len;

	if (p->in_kex && (o->buf[0] > 49 || (o->buf[0] > MSG_DEBUG && o->buf[0] < MSG_KEXINIT))) {
		if (p->held_len + 4 + len > PEER_HELD)
			return;
		memcpy(p->held + p->held_len, &(uint32_t){ (uint32_t)len }, 4);
		memcpy(p->held + p->held_len + 4, o->buf, len);
		p->held_len += 4 + len;
		return;
	}
	memcpy(buf, o->buf, len);
	if (!p->hook || p->hook(p, buf, &len))
		ssh_peer_send(p, buf, len);
}

static struct wire_out message(uint8_t *buf, size_t size, uint8_t type)
{
	struct wire_out o = { .buf = buf, .size = size };

	wire_put_u8(&o, type);
	return o;
}

static void send_kexinit(struct ssh_peer *p)
{
	struct wire_out o = message(p->i_s, sizeof(p->i_s), MSG_KEXINIT);
	char kex[256];

	snprintf(kex, sizeof(kex), "%s%s", p->kex, p->strict && !p->kexes ? ",kex-strict-s-v00@openssh.com" : "");
	wire_put_bytes(&o, seed, 16);
	wire_put_text(&o, kex);
	wire_put_text(&o, p->hostkey);
	for (int i = 0; i < 2; i++)
		wire_put_text(&o, p->cipher);
	for (int i = 0; i < 2; i++)
		wire_put_text(&o, p->mac);
	for (int i = 0; i < 2; i++)
		wire_put_text(&o, "none");
	for (int i = 0; i < 2; i++)
		wire_put_text(&o, "");
	wire_put_u8(&o, p->guess);
	wire_put_u32(&o, 0);
	p->i_s_len = o.len;
	p->in_kex = true;
	send_message(p, &o);
}

void ssh_peer_begin(struct ssh_peer *p)
{
	size_t len = strlen(p->version);

	memcpy(p->queue, p->version, len);
	p->tail = len;
	send_kexinit(p);
}

static void hash_string(br_sha256_context *h, const void *data, size_t len)
{
	uint32_t n = htobe32((uint32_t)len);

	br_sha256_update(h, &n, 4);
	br_sha256_update(h, data, len);
}

static void derive(struct ssh_peer *p, char letter, uint8_t out[64])
{
	br_sha256_context h;

	for (int i = 0; i < 2; i++) {
		br_sha256_init(&h);
		br_sha256_update(&h, p->k, p->k_len);
		br_sha256_update(&h, p->hash, 32);
		if (i) {
			br_sha256_update(&h, out, 32);
		} else {
			br_sha256_update(&h, &letter, 1);
			br_sha256_update(&h, p->session_id, 32);
		}
		br_sha256_out(&h, out + 32 * i);
	}
}

static void set_keys(struct ssh_peer *p, struct ssh_cipher *c, const char *letters)
{
	const struct ssh_cipher_alg *alg = ssh_ciphers;
	const struct ssh_mac_alg *mac = ssh_macs;
	uint8_t keys[3][64];

	while (strcmp(alg->name, p->cipher))
		alg++;
	while (strcmp(mac->name, p->mac))
		mac++;
	for (int i = 0; i < 3; i++)
		derive(p, letters[i], keys[i]);
	ssh_cipher_set(c, alg, mac, keys[1], keys[0], keys[2], false);
}

static void kex_reply(struct ssh_peer *p, struct wire w)
{
	struct wire_str q_c = wire_string(&w);
	uint8_t blob[64], q_s[32], shared[32], signature[64], buf[512], sig[128];
	size_t blob_len = ssh_peer_blob(blob);
	struct wire_out k = { .buf = p->k, .size = sizeof(p->k) }, s = { .buf = sig, .size = sizeof(sig) };
	struct wire_out o = message(buf, sizeof(buf), MSG_KEX_REPLY), n;
	br_sha256_context h;

	if (q_c.len != 32)
		return;
	ssh_x25519(q_s, seed, NULL);
	ssh_x25519(shared, seed, q_c.p);
	wire_put_mpint(&k, shared, 32);
	p->k_len = k.len;
	br_sha256_init(&h);
	hash_string(&h, p->v_c, strlen(p->v_c));
	hash_string(&h, strstr(p->version, "SSH-"), strcspn(strstr(p->version, "SSH-"), "\r\n"));
	hash_string(&h, p->i_c, p->i_c_len);
	hash_string(&h, p->i_s, p->i_s_len);
	hash_string(&h, blob, blob_len);
	hash_string(&h, q_c.p, 32);
	hash_string(&h, q_s, 32);
	br_sha256_update(&h, p->k, p->k_len);
	br_sha256_out(&h, p->hash);
	if (!p->kexes++)
		memcpy(p->session_id, p->hash, 32);
	ssh_ed25519_sign(signature, seed, p->hash, 32, NULL);
	wire_put_text(&s, "ssh-ed25519");
	wire_put_string(&s, signature, 64);
	wire_put_string(&o, blob, blob_len);
	wire_put_string(&o, q_s, 32);
	wire_put_string(&o, sig, s.len);
	send_message(p, &o);
	n = message(buf, sizeof(buf), MSG_NEWKEYS);
	send_message(p, &n);
	set_keys(p, &p->out, "BDF");
	if (p->strict)
		p->out_seq = 0;
	p->in_kex = false;
}

static void send_held(struct ssh_peer *p)
{
	size_t len = p->held_len;

	p->held_len = 0;
	for (size_t at = 0; at < len;) {
		struct wire_out o = { .buf = p->held + at + 4 };
		uint32_t n;

		memcpy(&n, p->held + at, 4);
		o.len = n;
		send_message(p, &o);
		at += 4 + n;
	}
}

static void after_keys(struct ssh_peer *p)
{
	uint8_t buf[128];
	struct wire_out o = message(buf, sizeof(buf), MSG_EXT_INFO);

	set_keys(p, &p->in, "ACE");
	if (p->strict)
		p->in_seq = 0;
	p->client_in_kex = false;
	p->since_kex = 0;
	if (p->kexes > 1)
		return;
	wire_put_u32(&o, 1);
	wire_put_text(&o, "server-sig-algs");
	wire_put_text(&o, "ssh-ed25519,rsa-sha2-256");
	send_message(p, &o);
}

static void login(struct ssh_peer *p, struct wire w)
{
	uint8_t buf[128];
	struct wire_out o = message(buf, sizeof(buf), MSG_USERAUTH_BANNER);
	struct wire_str method;

	wire_string(&w);
	wire_string(&w);
	method = wire_string(&w);
	wire_put_text(&o, "be\033 good\r\n");
	wire_put_text(&o, "");
	send_message(p, &o);
	o = message(buf, sizeof(buf), wire_is(method, "publickey") ? MSG_USERAUTH_SUCCESS : MSG_USERAUTH_FAILURE);
	if (!wire_is(method, "publickey")) {
		wire_put_text(&o, "publickey,password");
		wire_put_u8(&o, 0);
	}
	send_message(p, &o);
}

static void send_channel(struct ssh_peer *p, uint8_t type)
{
	uint8_t buf[16];
	struct wire_out o = message(buf, sizeof(buf), type);

	wire_put_u32(&o, p->channel);
	send_message(p, &o);
}

static void open_channel(struct ssh_peer *p, struct wire w)
{
	uint8_t buf[64];
	struct wire_out o = message(buf, sizeof(buf), MSG_CHANNEL_OPEN_CONFIRMATION);

	wire_string(&w);
	p->channel = wire_u32(&w);
	p->may_send = wire_u32(&w);
	wire_put_u32(&o, p->channel);
	wire_put_u32(&o, 77);
	wire_put_u32(&o, p->window);
	wire_put_u32(&o, p->packet_max);
	send_message(p, &o);
}

static void channel_data(struct ssh_peer *p, struct wire w)
{
	static uint8_t buf[PEER_MESSAGE];
	struct wire_out o = message(buf, sizeof(buf), MSG_CHANNEL_DATA);
	struct wire_str d;

	wire_u32(&w);
	d = wire_string(&w);
	p->data += d.len;
	p->unadjusted += (uint32_t)d.len;
	if (d.len <= p->may_send) {
		wire_put_u32(&o, p->channel);
		wire_put_string(&o, d.p, d.len);
		send_message(p, &o);
		p->may_send -= (uint32_t)d.len;
	}
	if (p->unadjusted >= p->window / 2) {
		o = message(buf, sizeof(buf), MSG_CHANNEL_WINDOW_ADJUST);
		wire_put_u32(&o, p->channel);
		wire_put_u32(&o, p->unadjusted);
		send_message(p, &o);
		p->unadjusted = 0;
	}
}

static void finish_channel(struct ssh_peer *p)
{
	uint8_t buf[64];
	struct wire_out o = message(buf, sizeof(buf), MSG_CHANNEL_EXTENDED_DATA);

	wire_put_u32(&o, p->channel);
	wire_put_u32(&o, 1);
	wire_put_text(&o, "a word\n");
	send_message(p, &o);
	o = message(buf, sizeof(buf), MSG_CHANNEL_REQUEST);
	wire_put_u32(&o, p->channel);
	wire_put_text(&o, "exit-status");
	wire_put_u8(&o, 0);
	wire_put_u32(&o, 0);
	send_message(p, &o);
	send_channel(p, MSG_CHANNEL_EOF);
	send_channel(p, MSG_CHANNEL_CLOSE);
}

static void service(struct ssh_peer *p)
{
	uint8_t buf[64];
	struct wire_out o = message(buf, sizeof(buf), MSG_SERVICE_ACCEPT);

	wire_put_text(&o, "ssh-userauth");
	send_message(p, &o);
}

/* The client may not send these between its KEXINIT and its NEWKEYS (RFC 4253 section 7.1). */
static bool breaks_rekey_rule(const struct ssh_peer *p, uint8_t type)
{
	return p->client_in_kex && !(type <= MSG_DEBUG || (type >= MSG_KEXINIT && type < 50));
}

static void serve(struct ssh_peer *p, const uint8_t *m, size_t len)
{
	struct wire w = wire_over(m + 1, len - 1);
	uint8_t buf[1];
	struct wire_out failure = message(buf, sizeof(buf), MSG_REQUEST_FAILURE);

	p->received++;
	p->broke_rekey_rule |= breaks_rekey_rule(p, m[0]);
	switch (m[0]) {
	case MSG_DISCONNECT: p->client_left = true; p->disconnect = wire_u32(&w); break;
	case MSG_KEXINIT:
		p->client_in_kex = true;
		memcpy(p->i_c, m, len < sizeof(p->i_c) ? len : sizeof(p->i_c));
		p->i_c_len = len;
		if (!p->in_kex)
			send_kexinit(p);
		break;
	case MSG_KEX_INIT: kex_reply(p, w); send_held(p); break;
	case MSG_NEWKEYS: after_keys(p); break;
	case MSG_SERVICE_REQUEST: service(p); break;
	case MSG_USERAUTH_REQUEST: login(p, w); break;
	case MSG_GLOBAL_REQUEST: send_message(p, &failure); break;
	case MSG_CHANNEL_OPEN: open_channel(p, w); break;
	case MSG_CHANNEL_REQUEST: send_channel(p, MSG_CHANNEL_SUCCESS); break;
	case MSG_CHANNEL_DATA: channel_data(p, w); break;
	case MSG_CHANNEL_WINDOW_ADJUST: wire_u32(&w); p->may_send += wire_u32(&w); break;
	case MSG_CHANNEL_EOF: finish_channel(p); break;
	}
	if (m[0] >= MSG_USERAUTH_REQUEST && p->rekey_every && !p->in_kex && ++p->since_kex >= p->rekey_every)
		send_kexinit(p);
}

static void take_version(struct ssh_peer *p)
{
	uint8_t *lf = memchr(p->inbuf, '\n', p->in_len);
	size_t n = lf ? (size_t)(lf - p->inbuf) + 1 : 0;

	if (!n)
		return;
	memcpy(p->v_c, p->inbuf, n < sizeof(p->v_c) ? n : sizeof(p->v_c) - 1);
	p->v_c[strcspn(p->v_c, "\r\n")] = '\0';
	memmove(p->inbuf, p->inbuf + n, p->in_len - n);
	p->in_len -= n;
	p->version_seen = true;
	if (!p->tail)
		ssh_peer_begin(p);
}

static void take_packets(struct ssh_peer *p)
{
	uint32_t len;
	size_t size, n;

	while (p->in_len >= ssh_cipher_head(&p->in) && !ssh_cipher_length(&p->in, p->in_seq, p->inbuf, &len)) {
		size = ssh_cipher_size(&p->in, len);
		if (p->in_len < size || ssh_cipher_open(&p->in, p->in_seq, p->inbuf, len, &n))
			return;
		p->in_seq++;
		serve(p, p->inbuf + 5, n);
		memmove(p->inbuf, p->inbuf + size, p->in_len - size);
		p->in_len -= size;
	}
}

static int peer_write(struct stream *s, const void *buf, size_t len, struct err *e)
{
	struct ssh_peer *p = (struct ssh_peer *)s;
	size_t part;

	(void)e;
	for (; len; len -= part, buf = (const char *)buf + part) {
		part = len < 40000 ? len : 40000;
		memcpy(p->inbuf + p->in_len, buf, part);
		p->in_len += part;
		if (!p->version_seen)
			take_version(p);
		if (p->version_seen)
			take_packets(p);
	}
	return 0;
}

static ssize_t peer_read(struct stream *s, void *buf, size_t len, struct err *e)
{
	struct ssh_peer *p = (struct ssh_peer *)s;
	size_t n;

	(void)e;
	if (!p->tail && !p->version_seen)
		ssh_peer_begin(p);
	n = p->tail - p->head;
	n = n < len ? n : len;
	if (p->segment && n > p->segment)
		n = p->segment;
	if (p->cut && n > p->cut - p->total)
		n = p->cut - p->total;
	memcpy(buf, p->queue + p->head, n);
	p->head += n;
	p->total += n;
	if (p->head == p->tail && p->head > PEER_QUEUE / 2)
		p->head = p->tail = 1;	/* not 0: it has begun */
	return (ssize_t)n;
}

static int peer_ready(struct stream *s, unsigned wait_ms)
{
	struct ssh_peer *p = (struct ssh_peer *)s;

	if (!p->patient || p->head < p->tail)
		return wait_ms || p->head < p->tail;
	usleep(wait_ms * 1000);
	return 0;
}

static int peer_shutdown(struct stream *s, struct err *e)
{
	(void)s;
	(void)e;
	return 0;
}

/* The test frees it, after having looked what went on. */
static void peer_close(struct stream *s)
{
	((struct ssh_peer *)s)->ended = true;
}

struct ssh_peer *ssh_peer_new(void)
{
	static const struct stream_ops ops = {
		.name = "peer", .read = peer_read, .write = peer_write, .ready = peer_ready,
		.shutdown = peer_shutdown, .close = peer_close,
	};
	struct ssh_peer *p = calloc(1, sizeof(*p));

	p->s.ops = &ops;
	p->queue = malloc(PEER_QUEUE);
	p->inbuf = malloc(100000);
	p->held = malloc(PEER_HELD);
	p->kex = "curve25519-sha256";
	p->hostkey = "ssh-ed25519";
	p->cipher = "aes128-gcm@openssh.com";
	p->mac = "hmac-sha2-256";
	p->version = "SSH-2.0-peer\r\n";
	p->strict = true;
	p->window = 1 << 20;
	p->packet_max = 32768;
	return p;
}

void ssh_peer_free(struct ssh_peer *p)
{
	free(p->queue);
	free(p->inbuf);
	free(p->held);
	free(p);
}
