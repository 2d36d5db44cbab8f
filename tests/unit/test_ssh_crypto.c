/* test_ssh_crypto - does every primitive of SSH give the answers of its RFC? */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "lib_sshvectors.h"
#include "ssh/crypto.h"

static void say(const char *name, int right)
{
	if (!right)
		print_error("wrong: %s\n", name);
}

static void known_answers(void **state)
{
	(void)state;
	assert_int_equal(ssh_vectors(say), 0);
}

static void equal_means_every_byte(void **state)
{
	uint8_t a[32] = { 0 }, b[32] = { 0 };

	(void)state;
	assert_true(ssh_equal(a, b, 32));
	for (int i = 0; i < 256; i++) {
		b[i / 8] ^= 1 << i % 8;
		assert_false(ssh_equal(a, b, 32));
		b[i / 8] ^= 1 << i % 8;
	}
}

static void chance_differs(void **state)
{
	uint8_t a[32], b[32];

	(void)state;
	ssh_random(a, sizeof(a));
	ssh_random(b, sizeof(b));
	assert_false(ssh_equal(a, b, 32));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers),
		cmocka_unit_test(equal_means_every_byte),
		cmocka_unit_test(chance_differs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
