/* lastword - what did a child that failed say was wrong? */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_LASTWORD_H
#define BOOT_LASTWORD_H

#include <stdbool.h>
#include <stddef.h>

/*
 * If one record of /dev/kmsg (Documentation/ABI/testing/dev-kmsg: "PRIO,SEQ,TIME,FLAGS;TEXT\n" and
 * further lines; len bytes, terminated) is the line "NAME: error: WHY", put WHY into out.
 */
bool lastword_in_record(const char *record, const char *name, char *out, size_t size);

/* The last such line in the kernel log. Meant for a child. False if there is none. */
bool lastword_find(const char *name, char *out, size_t size);

#endif
