/* lastword - what did a child that failed say was wrong? */
/* SPDX-License-Identifier: MIT */
#include "boot/lastword.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Bytes of a record at most: kernel/printk CONSOLE_EXT_LOG_MAX, PRINTK_MESSAGE_MAX. */
enum { RECORD_MAX = 8192 };

bool lastword_in_record(const char *record, const char *name, char *out, size_t size)
{
	const char *text = strchr(record, ';');
	size_t n = strlen(name);

	if (!text || strncmp(text + 1, name, n) || strncmp(text + 1 + n, ": error: ", 9))
		return false;
	text += 1 + n + 9;
	snprintf(out, size, "%.*s", (int)strcspn(text, "\n"), text);
	return true;
}

bool lastword_find(const char *name, char *out, size_t size)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char record[RECORD_MAX + 1];
	bool found = false;
	ssize_t n;

	if (fd < 0)
		return false;
	/* EPIPE: records were overwritten meanwhile; the next read goes on behind them. */
	while ((n = read(fd, record, RECORD_MAX)) > 0 ||
	       (n < 0 && (errno == EPIPE || errno == EINTR))) {
		if (n < 0)
			continue;
		record[n] = 0;
		found |= lastword_in_record(record, name, out, size);
	}
	close(fd);
	return found;
}
