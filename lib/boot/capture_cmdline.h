/* capture_cmdline - which command line does a capture kernel need? */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_CAPTURE_CMDLINE_H
#define BOOT_CAPTURE_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * Most bytes of a command line with its NUL: x86 takes 2047, of which the kernel takes up to 61 for what it
 * puts in front (elfcorehdr=, dmcryptkeys=).
 */
enum { CAPTURE_CMDLINE_SIZE = 2048 - 61 };

/* What kdump.conf asks for: its keys commandline, commandline_remove and commandline_append, "" if it does not. */
struct capture_words {
	char base[CAPTURE_CMDLINE_SIZE];	/* instead of the running kernel's line */
	char remove[CAPTURE_CMDLINE_SIZE];	/* keys of words that go, be they the running kernel's or ours */
	char append[CAPTURE_CMDLINE_SIZE];	/* at the end; what is added by itself gives way to the same key */
};

/* Of a text of kdump.conf. */
void capture_words_read(struct capture_words *w, const char *text, size_t len);

/* What is known of the machine. */
struct capture_facts {
	const char *running;		/* command line of the running kernel */
	unsigned    online_cpus;
	uint64_t    reservation;	/* bytes; 0: not known */
	bool        x86, arm64;
	bool        hypervisor;		/* runs under one */
	bool        has_apicid;		/* boot_apicid is known */
	unsigned    boot_apicid;	/* of the CPU that booted */
	const struct capture_words *words;	/* NULL: none; borrowed */
};

/* The machine this runs on; running is borrowed. Never fails: what cannot be read is left out. */
void capture_facts_read(struct capture_facts *facts, const char *running);

/* How many CPUs a list of sysfs has, "0-3,8": 0 if it is none. */
unsigned capture_count_cpus(const char *list);

/*
 * How many CPUs the capture kernel should start: min(4, online, what the reservation pays for).
 */
unsigned capture_nr_cpus(unsigned online_cpus, uint64_t reservation);

/*
 * The command line for the capture kernel, from that of the running one, into out. added gets the
 * words that were added, for people. Returns 0 or -E2BIG.
 */
int capture_cmdline(const struct capture_facts *facts, char *out, size_t size, char *added,
		    size_t added_size, struct err *e);

/* Append panic=10 unless cmdline (size bytes) sets panic=. Returns 1 if it did, 0, or -E2BIG. */
int capture_add_panic(char *cmdline, size_t size, struct err *e);

#endif
