/* clock - what time it is, where the machine's own clock is wrong. */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_CLOCK_H
#define BOOT_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * CRASHTIME of VMCOREINFO in an ELF core of 64 bits, little endian: when the kernel crashed, seconds since
 * 1970 by its own clock, which the network had set right. It is looked for in the last 16 KiB of the notes,
 * where the kernel puts it (fs/proc/vmcore.c merges all notes into one segment, VMCOREINFO last). 0: none.
 */
uint64_t clock_crash_time(const char *vmcore);

/*
 * Set the clock to the crash if that is the highest plausible time (trust_clock): a clock without battery
 * begins in 1970 or 2000, and one that is decades ahead is worth no more. Returns true and a note if it was set.
 */
bool clock_set_right(const char *vmcore, char *note, size_t size);

#endif
