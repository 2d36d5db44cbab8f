/* log - one line, one write: to the kernel log in the capture kernel, else to stderr. */
/* SPDX-License-Identifier: MIT */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_ERROR = 3, LOG_WARN = 4, LOG_INFO = 6 };	/* as in <linux/kern_levels.h> */

/*
 * Only applets call these. A line longer than 900 bytes is cut. Bytes that are not printable
 * ASCII are replaced by '?', since parts of it may come from the dead kernel or from the network.
 */
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  log_line(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_line(LOG_INFO, __VA_ARGS__)

/* The word before the colon, normally the applet's name; borrowed for ever. */
void log_set_name(const char *name);

/*
 * Send lines to /dev/kmsg (so that the kernel shows them on every console and keeps them in its
 * own log) instead of stderr. Children inherit it. Does nothing where /dev/kmsg cannot be opened.
 */
void log_to_kmsg(void);

#endif
