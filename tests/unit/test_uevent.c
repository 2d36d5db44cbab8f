/* test_uevent - is a new device heard of, and is the waiting for one bounded? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "boot/device.h"
#include "boot/uevent.h"

/* Root may make the kernel send an event of any device. */
static void test_event(void **state)
{
	int fd = uevent_open();

	(void)state;
	if (fd < 0 || write_file("/sys/class/mem/null/uevent", "change")) {
		print_message("not root: no event can be made\n");
		skip();
	}
	assert_int_equal(uevent_wait(fd, "mem", 10000), 1);
	assert_int_equal(write_file("/sys/class/mem/null/uevent", "change"), 0);
	assert_int_equal(uevent_wait(fd, "block", 50), 0);
	assert_int_equal(uevent_wait(fd, "block", 0), 0);
	close(fd);
}

static void test_closed(void **state)
{
	(void)state;
	assert_int_equal(uevent_wait(-1, "block", 10), 0);
}

static void test_device_that_never_comes(void **state)
{
	char path[256], why[160];
	struct err e = { 0 };
	const struct device_wish never = { .spec = "UUID=00000000-dead-beef-0000-000000000000", .timeout_ms = 700 };
	const struct device_wish nonsense = { .spec = "nonsense", .timeout_ms = 60000 };
	uint64_t start = now_ms();

	(void)state;
	assert_int_equal(device_wait(&never, path, sizeof(path), why, &e), -ETIMEDOUT);
	assert_true(now_ms() - start >= 700);
	assert_int_equal(device_wait(&nonsense, path, sizeof(path), why, &e), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_event),
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_device_that_never_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
