/* test_sha256 - are the digests right, whichever way this CPU computes them? */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/sha256.h"
#include "lib_sshvectors.h"

static const br_hash_class *const *classes(void)
{
	static const br_hash_class *list[3];

	list[0] = &br_sha256_vtable;
	list[1] = sha256_class();
	return list;
}

static void digest(const br_hash_class *class, uint8_t out[32], const void *data, size_t len, size_t piece)
{
	br_hash_compat_context c;

	class->init(&c.vtable);
	for (size_t at = 0; at < len; at += piece)
		class->update(&c.vtable, (const uint8_t *)data + at, len - at < piece ? len - at : piece);
	class->out(&c.vtable, out);
}

/* NIST, FIPS 180-4's examples and the empty message. */
static void known_answers(void **state)
{
	static const struct {
		const char *text, *sum;
	} cases[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
		{ "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrs"
		  "mnopqrstnopqrstu", "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" },
	};
	char *million = malloc(1000000);
	uint8_t got[32], want[32];

	(void)state;
	memset(million, 'a', 1000000);
	for (const br_hash_class *const *c = classes(); *c; c++) {
		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			digest(*c, got, cases[i].text, strlen(cases[i].text), 1000);
			unhex(want, cases[i].sum);
			assert_memory_equal(got, want, 32);
		}
		unhex(want, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
		for (size_t piece = 1; piece < 1000000; piece = piece * 7 + 1) {
			digest(*c, got, million, 1000000, piece);
			assert_memory_equal(got, want, 32);
		}
	}
	free(million);
}

/* At every length around the ends of blocks, in any two pieces; and from a state on. */
static void both_ways_agree(void **state)
{
	const br_hash_class *class = sha256_class();
	br_hash_compat_context c, half;
	uint8_t data[260], got[32], want[32], saved[32];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 73 + i / 7);
	for (size_t len = 0; len < sizeof(data); len++) {
		digest(&br_sha256_vtable, want, data, len, 1000);
		for (size_t cut = 0; cut <= len; cut += 1 + len / 9) {
			class->init(&c.vtable);
			class->update(&c.vtable, data, cut);
			class->out(&c.vtable, got);	/* changes nothing */
			class->update(&c.vtable, data + cut, len - cut);
			class->out(&c.vtable, got);
			assert_memory_equal(got, want, 32);
		}
		if (len < 128)
			continue;
		class->init(&c.vtable);
		class->update(&c.vtable, data, 128);
		class->init(&half.vtable);
		class->set_state(&half.vtable, saved, class->state(&c.vtable, saved));
		class->update(&half.vtable, data + 128, len - 128);
		class->out(&half.vtable, got);
		assert_memory_equal(got, want, 32);
	}
}

/* RFC 4231, test cases 2 and 6. */
static void serves_hmac(void **state)
{
	static const char text[] = "Test Using Larger Than Block-Size Key - Hash Key First";
	uint8_t key[131], got[32], want[32];
	br_hmac_key_context k;
	br_hmac_context c;

	(void)state;
	for (const br_hash_class *const *class = classes(); *class; class++) {
		br_hmac_key_init(&k, *class, "Jefe", 4);
		br_hmac_init(&c, &k, 0);
		br_hmac_update(&c, "what do ya want for nothing?", 28);
		br_hmac_out(&c, got);
		unhex(want, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
		assert_memory_equal(got, want, 32);
		memset(key, 0xaa, sizeof(key));
		br_hmac_key_init(&k, *class, key, sizeof(key));
		br_hmac_init(&c, &k, 0);
		br_hmac_update(&c, text, sizeof(text) - 1);
		br_hmac_out(&c, got);
		unhex(want, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
		assert_memory_equal(got, want, 32);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers),
		cmocka_unit_test(both_ways_agree),
		cmocka_unit_test(serves_hmac),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
