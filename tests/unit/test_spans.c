/* test_spans - of pieces written one over the other, is the one that came last right for each byte? */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dump/spans.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
enum { MAX = 8, WIDE = 64, FROM = 1000 };

/* Pieces in the order in which they were written; what is left of them. */
static const struct {
	const char *why;
	struct { uint64_t at, end; } in[MAX];
	struct { uint64_t at, end; size_t of; } out[MAX];	/* of: which piece of in */
} cases[] = {
	{ "one", { { 5, 9 } }, { { 5, 9, 0 } } },
	{ "in order", { { 0, 4 }, { 4, 8 } }, { { 0, 4, 0 }, { 4, 8, 1 } } },
	{ "backwards", { { 4, 8 }, { 0, 4 } }, { { 0, 4, 1 }, { 4, 8, 0 } } },
	{ "the same twice", { { 2, 6 }, { 2, 6 } }, { { 2, 6, 1 } } },
	{ "over the end", { { 0, 6 }, { 4, 9 } }, { { 0, 4, 0 }, { 4, 9, 1 } } },
	{ "over the beginning", { { 4, 9 }, { 0, 6 } }, { { 0, 6, 1 }, { 6, 9, 0 } } },
	{ "into the middle", { { 0, 9 }, { 3, 5 } }, { { 0, 3, 0 }, { 3, 5, 1 }, { 5, 9, 0 } } },
	{ "an older one inside is gone", { { 3, 5 }, { 0, 9 } }, { { 0, 9, 1 } } },
	{ "over two and the gap", { { 0, 3 }, { 5, 8 }, { 2, 6 } }, { { 0, 2, 0 }, { 2, 6, 2 }, { 6, 8, 1 } } },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t c = 0; c < COUNT(cases); c++) {
		struct span *list = calloc(MAX, sizeof(*list));
		size_t nr = 0, wanted = 0;

		for (; cases[c].in[nr].end; nr++)
			list[nr] = (struct span){ cases[c].in[nr].at, cases[c].in[nr].end, FROM * nr };
		assert_int_equal(spans_order(&list, &nr), 0);
		for (; wanted < MAX && cases[c].out[wanted].end; wanted++) {
			size_t of = cases[c].out[wanted].of;
			uint64_t at = cases[c].out[wanted].at;

			if (wanted >= nr || list[wanted].at != at || list[wanted].end != cases[c].out[wanted].end ||
			    list[wanted].from != FROM * of + (at - cases[c].in[of].at))
				fail_msg("%s: piece %zu", cases[c].why, wanted);
		}
		if (wanted != nr)
			fail_msg("%s: %zu pieces", cases[c].why, nr);
		free(list);
	}
}

/* Whatever comes, against painting it byte by byte. */
static void test_painted(void **state)
{
	(void)state;
	srand(1);
	for (int round = 0; round < 3000; round++) {
		uint64_t painted[WIDE], from = 0;
		size_t n = 1 + (size_t)rand() % 12, nr = n;
		struct span *list = calloc(n, sizeof(*list));

		memset(painted, 0xff, sizeof(painted));
		for (size_t i = 0; i < n; i++) {
			uint64_t at = (uint64_t)rand() % (WIDE - 8), len = 1 + (uint64_t)rand() % 8;

			list[i] = (struct span){ at, at + len, from };
			for (uint64_t k = 0; k < len; k++)
				painted[at + k] = from + k;
			from += len + 16;
		}
		assert_int_equal(spans_order(&list, &nr), 0);
		for (uint64_t at = 0; at < WIDE; at++) {
			size_t i = spans_find(list, nr, at);
			bool there = i < nr && list[i].at <= at;

			assert_true(there == (painted[at] != UINT64_MAX));
			assert_true(!there || list[i].from + (at - list[i].at) == painted[at]);
		}
		free(list);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_painted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
