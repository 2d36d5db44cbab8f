/* test_modalias - are patterns matched as the C library does it, whatever they look like? */
/* SPDX-License-Identifier: MIT */
#include <fnmatch.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "boot/modalias.h"

static const struct {
	const char *why, *pattern, *word;
	bool        match;
} cases[] = {
	{ "a virtio disk", "virtio:d00000002v*", "virtio:d00000002v00001AF4", true },
	{ "a virtio card is none", "virtio:d00000002v*", "virtio:d00000001v00001AF4", false },
	{ "by class: AHCI", "pci:v*d*sv*sd*bc01sc06i01*", "pci:v00008086d00002922sv00001AF4sd00001100bc01sc06i01", true },
	{ "NVMe is no AHCI", "pci:v*d*sv*sd*bc01sc06i01*", "pci:v00001B36d00000010sv00001AF4sd00001100bc01sc08i02", false },
	{ "'-' and '_' are equal", "platform:dwc-ufs", "platform:dwc_ufs", true },
	{ "the other way round, too", "crypto_crc32c", "crypto-crc32c", true },
	{ "a range", "usb:v[0-9A-F]x", "usb:vBx", true },
	{ "beyond the range", "usb:v[0-9]x", "usb:vAx", false },
	{ "not in the range", "[!0-9]", "a", true },
	{ "']' as first of a bracket", "[]a]", "]", true },
	{ "a bracket without an end is a character", "a[b", "a[b", true },
	{ "an escaped star is one", "a\\*", "a*", true },
	{ "and nothing else", "a\\*", "ab", false },
	{ "the pattern is longer", "abc", "ab", false },
	{ "the word is longer", "ab", "abc", false },
	{ "a star is nothing, too", "a*b", "ab", true },
	{ "the star takes as much as is needed", "*ab*abc", "xabxabcabc", true },
	{ "nothing matches nothing", "", "", true },
	{ "nothing does not match something", "", "a", false },
	{ "stars alone", "***", "", true },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("%s\n", cases[i].why);
		assert_int_equal(modalias_match(cases[i].pattern, strlen(cases[i].pattern), cases[i].word),
				 cases[i].match);
	}
}

/* Only the given length counts: the pattern stands in the middle of a file. */
static void test_length(void **state)
{
	(void)state;
	assert_true(modalias_match("ab cd", 2, "ab"));
	assert_false(modalias_match("[ab]", 3, "a"));
	assert_true(modalias_match("a\\*", 2, "a\\"));
}

/* Against fnmatch(3), without the '-' that we take for '_'. */
static void test_random(void **state)
{
	static const char letters[] = "aab*?[]!\\^cb", plain[] = "aabbc[]!*^";
	unsigned seed = 1, matches = 0;

	(void)state;
	for (int i = 0; i < 300000; i++) {
		char pattern[10] = "", word[8] = "";
		unsigned n = (unsigned)rand_r(&seed) % 9, m = (unsigned)rand_r(&seed) % 7;
		bool want;

		for (unsigned k = 0; k < n; k++)
			pattern[k] = letters[(unsigned)rand_r(&seed) % (sizeof(letters) - 1)];
		for (unsigned k = 0; k < m; k++)
			word[k] = plain[(unsigned)rand_r(&seed) % (sizeof(plain) - 1)];
		if (n && pattern[n - 1] == '\\')	/* to fnmatch an error, to us a character */
			continue;
		want = !fnmatch(pattern, word, 0);
		if (modalias_match(pattern, n, word) != want)
			fail_msg("'%s' and '%s': fnmatch says %d", pattern, word, want);
		matches += want;
	}
	assert_true(matches > 10000);
}

/* What would take a recursive matcher years. */
static void test_time(void **state)
{
	char pattern[600], word[1000];

	(void)state;
	for (size_t i = 0; i + 2 < sizeof(pattern); i += 2)
		memcpy(pattern + i, "*a", 3);
	strcat(pattern, "b");
	memset(word, 'a', sizeof(word) - 1);
	word[sizeof(word) - 1] = 0;
	assert_false(modalias_match(pattern, strlen(pattern), word));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
