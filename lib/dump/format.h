/* format - the file that a dump becomes: kdump-compressed or ELF, behind one face. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_FORMAT_H
#define DUMP_FORMAT_H

#include "dump/elfdump.h"
#include "dump/splitdump.h"

enum format_kind { FORMAT_KDUMP, FORMAT_ELF, FORMAT_SPLIT /* into a sink of parts */ };

/* What a format needs to begin. All pointers are borrowed. */
struct format_start {
	struct sink     *sink;
	struct filter   *filter;	/* and the kernel in it */
	struct early    *early;		/* of FORMAT_KDUMP: pages that come first; NULL: none */
	uint32_t         flag;		/* PAGE_ of the codec */
	unsigned         level;		/* LEVEL_ bits, for the header */
	enum digest_kind digest;
	uint64_t         limit;		/* bytes that the file may have; 0: as many as fit */
};

struct format;
struct format_ops {
	const char *name;
	int       (*begin)(struct format *f, const struct format_start *start, struct err *e);
	pages_put   put;		/* out is what put_to returns */
	void     *(*put_to)(struct format *f);
	/* Write the rest and the header; not complete: flagged so. See writer_end. */
	int       (*end)(struct format *f, bool complete, struct err *e);
	uint64_t  (*size)(const struct format *f);	/* bytes so far */
	uint64_t  (*saved)(const struct format *f);	/* pages so far */
	/*
	 * The checksums of the part-th file, 0 if there is only one: of the header at offset 0, and of the
	 * regions. Returns how many regions.
	 */
	size_t    (*sums)(const struct format *f, size_t part, const struct digest **header,
			  const struct region **regions);
	bool      (*notes_lost)(const struct format *f);	/* not all notes could be read */
	void      (*free)(struct format *f);
};

struct format {
	const struct format_ops *ops;	/* NULL: not begun */
	union {
		struct writer  kdump;
		struct elfdump elf;
		struct splitdump split;
	};
};

/* Begin a file. What it allocated is wanted back by format_free, also after an error. */
int format_begin(struct format *f, enum format_kind kind, const struct format_start *start, struct err *e);
void format_free(struct format *f);

#endif
