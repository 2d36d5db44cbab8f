/* test_manifest - is the manifest JSON that says what happened, with sums that other programs compute? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "dump/manifest.h"
#include "lib_run.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/*
 * Reads manifest.json and dump in the working directory; $1 is the program that sums, $2 a Python
 * expression over the manifest m that must hold.
 */
static const char checker[] =
	"import json, subprocess, sys\n"
	"m = json.load(open('manifest.json'))\n"
	"dump = open('dump', 'rb').read()\n"
	"for at, size, want in m['digest']['extents']:\n"
	"    assert 0 < size <= 4 << 20 and at + size <= len(dump), (at, size)\n"
	"    got = subprocess.run([sys.argv[1]], input=dump[at:at + size], capture_output=True, check=True)\n"
	"    assert got.stdout.split()[0].decode() == want, (at, size, want)\n"
	"assert m['size'] == len(dump), m['size']\n"
	"ends = sorted((a, a + n) for a, n, _ in m['digest']['extents'])\n"
	"assert all(a[1] <= b[0] for a, b in zip(ends, ends[1:])), 'extents overlap'\n"
	"covered = bytearray(dump)\n"
	"for a, b in ends: covered[a:b] = bytes(b - a)\n"
	"assert not any(covered), 'bytes that no sum covers'\n"
	"assert eval(sys.argv[2]), sys.argv[2]\n";

static int enter(void **state)
{
	char dir[] = "/tmp/test_manifest.XXXXXX";
	FILE *f;

	*state = mkdtemp(dir) ? strdup(dir) : NULL;
	if (!*state || chdir(*state))
		return -1;
	f = fopen("check.py", "w");
	fputs(checker, f);
	return fclose(f);
}

static int leave(void **state)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", (char *)*state);
	free(*state);
	return chdir("/") || system(command);
}

static void put_file(const char *name, const void *bytes, uint64_t len)
{
	FILE *f = fopen(name, "w");

	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void manifest_of(const struct run *r, bool sums)
{
	struct err e = { 0 };
	struct mem_sink m;

	mem_sink_init(&m, false);
	assert_int_equal(manifest_write(&r->save, "vmcore", sums, &m.base, &e), 0);
	assert_false(m.misused);
	put_file("manifest.json", m.bytes, m.size);
	mem_sink_free(&m);
}

static const struct {
	const char *why, *core;
	struct run_how how;
	const char *sum, *says;
} cases[] = {
	{ "a complete dump", "ram 256M 260M\npages 0x10000+16 anon\npages 0x10020+16 cache\nfill 0x10040+8 zero\n",
	  { .level = 31 }, "xxh64sum",
	  "m['verdict'] == 'complete' and m['reason'] == '' and m['release'] == '6.12.0-invented' "
	  "and m['level'] == {'asked': 31, 'applied': 31, 'why': ''} and m['crash_time'] == 1700000000 "
	  "and m['pages']['excluded']['user'] == 16 and m['pages']['excluded']['cache'] == 16 "
	  "and m['pages']['kept'] == m['pages']['saved'] == m['pages']['ram'] - 32 "
	  "and m['pages']['zero'] >= 8 and m['compression'] == 'zstd' and m['file'] == 'vmcore' "
	  "and m['holes'] == [] and len(m['digest']['extents']) == 6" },
	{ "SHA-256, extents of 4 MiB", "ram 256M 266M\n", { .level = 0, .codec = "none", .digest = DIGEST_SHA256 },
	  "sha256sum", "m['digest']['algorithm'] == 'sha256' and m['compression'] == 'none' "
	  "and len([x for x in m['digest']['extents'] if x[1] == 4 << 20]) == 3" },
	{ "a level that could not be served", "nokey NUMBER(PG_lru)\nram 256M 257M\n", { .level = 31 }, "xxh64sum",
	  "m['verdict'] == 'degraded' and m['level']['applied'] == 25 and 'PG_lru' in m['level']['why'] "
	  "and m['reason'] == 'dump level 25 instead of 31'" },
	{ "a core that is cut", "ram 256M 257M\ncut pa=0x10080000\n", { .level = 31 }, "xxh64sum",
	  "m['verdict'] == 'degraded' and m['pages']['unreadable'] == 128 and '128 pages' in m['reason']" },
	{ "strings of the dead kernel cannot break out", "key OSRELEASE=a\"b\\c\x1b[\x80\n"
	  "key BUILD-ID=\",\"x\":\"\nram 256M 257M\n", { .level = 0 }, "xxh64sum",
	  "m['release'] == 'a\"b\\\\c\\x1b[\\x80' and m['build_id'] == '\",\"x\":\"' and 'x' not in m" },
};

static void check(const char *why, const char *sum, const char *says)
{
	setenv("SUM", sum, 1);
	setenv("SAYS", says, 1);
	if (system("python3 check.py \"$SUM\" \"$SAYS\" 2>&1 || { cat manifest.json; false; }"))
		fail_msg("%s", why);
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct vmcore *v = vmcore_make(cases[i].core);
		struct run r;

		assert_non_null(v);
		run_save(&r, v->path, &cases[i].how);
		assert_int_equal(r.rc, 0);
		put_file("dump", r.sink->bytes, r.sink->size);
		manifest_of(&r, true);
		check(cases[i].why, cases[i].sum, cases[i].says);
		run_free(&r);
		vmcore_free(v);
	}
}

/* An incomplete dump has a manifest, too: of what is there. */
static void test_incomplete(void **state)
{
	struct vmcore *v = vmcore_make("ram 256M 264M\n");
	struct run_how how = { .level = 31, .codec = "none" };
	struct mem_sink m;
	struct run r;

	(void)state;
	mem_sink_init(&m, true);
	m.limit = 6 << 20;
	how.sink = &m;
	run_save(&r, v->path, &how);
	assert_int_equal(r.save.verdict, VERDICT_INCOMPLETE);
	put_file("dump", m.bytes, r.save.size);
	manifest_of(&r, true);
	check("an incomplete dump", "xxh64sum", "m['verdict'] == 'incomplete' and 'No space left' in m['reason'] "
	      "and 0 < m['pages']['saved'] < m['pages']['kept']");
	run_free(&r);
	mem_sink_free(&m);
	vmcore_free(v);
}

/* Where there is little room the sums are left out, the rest is there. */
static void test_without_sums(void **state)
{
	struct vmcore *v = vmcore_make("ram 256M 257M\n");
	struct run_how how = { .level = 31 };
	struct run r;

	(void)state;
	run_save(&r, v->path, &how);
	put_file("dump", "", 0);
	r.save.size = 0;
	manifest_of(&r, false);
	check("no sums", "false", "m['verdict'] == 'complete' and m['digest']['extents'] == []");
	run_free(&r);
	vmcore_free(v);
}

/* The sink fails at any of its calls: an error, nothing else. */
static void test_sink_fails(void **state)
{
	struct vmcore *v = vmcore_make("ram 256M 257M\n");
	struct run_how how = { .level = 31 };
	struct run r;

	(void)state;
	run_save(&r, v->path, &how);
	for (unsigned n = 1;; n++) {
		struct err e = { 0 };
		struct mem_sink m;
		unsigned calls;
		int rc;

		mem_sink_init(&m, false);
		m.fail_at = n;
		rc = manifest_write(&r.save, "vmcore", true, &m.base, &e);
		calls = m.calls;
		mem_sink_free(&m);
		assert_int_equal(rc, calls < n ? 0 : -EIO);
		if (calls < n)
			break;
	}
	run_free(&r);
	vmcore_free(v);
}

int main(void)
{
#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, enter, leave)
	const struct CMUnitTest tests[] = {
		IN_DIRECTORY(test_cases), IN_DIRECTORY(test_incomplete), IN_DIRECTORY(test_without_sums),
		cmocka_unit_test(test_sink_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
