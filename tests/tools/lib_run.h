/* lib_run - save an invented core into memory and judge the dump. */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_LIB_RUN_H
#define TESTS_LIB_RUN_H

#include "dump/save.h"
#include "lib_kdump.h"
#include "lib_memsink.h"
#include "lib_vmcore.h"

/* How to run; zeros mean dump level 0, zstd, one thread, a new rewritable sink. */
struct run_how {
	unsigned          level, next[2];	/* next: levels to try where it does not fit; zeros: none */
	const char       *codec;
	unsigned          threads;
	enum digest_kind  digest;
	enum format_kind  format;
	const atomic_int *stop;
	void            (*tick)(void *ctx);
	uint64_t          limit;
	struct mem_sink  *sink;		/* made by mem_sink_init; NULL: one is made */
	const char       *to;		/* "null:" or a file, by sink_open; NULL: the sink in memory */
};

struct run {
	int          rc;
	struct save  save;
	struct save_request rq;
	struct mem_sink own, *sink;
	struct err   e;
	char         log[8192];		/* lines of rq.say, warnings with "! " before them */
};

/* Save the core at path. run_free is wanted in every case. Fills all of r. Not for two threads at a time. */
void run_save(struct run *r, const char *path, const struct run_how *how);
void run_free(struct run *r);

/* What a dump holds, page by page. */
struct judgement {
	uint64_t ok, empty, excluded, ram;	/* pages */
	bool     incomplete;			/* the header says so */
	char     why[256];			/* what is wrong; "" if it is consistent */
};

/*
 * Compare a dump with what was described: RAM where it is described, all data as described, and no
 * empty descriptors unless the header says incomplete. v may be NULL: the structure only.
 */
struct judgement judge(const uint8_t *dump, uint64_t size, const struct vmcore *v);

/* The pages that a dump leaves out of its RAM, as "0x10000+512 0x10400+1"; a NUL terminated static buffer. */
const char *excluded_ranges(const uint8_t *dump, uint64_t size);

#endif
