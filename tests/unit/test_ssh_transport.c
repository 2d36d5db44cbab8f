/* test_ssh_transport - do packets, rekeying and whole sessions hold in every mode, however they are cut? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "lib_sshpeer.h"
#include "lib_sshsession.h"
#include "ssh/session.h"
#include "ssh/userkey.h"

static const struct {
	const char *cipher, *mac;
} modes[] = {
	{ "aes128-gcm@openssh.com", "hmac-sha2-256" },
	{ "aes256-gcm@openssh.com", "hmac-sha2-256" },
	{ "chacha20-poly1305@openssh.com", "hmac-sha2-256" },
	{ "aes128-ctr", "hmac-sha2-256" },
	{ "aes256-ctr", "hmac-sha2-512" },
	{ "aes128-ctr", "hmac-sha2-256-etm@openssh.com" },
	{ "aes256-ctr", "hmac-sha2-512-etm@openssh.com" },
};

enum { NR_MODES = sizeof(modes) / sizeof(*modes) };

static struct ssh_userkey *the_key;

static int make_key(void **state)
{
	(void)state;
	the_key = session_key();
	return !the_key;
}

static int free_key(void **state)
{
	(void)state;
	ssh_userkey_free(the_key);
	return 0;
}

static struct ssh_peer *peer(unsigned mode)
{
	struct ssh_peer *p = ssh_peer_new();

	p->cipher = modes[mode].cipher;
	p->mac = modes[mode].mac;
	return p;
}

static void every_mode_strict_or_not_by_the_cpu_or_not(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NR_MODES * 4; i++) {
		struct ssh_peer *p = peer(i / 4);
		struct session t = { .key = the_key, .bytes = 300000, .opt.slow = i & 1 };

		p->strict = i & 2;
		session_run(&t, p);
		assert_string_equal(t.verdict, "status 0");
		assert_int_equal(t.info.strict_kex, p->strict);
		assert_int_equal(p->data, t.bytes);
		assert_int_equal(p->disconnect, 11);
		ssh_peer_free(p);
	}
}

/* ---- lengths and tags */

struct forgery {
	unsigned at;		/* which packet */
	uint32_t len;		/* its packet_length, as it will be read */
	size_t flip;		/* bytes from its end of the byte to change; 0: none */
	int padding;		/* -1: as it is */
};

static void forge(struct ssh_peer *p, uint8_t *packet, size_t *size)
{
	const struct forgery *f = p->arg;
	uint32_t was, as, tag = p->out.alg ? p->out.alg->tag_len ? p->out.alg->tag_len : p->out.mac->len : 0;

	if (p->sent != f->at)
		return;
	was = (uint32_t)(*size - 4 - tag);
	as = htobe32(was ^ f->len);	/* a stream cipher lets who knows the text change it */
	if (!f->flip && f->padding < 0)
		for (int i = 0; i < 4; i++)
			packet[i] ^= ((uint8_t *)&as)[i];
	if (f->flip)
		packet[*size - f->flip] ^= 0x10;
	if (f->padding >= 0)
		packet[4] = (uint8_t)f->padding;
}

static int forged(unsigned mode, const struct forgery *f, char verdict[400])
{
	struct ssh_peer *p = peer(mode);
	struct session t = { .key = the_key, .bytes = 100 };

	p->wire = forge;
	p->arg = (void *)f;
	session_run(&t, p);
	memcpy(verdict, t.verdict, 400);
	ssh_peer_free(p);
	return t.rc;
}

static void no_packet_length_is_believed(void **state)
{
	static const uint32_t lengths[] = {
		0, 1, 4, 5, 7, 35001, 1 << 18, (1 << 18) + 1, INT32_MAX, 1U << 31, UINT32_MAX,
	};
	/* KEXINIT, in clear; the first packet with keys; one after the login. */
	static const unsigned packets[] = { 0, 3, 7 };

	(void)state;
	for (unsigned i = 0; i < NR_MODES * 3 * 11; i++) {
		struct forgery f = { .at = packets[i / 11 % 3], .len = lengths[i % 11], .padding = -1 };
		char verdict[400], want[120];

		assert_int_equal(forged(i / 33, &f, verdict), -EPROTO);
		snprintf(want, sizeof(want), "packet %u of the server says it has %u bytes: damaged, or no SSH",
			 f.at < 3 ? f.at : f.at - 3, f.len);
		assert_string_equal(verdict, want);
	}
}

static void each_byte_of_a_tag_counts(void **state)
{
	(void)state;
	for (unsigned mode = 0; mode < NR_MODES; mode++) {
		size_t tag = mode < 3 ? 16 : strstr(modes[mode].mac, "512") ? 64 : 32;

		for (size_t flip = 1; flip <= tag; flip++) {
			struct forgery f = { .at = 3 + flip % 4, .flip = flip, .padding = -1 };
			char verdict[400];

			assert_int_equal(forged(mode, &f, verdict), -EBADMSG);
			assert_non_null(strstr(verdict, "was changed on the way: its MAC is wrong"));
		}
	}
}

static void padding_has_bounds(void **state)
{
	static const int paddings[] = { 0, 3, 255 };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct forgery f = { .at = 2, .padding = paddings[i] };	/* NEWKEYS, in clear */
		char verdict[400];

		assert_int_equal(forged(0, &f, verdict), -EPROTO);
		assert_string_equal(verdict, "packet 2 of the server has wrong padding");
	}
}

/* ---- cuts */

static void every_truncation_is_an_error_in_words(void **state)
{
	struct session t = { .key = the_key, .bytes = 100 };
	struct ssh_peer *p = peer(0);
	size_t whole;

	(void)state;
	session_run(&t, p);
	whole = p->total;
	ssh_peer_free(p);
	for (size_t cut = 1; cut < whole - 40; cut++) {
		p = peer(0);
		p->cut = cut;
		session_run(&t, p);
		assert_int_equal(t.rc, -ECONNRESET);
		assert_non_null(strstr(t.verdict, "the server closed the connection"));
		ssh_peer_free(p);
	}
}

static void bytes_may_come_one_by_one(void **state)
{
	(void)state;
	for (unsigned mode = 0; mode < NR_MODES; mode++) {
		struct ssh_peer *p = peer(mode);
		struct session t = { .key = the_key, .bytes = 1000 };

		p->segment = 1;
		session_run(&t, p);
		assert_string_equal(t.verdict, "status 0");
		ssh_peer_free(p);
	}
}

/* ---- rekeying */

static void the_server_may_rekey_at_any_message(void **state)
{
	(void)state;
	for (unsigned every = 1; every < 40; every++) {
		struct ssh_peer *p = peer(every % NR_MODES);
		struct session t = { .key = the_key, .bytes = 100000 };

		p->rekey_every = every;
		p->window = every & 1 ? 5000 : 1 << 20;
		session_run(&t, p);
		assert_string_equal(t.verdict, "status 0");
		assert_false(p->broke_rekey_rule);
		assert_true(t.info.rekeys >= (every < 20));
		ssh_peer_free(p);
	}
}

static void we_rekey_and_say_nothing_else_meanwhile(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NR_MODES * 2; i++) {
		struct ssh_peer *p = peer(i / 2);
		struct session t = { .key = the_key, .bytes = 1000000, .opt.rekey_bytes = 30000, .opt.window = 40000 };

		p->strict = i & 1;
		p->rekey_every = i % 3 ? 0 : 7;		/* both at once, too */
		session_run(&t, p);
		assert_string_equal(t.verdict, "status 0");
		assert_false(p->broke_rekey_rule);
		assert_true(t.info.rekeys >= 25);
		assert_int_equal(p->data, t.bytes);
		ssh_peer_free(p);
	}
}

/* Data on its way before the server's KEXINIT is taken; behind it there must be none. */
static bool chatter(struct ssh_peer *p, uint8_t *payload, size_t *len)
{
	static const uint8_t debug[] = { MSG_DEBUG, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	const int *after = p->arg;

	(void)len;
	if (p->kexes == 1U + !!*after && payload[0] == (*after ? MSG_KEX_REPLY : MSG_KEXINIT))
		for (int i = 0; i < 1000; i++)
			ssh_peer_send(p, debug, sizeof(debug));
	return true;
}

static void chatter_is_borne_before_and_inside_a_rekey(void **state)
{
	(void)state;
	for (int after = 0; after < 2; after++) {
		struct ssh_peer *p = peer(0);
		struct session t = { .key = the_key, .bytes = 100000, .opt.rekey_bytes = 30000 };

		p->hook = chatter;
		p->arg = &after;
		session_run(&t, p);
		assert_string_equal(t.verdict, "status 0");
		ssh_peer_free(p);
	}
}

static bool inside(struct ssh_peer *p, uint8_t *payload, size_t *len)
{
	(void)len;
	if (p->kexes == 2 && payload[0] == MSG_KEX_REPLY)
		ssh_peer_send(p, (const char *)p->arg + 1, *(const uint8_t *)p->arg);
	return true;
}

/* AsyncSSH goes on with its data inside of a rekey: known by its name it may, but nothing else. */
static void inside_a_rekey_there_are_only_keys(void **state)
{
	static const struct {
		const char *message, *verdict, *of_asyncssh;	/* the message has its length in front */
	} cases[] = {
		{ "\x09\x5e\0\0\0\0\0\0\0", "key exchange: the server sent message 94 where KEX_REPLY belongs",
		  "status 0" },
		{ "\x09\x5d\0\0\0\0\0\0\x01", "key exchange: the server sent message 93 where KEX_REPLY belongs",
		  "status 0" },
		{ "\x05\x50\0\0\0\0", "key exchange: the server sent message 80 where KEX_REPLY belongs",
		  "a request of the server is damaged" },
		{ "\x0a\x5e\0\0\0\0\xff\xff\xff\xff", "key exchange: the server sent message 94 where KEX_REPLY belongs",
		  "channel: the server sends a damaged message" },
		{ "\x02\x14", "key exchange: the server sent KEXINIT where KEX_REPLY belongs", NULL },
		{ "\x01\x15", "key exchange: the server sent NEWKEYS where KEX_REPLY belongs", NULL },
		{ "\x01\x34", "key exchange: the server sent message 52 where KEX_REPLY belongs", NULL },
		{ "\x05\x07\0\0\0\0", "key exchange: the server sent EXT_INFO where KEX_REPLY belongs", NULL },
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(*cases); i++) {
		struct ssh_peer *p = peer(0);
		struct session t = { .key = the_key, .bytes = 100000, .opt.rekey_bytes = 30000 };
		bool asyncssh = i & 1;

		p->hook = inside;
		p->arg = (void *)cases[i / 2].message;
		p->version = asyncssh ? "SSH-2.0-AsyncSSH_2.10.1\r\n" : p->version;
		session_run(&t, p);
		assert_string_equal(t.verdict, asyncssh && cases[i / 2].of_asyncssh ? cases[i / 2].of_asyncssh :
				    cases[i / 2].verdict);
		ssh_peer_free(p);
	}
}

/* A server that is asked by us to change keys may send what is on its way before its own KEXINIT. */
static bool before(struct ssh_peer *p, uint8_t *payload, size_t *len)
{
	static const uint8_t data[] = { MSG_CHANNEL_WINDOW_ADJUST, 0, 0, 0, 0, 0, 0, 0, 1 };

	(void)len;
	if (p->kexes == 1 && payload[0] == MSG_KEXINIT)
		ssh_peer_send(p, data, sizeof(data));
	return true;
}

static void before_its_kexinit_the_server_may_go_on(void **state)
{
	struct ssh_peer *p = peer(0);
	struct session t = { .key = the_key, .bytes = 100000, .opt.rekey_bytes = 30000 };

	(void)state;
	p->hook = before;
	session_run(&t, p);
	assert_string_equal(t.verdict, "status 0");
	ssh_peer_free(p);
}

static bool no_second_kexinit(struct ssh_peer *p, uint8_t *payload, size_t *len)
{
	(void)len;
	return !(p->kexes == 1 && payload[0] == MSG_KEXINIT);
}

static void a_rekey_without_answer_has_a_deadline(void **state)
{
	struct ssh_peer *p = peer(0);
	struct session t = {
		.key = the_key, .bytes = 100000, .opt.rekey_bytes = 30000, .opt.handshake_ms = 50,
	};

	(void)state;
	p->hook = no_second_kexinit;
	p->patient = true;
	session_run(&t, p);
	assert_int_equal(t.rc, -ETIMEDOUT);
	assert_string_equal(t.verdict, "the server did not go on with the key exchange in 0 s");
	ssh_peer_free(p);
}

static void a_pause_of_ours_is_not_the_servers_silence(void **state)
{
	struct ssh_peer *p = peer(0);
	struct session t = { .key = the_key, .bytes = 20000, .pause_ms = 50, .opt.keepalive_ms = 4 };

	(void)state;
	p->patient = true;
	session_run(&t, p);
	assert_string_equal(t.verdict, "status 0");
	ssh_peer_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_mode_strict_or_not_by_the_cpu_or_not),
		cmocka_unit_test(no_packet_length_is_believed),
		cmocka_unit_test(each_byte_of_a_tag_counts),
		cmocka_unit_test(padding_has_bounds),
		cmocka_unit_test(every_truncation_is_an_error_in_words),
		cmocka_unit_test(bytes_may_come_one_by_one),
		cmocka_unit_test(the_server_may_rekey_at_any_message),
		cmocka_unit_test(we_rekey_and_say_nothing_else_meanwhile),
		cmocka_unit_test(chatter_is_borne_before_and_inside_a_rekey),
		cmocka_unit_test(inside_a_rekey_there_are_only_keys),
		cmocka_unit_test(before_its_kexinit_the_server_may_go_on),
		cmocka_unit_test(a_pause_of_ours_is_not_the_servers_silence),
		cmocka_unit_test(a_rekey_without_answer_has_a_deadline),
	};

	return cmocka_run_group_tests(tests, make_key, free_key);
}
