/* test_ssh_mutations - does any garbled session do harm, or not end? 20,000 of them, behind the MAC and before it. */
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
#include "ssh/session.h"
#include "ssh/userkey.h"

enum { SESSIONS = 20000 };

/* What is garbled: one message, or the bytes of one packet, chosen by a seed. */
struct garble {
	uint64_t state;
	unsigned at;		/* the message */
	bool     wire;		/* after it was sealed */
};

static uint32_t chance(struct garble *g)
{
	g->state = g->state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(g->state >> 33);
}

/* Lengths that parsers trip over. */
static const uint32_t words[] = { 0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffc, 35000, 32768, 65536 };

static void garble(struct garble *g, uint8_t *p, size_t *len, size_t room)
{
	for (unsigned n = 1 + chance(g) % 3; n && *len; n--) {
		size_t at = chance(g) % *len;
		uint32_t word = htobe32(words[chance(g) % (sizeof(words) / sizeof(*words))]);

		switch (chance(g) % 6) {
		case 0: p[at] ^= (uint8_t)(1 << chance(g) % 8); break;
		case 1: p[at] = (uint8_t)chance(g); break;
		case 2: memcpy(p + at, &word, *len - at < 4 ? *len - at : 4); break;
		case 3: *len = at + 1; break;
		case 4:
			if (*len + 40 < room) {
				memmove(p + at + 40, p + at, *len - at);
				*len += 40;
			}
			break;
		default: p[0] = (uint8_t)(chance(g) % 110); break;
		}
	}
}

static bool hook(struct ssh_peer *p, uint8_t *payload, size_t *len)
{
	struct garble *g = p->arg;

	if (p->sent != g->at || g->wire)
		return true;
	if (chance(g) % 20 == 0)
		ssh_peer_send(p, payload, *len);	/* twice */
	garble(g, payload, len, PEER_MESSAGE - 1000);
	return chance(g) % 20;
}

static void on_wire(struct ssh_peer *p, uint8_t *packet, size_t *size)
{
	struct garble *g = p->arg;

	if (p->sent == g->at && g->wire)
		garble(g, packet, size, *size + 200);
}

static void no_garbled_session_does_harm(void **state)
{
	static const char *const ciphers[] = { "aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes128-ctr" };
	struct session t = { .key = session_key() };
	unsigned ended[2] = { 0, 0 };

	(void)state;
	for (unsigned i = 0; i < SESSIONS; i++) {
		struct ssh_peer *p = ssh_peer_new();
		struct garble g = { .state = i * 0x9e3779b97f4a7c15ULL, .wire = i % 8 == 0 };

		/* Messages 0 to 2 are the exchange; garbled, they spare most of the arithmetic. */
		g.at = chance(&g) % 4 ? chance(&g) % 3 : 3 + chance(&g) % 14;
		p->hook = hook;
		p->wire = on_wire;
		p->arg = &g;
		p->cipher = ciphers[i % 3];
		p->strict = i & 1;
		p->rekey_every = g.at > 10 ? 4 : 0;
		t.bytes = 5000;
		t.opt.window = 2000;
		t.opt.handshake_ms = 5000;
		session_run(&t, p);
		ended[t.rc == 0]++;
		if (t.rc && !*t.verdict)
			fail_msg("session %u ended without a word", i);
		assert_true(p->ended);
		ssh_peer_free(p);
	}
	ssh_userkey_free(t.key);
	assert_true(ended[0] > SESSIONS / 2);	/* most must not pass */
	assert_true(ended[1] > 0);		/* and some changes do not matter */
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(no_garbled_session_does_harm) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
