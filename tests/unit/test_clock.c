/* test_clock - is the time of the crash found in a core, and nothing made of one that is damaged? */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/io.h"
#include "boot/clock.h"

enum { NOTES_AT = 4096, SIZE = 64 << 10 };

static void times(void **state)
{
	static const struct {
		const char *why, *ident, *text;
		unsigned phnum, note;		/* program headers; which of them is the note */
		uint64_t phoff, before, len;	/* bytes of notes in front of the text; of all notes, 0: right */
		uint64_t found;
	} cases[] = {
		{ "a kernel's", "\177ELF\2\1", "OSRELEASE=6.1\nCRASHTIME=1700000000\n", 2, 0, 64, 100, 0, 1700000000 },
		{ "the notes second", "\177ELF\2\1", "X=1\nCRASHTIME=5\n", 2, 1, 64, 0, 0, 5 },
		{ "many processors", "\177ELF\2\1", "X=1\nCRASHTIME=5\n", 1, 0, 64, 40000, 0, 5 },
		{ "no such line", "\177ELF\2\1", "OSRELEASE=6.1\nNOCRASHTIME=5\n", 1, 0, 64, 0, 0, 0 },
		{ "no number", "\177ELF\2\1", "X=1\nCRASHTIME=now\n", 1, 0, 64, 0, 0, 0 },
		{ "a number that ends with the notes", "\177ELF\2\1", "X=1\nCRASHTIME=12", 1, 0, 64, 0, 0, 12 },
		{ "more digits than there are", "\177ELF\2\1", "X=1\nCRASHTIME=99999999999999999999\n", 1, 0, 64, 0, 0, UINT64_MAX },
		{ "32 bits", "\177ELF\1\1", "X=1\nCRASHTIME=5\n", 1, 0, 64, 0, 0, 0 },
		{ "no ELF", "\177FLE\2\1", "X=1\nCRASHTIME=5\n", 1, 0, 64, 0, 0, 0 },
		{ "no program headers", "\177ELF\2\1", "X=1\nCRASHTIME=5\n", 0, 0, 64, 0, 0, 0 },
		{ "headers behind the end", "\177ELF\2\1", "X=1\nCRASHTIME=5\n", 1, 0, SIZE - 20, 0, 0, 0 },
		{ "headers at the end of numbers", "\177ELF\2\1", "X=1\nCRASHTIME=5\n", 1, 0, UINT64_MAX - 10, 0, 0, 0 },
		{ "notes beyond the end", "\177ELF\2\1", "X=1\nCRASHTIME=5\n", 1, 0, 64, 0, 1ull << 62, 0 },
		{ "notes without end", "\177ELF\2\1", "X=1\nCRASHTIME=5\n", 1, 0, 64, 0, UINT64_MAX, 0 },
	};
	uint8_t *core = malloc(SIZE);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char path[] = "/tmp/test_clock.XXXXXX";
		size_t text = strlen(cases[i].text), len = cases[i].before + text;
		uint8_t *phdr = core + 64 + 56 * cases[i].note;
		uint64_t found;
		int fd = mkstemp(path);

		memset(core, 0, SIZE);
		memcpy(core, cases[i].ident, 6);
		put_le64(core + 32, cases[i].phoff);
		core[56] = (uint8_t)cases[i].phnum;
		phdr[0] = 4;
		put_le64(phdr + 8, NOTES_AT);
		put_le64(phdr + 32, cases[i].len ? cases[i].len : len);
		memcpy(core + NOTES_AT + cases[i].before, cases[i].text, text);
		assert_int_equal(write_full(fd, core, NOTES_AT + len), 0);
		close(fd);
		found = clock_crash_time(path);
		unlink(path);
		if (found != cases[i].found)
			fail_msg("%s: %llu", cases[i].why, (unsigned long long)found);
	}
	free(core);
	assert_int_equal(clock_crash_time("/nonexistent"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(times) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
