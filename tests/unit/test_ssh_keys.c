/* test_ssh_keys - are keys, signatures and fields of messages judged by all of their bytes? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ssh/base64.h"
#include "ssh/crypto.h"
#include "ssh/hosts.h"
#include "ssh/knownhosts.h"
#include "ssh/pubkey.h"
#include "ssh/userkey.h"
#include "ssh/wire.h"

static void fields_end_where_the_bytes_end(void **state)
{
	static const uint8_t bytes[] = { 0, 0, 0, 2, 'a', 'b', 0, 0, 0, 3, 'c' };
	struct wire w = wire_over(bytes, sizeof(bytes));

	(void)state;
	assert_true(wire_is(wire_string(&w), "ab"));
	assert_false(w.bad);
	assert_int_equal(wire_string(&w).len, 0);
	assert_true(w.bad);
	assert_int_equal(wire_u32(&w), 0);
	assert_int_equal(wire_bytes(&w, 0).len, 0);
}

static void numbers_have_one_form(void **state)
{
	static const struct { const char *why; uint8_t bytes[6]; size_t len; int value; } cases[] = {
		{ "zero is empty", { 0, 0, 0, 0 }, 4, 0 },
		{ "one byte", { 0, 0, 0, 1, 0x7f }, 5, 0x7f },
		{ "a zero in front of a high bit", { 0, 0, 0, 2, 0, 0x80 }, 6, 0x80 },
		{ "negative", { 0, 0, 0, 1, 0x80 }, 5, -1 },
		{ "a needless zero", { 0, 0, 0, 2, 0, 0x7f }, 6, -1 },
		{ "zero spelt out", { 0, 0, 0, 1, 0 }, 5, -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct wire w = wire_over(cases[i].bytes, cases[i].len);
		struct wire_str s = wire_mpint(&w);

		if (w.bad != (cases[i].value < 0) || (!w.bad && (s.len ? s.p[0] : 0) != cases[i].value))
			fail_msg("%s", cases[i].why);
	}
}

static void base64_is_strict(void **state)
{
	static const struct { const char *text; int len; } cases[] = {
		{ "", 0 }, { "QQ==", 1 }, { "QUI=", 2 }, { "QUJD", 3 }, { "QQ", -EBADMSG }, { "QQ=", -EBADMSG },
		{ "QR==", -EBADMSG }, { "QUJ=", -EBADMSG }, { "Q===", -EBADMSG }, { "====", -EBADMSG },
		{ "QQ==QQ==", -EBADMSG }, { "Q U J D", -EBADMSG }, { "QUJDQUJDQUJD", -ENOSPC },
	};
	uint8_t out[8];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(base64_decode(out, sizeof(out), cases[i].text, strlen(cases[i].text), 0), cases[i].len);
	assert_int_equal(base64_decode(out, sizeof(out), "QU\r\nJD\n", 7, 1), 3);
}

/* A blob by its parts: a string each, then for RSA numbers as they are. */
static size_t make_rsa(uint8_t *out, size_t size, size_t bytes, uint8_t first, uint8_t last, uint8_t exponent)
{
	struct wire_out o = { .buf = out, .size = size };
	uint8_t n[1024];

	memset(n, 0xa5, sizeof(n));
	n[0] = first;
	n[bytes - 1] = last;
	wire_put_text(&o, "ssh-rsa");
	wire_put_mpint(&o, &exponent, 1);
	wire_put_mpint(&o, n, bytes);
	assert_false(o.full);
	return o.len;
}

static void unsound_keys_are_refused(void **state)
{
	static const struct { const char *says; size_t bytes; uint8_t first, last, exponent; } cases[] = {
		{ "1024 bits", 128, 0x80, 1, 3 }, { "2047 bits", 256, 0x7f, 1, 3 }, { "4097 bits", 513, 1, 1, 3 },
		{ "unsound", 256, 0x80, 2, 3 }, { "unsound", 256, 0x80, 1, 1 }, { "unsound", 256, 0x80, 1, 2 },
		{ "unsound", 256, 0x80, 1, 0 }, { "0 bits", 1, 0, 0, 3 },
	};
	static const uint8_t sig[] = "\0\0\0\14rsa-sha2-512\0\0\0\1x";
	uint8_t blob[2048];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t len = make_rsa(blob, sizeof(blob), cases[i].bytes, cases[i].first, cases[i].last, cases[i].exponent);
		struct err e = { 0 };

		assert_int_equal(ssh_pubkey_verify(blob, len, "rsa-sha2-512", sig, 4, sig, sizeof(sig) - 1, &e),
				 -EKEYREJECTED);
		if (!strstr(e.msg, cases[i].says))
			fail_msg("%s: %s", cases[i].says, e.msg);
	}
}

static size_t make_point(uint8_t *out, const char *type, const char *curve, const uint8_t *point, size_t len)
{
	struct wire_out o = { .buf = out, .size = 512 };

	wire_put_text(&o, type);
	if (curve)
		wire_put_text(&o, curve);
	wire_put_string(&o, point, len);
	return o.len;
}

static void points_off_the_curve_verify_nothing(void **state)
{
	uint8_t point[133] = { 4, 1 }, blob[512], sig[256], rs[] = { 0, 0, 0, 1, 1, 0, 0, 0, 1, 1 };
	struct wire_out o = { .buf = sig, .size = sizeof(sig) };
	struct err e = { 0 };
	size_t len = make_point(blob, "ecdsa-sha2-nistp256", "nistp256", point, 65);

	(void)state;
	wire_put_text(&o, "ecdsa-sha2-nistp256");
	wire_put_string(&o, rs, sizeof(rs));
	assert_int_equal(ssh_pubkey_verify(blob, len, "ecdsa-sha2-nistp256", rs, 4, sig, o.len, &e), -EKEYREJECTED);
	assert_non_null(strstr(e.msg, "signature is wrong"));
	point[0] = 2;
	len = make_point(blob, "ecdsa-sha2-nistp256", "nistp256", point, 33);
	ssh_pubkey_verify(blob, len, "ecdsa-sha2-nistp256", rs, 4, sig, o.len, &e);
	assert_non_null(strstr(e.msg, "malformed"));
	len = make_point(blob, "ecdsa-sha2-nistp256", "nistp384", point, 97);
	ssh_pubkey_verify(blob, len, "ecdsa-sha2-nistp256", rs, 4, sig, o.len, &e);
	assert_non_null(strstr(e.msg, "malformed"));
	len = make_point(blob, "ssh-dss", NULL, point, 20);
	ssh_pubkey_verify(blob, len, "ecdsa-sha2-nistp256", rs, 4, sig, o.len, &e);
	assert_non_null(strstr(e.msg, "'ssh-dss', which is not supported"));
}

static void a_signature_is_of_its_algorithm_and_canonical(void **state)
{
	/* The order of the group, RFC 8032 section 5.1. */
	static const uint8_t order[32] = {
		0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
		[31] = 0x10,
	};
	uint8_t seed[32] = { 7 }, pub[32], raw[64], blob[512], sig[128];
	struct wire_out o = { .buf = sig, .size = sizeof(sig) };
	unsigned carry = 0;
	struct err e = { 0 };
	size_t len;

	(void)state;
	ssh_ed25519_public(pub, seed);
	assert_int_equal(ssh_ed25519_sign(raw, seed, "data", 4, NULL), 0);
	len = make_point(blob, "ssh-ed25519", NULL, pub, 32);
	wire_put_text(&o, "ssh-ed25519");
	wire_put_string(&o, raw, sizeof(raw));
	assert_int_equal(ssh_pubkey_verify(blob, len, "ssh-ed25519", (const uint8_t *)"data", 4, sig, o.len, &e), 0);
	assert_int_equal(ssh_pubkey_verify(blob, len, "ssh-ed25519", (const uint8_t *)"Data", 4, sig, o.len, &e),
			 -EKEYREJECTED);
	assert_int_equal(ssh_pubkey_verify(blob, len, "rsa-sha2-512", (const uint8_t *)"data", 4, sig, o.len, &e),
			 -EKEYREJECTED);
	assert_non_null(strstr(e.msg, "agreed on"));
	assert_int_equal(ssh_pubkey_verify(blob, len, "ssh-ed25519", (const uint8_t *)"data", 4, sig, o.len - 1, &e),
			 -EKEYREJECTED);
	for (int i = 0; i < 32; i++) {
		carry += raw[32 + i] + order[i];
		sig[o.len - 32 + (size_t)i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_int_equal(ssh_pubkey_verify(blob, len, "ssh-ed25519", (const uint8_t *)"data", 4, sig, o.len, &e),
			 -EKEYREJECTED);
}

static void patterns(void **state)
{
	static const struct { const char *list, *name; bool match; } cases[] = {
		{ "h", "h", true }, { "*", "", true }, { "?", "", false }, { "**a*", "bca", true }, { "a*b*c", "aXbYbZc", true },
		{ "a*b*c", "aXbYbZ", false }, { "", "h", false }, { ",", "h", false }, { "!", "h", false }, { "!*", "h", false },
		{ "h,!h", "h", false }, { "H", "h", true }, { "*a*a*a*a*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (known_match(cases[i].list, strlen(cases[i].list), cases[i].name) != cases[i].match)
			fail_msg("%s against %s", cases[i].list, cases[i].name);
}

static void what_cannot_be_read_vouches_for_nobody(void **state)
{
	const char *files[] = { "/proc/self/mem" };
	struct ssh_hosts h = { .host = "h", .port = 22, .files = files, .nr_files = 1 };
	const char *algs[SSH_HOSTS_ALGORITHMS];
	struct err e = { 0 };
	char name[400];

	(void)state;
	assert_true(ssh_hosts_verify(&h, (const uint8_t *)"x", 1, &e) < 0);
	assert_non_null(strstr(e.msg, "/proc/self/mem"));
	memset(name, 'a', sizeof(name));
	name[399] = 0;
	h.host = name;
	assert_true(ssh_hosts_verify(&h, (const uint8_t *)"x", 1, &e) < 0);
	ssh_hosts_algorithms(&h, algs);
	assert_string_equal(algs[0], "ssh-ed25519");
	assert_null(algs[6]);
	h = (struct ssh_hosts){ .host = "h" };
	assert_int_equal(ssh_hosts_verify(&h, (const uint8_t *)"x", 1, &e), -EKEYREJECTED);
	assert_non_null(strstr(e.msg, "neither a known_hosts file nor a pin"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_end_where_the_bytes_end), cmocka_unit_test(numbers_have_one_form),
		cmocka_unit_test(base64_is_strict), cmocka_unit_test(unsound_keys_are_refused),
		cmocka_unit_test(points_off_the_curve_verify_nothing),
		cmocka_unit_test(a_signature_is_of_its_algorithm_and_canonical), cmocka_unit_test(patterns),
		cmocka_unit_test(what_cannot_be_read_vouches_for_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
