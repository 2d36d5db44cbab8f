/* test_ssh_adversary - does every misbehaviour of a server end with the words that it deserves? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib_sshpeer.h"
#include "lib_sshsession.h"
#include "lib_sshvectors.h"
#include "ssh/crypto.h"
#include "ssh/session.h"
#include "ssh/userkey.h"

enum { DROP = 1 };

/* What a server does, and the verdict. */
struct deed {
	const char *name, *verdict;
	uint8_t  at;			/* before it sends this message... */
	unsigned nth;			/* ...for the nth time, 0: each time */
	const char *insert;		/* ...it sends this one, in hexadecimal */
	unsigned times;			/* ...so often (0: once) */
	int      flags;
	void   (*edit)(struct ssh_peer *p, uint8_t *payload, size_t *len);
	void   (*setup)(struct ssh_peer *p, struct session *t);
};

struct act {
	const struct deed *deed;
	unsigned seen;
};

static bool hook(struct ssh_peer *p, uint8_t *payload, size_t *len)
{
	struct act *a = p->arg;
	uint8_t buf[512];

	if (payload[0] != a->deed->at || (a->seen++, a->deed->nth && a->seen != a->deed->nth))
		return true;
	if (a->deed->insert) {
		size_t n = unhex(buf, a->deed->insert);

		for (unsigned i = 0; i < (a->deed->times ? a->deed->times : 1); i++)
			ssh_peer_send(p, buf, n);
	}
	if (a->deed->edit)
		a->deed->edit(p, payload, len);
	return !(a->deed->flags & DROP);
}

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

/* Run a deed; its verdict must be the one of the table. */
static int wrong(const struct deed *d)
{
	struct ssh_peer *p = ssh_peer_new();
	struct session t = { .key = the_key, .bytes = 200000 };
	struct act a = { .deed = d };
	int bad;

	p->hook = hook;
	p->arg = &a;
	if (d->setup)
		d->setup(p, &t);
	session_run(&t, p);
	bad = strcmp(t.verdict, d->verdict) || p->broke_rekey_rule;
	if (bad)
		print_error("%s: %s%s\n", d->name, t.verdict, p->broke_rekey_rule ? " (broke the rekey rule)" : "");
	ssh_peer_free(p);
	return bad;
}

static void run_deeds(const struct deed *d, size_t n)
{
	int bad = 0;

	for (size_t i = 0; i < n; i++)
		bad += wrong(&d[i]);
	assert_int_equal(bad, 0);
}

#define RUN(table) run_deeds(table, sizeof(table) / sizeof(*(table)))

/* ---- strict key exchange: no message but the expected one */

static void etm(struct ssh_peer *p, struct session *t)
{
	(void)t;
	p->cipher = "aes128-ctr";
	p->mac = "hmac-sha2-256-etm@openssh.com";
}

static void lax(struct ssh_peer *p, struct session *t)
{
	(void)t;
	p->strict = false;
}

static void lax_but_needed(struct ssh_peer *p, struct session *t)
{
	p->strict = false;
	t->opt.need_strict_kex = true;
}

static void skip_numbers(struct ssh_peer *p, uint8_t *payload, size_t *len)
{
	(void)payload;
	(void)len;
	p->out_seq = 3;
}

#define VIOLATION(got, want) "strict KEX violation: the server sent " got " where " want " belongs"
#define IGNORE "0200000000"
#define DEBUG "04000000000000000000"

static void strict_kex(void **state)
{
	static const struct deed deeds[] = {
		{ "IGNORE first", "strict KEX violation: the server's first packet was no KEXINIT", 20, 1, .insert = IGNORE },
		{ "DEBUG after KEXINIT", VIOLATION("DEBUG", "KEX_REPLY"), 31, 1, .insert = DEBUG },
		{ "UNIMPLEMENTED", VIOLATION("UNIMPLEMENTED", "KEX_REPLY"), 31, 1, .insert = "0300000000" },
		{ "EXT_INFO before NEWKEYS", VIOLATION("EXT_INFO", "NEWKEYS"), 21, 1, .insert = "0700000000" },
		{ "KEXINIT again", VIOLATION("KEXINIT", "KEX_REPLY"), 31, 1, .insert = "1400" },
		{ "SERVICE_ACCEPT early", VIOLATION("SERVICE_ACCEPT", "KEX_REPLY"), 31, 1, .insert = "0600000000" },
		{ "unknown message", VIOLATION("message 192", "KEX_REPLY"), 31, 1, .insert = "c0" },
		{ "NEWKEYS before the reply", VIOLATION("NEWKEYS", "KEX_REPLY"), 31, 1, .insert = "15" },
		{ "two replies", VIOLATION("KEX_REPLY", "NEWKEYS"), 21, 1, .insert = "1f00" },
		{ "IGNORE before NEWKEYS", VIOLATION("IGNORE", "NEWKEYS"), 21, 1, .insert = IGNORE },
		{ "GLOBAL_REQUEST", VIOLATION("message 80", "NEWKEYS"), 21, 1, .insert = "500000000000" },
		{ "numbers go on after NEWKEYS", "packet 0 of the server was changed on the way: its MAC is wrong",
		  7, 1, .edit = skip_numbers, .setup = etm },
		{ "NEWKEYS with something in it", "the server's NEWKEYS has something in it", 21, 1, .insert = "1500" },
		{ "IGNORE, not strict", "status 0", 31, 1, .insert = IGNORE, .setup = lax },
		{ "DEBUG first, not strict", "status 0", 20, 1, .insert = DEBUG, .setup = lax },
		{ "channel data, not strict", "key exchange: the server sent message 94 where KEX_REPLY belongs", 31, 1,
		  .insert = "5e0000000000000000", .setup = lax },
		{ "channel data first, not strict", "the server sent message 94 that nothing asked for", 20, 1,
		  .insert = "5e0000000000000000", .setup = lax },
		{ "not strict, but needed", "the server has no strict key exchange, which is required",
		  .setup = lax_but_needed },
		{ "a disconnect in words", "the server ended the connection: too many connections: a?b (12)", 31, 1,
		  .insert = "010000000c00000003610a6200000000" },
	};

	(void)state;
	RUN(deeds);
}

/* ---- versions, lists */

static void version(struct ssh_peer *p, const char *text)
{
	p->version = text;
}

static void old(struct ssh_peer *p, struct session *t)
{
	(void)t;
	version(p, "SSH-1.5-old\r\n");
}

static void nul(struct ssh_peer *p, struct session *t)
{
	(void)t;
	p->hook = NULL;
	ssh_peer_begin(p);
	p->queue[3] = '\0';
}

static void compatible(struct ssh_peer *p, struct session *t)
{
	(void)t;
	version(p, "a word before\r\n\033[2Jand another\nSSH-1.99-both\n");
}

static void long_version(struct ssh_peer *p, struct session *t)
{
	static char text[300];

	(void)t;
	snprintf(text, sizeof(text), "SSH-2.0-%0255d\r\n", 0);
	version(p, text);
}

static void many_lines(struct ssh_peer *p, struct session *t)
{
	static char text[20020];

	(void)t;
	for (int i = 0; i < 10000; i++)
		memcpy(text + 2 * i, "x\n", 2);
	strcpy(text + 20000, "SSH-2.0-x\r\n");
	version(p, text);
}

static void endless_line(struct ssh_peer *p, struct session *t)
{
	static char text[1 << 20];

	(void)t;
	memset(text, 'x', sizeof(text) - 1);
	memcpy(text + sizeof(text) - 12, "SSH-2.0-x\r\n", 11);
	version(p, text);
}

static void other_kex(struct ssh_peer *p, struct session *t) { (void)t; p->kex = "diffie-hellman-group14-sha1"; }
static void no_kex(struct ssh_peer *p, struct session *t) { (void)t; p->kex = ""; }
static void tricky_kex(struct ssh_peer *p, struct session *t)
{
	(void)t;
	p->kex = "ext-info-c,kex-strict-c-v00@openssh.com,,";
}
static void other_hostkey(struct ssh_peer *p, struct session *t) { (void)t; p->hostkey = "ssh-rsa,ssh-dss"; }
static void other_cipher(struct ssh_peer *p, struct session *t) { (void)t; p->cipher = "aes128-cbc"; }
static void other_mac(struct ssh_peer *p, struct session *t)
{
	(void)t;
	p->cipher = "aes128-ctr";
	p->mac = "hmac-sha1";
}
static void wrong_guess(struct ssh_peer *p, struct session *t)
{
	(void)t;
	p->guess = true;
	p->kex = "ecdh-sha2-nistp999,curve25519-sha256";
}
static void right_guess(struct ssh_peer *p, struct session *t) { (void)t; p->guess = true; }

/* The list's last byte before the two compressions: "none" becomes "zone". */
static void zlib(struct ssh_peer *p, uint8_t *payload, size_t *len)
{
	(void)p;
	for (size_t i = 0; i + 4 < *len; i++)
		if (!memcmp(payload + i, "none", 4))
			payload[i] = 'z';
}

static void cut_lists(struct ssh_peer *p, uint8_t *payload, size_t *len)
{
	(void)p;
	(void)payload;
	*len -= 9;
}

static void long_lists(struct ssh_peer *p, uint8_t *payload, size_t *len)
{
	(void)p;
	memset(payload + *len, 0, 9000);
	*len += 9000;
}

static void beginnings(void **state)
{
	static const struct deed deeds[] = {
		{ "version 1.5", "the server speaks SSH-1.5-old, not SSH 2.0", .setup = old },
		{ "a NUL", "the server's first lines have a NUL: it does not speak SSH", .setup = nul },
		{ "lines before, 1.99, LF alone", "status 0", .setup = compatible },
		{ "a version of 263 bytes", "the server's version line has 263 bytes", .setup = long_version },
		{ "10,000 lines", "the server says a lot, but not that it speaks SSH", .setup = many_lines },
		{ "a line of 1 MB", "the server sends a line without end: it does not speak SSH", .setup = endless_line },
		{ "no common kex", "no key exchange in common: the server has "
		  "diffie-hellman-group14-sha1,kex-strict-s-v00@openssh.com", .setup = other_kex },
		{ "empty kex", "no key exchange in common: the server has ,kex-strict-s-v00@openssh.com", .setup = no_kex },
		{ "kex of names that are none", "no key exchange in common: the server has "
		  "ext-info-c,kex-strict-c-v00@openssh.com,,,kex-strict-s-v00@openssh.com", .setup = tricky_kex },
		{ "no common host key", "no host key algorithm in common: the server has ssh-rsa,ssh-dss",
		  .setup = other_hostkey },
		{ "no common cipher", "no cipher in common: the server has aes128-cbc", .setup = other_cipher },
		{ "no common MAC", "no MAC in common: the server has hmac-sha1", .setup = other_mac },
		{ "zlib forced", "no compression in common: the server has zone", 20, 1, .edit = zlib },
		{ "KEXINIT cut", "the server's KEXINIT is damaged", 20, 1, .edit = cut_lists },
		{ "KEXINIT of 9 KB", "the server's KEXINIT has 9197 bytes", 20, 1, .edit = long_lists },
		{ "a wrong guess is dropped", "status 0", 31, 1, .insert = "1f0011223344", .setup = wrong_guess },
		{ "a wrong guess that is none", VIOLATION("IGNORE", "KEX_REPLY"), 31, 1, .insert = IGNORE, .setup = wrong_guess },
		{ "a right guess", "status 0", .setup = right_guess },
	};

	(void)state;
	RUN(deeds);
}

/* ---- the exchange and the host key. A reply: 31, string blob (51), string point (32), string signature (83) */

enum { BLOB_AT = 5, POINT_AT = 5 + 51 + 4, SIGNATURE_AT = POINT_AT + 32 + 4 + 4 + 11 + 4 };

static void zero_point(struct ssh_peer *p, uint8_t *payload, size_t *len)
{
	(void)p;
	(void)len;
	memset(payload + POINT_AT, 0, 32);
}

static void short_point(struct ssh_peer *p, uint8_t *payload, size_t *len)
{
	(void)p;
	payload[POINT_AT - 1] = 31;
	memmove(payload + POINT_AT + 31, payload + POINT_AT + 32, *len - POINT_AT - 32);
	--*len;
}

static void flip_signature(struct ssh_peer *p, uint8_t *payload, size_t *len)
{
	(void)p;
	(void)len;
	payload[SIGNATURE_AT + 5] ^= 1;
}

static void signature_name(struct ssh_peer *p, uint8_t *payload, size_t *len)
{
	(void)p;
	(void)len;
	memcpy(payload + SIGNATURE_AT - 4 - 11, "ssh-dss\0\0\0\0", 11);
}

static void add_order(struct ssh_peer *p, uint8_t *payload, size_t *len)
{
	uint8_t order[32];
	unsigned carry = 0;

	(void)p;
	(void)len;
	unhex(order, "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
	for (int i = 0; i < 32; i++) {
		carry += payload[SIGNATURE_AT + 32 + i] + order[i];
		payload[SIGNATURE_AT + 32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
}

static void other_key(struct ssh_peer *p, uint8_t *payload, size_t *len)
{
	(void)p;
	(void)len;
	payload[BLOB_AT + 20] ^= 1;
}

static void longer(struct ssh_peer *p, uint8_t *payload, size_t *len)
{
	(void)p;
	payload[(*len)++] = 0;
}

static void rekeying(struct ssh_peer *p, struct session *t)
{
	(void)t;
	p->rekey_every = 20;
}

static void host_keys(void **state)
{
	static const char bad_sig[] = "host key: the ssh-ed25519 signature is wrong";
	static const struct deed deeds[] = {
		{ "point of zeros", "the server's half of the key exchange curve25519-sha256 is no valid one", 31, 1,
		  .edit = zero_point },
		{ "point of 31 bytes", "the server's half of the key exchange curve25519-sha256 is no valid one", 31, 1,
		  .edit = short_point },
		{ "signature with a flipped bit", bad_sig, 31, 1, .edit = flip_signature },
		{ "S + L", bad_sig, 31, 1, .edit = add_order },
		{ "a reply with more", "the server's answer to the key exchange is damaged", 31, 1, .edit = longer },
		{ "another host key while rekeying", "the server came with another host key in the middle", 31, 2,
		  .edit = other_key, .setup = rekeying },
		{ "a bad signature while rekeying", bad_sig, 31, 2, .edit = flip_signature, .setup = rekeying },
	};

	(void)state;
	RUN(deeds);
}

static void a_signature_of_another_name_is_refused(void **state)
{
	struct ssh_peer *p = ssh_peer_new();
	struct session t = { .key = the_key };
	const struct deed d = { .at = 31, .edit = signature_name };
	struct act a = { .deed = &d };

	(void)state;
	p->hook = hook;
	p->arg = &a;
	session_run(&t, p);
	assert_int_equal(t.rc, -EKEYREJECTED);
	assert_int_equal(p->disconnect, 9);
	ssh_peer_free(p);
}

/* ---- login */

static void logins(void **state)
{
	static const struct deed deeds[] = {
		{ "SUCCESS before SERVICE_ACCEPT", "the server answered the login with message 52", 6, 1, .insert = "34",
		  .flags = DROP },
		{ "SUCCESS after the first keys", "the server answered the login with message 52", 7, 1, .insert = "34" },
		{ "refused, keys are taken", "login of user: the server took none of 1 keys: is it in authorized_keys?",
		  52, 1, .insert = "33000000097075626c69636b657900", .flags = DROP },
		{ "refused, no keys", "login of user: the server takes no keys, only: password", 52, 1,
		  .insert = "330000000870617373776f726400", .flags = DROP },
		{ "partial success", "login of user: the server took the key and wants more: password", 52, 1,
		  .insert = "330000000870617373776f726401", .flags = DROP },
		{ "PK_OK to a signature", "the server answered the login with message 60", 52, 1, .insert = "3c", .flags = DROP },
		{ "FAILURE damaged", "the server's answer to the login is damaged", 52, 1, .insert = "33ffffffff", .flags = DROP },
		{ "10,000 banners", "the server sends banners without end", 52, 1, .insert = "3500000001780000000000", .times = 10000 },
		{ "channel before the login", "the server sent message 91 before the login", 52, 1,
		  .insert = "5b000000000000000000000000", .flags = DROP },
		{ "SUCCESS twice", "the server sent message 52 that nothing asked for", 91, 1, .insert = "34" },
		{ "EXT_INFO damaged", "the server's EXT_INFO is damaged", 6, 1, .insert = "07ffffffff" },
		{ "EXT_INFO twice, rekey in the login", "status 0", 6, 1, .insert = "0700000000", .setup = rekeying },
	};

	(void)state;
	RUN(deeds);
}

/* ---- channels */

static void tiny_packets(struct ssh_peer *p, struct session *t) { p->packet_max = 1; t->bytes = 300; }
static void no_packets(struct ssh_peer *p, struct session *t) { (void)t; p->packet_max = 0; }
static void any_packets(struct ssh_peer *p, struct session *t) { (void)t; p->packet_max = UINT32_MAX; }
static void no_window(struct ssh_peer *p, struct session *t)
{
	p->window = 0;
	p->patient = true;
	t->idle_ms = 50;
}
static void full_window(struct ssh_peer *p, struct session *t) { (void)t; p->window = UINT32_MAX; }
static void alive_but_stuck(struct ssh_peer *p, struct session *t)
{
	no_window(p, t);
	t->opt.keepalive_ms = 10;
}
static void dead(struct ssh_peer *p, struct session *t)
{
	no_window(p, t);
	t->opt.keepalive_ms = 5;
	t->idle_ms = 60000;
}
static void small_ring(struct ssh_peer *p, struct session *t) { (void)p; t->opt.window = 1000; t->bytes = 900; }

static void channels(void **state)
{
	static const struct deed deeds[] = {
		{ "a good server", "status 0", .nth = 0 },
		{ "another channel confirmed", "channel: the server speaks of a channel that there is not", 91, 1,
		  .insert = "5b00000003000000000000000000001000" },
		{ "confirmed twice", "channel: the server opens it twice", 99, 1, .insert = "5b00000000000000010000100000001000" },
		{ "refused", "the server opens no channel: no?", 91, 1, .insert = "5c0000000000000001000000036e6f0a00000000",
		  .flags = DROP },
		{ "exec refused", "the server refuses exec \"cat\"", 99, 1, .insert = "6400000000", .flags = DROP },
		{ "success twice", "channel: the server answers what nothing asked", 94, 1, .insert = "6300000000" },
		{ "packets of 0 bytes", "channel: the server takes packets of at most 0 bytes", .setup = no_packets },
		{ "packets of 1 byte", "status 0", .setup = tiny_packets },
		{ "packets of 4 GiB", "status 0", .setup = any_packets },
		{ "no window for ever", "write to the server's channel: no byte in 0 s", .setup = no_window },
		{ "no window, but alive", "write to the server's channel: no byte in 0 s", .setup = alive_but_stuck },
		{ "window beyond 2^32", "channel: the server opens its window beyond 2^32", 99, 1, .insert = "5d00000000ffffffff",
		  .setup = full_window },
		{ "more than our window", "channel: the server sends more than the window that it has", 99, 1,
		  .insert = "5e0000000000000065" "41414141414141414141414141414141414141414141414141414141414141414141414141414141"
		  "4141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141414141"
		  "4141414141414141414141", .times = 20, .setup = small_ring },
		{ "data for no channel", "channel: the server speaks of a channel that there is not", 94, 1,
		  .insert = "5e000000010000000141" },
		{ "data with a length beyond", "channel: the server sends a damaged message", 94, 1, .insert = "5e00000000ffffffff41" },
		{ "the server opens a channel", "status 0", 94, 1, .insert = "5a000000037831310000000500001000000010000000" },
		{ "and floods with them", "the server asks faster than it takes answers", 94, 1,
		  .insert = "5a000000037831310000000500001000000010000000", .times = 17 },
		{ "data after EOF", "channel: the server sends data after their end", 97, 1, .insert = "5e000000000000000141" },
		{ "data after CLOSE", "channel: the server speaks of a channel that there is not", 96, 1,
		  .insert = "6100000000" },
		{ "CLOSE without a status", "nobody knows 0", 98, 1, .flags = DROP },
		{ "status 255", "status 255", 98, 1, .insert = "62000000000000000b657869742d73746174757300000000ff", .flags = DROP },
		{ "status 2^31", "status 2147483648", 98, 1, .insert = "62000000000000000b657869742d7374617475730080000000",
		  .flags = DROP },
		{ "status cut", "channel: the server sends a damaged request", 98, 1,
		  .insert = "62000000000000000b657869742d73746174757300", .flags = DROP },
		{ "a signal", "status 0 signal KILL", 98, 1,
		  .insert = "62000000000000000b657869742d7369676e616c00000000044b494c4c000000000000000000", .flags = DROP },
		{ "a signal of 4 GiB", "channel: the server sends a damaged request", 98, 1,
		  .insert = "62000000000000000b657869742d7369676e616c00ffffffff4b494c4c", .flags = DROP },
		{ "status 0 before our EOF", "status 0, before its end", 94, 1,
		  .insert = "62000000000000000b657869742d7374617475730000000000" },
		{ "a request that wants an answer", "status 0", 94, 1, .insert = "6200000000000000036565650100" },
		{ "unknown global request", "status 0", 94, 1, .insert = "50000000036565650100" },
		{ "unknown message", "status 0", 94, 1, .insert = "c0ff" },
		{ "NEWKEYS out of the blue", "the server sent message 21 that nothing asked for", 94, 1, .insert = "15" },
		{ "a signed reply out of the blue", "the server sent message 31 that nothing asked for", 94, 1, .insert = "1f" },
		{ "dead: keepalives are not answered", "the server is silent for 0 s and 4 questions", 82, 0,
		  .flags = DROP, .setup = dead },
	};

	(void)state;
	RUN(deeds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strict_kex),
		cmocka_unit_test(beginnings),
		cmocka_unit_test(host_keys),
		cmocka_unit_test(a_signature_of_another_name_is_refused),
		cmocka_unit_test(logins),
		cmocka_unit_test(channels),
	};

	return cmocka_run_group_tests(tests, make_key, free_key);
}
