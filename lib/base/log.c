/* log - one line, one write: to the kernel log in the capture kernel, else to stderr. */
/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The one place in the libraries with state of its own: a process has one log. */
static struct {
	const char *name;
	int kmsg;		/* fd of /dev/kmsg plus one; 0: stderr */
} the_log = { "kdumpbox", 0 };

void log_set_name(const char *name)
{
	the_log.name = name;
}

void log_to_kmsg(void)
{
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		the_log.kmsg = fd + 1;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	const char *kind = level == LOG_ERROR ? "error: " : level == LOG_WARN ? "warning: " : "";
	char line[960];		/* /dev/kmsg takes at most 1024 bytes: kernel/printk PRINTKRB_RECORD_MAX */
	size_t n, text;
	va_list ap;

	n = the_log.kmsg ? (size_t)snprintf(line, sizeof(line), "<%d>", level) : 0;
	text = n;
	n += (size_t)snprintf(line + n, sizeof(line) - n, "%.40s: %s", the_log.name, kind);
	va_start(ap, fmt);
	vsnprintf(line + n, sizeof(line) - n - 1, fmt, ap);
	va_end(ap);
	n = strlen(line);
	for (size_t i = text; i < n; i++)
		if (((unsigned char)line[i] < ' ' && line[i] != '\t') || (unsigned char)line[i] > '~')
			line[i] = '?';
	line[n++] = '\n';
	/* Nothing can be done about a log that cannot be written. */
	if (write(the_log.kmsg ? the_log.kmsg - 1 : 2, line, n) < 0)
		return;
}
