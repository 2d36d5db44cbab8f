/* finish - how does this machine stop, whatever happens? */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_FINISH_H
#define BOOT_FINISH_H

#include "base/args.h"
#include "base/err.h"

enum final_action { FINISH_REBOOT, FINISH_POWEROFF, FINISH_HALT };

/* "reboot", "poweroff", "halt" to its value. Returns 0 or -EINVAL, with the nearest word. */
int finish_parse(const char *word, enum final_action *out, struct err *e);
const char *finish_name(enum final_action action);

/*
 * May a command of a person stop the machine by itself? Yes where this program is PID 1. Elsewhere
 * another init would be passed over, with its services and mounts: -EPERM, and what to do.
 */
int finish_allowed(enum final_action action, struct err *e);

/* sync(2) in a child, for at most limit_ms. Returns 0, -ETIMEDOUT, or a negative errno. */
int finish_sync(unsigned limit_ms);

/*
 * Stop the machine and never return: sync with a limit of 30 s, then reboot(2) in a child, since
 * a driver's shutdown may hang; every 10 s after that sysrq 'b' for reboot, 'o' for poweroff
 * ('b' from the third time on: a machine that nobody can reach helps nobody). halt stays as it
 * is. PID 1 may call it. Tells what it does by log_*.
 */
void finish(enum final_action action) __attribute__((noreturn));

/* The same without sync. */
void finish_at_once(enum final_action action) __attribute__((noreturn));

/*
 * The commands reboot, poweroff and halt: -f (also where another init runs), -n (no sync). Returns
 * only if nothing is to be done: 'h' if help is asked for, -EINVAL for wrong words, another negative
 * errno if it is not allowed, both with a message.
 */
int finish_command(struct args *a, enum final_action action, struct err *e);

#endif
