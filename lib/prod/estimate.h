/* estimate - how much memory must crashkernel= reserve, and what for? */
/* SPDX-License-Identifier: MIT */
#ifndef PROD_ESTIMATE_H
#define PROD_ESTIMATE_H

#include <stdbool.h>

#include "prod/place.h"

/* What is calculated from. All sizes are bytes. */
struct estimate_facts {
	uint64_t ram;		/* of the machine */
	unsigned cpus;		/* that the machine has */
	unsigned nr_cpus;	/* asked for by commandline_append or --append; 0: the usual */
	bool     x86, arm64;
	uint64_t kernel;	/* that the kernel takes in one piece while it decompresses */
	uint64_t packed, unpacked, modules;	/* the initramfs, and the modules in it */
	bool     remote;	/* a target is on another machine */
	bool     store;		/* a target is a store that speaks S3 */
	uint64_t drivers;	/* that large drivers in the image are known to take */
	char     large[64];	/* the largest of those */
	char     unknown[128];	/* drivers in the image whose need may be large and is not known, with blanks between */
	char     compress[12];	/* kdump.conf's; as struct target_opts has it */
	int      threads;	/* kdump.conf's; 0: as many as CPUs */
};

enum { ESTIMATE_PARTS = 13 };

struct estimate {
	struct estimate_part {
		const char *what;
		uint64_t    bytes;
	} parts[ESTIMATE_PARTS];
	int      n;
	unsigned cpus;		/* that the capture kernel starts */
	uint64_t reserve;	/* their sum, rounded up to 8 MiB: for crashkernel= */
	uint64_t least;		/* RAM that a machine must have for this reservation beside what itself needs to boot */
	enum estimate_room {
		ROOM,		/* it fits wherever the running kernel lies */
		ROOM_NOKASLR,	/* only if that lies where it was linked: nokaslr on its command line */
		ROOM_NONE,	/* not at all */
	} room;
};

void estimate_make(struct estimate *out, const struct estimate_facts *f);

/*
 * What the value of crashkernel= is, and what else must be on the command line: "96M", or "96M nokaslr". "" if
 * nothing fits. Returns text, size >= 32.
 */
const char *estimate_value(const struct estimate *est, char *text, size_t size);

/* "in 128 MiB no crashkernel= fits ..." for people, of ROOM_NONE. Returns text. */
const char *estimate_no_room(const struct estimate *est, const struct estimate_facts *f, char *text, size_t size);

/* Find the facts out: makes the image in memory. p is filled. Returns 0 or an error. */
int estimate_read(struct estimate_facts *f, const struct place *p, struct err *e);

/*
 * What a kernel image takes: init_size of an x86 bzImage, image_size of an arm64 Image, both all of the kernel with
 * its zeroed part (Documentation/arch/x86/boot.rst, arm64/booting.rst); else six times the file.
 */
uint64_t estimate_kernel(const void *image, size_t len);

/* What a distribution reserves. */
struct estimate_peer {
	const char *name;
	const char *x86, *arm64;	/* value of its crashkernel=; NULL: none is known */
	const char *why;		/* why none is; NULL: it has none for this kind of machine */
};
extern const struct estimate_peer estimate_peers[];	/* name is NULL behind the last one */

/*
 * What crashkernel=VALUE reserves of that much RAM, which the kernel rounds up to 128 MiB for the ranges in it
 * (kernel/crash_reserve.c); 0: nothing, or it is no list of ranges or size.
 */
uint64_t estimate_ranges(const char *value, uint64_t ram);

/* What the newest dump below a directory says of its capture kernel. */
struct estimate_last {
	char     name[256];	/* of its directory */
	uint64_t total, lowest;	/* MemTotal there, and the least of MemAvailable */
};

/* False if there is no dump whose manifest has it. */
bool estimate_last(struct estimate_last *out, const char *dir);

#endif
