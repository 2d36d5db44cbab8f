/* lib_run - save an invented core into memory and judge the dump. */
/* SPDX-License-Identifier: MIT */
#include "lib_run.h"

#include <stdio.h>
#include <string.h>

/* save_request.open gets no context. */
static struct mem_sink *next_sink;

static int open_memory(struct sink **out, const char *to, uint64_t stamp, bool replace, struct err *e)
{
	(void)to;
	(void)stamp;
	(void)replace;
	(void)e;
	*out = &next_sink->base;
	return 0;
}

static void say(void *ctx, bool warning, const char *text)
{
	struct run *r = ctx;
	size_t n = strlen(r->log);

	snprintf(r->log + n, sizeof(r->log) - n, "%s%s\n", warning ? "! " : "", text);
}

void run_save(struct run *r, const char *path, const struct run_how *how)
{
	*r = (struct run){ .sink = how->sink };
	if (!r->sink && !how->to) {
		mem_sink_init(&r->own, true);
		r->sink = &r->own;
	}
	next_sink = r->sink;
	r->rq = (struct save_request){
		.vmcore = path, .to = how->to ? how->to : "memory", .open = how->to ? NULL : open_memory,
		.level = how->level, .codec = codec_find(how->codec ? how->codec : "zstd"),
		.threads = how->threads ? how->threads : 1, .digest = how->digest, .format = how->format,
		.limit = how->limit, .stop = how->stop, .tick = how->tick, .say = say,
		.ctx = r, .replace = true, .next_levels = how->next, .nr_next_levels = how->next[0] ? 2 : 0,
	};
	r->rc = save_run(&r->save, &r->rq, &r->e);
}

void run_free(struct run *r)
{
	save_free(&r->save);
	if (r->own.bytes)
		mem_sink_free(&r->own);
}

struct judgement judge(const uint8_t *dump, uint64_t size, const struct vmcore *v)
{
	struct judgement j = { 0 };
	uint8_t got[65536], want[VC_PAGE];
	struct kdump k;
	uint64_t end;

	if (!kdump_open(&k, dump, size)) {
		snprintf(j.why, sizeof(j.why), "%s", k.why);
		kdump_close(&k);
		return j;
	}
	j.incomplete = k.status & 8;
	end = k.max_mapnr;
	if (v && vmcore_max_pfn(v) != end)
		snprintf(j.why, sizeof(j.why), "max_mapnr %#llx", (unsigned long long)end);
	for (uint64_t pfn = 0; pfn < end && !j.why[0]; pfn++) {
		bool ram = kdump_is_ram(&k, pfn);
		enum kdump_page page = ram ? kdump_page(&k, pfn, got) : KDUMP_EXCLUDED;

		j.ram += ram;
		j.ok += page == KDUMP_OK;
		j.empty += page == KDUMP_EMPTY;
		j.excluded += ram && page == KDUMP_EXCLUDED;
		if (v && ram != vmcore_has(v, pfn))
			snprintf(j.why, sizeof(j.why), "page %#llx: RAM is %d", (unsigned long long)pfn, ram);
		if (page == KDUMP_BROKEN || (page == KDUMP_EMPTY && !j.incomplete))
			snprintf(j.why, sizeof(j.why), "page %#llx: %s", (unsigned long long)pfn,
				 page == KDUMP_EMPTY ? "no data, and the dump says it is complete" : k.why);
		if (!v || page != KDUMP_OK || j.why[0])
			continue;
		vmcore_page(v, pfn, want);
		if (memcmp(got, want, sizeof(want)))
			snprintf(j.why, sizeof(j.why), "page %#llx has other bytes", (unsigned long long)pfn);
	}
	kdump_close(&k);
	return j;
}

const char *excluded_ranges(const uint8_t *dump, uint64_t size)
{
	static char out[4096];
	uint64_t start = 0, n = 0;
	struct kdump k;
	size_t len = 0;

	out[0] = 0;
	if (!kdump_open(&k, dump, size))
		return k.why[0] ? strcpy(out, k.why) : "?";
	for (uint64_t pfn = 0; pfn <= k.max_mapnr; pfn++) {
		bool out_of_it = pfn < k.max_mapnr && kdump_is_ram(&k, pfn) && !kdump_is_kept(&k, pfn);

		if (out_of_it) {
			start = n ? start : pfn;
			n++;
			continue;
		}
		if (n)
			len += (size_t)snprintf(out + len, sizeof(out) - len, "%s%#llx+%llu", len ? " " : "",
						(unsigned long long)start, (unsigned long long)n);
		n = 0;
		if (len > sizeof(out) - 64)
			break;
	}
	kdump_close(&k);
	return out;
}
