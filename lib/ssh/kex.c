/* kex - how do both sides come to the same keys, and how does the server prove who it is? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/io.h"
#include "ssh/crypto.h"
#include "ssh/hostcert.h"
#include "ssh/negotiate.h"
#include "ssh/secret.h"

/* Far above what a server with tiny limits needs for the keepalives of an hour of silence. */
enum { IDLE_REKEYS = 1000 };

/* One exchange. All secrets are in here, wiped at its end. */
struct exchange {
	struct ssh_agreed agreed;
	bool     first;
	uint64_t deadline_ms;
	struct ssh_secret secret;
	size_t   hash_len;
	uint8_t  hash[64];
};

static const char *const message_names[] = {
	[MSG_DISCONNECT] = "DISCONNECT",
	[MSG_IGNORE] = "IGNORE",
	[MSG_UNIMPLEMENTED] = "UNIMPLEMENTED",
	[MSG_DEBUG] = "DEBUG",
	[MSG_SERVICE_ACCEPT] = "SERVICE_ACCEPT",
	[MSG_EXT_INFO] = "EXT_INFO",
	[MSG_KEXINIT] = "KEXINIT",
	[MSG_NEWKEYS] = "NEWKEYS",
	[MSG_KEX_REPLY] = "KEX_REPLY",
};

static const char *message_name(unsigned type, char buf[16])
{
	if (type <= MSG_KEX_REPLY && message_names[type])
		return message_names[type];
	snprintf(buf, 16, "message %u", type);
	return buf;
}

static int out_of_place(struct ssh *s, const struct exchange *x, unsigned got, unsigned want,
			struct err *e)
{
	char a[16], b[16];

	return ssh_break(s, e, -EPROTO, "%s: the server sent %s where %s belongs",
			 x->first && s->strict ? "strict KEX violation" : "key exchange",
			 message_name(got, a), message_name(want, b));
}

/* Wait for more bytes, no longer than the exchange may take. */
static int wait_more(struct ssh *s, const struct exchange *x, struct err *e)
{
	uint64_t now = now_ms();

	if (now >= x->deadline_ms)
		return ssh_break(s, e, -ETIMEDOUT,
				 "the server did not go on with the key exchange in %u s",
				 s->opt.handshake_ms / 1000);
	return ssh_move(s, (unsigned)(x->deadline_ms - now), e);
}

/* The next message, which must be want; the fields after its number. */
static int expect(struct ssh *s, const struct exchange *x, unsigned want, struct wire *w,
		  struct err *e)
{
	const uint8_t *p;
	size_t len;
	int rc;

	for (;;) {
		rc = ssh_next(s, &p, &len, e);
		if (rc < 0)
			return rc;
		if (!rc) {
			rc = wait_more(s, x, e);
			if (rc)
				return rc;
			continue;
		}
		*w = wire_over(p + 1, len - 1);
		if (p[0] == want)
			return 0;
		if (p[0] == MSG_DISCONNECT)
			return ssh_peer_left(s, *w, e);
		/*
		 * Behind its KEXINIT a server holds back its data, too (RFC 4253 section 7.1).
		 * AsyncSSH does not (2.10: send_packet knows only whether the login is over). Its
		 * data are under the old keys and inside their windows: taken.
		 */
		if (!x->first && s->late_data && p[0] >= MSG_GLOBAL_REQUEST)
			rc = ssh_dispatch(s, p, len, e);
		else if ((x->first && s->strict) || p[0] < MSG_IGNORE || p[0] > MSG_DEBUG)
			rc = out_of_place(s, x, p[0], want, e);
		if (rc < 0)
			return rc;
	}
}

/* A guess that was wrong is thrown away unread, but only if it is one. */
static int drop_guess(struct ssh *s, const struct exchange *x, struct err *e)
{
	const uint8_t *p;
	size_t len;
	int rc;

	while (!(rc = ssh_next(s, &p, &len, e))) {
		rc = wait_more(s, x, e);
		if (rc)
			return rc;
	}
	if (rc < 0)
		return rc;
	return p[0] < 30 || p[0] > 49 ? out_of_place(s, x, p[0], MSG_KEX_REPLY, e) : 0;
}

static int send_kexinit(struct ssh *s, const struct exchange *x, struct err *e)
{
	struct wire_out o;
	int rc;

	while (!ssh_room(s, sizeof(s->i_c))) {
		rc = wait_more(s, x, e);
		if (rc)
			return rc;
	}
	o = ssh_message(s, MSG_KEXINIT);
	ssh_kexinit_write(s, &o, x->first);
	if (o.full || o.len > sizeof(s->i_c))
		return ssh_break(s, e, -E2BIG,
				 "the algorithms asked for do not fit into a message");
	memcpy(s->i_c, o.buf, o.len);
	s->i_c_len = o.len;
	ssh_post(s, &o);
	return 0;
}

/* Until the server's KEXINIT is there its other messages go where they always go. */
static int await_kexinit(struct ssh *s, const struct exchange *x, struct err *e)
{
	bool any;
	int rc = 0;

	while (!rc && !s->i_s_len) {
		rc = ssh_process(s, &any, e);
		if (!rc && !s->i_s_len)
			rc = wait_more(s, x, e);
	}
	return rc;
}

static void hash_string(const br_hash_class **h, const void *p, size_t len)
{
	uint32_t n = htobe32((uint32_t)len);

	(*h)->update(h, &n, 4);
	(*h)->update(h, p, len);
}

/* H of RFC 4253 section 8, RFC 5656 section 4. */
static void exchange_hash(const struct ssh *s, struct exchange *x, struct wire_str k_s,
			  struct wire_str q_s)
{
	static const char v_c[] = SSH_VERSION_LINE;
	br_hash_compat_context ctx;
	const br_hash_class **h = &ctx.vtable, *hash = x->agreed.kex->hash;

	hash->init(h);
	hash_string(h, v_c, sizeof(v_c) - 1);
	hash_string(h, s->v_s, strlen(s->v_s));
	hash_string(h, s->i_c, s->i_c_len);
	hash_string(h, s->i_s, s->i_s_len);
	hash_string(h, k_s.p, k_s.len);
	hash_string(h, x->secret.q_c, x->secret.q_c_len);
	hash_string(h, q_s.p, q_s.len);
	hash->update(h, x->secret.k, x->secret.k_len);
	hash->out(h, x->hash);
	x->hash_len = (hash->desc >> BR_HASHDESC_OUT_OFF) & BR_HASHDESC_OUT_MASK;
}

/* RFC 4253 section 7.2: SSH_KEY_MAX bytes, of which the algorithm takes the first. */
static void derive(const struct ssh *s, const struct exchange *x, char letter,
		   uint8_t out[SSH_KEY_MAX])
{
	const br_hash_class *hash = x->agreed.kex->hash;
	uint8_t block[2 * SSH_KEY_MAX];
	br_hash_compat_context ctx;
	size_t have = 0;

	while (have < SSH_KEY_MAX) {
		hash->init(&ctx.vtable);
		hash->update(&ctx.vtable, x->secret.k, x->secret.k_len);
		hash->update(&ctx.vtable, x->hash, x->hash_len);
		if (have) {
			hash->update(&ctx.vtable, block, have);
		} else {
			hash->update(&ctx.vtable, &letter, 1);
			hash->update(&ctx.vtable, s->session_id, s->session_id_len);
		}
		hash->out(&ctx.vtable, block + have);
		have += x->hash_len;
	}
	memcpy(out, block, SSH_KEY_MAX);
	ssh_wipe(block, sizeof(block));
	ssh_wipe(&ctx, sizeof(ctx));
}

/* letters: of the vector, the key, the MAC's key of the direction. */
static void set_keys(const struct ssh *s, const struct exchange *x, struct ssh_cipher *c,
		     const char *letters)
{
	const struct ssh_agreed *a = &x->agreed;
	bool out = c == &s->out;
	uint8_t iv[SSH_KEY_MAX], key[SSH_KEY_MAX], mac[SSH_KEY_MAX];

	derive(s, x, letters[0], iv);
	derive(s, x, letters[1], key);
	derive(s, x, letters[2], mac);
	ssh_cipher_set(c, out ? a->cipher_out : a->cipher_in, out ? a->mac_out : a->mac_in, key, iv,
		       mac, s->opt.slow);
	ssh_wipe(iv, sizeof(iv));
	ssh_wipe(key, sizeof(key));
	ssh_wipe(mac, sizeof(mac));
}

/* The server's key proves to have signed H, and is the one that was expected. */
static int prove_host(struct ssh *s, struct exchange *x, struct wire_str k_s, struct wire_str sig,
		      struct err *e)
{
	struct err why = { 0 };
	int rc;

	if (k_s.len > sizeof(s->host_blob))
		return ssh_break(s, e, -EKEYREJECTED, "the host key has %zu bytes", k_s.len);
	if (!x->first && (k_s.len != s->host_blob_len || memcmp(k_s.p, s->host_blob, k_s.len)))
		return ssh_break(s, e, -EKEYREJECTED,
				 "the server came with another host key in the middle");
	rc = ssh_hostkey_verify(k_s.p, k_s.len, x->agreed.hostkey, x->hash, x->hash_len, sig.p,
				sig.len, &why);
	if (rc)
		return ssh_break(s, e, rc, "host key: %s", why.msg);
	if (!x->first)
		return 0;
	memcpy(s->host_blob, k_s.p, k_s.len);
	s->host_blob_len = k_s.len;
	rc = s->opt.verify(s->opt.verify_arg, k_s.p, k_s.len, &why);
	return rc ? ssh_break(s, e, rc, "%s", why.msg) : 0;
}

/* Our half, the server's, its proof. */
static int exchange(struct ssh *s, struct exchange *x, struct err *e)
{
	struct wire_out o = ssh_message(s, MSG_KEX_INIT);
	struct wire_str k_s, q_s, sig;
	struct wire w;
	int rc;

	ssh_secret_begin(&x->secret, x->agreed.kex);
	wire_put_string(&o, x->secret.q_c, x->secret.q_c_len);
	ssh_post(s, &o);
	rc = x->agreed.drop_next ? drop_guess(s, x, e) : 0;
	if (!rc)
		rc = expect(s, x, MSG_KEX_REPLY, &w, e);
	if (rc)
		return rc;
	k_s = wire_string(&w);
	q_s = wire_string(&w);
	sig = wire_string(&w);
	if (w.bad || w.left)
		return ssh_break(s, e, -EPROTO,
				 "the server's answer to the key exchange is damaged");
	if (ssh_secret_finish(&x->secret, x->agreed.kex, q_s))
		return ssh_break(s, e, -EPROTO,
				 "the server's half of the key exchange %s is no valid one",
				 x->agreed.kex->name);
	exchange_hash(s, x, k_s, q_s);
	rc = prove_host(s, x, k_s, sig, e);
	if (!rc && x->first) {
		memcpy(s->session_id, x->hash, x->hash_len);
		s->session_id_len = x->hash_len;
	}
	return rc;
}

static int new_keys(struct ssh *s, struct exchange *x, struct err *e)
{
	struct wire_out o = ssh_message(s, MSG_NEWKEYS);
	struct wire w;
	int rc;

	ssh_post(s, &o);
	set_keys(s, x, &s->out, "ACE");
	if (s->strict)
		s->out_seq = 0;
	rc = expect(s, x, MSG_NEWKEYS, &w, e);
	if (!rc && w.left)
		rc = ssh_break(s, e, -EPROTO, "the server's NEWKEYS has something in it");
	if (rc)
		return rc;
	set_keys(s, x, &s->in, "BDF");
	if (s->strict)
		s->in_seq = 0;
	s->in_bytes = s->out_bytes = s->in_packets = s->out_packets = 0;
	s->keys_ms = now_ms();
	return 0;
}

static int agree(struct ssh *s, struct exchange *x, struct err *e)
{
	struct err why = { 0 };
	int rc = ssh_kexinit_agree(s, s->i_c, s->i_c_len, s->i_s, s->i_s_len, &x->agreed, &why);

	if (rc)
		return ssh_break(s, e, rc, "%s", why.msg);
	if (x->first) {
		s->strict = x->agreed.strict;
		if (s->strict && s->in_seq != 1)
			return ssh_break(
				s, e, -EPROTO,
				"strict KEX violation: the server's first packet was no KEXINIT");
		if (s->opt.need_strict_kex && !s->strict)
			return ssh_break(
				s, e, -EPROTO,
				"the server has no strict key exchange, which is required");
	}
	s->info.kex = x->agreed.kex->name;
	s->info.hostkey = x->agreed.hostkey;
	s->info.cipher = x->agreed.cipher_out->name;
	s->info.mac = x->agreed.mac_out ? x->agreed.mac_out->name : NULL;
	return 0;
}

/* A server may change keys as often as it likes, if the connection is of some use meanwhile. */
static int wanted_again(struct ssh *s, struct err *e)
{
	bool idle = s->i_s_len && s->session_id_len && s->moved == s->moved_then;

	s->idle_rekeys = idle ? s->idle_rekeys + 1 : 0;
	s->moved_then = s->moved;
	if (s->idle_rekeys <= IDLE_REKEYS)
		return 0;
	return ssh_break(s, e, -EPROTO, "the server changed keys %d times and nothing else happened",
			 IDLE_REKEYS);
}

int ssh_kex(struct ssh *s, struct err *e)
{
	struct exchange x = { .first = !s->session_id_len };
	int rc = wanted_again(s, e);

	if (rc)
		return rc;
	x.deadline_ms = now_ms() + s->opt.handshake_ms;
	s->in_kex = true;
	rc = send_kexinit(s, &x, e);
	if (!rc)
		rc = await_kexinit(s, &x, e);
	if (!rc)
		rc = agree(s, &x, e);
	if (!rc)
		rc = exchange(s, &x, e);
	if (!rc)
		rc = new_keys(s, &x, e);
	s->info.rekeys += !rc && !x.first;
	s->in_kex = false;
	s->i_s_len = 0;
	ssh_wipe(&x, sizeof(x));
	return rc;
}

/* RFC 4253 section 9, RFC 4344 section 3: 2^31 packets, an hour, 1 GiB with blocks of 8 bytes, else
 * 16 GiB. */
bool ssh_kex_due(const struct ssh *s)
{
	bool wide = s->out.alg && s->out.alg->block == 16 && s->in.alg && s->in.alg->block == 16;
	uint64_t bytes = s->opt.rekey_bytes ? s->opt.rekey_bytes : wide ? 1ULL << 34 : 1ULL << 30;

	return s->logged_in &&
	       (s->in_bytes >= bytes || s->out_bytes >= bytes || s->in_packets >= 1U << 31 ||
		s->out_packets >= 1U << 31 || now_ms() - s->keys_ms >= 3600000);
}
