/* test_tls_cert - are certificates read within bounds, and is none trusted that was changed? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/io.h"
#include "tls/trust.h"

enum { LEAF, ROOT, BOTH };

struct chain {
	struct cert_file file;
	struct cert certs[BOTH];
	struct chain_ask ask;
};

static int setup(void **state)
{
	struct chain *c = calloc(1, sizeof(*c));
	char *text;
	size_t len;

	assert_int_equal(read_file("tests/data/tls_chain.txt", 65536, &text, &len, NULL), 0);
	assert_int_equal(trust_pem(&c->file, text, len, "the chain", NULL), 0);
	free(text);
	assert_int_equal(c->file.nr, BOTH);
	for (int i = 0; i < BOTH; i++)
		assert_int_equal(cert_parse(&c->certs[i], c->file.der + c->file.cert[i].at, c->file.cert[i].len,
					    NULL), 0);
	c->ask = (struct chain_ask){ &c->certs[ROOT], 1, "dump.example.com", c->certs[LEAF].not_before };
	*state = c;
	return 0;
}

static int teardown(void **state)
{
	struct chain *c = *state;

	free(c->file.der);
	free(c);
	return 0;
}

static void trusted_to_the_second(void **state)
{
	struct chain *c = *state;

	assert_int_equal(chain_verify(c->certs, 1, &c->ask, NULL), 0);
	c->ask.now = c->certs[LEAF].not_after;
	assert_int_equal(chain_verify(c->certs, 1, &c->ask, NULL), 0);
	c->ask.now++;
	assert_int_equal(chain_verify(c->certs, 1, &c->ask, NULL), -EKEYREJECTED);
	c->ask.now = c->certs[LEAF].not_before - 1;
	assert_int_equal(chain_verify(c->certs, 1, &c->ask, NULL), -EKEYREJECTED);
	c->ask.nr_anchors = 0;
	c->ask.now++;
	assert_int_equal(chain_verify(c->certs, 2, &c->ask, NULL), -EKEYREJECTED);
}

/* In memory of its own, so that a read beyond the end is noticed. */
static int parse_copy(const uint8_t *p, size_t len, struct cert *c, uint8_t **copy)
{
	struct err e = { 0 };
	int rc;

	*copy = malloc(len ? len : 1);
	memcpy(*copy, p, len);
	rc = cert_parse(c, *copy, len, &e);
	assert_true(!rc || (rc == -EBADMSG && e.msg[0]));
	return rc;
}

static void a_part_is_no_certificate(void **state)
{
	struct chain *c = *state;

	for (int i = 0; i < BOTH; i++)
		for (size_t len = 0; len < c->certs[i].raw.len; len++) {
			struct cert part;
			uint8_t *copy;

			assert_int_equal(parse_copy(c->certs[i].raw.p, len, &part, &copy), -EBADMSG);
			free(copy);
		}
}

/* Every bit of a certificate is under its signature, is the signature, or the shape around both. */
static void no_bit_may_change(void **state)
{
	struct chain *c = *state;
	const struct der *raw = &c->certs[LEAF].raw;

	for (size_t bit = 0; bit < 8 * raw->len; bit++) {
		struct cert changed;
		uint8_t *copy, *again;

		parse_copy(raw->p, raw->len, &changed, &copy);
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (!parse_copy(copy, raw->len, &changed, &again))
			assert_int_equal(chain_verify(&changed, 1, &c->ask, NULL), -EKEYREJECTED);
		free(copy);
		free(again);
	}
}

static void elements_of_der(void **state)
{
	static const struct {
		const char *why, *bytes;
		size_t len, value;	/* value: its length, or SIZE_MAX if it is refused */
	} cases[] = {
		{ "nothing", "", 0, SIZE_MAX },
		{ "a tag alone", "\x30", 1, SIZE_MAX },
		{ "an empty one", "\x30\x00", 2, 0 },
		{ "one byte", "\x30\x01z", 3, 1 },
		{ "cut", "\x30\x02z", 3, SIZE_MAX },
		{ "indefinite", "\x30\x80z\0\0", 5, SIZE_MAX },
		{ "long form for a short length", "\x30\x81\x01z", 4, SIZE_MAX },
		{ "long form with a leading zero", "\x30\x82\x00\x80", 4, SIZE_MAX },
		{ "four bytes of length", "\x30\x84\x00\x00\x00\x01z", 7, SIZE_MAX },
		{ "the length is cut", "\x30\x83\x01\x00", 4, SIZE_MAX },
		{ "a tag of several bytes", "\x3f\x01\x00", 3, SIZE_MAX },
		{ "another tag", "\x31\x00", 2, SIZE_MAX },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint8_t *copy = malloc(cases[i].len + 1);
		struct der in = { copy + 1, cases[i].len }, was = in, v = { 0 };
		bool found;

		memcpy(copy + 1, cases[i].bytes, cases[i].len);
		found = der_next(&in, DER_SEQUENCE, &v);
		if (found != (cases[i].value != SIZE_MAX) || (found && v.len != cases[i].value) ||
		    (!found && in.p != was.p))
			fail_msg("%s", cases[i].why);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(trusted_to_the_second, setup, teardown),
		cmocka_unit_test_setup_teardown(a_part_is_no_certificate, setup, teardown),
		cmocka_unit_test_setup_teardown(no_bit_may_change, setup, teardown),
		cmocka_unit_test(elements_of_der),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
