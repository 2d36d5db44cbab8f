/* test_dumps - are dumps of all makers known, and nothing else ever taken for one? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib_tree.h"
#include "prod/dumpnames.h"
#include "prod/dumps.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *why, *name;
	bool        is;
} names[] = {
	{ "kdump-utils, local", "127.0.0.1-2026-11-22-09:45:14", true },
	{ "on vfat", "127.0.0.1-2026-11-22-09-45-14", true },
	{ "the second in a second", "127.0.0.1-2026-11-22-09:45:14-1", true },
	{ "from another machine", "192.0.2.7-2026-11-22-09:45:14", true },
	{ "by IPv6", "2001:db8::1-2026-11-22-09:45:14", true },
	{ "by name", "web-1-2026-11-22-09:45:14", true },
	{ "SUSE", "2026-11-22-09-45", true },
	{ "SUSE, before, and kdump-utils' raw", "2026-11-22-09:45", true },
	{ "SUSE, from another machine", "host-2026-11-22-09-45", true },
	{ "kdump-tools", "202611220945", true },
	{ "kdump-tools, from another machine", "192.0.2.7-202611220945", true },
	{ "a date", "2026-11-22", false },
	{ "seconds without an address", "2026-11-22-09:45:14", false },
	{ "more behind it", "127.0.0.1-2026-11-22-09:45:14.old", false },
	{ "more behind it, by kdump-tools", "202611220945-old", false },
	{ "more digits", "2026112209451", false },
	{ "fewer digits", "20261122094", false },
	{ "no digits", "127.0.0.1-2026-11-2x-09:45:14", false },
	{ "apport's", "linux-image-6.1.0-202611220945.crash", false },
	{ "kexec_cmd", "kexec_cmd", false },
	{ "nothing", "", false },
};

static void test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		print_message("%s\n", names[i].why);
		assert_int_equal(dump_directory_name(names[i].name), names[i].is);
	}
}

static const struct {
	const char    *name;
	enum dump_file kind;
} files[] = {
	{ "vmcore.1.manifest.json", DUMP_FILE_OTHER }, { "vmcore-incomplete.manifest.json", DUMP_FILE_OTHER },
	{ "sosreport.manifest.json", DUMP_FILE_NONE }, { "vmcore-dmesg.txt.manifest.json", DUMP_FILE_NONE },
	{ "vmcore", DUMP_FILE_CORE }, { "vmcore-incomplete", DUMP_FILE_CORE }, { "vmcore.flat", DUMP_FILE_CORE },
	{ "vmcore.202611220945", DUMP_FILE_CORE }, { "dump.202611220945.gz", DUMP_FILE_CORE },
	{ "dump-incomplete.xz", DUMP_FILE_CORE }, { "kdump.202611220945", DUMP_FILE_CORE },
	{ "vmcore-dmesg.txt", DUMP_FILE_LOG }, { "vmcore-dmesg.txt-incomplete", DUMP_FILE_LOG },
	{ "dmesg.202611220945", DUMP_FILE_LOG }, { "dmesg", DUMP_FILE_LOG }, { "README.txt", DUMP_FILE_OTHER },
	{ "manifest.json-incomplete", DUMP_FILE_OTHER }, { "pstore", DUMP_FILE_DIR },
	{ "vmcores", DUMP_FILE_NONE }, { "notes.txt", DUMP_FILE_NONE }, { "dump.", DUMP_FILE_NONE },
	{ "vmcore-incompletes", DUMP_FILE_NONE }, { "-incomplete", DUMP_FILE_NONE },
};

static void test_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		print_message("%s\n", files[i].name);
		assert_int_equal(dump_file_kind(files[i].name), files[i].kind);
	}
}

#define MANIFEST(verdict, size) "{ \"verdict\": \"" verdict "\", \"reason\": \"because\", \"file\": \"vmcore\", \"size\": " size " }"
#define LOG "[    0.000000] Linux version 6.1\n[   12.345678] Kernel panic - not syncing: test\n"

/* A directory: "FILE=CONTENT" split by '|'. */
static const struct {
	const char *why, *files;
	bool        is;			/* a dump at all */
	enum dump_state state;
	const char *panic, *because, *stranger;
} dirs[] = {
	{ "ours, complete", "vmcore=1234|vmcore-dmesg.txt=" LOG "|manifest.json=" MANIFEST("complete", "4"), true,
	  DUMP_COMPLETE, "Kernel panic - not syncing: test", "", "" },
	{ "ours, sent", "vmcore=1234|manifest.json=" MANIFEST("sent", "4"), true, DUMP_COMPLETE, "", "", "" },
	{ "ours, degraded", "vmcore=1234|manifest.json=" MANIFEST("degraded", "4"), true, DUMP_INCOMPLETE, "",
	  "because", "" },
	{ "ours, cut since", "vmcore=123|manifest.json=" MANIFEST("complete", "4"), true, DUMP_INCOMPLETE, "",
	  "3 of 4 bytes are there", "" },
	{ "ours, not ended", "vmcore-incomplete=123|vmcore-dmesg.txt=" LOG, true, DUMP_INCOMPLETE,
	  "Kernel panic - not syncing: test", "", "" },
	{ "the log only", "vmcore-dmesg.txt=" LOG, true, DUMP_LOG_ONLY, "Kernel panic - not syncing: test", "", "" },
	{ "no newline at the end of the log", "dmesg=[ 1.000000] Kernel panic - not syncing: x", true, DUMP_LOG_ONLY,
	  "Kernel panic - not syncing: x", "", "" },
	{ "packed by kdump-tools", "dump.202611220945.gz=123|dmesg.202611220945=" LOG, true, DUMP_UNKNOWN,
	  "Kernel panic - not syncing: test", "not an ELF core", "" },
	{ "a manifest of another file", "vmcore.flat=1234|manifest.json=" MANIFEST("complete", "4"), true,
	  DUMP_UNKNOWN, "", "not an ELF core", "" },
	{ "somebody's notes", "vmcore=1234|manifest.json=" MANIFEST("complete", "4") "|notes=x", true, DUMP_COMPLETE, "",
	  "", "notes" },
	{ "a directory of somebody", "vmcore=1234|manifest.json=" MANIFEST("complete", "4") "|dmesg.d/x=1", true,
	  DUMP_COMPLETE, "", "", "dmesg.d" },
	{ "only notes", "notes=x", false, 0, "", "", "" },
	{ "nothing but a manifest", "manifest.json=" MANIFEST("complete", "4"), false, 0, "", "", "" },
};

static void put_dir(const char *root, const char *name, const char *list)
{
	while (*list) {
		size_t n = strcspn(list, "|"), key = strcspn(list, "=");
		char path[256];

		snprintf(path, sizeof(path), "%s/%.*s", name, (int)key, list);
		tree_bytes(root, path, list + key + 1, n - key - 1);
		list += n + (list[n] == '|');
	}
}

static void test_states(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(dirs); i++) {
		struct saved_dumps all = { 0 };
		struct err e = { 0 };
		char root[64];

		print_message("%s\n", dirs[i].why);
		tree_make(root);
		put_dir(root, "127.0.0.1-2026-11-22-09:45:14", dirs[i].files);
		put_dir(root, "other", dirs[i].files);
		assert_int_equal(dumps_read(&all, root, &e), 0);
		assert_int_equal(all.n, dirs[i].is);
		if (all.n) {
			assert_int_equal(all.list[0].state, dirs[i].state);
			assert_string_equal(all.list[0].panic, dirs[i].panic);
			assert_non_null(strstr(all.list[0].why, dirs[i].because));
			assert_string_equal(all.list[0].stranger, dirs[i].stranger);
		}
		dumps_free(&all);
		tree_remove(root);
	}
}

/* Letters, the newest first: C complete, I incomplete, X with a stranger in it; one a day. */
static const struct {
	const char *why, *dumps;
	size_t      keep;
	int         days;
	const char *gone;	/* of the same, '-' what is marked */
} prunes[] = {
	{ "neither limit", "CCC", 0, 0, "CCC" },
	{ "two stay", "CCCC", 2, 0, "CC--" },
	{ "more than there are", "CC", 5, 0, "CC" },
	{ "by age", "CCCC", 0, 2, "CC--" },
	{ "the newest complete one stays though it is too many", "IIC", 1, 0, "I-C" },
	{ "the newest complete one stays though it is too old", "ICC", 0, 1, "IC-" },
	{ "by both", "CCCC", 3, 2, "CC--" },
	{ "strangers stay", "CXCX", 1, 0, "CX-X" },
};

static void test_prune(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(prunes); i++) {
		struct saved_dump list[8] = { 0 };
		struct saved_dumps all = { list, strlen(prunes[i].dumps) };
		char is[9] = "";

		print_message("%s\n", prunes[i].why);
		for (size_t k = 0; k < all.n; k++) {
			list[k].when = 1000000000 - 86400 * (int64_t)k;
			list[k].state = prunes[i].dumps[k] == 'I' ? DUMP_INCOMPLETE : DUMP_COMPLETE;
			strcpy(list[k].stranger, prunes[i].dumps[k] == 'X' ? "notes" : "");
		}
		dumps_prune(&all, prunes[i].keep, 86400 * (int64_t)prunes[i].days, 1000000000 + 43200);
		for (size_t k = 0; k < all.n; k++)
			is[k] = list[k].prune ? '-' : prunes[i].dumps[k];
		assert_string_equal(is, prunes[i].gone);
	}
}

static bool exists(const char *root, const char *path)
{
	char full[512];
	struct stat st;

	snprintf(full, sizeof(full), "%s/%s", root, path);
	return !lstat(full, &st);
}

/* What is removed is the dump, and what is not the dump's is not, nor what a link leads to. */
static void test_remove(void **state)
{
	static const char name[] = "127.0.0.1-2026-11-22-09:45:14";
	struct saved_dumps all = { 0 };
	struct err e = { 0 };
	char root[64];

	(void)state;
	tree_make(root);
	put_dir(root, name, "vmcore=1|vmcore-dmesg.txt=2|manifest.json=3|pstore/dmesg-efi-1=4");
	assert_int_equal(dumps_read(&all, root, &e), 0);
	assert_int_equal(all.n, 1);
	/* something comes between reading and removing */
	put_dir(root, name, "notes=1");
	assert_int_equal(dumps_remove(root, &all.list[0], &e), -ENOTEMPTY);
	assert_false(exists(root, "127.0.0.1-2026-11-22-09:45:14/vmcore"));
	assert_true(exists(root, "127.0.0.1-2026-11-22-09:45:14/notes"));
	dumps_free(&all);
	put_dir(root, "202611220945", "dump.202611220945=1|dmesg.202611220945=2");
	assert_int_equal(dumps_read(&all, root, &e), 0);
	assert_int_equal(all.n, 1);
	assert_int_equal(dumps_remove(root, &all.list[0], &e), 0);
	assert_false(exists(root, "202611220945"));
	dumps_free(&all);
	/* a directory that is a link is not followed */
	put_dir(root, "elsewhere", "vmcore=1");
	tree_link(root, "202611220946", "elsewhere");
	assert_int_equal(dumps_read(&all, root, &e), 0);
	assert_int_equal(all.n, 0);
	/* a file that is a link is a stranger */
	tree_link(root, "202611220947/vmcore.1", "../elsewhere/vmcore");
	put_dir(root, "202611220947", "dmesg.1=1");
	assert_int_equal(dumps_read(&all, root, &e), 0);
	assert_int_equal(all.n, 1);
	assert_string_equal(all.list[0].stranger, "vmcore.1");
	dumps_free(&all);
	tree_remove(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names), cmocka_unit_test(test_files), cmocka_unit_test(test_states),
		cmocka_unit_test(test_prune), cmocka_unit_test(test_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
