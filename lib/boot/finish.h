/* finish - how does this machine stop, whatever happens? */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_FINISH_H
#define BOOT_FINISH_H

#include "base/err.h"

enum final_action { FINISH_REBOOT, FINISH_POWEROFF, FINISH_HALT };

/* "reboot", "poweroff", "halt" to its value. Returns 0 or -EINVAL, with the nearest word. */
int finish_parse(const char *word, enum final_action *out, struct err *e);
const char *finish_name(enum final_action action);

/* sync(2) in a child, for at most limit_ms. Returns 0, -ETIMEDOUT, or a negative errno. */
int finish_sync(unsigned limit_ms);

/*
 * Stop the machine and never return: sync with a limit of 30 s, then reboot(2) in a child, since
 * a driver's shutdown may hang; after 10 s sysrq 'b' (reboot, also if halt was wanted: a machine
 * that nobody can reach helps nobody) or 'o' (poweroff, then 'b'), again every 10 s. May be called
 * by PID 1. Tells what it does by log_*.
 */
void finish(enum final_action action) __attribute__((noreturn));

/* The same without sync. */
void finish_at_once(enum final_action action) __attribute__((noreturn));

#endif
