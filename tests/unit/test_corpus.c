/* test_corpus - does each described core become the dump that its description expects? */
/* SPDX-License-Identifier: MIT */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/io.h"
#include "lib_run.h"

/*
 * Lines of tests/data/NAME.vmcore.txt that are for us; what is not said is not asked, but that a dump
 * comes out, is consistent and complete:
 *   expect drop LEVEL [RANGE...]      the pages that are RAM and not in the dump, all of them
 *   expect verdict LEVEL NAME         failed, incomplete, degraded (default complete)
 *   expect say LEVEL TEXT             in the log or the error
 *   expect level LEVEL N              the level that was applied
 */
enum { MAX_EXPECT = 64 };

struct expect {
	char what[16], rest[512];
	unsigned level;
};

static size_t parse(const char *text, struct expect *out)
{
	size_t n = 0;

	for (const char *line = text; line && *line; line = strchr(line, '\n'), line += line != NULL) {
		struct expect *x = &out[n];
		int at = 0;

		if (sscanf(line, "expect %15s %u%n", x->what, &x->level, &at) != 2)
			continue;
		at += line[at] == ' ';
		snprintf(x->rest, sizeof(x->rest), "%.*s", (int)strcspn(line + at, "\n"), line + at);
		assert_true(++n < MAX_EXPECT);
	}
	return n;
}

static const char *wanted(const struct expect *x, size_t n, const char *what, unsigned level)
{
	for (size_t i = 0; i < n; i++)
		if (x[i].level == level && !strcmp(x[i].what, what))
			return x[i].rest;
	return NULL;
}

/* One save of the core at one level against all that is expected there. */
static void check_level(const char *name, const struct vmcore *v, const struct expect *x, size_t n, unsigned level)
{
	const char *verdict = wanted(x, n, "verdict", level), *drop = wanted(x, n, "drop", level);
	const char *applied = wanted(x, n, "level", level);
	struct run_how how = { .level = level };
	struct judgement j;
	struct run r;

	run_save(&r, v->path, &how);
	if (strcmp(verdict ? verdict : "complete", verdict_names[r.save.verdict]))
		fail_msg("%s, level %u: %s (%s)\n%s", name, level, verdict_names[r.save.verdict], r.e.msg, r.log);
	if (applied && strtoul(applied, NULL, 10) != r.save.level)
		fail_msg("%s, level %u: level %u was applied\n%s", name, level, r.save.level, r.log);
	for (size_t i = 0; i < n; i++)
		if (x[i].level == level && !strcmp(x[i].what, "say") && !strstr(r.log, x[i].rest) &&
		    !strstr(r.e.msg, x[i].rest) && !strstr(r.save.why.msg, x[i].rest))
			fail_msg("%s, level %u: does not say '%s' but:\n%s%s", name, level, x[i].rest, r.log,
				 r.e.msg);
	if (r.save.verdict != VERDICT_FAILED) {
		j = judge(r.sink->bytes, r.sink->size, v);
		if (j.why[0])
			fail_msg("%s, level %u: %s\n%s", name, level, j.why, r.log);
		if (drop && strcmp(drop, excluded_ranges(r.sink->bytes, r.sink->size)))
			fail_msg("%s, level %u: drops\n%s, but expected is\n%s\n%s", name, level,
				 excluded_ranges(r.sink->bytes, r.sink->size), drop, r.log);
	}
	run_free(&r);
}

static void check_file(const char *path)
{
	struct expect x[MAX_EXPECT] = { 0 };
	struct vmcore *v = vmcore_make_file(path);
	uint32_t levels = 0;
	size_t n, len;
	char *text;

	assert_non_null(v);
	assert_int_equal(read_file(path, 1 << 20, &text, &len, NULL), 0);
	n = parse(text, x);
	free(text);
	assert_true(n > 0);
	for (size_t i = 0; i < n; i++)
		levels |= 1U << x[i].level;
	for (unsigned level = 0; level <= LEVEL_MAX; level++)
		if (levels >> level & 1)
			check_level(strrchr(path, '/') + 1, v, x, n, level);
	vmcore_free(v);
}

static void test_corpus(void **state)
{
	const char *only = getenv("CORE");
	glob_t g;

	(void)state;
	assert_int_equal(glob("tests/data/*.vmcore.txt", 0, NULL, &g), 0);
	for (size_t i = 0; i < g.gl_pathc; i++)
		if (!only || strstr(g.gl_pathv[i], only))
			check_file(g.gl_pathv[i]);
	globfree(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_corpus) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
