/* save - a crashed kernel's memory into a dump: the whole way from core to sink. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_SAVE_H
#define DUMP_SAVE_H

#include <stdatomic.h>

#include "dump/filter.h"
#include "dump/format.h"
#include "dump/pipeline.h"
#include "sink/sink.h"

enum phase { PHASE_OPEN, PHASE_FILTER, PHASE_DATA, PHASE_COMMIT, NR_PHASES };
extern const char *const phase_names[NR_PHASES];

/* What became of a dump. Nothing but save_verdict makes VERDICT_COMPLETE. */
enum verdict {
	VERDICT_FAILED,			/* nothing usable */
	VERDICT_INCOMPLETE,		/* readable, flagged incomplete, under the name of an incomplete object */
	VERDICT_DEGRADED,		/* all of it, but with holes or at a lower level than asked for */
	VERDICT_SENT,			/* all of it went into a stream; what became of it is not known here */
	VERDICT_COMPLETE,
};
extern const char *const verdict_names[];

struct save_request {
	const char         *vmcore, *to;	/* input; output for open */
	/* Opens `to`, as sink_open does; NULL: sink_open itself. */
	int               (*open)(struct sink **out, const char *to, uint64_t stamp, bool replace, struct err *e);
	unsigned            level;		/* LEVEL_ bits */
	const unsigned     *next_levels;	/* to try, from the start, where the one before does not fit */
	size_t              nr_next_levels;
	const struct codec *codec;
	unsigned            threads;		/* 0: one per CPU */
	enum digest_kind    digest;
	enum format_kind    format;		/* FORMAT_ELF: codec must be none */
	unsigned            parts;		/* FORMAT_SPLIT: files in the sink that open makes, by parts_sink_open */
	uint64_t            limit;		/* bytes that the dump may have; 0: as many as fit */
	bool                replace;		/* overwrite an existing file */
	bool                no_mmap;		/* read(2) only, page by page: where mapping /proc/vmcore does harm */
	const atomic_int   *stop;		/* see pipeline */
	void              (*tick)(void *ctx);	/* about once a second while data is written; may be NULL */
	/* One line of what is going on, for the log; may be NULL. */
	void              (*say)(void *ctx, bool warning, const char *text);
	void               *ctx;
};

struct save {
	const struct save_request *rq;
	struct kernel   kernel;
	struct pins     pins;
	struct filter   filter;
	struct early    early;
	struct format   format;
	struct pipeline pipeline;
	struct plan     plan;
	/* MemAvailable, bytes: when it began, and the least that was seen about once a second. */
	uint64_t        memory_at_start, memory_lowest;
	uint64_t        ms[NR_PHASES];	/* how long each phase took */
	uint64_t        size;		/* bytes of the dump */
	unsigned        asked;		/* the level of this try */
	unsigned        level;		/* applied */
	struct ack      ack;		/* of the sink */
	enum verdict    verdict;
	struct err      why;		/* what ended or degraded it; msg "" if nothing did */
};

/*
 * Open rq->vmcore, filter, pack and write to rq->to. Returns 0 if the dump is complete, sent or
 * degraded, else a negative errno with a message; s->verdict tells which and s->why the reason. s stays
 * readable (for a manifest) until save_free, which is wanted in every case.
 */
int save_run(struct save *s, const struct save_request *rq, struct err *e);
void save_free(struct save *s);

/*
 * The only place that can call a dump complete: what the sink acknowledged, what is missing from
 * the dump, and whether it is the level that was asked for.
 */
enum verdict save_verdict(const struct ack *ack, uint64_t missing_pages, bool level_as_asked);

#endif
