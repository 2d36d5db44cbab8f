/* test_estimate - is a reservation the sum of what it is for, and do the peers' rules give their numbers? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "prod/estimate.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MIB(n) ((uint64_t)(n) << 20)

static const struct {
	const char *why, *value;
	uint64_t    ram, bytes;
} ranges[] = {
	{ "a size", "256M", MIB(1024), MIB(256) },
	{ "a size with an offset", "64M@16M", MIB(1024), MIB(64) },
	{ "the first range", "1G-4G:192M,4G-64G:256M,64G-:512M", MIB(2048), MIB(192) },
	{ "start belongs to it", "1G-4G:192M,4G-64G:256M,64G-:512M", MIB(4096), MIB(256) },
	{ "no end", "1G-4G:192M,4G-64G:256M,64G-:512M", MIB(1 << 20), MIB(512) },
	{ "less than any", "2G-64G:256M", MIB(1024), 0 },
	{ "RAM is rounded up to 128 MiB", "2G-64G:256M", MIB(2047), MIB(256) },
	{ "but not further", "2G-64G:256M", MIB(1920), 0 },
	{ "other units", "0-2048m:65536K,2g-:1G", MIB(4096), MIB(1024) },
	{ "nothing", "", MIB(4096), 0 },
	{ "no range", "x:y", MIB(4096), 0 },
	{ "cut behind the colon", "1G-:", MIB(4096), 0 },
};

static void test_ranges(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ranges); i++) {
		print_message("%s\n", ranges[i].why);
		assert_int_equal(estimate_ranges(ranges[i].value, ranges[i].ram), ranges[i].bytes);
	}
}

/* What the documents of the distributions say for 8 GiB on x86. */
static void test_peers(void **state)
{
	static const struct { const char *name; unsigned mib; } want[] = {
		{ "RHEL 10, Fedora", 256 }, { "RHEL 9", 256 }, { "Debian", 192 }, { "Ubuntu", 512 }, { "SONiC", 448 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(want); i++) {
		assert_string_equal(estimate_peers[i].name, want[i].name);
		assert_int_equal(estimate_ranges(estimate_peers[i].x86, MIB(8192)), MIB(want[i].mib));
	}
	assert_string_equal(estimate_peers[COUNT(want)].name, "SUSE");	/* none, and why */
	assert_null(estimate_peers[COUNT(want)].x86);
	assert_non_null(estimate_peers[COUNT(want)].why);
	assert_null(estimate_peers[COUNT(want) + 1].name);
}

/* A Debian kernel with a local target, as measured in guests: never less than the floor, never twice of it. */
static const struct estimate_facts small = {
	.ram = MIB(1024), .cpus = 2, .x86 = true, .kernel = MIB(60), .packed = MIB(2), .unpacked = MIB(5),
	.modules = MIB(3), .compress = "zstd",
};

static uint64_t reserve(struct estimate_facts f)
{
	struct estimate est;
	uint64_t sum = 0;

	estimate_make(&est, &f);
	for (int i = 0; i < est.n; i++)
		sum += est.parts[i].bytes;
	assert_true(est.n <= ESTIMATE_PARTS);
	assert_true(sum <= est.reserve && est.reserve < sum + MIB(8));
	assert_int_equal(est.reserve % MIB(8), 0);
	return est.reserve;
}

static void test_sum(void **state)
{
	struct estimate_facts f = small;
	uint64_t base = reserve(f);

	(void)state;
	assert_true(base >= MIB(96) && base <= MIB(144));
	f.remote = true;
	assert_true(reserve(f) >= base + MIB(8));	/* a card */
	f.store = true;
	assert_true(reserve(f) >= base + MIB(28));	/* and parts that are not acknowledged */
	f = small;
	f.cpus = 64;
	assert_true(reserve(f) > base);			/* but not 64 of them are started */
	assert_true(reserve(f) < base + MIB(64));
	f.nr_cpus = 32;
	assert_true(reserve(f) >= base + MIB(56));	/* unless somebody wants that */
	f.nr_cpus = 1;
	assert_true(reserve(f) <= base);
	f = small;
	f.ram = MIB(1024) * 1024 * 16;
	assert_true(reserve(f) > base);			/* the keep map, */
	assert_true(reserve(f) < base + MIB(32));	/* which has its limit */
	f = small;
	f.kernel += MIB(30);
	assert_true(reserve(f) >= base + MIB(16));	/* a quarter of it is free again, */
	f.kernel += MIB(100);
	assert_true(reserve(f) >= base + MIB(96));	/* of a large one less */
	f = small;
	f.drivers = MIB(200);
	assert_true(reserve(f) >= base + MIB(200));
}

/* What is printed must be had at every boot: see find_room in estimate.c. */
static void test_room(void **state)
{
	static const struct { const char *why; unsigned ram; enum estimate_room room; } rooms[] = {
		{ "nobody says how much there is", 0, ROOM },
		{ "less than two kernels", 128, ROOM_NONE },
		{ "one piece, if the kernel lies where it was linked", 256, ROOM_NOKASLR },
		{ "one piece on either side of it", 512, ROOM },
	};
	char text[200];

	(void)state;
	for (size_t i = 0; i < COUNT(rooms); i++) {
		struct estimate_facts f = small;
		struct estimate est;

		print_message("%s\n", rooms[i].why);
		f.ram = MIB(rooms[i].ram);
		estimate_make(&est, &f);
		assert_int_equal(est.room, rooms[i].room);
		estimate_value(&est, text, 32);
		assert_int_equal(strstr(text, "M nokaslr") != NULL, rooms[i].room == ROOM_NOKASLR);
		assert_int_equal(text[0] == 0, rooms[i].room == ROOM_NONE);
		estimate_no_room(&est, &f, text, sizeof(text));
		assert_non_null(strstr(text, "no crashkernel= fits into"));
	}
}

static void test_kernel(void **state)
{
	uint8_t image[0x300] = { 0 };

	(void)state;
	assert_int_equal(estimate_kernel(image, sizeof(image)), 6 * sizeof(image));
	assert_int_equal(estimate_kernel(image, 0), 0);
	memcpy(image + 0x202, "HdrS", 4);
	image[0x207] = 2;
	image[0x206] = 0x0f;		/* boot protocol 2.15 */
	image[0x262] = 0x34;		/* 52 MiB */
	image[0x263] = 0x03;
	assert_int_equal(estimate_kernel(image, sizeof(image)), 0x3340000);
	assert_int_equal(estimate_kernel(image, 0x263), 6 * 0x263);	/* cut */
	memset(image, 0, sizeof(image));
	memcpy(image + 0x38, "ARM\x64", 4);
	image[18] = 0x20;
	assert_int_equal(estimate_kernel(image, sizeof(image)), MIB(2));
}

static void manifest(const char *dir, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	mkdir(path, 0700);
	strcat(path, "/manifest.json");
	f = fopen(path, "w");
	fputs(text, f);
	fclose(f);
}

static void test_last(void **state)
{
	char dir[] = "/tmp/test_estimate.XXXXXX", command[64];
	struct estimate_last last = { .total = 1 };

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_false(estimate_last(&last, dir));
	manifest(dir, "127.0.0.1-2026-11-20-01:00:00", "{ \"memory\": { \"total\": 5, \"lowest\": 4 } }");
	manifest(dir, "127.0.0.1-2026-11-21-01:00:00", "{ \"memory\": { \"total\": 100, \"at_start\": 9, \"lowest\": 7 } }");
	manifest(dir, "127.0.0.1-2026-11-22-01:00:00", "{ \"verdict\": \"complete\" }");	/* of an older version */
	manifest(dir, "127.0.0.1-2026-11-23-01:00:00", "{ \"memory\": { \"total\": 1");
	assert_true(estimate_last(&last, dir));
	assert_string_equal(last.name, "127.0.0.1-2026-11-21-01:00:00");
	assert_true(last.total == 100 && last.lowest == 7);
	assert_false(estimate_last(&last, "/no/such/directory"));
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_peers),
		cmocka_unit_test(test_sum), cmocka_unit_test(test_room),
		cmocka_unit_test(test_kernel),
		cmocka_unit_test(test_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
