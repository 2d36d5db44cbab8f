/* test_split - are the parts of a split dump one dump, whatever becomes of one of them? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/io.h"
#include "dump/beside.h"
#include "dump/inspect.h"
#include "dump/manifest.h"
#include "dump/reassemble.h"
#include "lib_run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Sections of 4096 pages, some of them empty, all or none kept, and holes in RAM; 6 MiB do not shrink. */
#define CORE "sections 24\nvmemmap 4k\nram 32M 48M\nram 64M 83M 0x100\nfill 0x2000+768 random\n" \
	     "fill 0x4000+768 random\nfill 0x4400+300 zero\npages 0x2400+512 free 9\npages 0x4800+64 anon\n"

enum { MAX_PARTS = 64 };

static struct vmcore *core;
static char names[MAX_PARTS][16], *part_names[MAX_PARTS];
static size_t nr_parts;

static int enter(void **state)
{
	char dir[] = "/tmp/test_split.XXXXXX";

	signal(SIGXFSZ, SIG_IGN);
	core = vmcore_make(CORE);
	*state = mkdtemp(dir) ? strdup(dir) : NULL;
	for (size_t i = 0; i < MAX_PARTS; i++) {
		snprintf(names[i], sizeof(names[i]), "part%zu", i);
		part_names[i] = names[i];
	}
	return !core || !*state || chdir(*state);
}

static int leave(void **state)
{
	char command[64];

	vmcore_free(core);
	snprintf(command, sizeof(command), "rm -rf %s", (char *)*state);
	free(*state);
	return chdir("/") || system(command);
}

static int open_parts(struct sink **out, const char *to, uint64_t stamp, bool replace, struct err *e)
{
	(void)to;
	(void)stamp;
	return parts_sink_open(out, part_names, nr_parts, replace, e);
}

/* Save into part0, part1 and so on, with their manifests. */
static int save_parts(size_t nr, unsigned level, const char *codec, uint64_t limit, struct save *s, struct err *e)
{
	struct save_request rq = { .vmcore = core->path, .to = "part0", .open = open_parts, .level = level,
				   .threads = 2, .codec = codec_find(codec), .format = FORMAT_SPLIT,
				   .parts = (unsigned)nr, .replace = true, .limit = limit };
	int rc;

	nr_parts = nr;
	rc = save_run(s, &rq, e);
	for (size_t i = 0; i < nr && s->verdict != VERDICT_FAILED; i++) {
		char path[40];

		snprintf(path, sizeof(path), "%s%s", part_names[i], s->verdict == VERDICT_INCOMPLETE ? "-incomplete" : "");
		assert_int_equal(manifest_put_part(s, i, path, NULL), 0);
	}
	s->rq = NULL;
	return rc;
}

static uint8_t *load(const char *path, size_t *len)
{
	char *text;

	if (read_file(path, 1 << 28, &text, len, NULL))
		fail_msg("%s cannot be read", path);
	return (uint8_t *)text;
}

static bool is_there(const char *path)
{
	return !access(path, F_OK);
}

/* Each part's header is that of the first, and their ranges follow one another. */
static void check_heads(size_t nr, const char *suffix, uint32_t status)
{
	uint64_t next = 0, max = vmcore_max_pfn(core);
	uint8_t first[464];

	for (size_t i = 0; i < nr; i++) {
		char name[40];
		uint8_t *file, *sub;
		size_t len;

		snprintf(name, sizeof(name), "part%zu%s", i, suffix);
		file = load(name, &len);
		assert_true(len > 8192);
		sub = file + 4096;
		if (i == 0)
			memcpy(first, file, sizeof(first));
		assert_memory_equal(file, first, sizeof(first));
		assert_int_equal(get_le32(file + 424) & 8, status);
		assert_int_equal(get_le32(sub + 12), 1);
		assert_int_equal(get_le64(sub + 80), next);
		assert_true(next % 64 == 0 || next == max);
		next = get_le64(sub + 88);
		assert_int_equal(get_le64(sub + 96), max);
		free(file);
	}
	assert_int_equal(next, max);
}

static void test_together_again(void **state)
{
	static const struct {
		size_t      nr;
		unsigned    level;
		const char *codec;
	} cases[] = {
		{ 2, 0, "none" }, { 2, 1, "none" }, { 3, 31, "zstd" }, { 5, 31, "lzo" }, { 7, 17, "zlib" }, { 64, 31, "zstd" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct run_how how = { .level = cases[i].level, .codec = cases[i].codec, .to = "one" };
		static struct save s;
		struct err e = { 0 };
		struct judgement j;
		uint8_t *one, *again;
		size_t len, again_len;
		char why[200];
		struct run r;

		run_save(&r, core->path, &how);
		assert_int_equal(r.rc, 0);
		if (save_parts(cases[i].nr, cases[i].level, cases[i].codec, 0, &s, &e))
			fail_msg("%zu parts: %s", cases[i].nr, e.msg);
		assert_int_equal(s.verdict, VERDICT_COMPLETE);
		assert_int_equal(s.format.ops->saved(&s.format), r.save.filter.kept);
		check_heads(cases[i].nr, "", 0);
		if (reassemble(part_names, cases[i].nr, "again", true, NULL, NULL, &e))
			fail_msg("%zu parts put together: %s", cases[i].nr, e.msg);
		one = load("one", &len);
		again = load("again", &again_len);
		if (!kdump_same(one, len, again, again_len, why))
			fail_msg("%zu parts: %s", cases[i].nr, why);
		j = judge(again, again_len, core);
		assert_string_equal(j.why, "");
		save_free(&s);
		run_free(&r);
		free(one);
		free(again);
	}
}

/* Where a part does not fit, all say so, and what is there comes out of them again. */
static void test_no_room(void **state)
{
	static const uint64_t limits[] = { 100000, 1200000, 2000000, 3000000 };
	uint64_t last = 0;

	(void)state;
	unlink("again");
	for (size_t i = 0; i < COUNT(limits); i++) {
		static struct save s;
		struct err e = { 0 };
		struct judgement j;
		uint64_t saved;
		uint8_t *again;
		size_t len;

		for (size_t n = 0; n < 3; n++)
			unlink(names[n]);
		assert_int_equal(save_parts(3, 31, "lzo", limits[i], &s, &e), -ENOSPC);
		assert_int_equal(s.verdict, VERDICT_INCOMPLETE);
		saved = s.format.ops->saved(&s.format);
		save_free(&s);
		assert_false(is_there("part0") || is_there("part1") || is_there("part2"));
		check_heads(3, "-incomplete", 8);
		for (size_t n = 0; n < 3; n++)
			snprintf(names[n], sizeof(names[n]), "p%zu", n);
		for (size_t n = 0; n < 3; n++) {
			char from[60], to[40];

			snprintf(from, sizeof(from), "part%zu-incomplete", n);
			assert_int_equal(rename(from, names[n]), 0);
			strcat(from, MANIFEST_SUFFIX);
			strcpy(to, names[n]);
			strcat(to, MANIFEST_SUFFIX);
			assert_int_equal(rename(from, to), 0);
		}
		assert_int_equal(reassemble(part_names, 3, "again", true, NULL, NULL, &e), -ENODATA);
		assert_non_null(strstr(e.msg, "again is incomplete"));
		assert_false(is_there("again"));
		again = load("again-incomplete", &len);
		j = judge(again, len, core);
		if (j.why[0] || !j.incomplete || j.ok != saved || j.ok < last)
			fail_msg("limit %llu: %s; %llu pages of %llu", (unsigned long long)limits[i], j.why,
				 (unsigned long long)j.ok, (unsigned long long)saved);
		last = j.ok;
		free(again);
		for (size_t n = 0; n < 3; n++)
			snprintf(names[n], sizeof(names[n]), "part%zu", n);
	}
	assert_true(last > 1000);
}

/* The second name cannot be taken: then the first is none either. */
static void test_no_name(void **state)
{
	static struct save s;
	struct err e = { 0 };

	(void)state;
	unlink("part0");
	unlink("part1");
	assert_int_equal(mkdir("part1", 0700), 0);
	assert_true(save_parts(3, 31, "lzo", 0, &s, &e) < 0);
	assert_non_null(strstr(e.msg, "part1"));
	assert_int_not_equal(s.verdict, VERDICT_COMPLETE);
	save_free(&s);
	assert_false(is_there("part0"));
	assert_true(is_there("part0-incomplete") && is_there("part1-incomplete") && is_there("part2-incomplete"));
	assert_int_equal(rmdir("part1"), 0);
}

static void test_not_opened(void **state)
{
	static char *const twice[] = { "a", "b", "./a" }, *const nowhere[] = { "a", "none/b" };
	static char *const there[] = { "a", "there" };
	struct err e = { 0 };
	struct sink *s;

	(void)state;
	assert_int_equal(parts_sink_open(&s, twice, 3, true, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "./a"));
	assert_int_equal(parts_sink_open(&s, nowhere, 2, true, &e), -ENOENT);
	assert_int_equal(mkdir("there", 0700), 0);
	assert_int_equal(parts_sink_open(&s, there, 2, false, &e), -EEXIST);
	assert_false(is_there("a-incomplete") || is_there("b-incomplete") || is_there("there-incomplete"));
}

static void test_refused(void **state)
{
	static const struct {
		const char *why, *parts[4], *says;
	} cases[] = {
		{ "the last is missing", { "part0", "part1" }, "is missing" },
		{ "the first is missing", { "part1", "part2" }, "is missing" },
		{ "one in the middle is missing", { "part2", "part0" }, "is missing" },
		{ "one comes twice", { "part0", "part1", "part1", "part2" }, "the same pages" },
		{ "one is of another dump", { "part0", "other", "part2" }, "different dumps" },
		{ "one is a whole dump", { "part0", "one" }, "not a part" },
		{ "one is no dump", { "part0", "text" }, "text" },
		{ "one is not there", { "part0", "nothing" }, "nothing" },
	};
	struct run_how how = { .level = 31, .codec = "lzo", .to = "one" };
	static struct save s;
	struct err e = { 0 };
	struct run r;

	(void)state;
	run_save(&r, core->path, &how);
	run_free(&r);
	assert_int_equal(save_parts(3, 1, "lzo", 0, &s, &e), 0);
	save_free(&s);
	assert_int_equal(rename("part1", "other"), 0);
	assert_int_equal(save_parts(3, 31, "lzo", 0, &s, &e), 0);
	save_free(&s);
	fclose(fopen("text", "w"));
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t n = 0;
		int rc;

		while (n < 4 && cases[i].parts[n])
			n++;
		e = (struct err){ 0 };
		rc = reassemble((char *const *)cases[i].parts, n, "new", true, NULL, NULL, &e);
		if (rc >= 0 || !strstr(e.msg, cases[i].says))
			fail_msg("%s: %d, %s", cases[i].why, rc, e.msg);
		if (is_there("new") || is_there("new-incomplete"))
			fail_msg("%s: a file is left", cases[i].why);
	}
}

/* A part that was cut while it was copied: what is gone is told of. */
static void test_cut(void **state)
{
	static struct save s;
	struct err e = { 0 };
	struct judgement j;
	uint8_t *again;
	uint64_t kept;
	struct stat st;
	size_t len;

	(void)state;
	assert_int_equal(save_parts(3, 31, "lzo", 0, &s, &e), 0);
	kept = s.filter.kept;
	save_free(&s);
	assert_int_equal(stat("part2", &st), 0);
	assert_int_equal(truncate("part2", st.st_size - 10000), 0);
	assert_int_equal(unlink("part2" MANIFEST_SUFFIX), 0);
	assert_int_equal(reassemble(part_names, 3, "again", true, NULL, NULL, &e), -ENODATA);
	assert_non_null(strstr(e.msg, "part2: it is cut"));
	again = load("again-incomplete", &len);
	j = judge(again, len, core);
	assert_string_equal(j.why, "");
	assert_true(j.incomplete && j.ok < kept && j.ok > kept / 2);
	free(again);
}

/* Replace the first `from` in a file. */
static void edit(const char *path, const char *from, const char *to)
{
	size_t len;
	char *text = (char *)load(path, &len), *at = strstr(text, from);
	FILE *f = fopen(path, "w");

	assert_non_null(at);
	fprintf(f, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	assert_int_equal(fclose(f), 0);
	free(text);
}

static void flip(const char *path, long from_end)
{
	FILE *f = fopen(path, "r+");
	int c;

	assert_int_equal(fseek(f, -from_end, SEEK_END), 0);
	c = fgetc(f);
	assert_int_equal(fseek(f, -from_end, SEEK_END), 0);
	assert_int_equal(fputc(c ^ 64, f), c ^ 64);
	assert_int_equal(fclose(f), 0);
}

static void count_line(void *ctx, const char *line)
{
	(void)line;
	++*(unsigned *)ctx;
}

static void count_warning(void *ctx, bool warning, const char *text)
{
	(void)text;
	*(unsigned *)ctx += warning;
}

/* What is said of part1 by itself, and of all of them put together. */
static const struct {
	const char *why;
	long        flip, cut;		/* a byte of part1, from its end; so many bytes of it; 0: not */
	const char *from, *to;		/* replaced in its manifest; to NULL: it ends there */
	bool        none;		/* it has no manifest */
	enum soundness alone;
	bool        whole;
	int         rc;
	const char *says;		/* in the error, or the verdict of what came of them */
} manifests[] = {
	{ "as it was", 0, 0, NULL, NULL, false, SOUND_INCOMPLETE, true, 0, "complete" },
	{ "a byte of a page", 300, 0, NULL, NULL, false, SOUND_DAMAGED, false, -ENODATA, "part1: 1 of its" },
	{ "a byte is gone", 0, 1, NULL, NULL, false, SOUND_DAMAGED, false, -ENODATA, "part1: it is cut" },
	{ "no manifest", 0, 0, NULL, NULL, true, SOUND_INCOMPLETE, true, 0, "complete" },
	{ "a cut manifest", 0, 0, "extents", NULL, false, SOUND_DAMAGED, false, -EINVAL, "part1.manifest.json is cut" },
	{ "not a sum", 0, 0, "xxh64", "xxx", false, SOUND_DAMAGED, false, -EINVAL, "part1.manifest.json" },
	{ "a manifest of another crash", 0, 0, "\"crash_time\": ", "\"crash_time\": 1", false, SOUND_DAMAGED, false,
	  -ESTALE, "part1.manifest.json is of another crash" },
	{ "of another dump of that crash", 0, 0, "\"set\": \"", "\"set\": \"x", false, SOUND_INCOMPLETE, true, -EINVAL,
	  "part0 and part1 are parts of different dumps" },
	{ "somebody else's JSON", 0, 0, "crash_time", "time", false, SOUND_INCOMPLETE, true, 0, "complete" },
	{ "it was degraded", 0, 0, "\"complete\"", "\"degraded\"", false, SOUND_INCOMPLETE, false, 0, "degraded" },
	{ "pages could not be read", 0, 0, "\"unreadable\": 0", "\"unreadable\": 7", false, SOUND_INCOMPLETE, false, 0,
	  "complete" },
};

static void break_part(size_t i)
{
	static const char manifest[] = "part1" MANIFEST_SUFFIX;
	struct stat st;

	if (manifests[i].flip)
		flip("part1", manifests[i].flip);
	assert_int_equal(stat("part1", &st), 0);
	assert_int_equal(truncate("part1", st.st_size - manifests[i].cut), 0);
	if (manifests[i].none) {
		assert_int_equal(unlink(manifest), 0);
	} else if (manifests[i].to) {
		edit(manifest, manifests[i].from, manifests[i].to);
	} else if (manifests[i].from) {
		size_t len;
		char *text = (char *)load(manifest, &len);

		assert_int_equal(truncate(manifest, strstr(text, manifests[i].from) - text), 0);
		free(text);
	}
}

/* What came of the parts has a manifest of its own, which tells of each byte of it. */
static void check_joined(const char *path, const char *why, const char *verdict, uint64_t unreadable)
{
	static struct inspection in;
	unsigned lines = 0;
	struct err e = { 0 };

	if (inspect_open(&in, path, true, count_line, &lines, &e))
		fail_msg("%s: %s", why, e.msg);
	if (lines || !in.extents.all || in.extents.bad || in.extents.missing ||
	    strcmp(in.beside.verdict, verdict) || in.beside.unreadable != unreadable)
		fail_msg("%s: %u problems, %llu extents, \"%s\"", why, lines, (unsigned long long)in.extents.all,
			 in.beside.verdict);
	assert_int_equal(inspect_soundness(&in), !strcmp(verdict, "complete") && !unreadable ? SOUND : SOUND_INCOMPLETE);
	inspect_close(&in);
	flip(path, 1);
	assert_int_equal(inspect_open(&in, path, true, count_line, &lines, &e), 0);
	assert_int_equal(in.extents.bad, 1);
	inspect_close(&in);
}

static void test_manifests(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(manifests); i++) {
		const char *why = manifests[i].why;
		static struct inspection in;
		static struct save s;
		unsigned lines = 0, warnings = 0;
		struct err e = { 0 };
		int rc;

		assert_int_equal(save_parts(3, 31, "lzo", 0, &s, &e), 0);
		save_free(&s);
		unlink("again");
		unlink("again-incomplete");
		break_part(i);
		assert_int_equal(inspect_open(&in, "part1", true, count_line, &lines, &e), 0);
		if (inspect_soundness(&in) != manifests[i].alone || inspect_part_whole(&in) != manifests[i].whole)
			fail_msg("%s: alone %d, %d", why, inspect_soundness(&in), inspect_part_whole(&in));
		assert_int_equal(lines != 0, manifests[i].alone == SOUND_DAMAGED);
		inspect_close(&in);
		e = (struct err){ 0 };
		rc = reassemble(part_names, 3, "again", true, count_warning, &warnings, &e);
		if (rc != manifests[i].rc || (rc && !strstr(e.msg, manifests[i].says)))
			fail_msg("%s: %d, %s", why, rc, e.msg);
		assert_int_equal(warnings, rc == -ENODATA || !strcmp(manifests[i].says, "degraded"));
		assert_int_equal(is_there("again"), !rc);
		assert_int_equal(is_there("again-incomplete"), rc == -ENODATA);
		if (!rc)
			check_joined("again", why, manifests[i].says, strstr(why, "pages") ? 7 : 0);
		else if (rc == -ENODATA)
			check_joined("again-incomplete", why, "incomplete", 0);
	}
}

/* One part is read as what it is: not all of a dump. */
static void test_part_alone(void **state)
{
	struct run_how how = { .level = 31, .codec = "lzo", .to = "again" };
	static struct save s;
	struct err e = { 0 };
	struct run r;

	(void)state;
	assert_int_equal(save_parts(3, 31, "lzo", 0, &s, &e), 0);
	save_free(&s);
	run_save(&r, "part1", &how);
	assert_int_equal(r.rc, 0);
	assert_int_equal(r.save.verdict, VERDICT_DEGRADED);
	assert_non_null(strstr(r.save.why.msg, "split dump"));
	run_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_together_again), cmocka_unit_test(test_no_room), cmocka_unit_test(test_no_name),
		cmocka_unit_test(test_not_opened), cmocka_unit_test(test_refused), cmocka_unit_test(test_cut),
		cmocka_unit_test(test_part_alone), cmocka_unit_test(test_manifests),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
