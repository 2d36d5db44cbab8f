/* manifest - what was saved, how, and the checksums to prove it: JSON beside the dump. */
/* SPDX-License-Identifier: MIT */
#include "dump/manifest.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/version.h"

/* Text on its way to the sink. */
struct text {
	struct sink *out;
	struct err  *e;
	uint64_t     at;
	size_t       len;
	int          rc;
	char         buf[8192];
};

static void flush(struct text *t)
{
	if (!t->rc && t->len)
		t->rc = sink_write(t->out, t->at, t->buf, t->len, t->e);
	t->at += t->len;
	t->len = 0;
}

static void put(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* One piece, at most 1 KiB. */
static void put(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (sizeof(t->buf) - t->len < 1024)
		flush(t);
	va_start(ap, fmt);
	n = vsnprintf(t->buf + t->len, 1024, fmt, ap);
	va_end(ap);
	t->len += n > 1023 ? 1023 : (size_t)n;
}

/* A string of the dead kernel: RFC 8259 section 7, anything but printable ASCII as \u00NN. */
static void put_string(struct text *t, const char *key, const char *value)
{
	put(t, "\"%s\": \"", key);
	for (const unsigned char *p = (const unsigned char *)value; *p; p++) {
		if (*p == '"' || *p == '\\' || *p < ' ' || *p > '~')
			put(t, "\\u%04x", *p);
		else
			put(t, "%c", *p);
	}
	put(t, "\"");
}

static void put_pages(struct text *t, const struct save *s)
{
	const struct pipeline *p = &s->pipeline;
	const char *comma = "";

	put(t, "  \"pages\": { \"size\": %u, \"ram\": %llu, \"kept\": %llu, \"saved\": %llu, \"zero\": %llu, "
	    "\"raw\": %llu, \"unreadable\": %llu,\n    \"excluded\": {", 1U << s->kernel.src.page_shift,
	    (unsigned long long)source_nr_pages(&s->kernel.src), (unsigned long long)s->filter.kept,
	    (unsigned long long)s->format.ops->saved(&s->format), (unsigned long long)p->zeros, (unsigned long long)p->raw,
	    (unsigned long long)(p->holes.pages + s->filter.cut));
	for (int c = PAGE_CACHE; c < NR_PAGE_CLASSES; c++, comma = ",")
		put(t, "%s \"%s\": %llu", comma, page_class_names[c], (unsigned long long)s->filter.excluded[c]);
	put(t, " } },\n  \"holes\": [");
	comma = "";
	for (size_t i = 0; i < p->holes.nr; i++, comma = ",")
		put(t, "%s [%llu, %llu]", comma, (unsigned long long)p->holes.start[i],
		    (unsigned long long)p->holes.end[i]);
	put(t, " ],\n");
}

static void put_extents(struct text *t, const struct digest *d, uint64_t start, const char **comma)
{
	for (size_t i = 0; i < d->nr; i++, *comma = ",") {
		uint64_t at = (uint64_t)i * DIGEST_EXTENT;
		uint64_t len = d->total - at < DIGEST_EXTENT ? d->total - at : DIGEST_EXTENT;

		put(t, "%s\n    [%llu, %llu, \"", *comma, (unsigned long long)(start + at), (unsigned long long)len);
		for (size_t b = 0; b < d->sum_len; b++)
			put(t, "%02x", d->sums[i * d->sum_len + b]);
		put(t, "\"]");
	}
}

static void put_digest(struct text *t, const struct save *s, bool with_sums)
{
	const struct region *regions;
	const struct digest *header;
	const char *comma = "";
	size_t n = s->format.ops->sums(&s->format, &header, &regions);

	put(t, "  \"digest\": { \"algorithm\": \"%s\", \"extents\": [", digest_names[s->rq->digest]);
	if (with_sums)
		put_extents(t, header, 0, &comma);
	for (size_t i = 0; with_sums && i < n; i++)
		put_extents(t, &regions[i].sums, regions[i].start, &comma);
	put(t, "\n  ] }\n}\n");
}

static void put_times(struct text *t, const struct save *s)
{
	const char *comma = "";

	put(t, "  \"milliseconds\": {");
	for (int i = 0; i < NR_PHASES; i++, comma = ",")
		put(t, "%s \"%s\": %llu", comma, phase_names[i], (unsigned long long)s->ms[i]);
	put(t, " },\n");
}

/* What the reservation left: for who wants to know whether it was too large, or hardly enough. */
static void put_memory(struct text *t, const struct save *s)
{
	if (s->memory_at_start < UINT64_MAX / 2)
		put(t, "  \"memory\": { \"total\": %llu, \"at_start\": %llu, \"lowest\": %llu },\n",
		    (unsigned long long)memory_total(), (unsigned long long)s->memory_at_start,
		    (unsigned long long)s->memory_lowest);
}

int manifest_write(const struct save *s, const char *name, bool with_sums, struct sink *out, struct err *e)
{
	struct text t = { .out = out, .e = e };
	char build_id[80] = "";

	vmcoreinfo_string(&s->kernel.info, "BUILD-ID", build_id, sizeof(build_id));
	put(&t, "{\n  \"program\": \"kdumpbox " KDUMPBOX_VERSION "\",\n  \"verdict\": \"%s\",\n  ",
	    verdict_names[s->verdict]);
	put_string(&t, "reason", s->why.msg);
	put(&t, ",\n  ");
	put_string(&t, "release", s->kernel.uts[2]);
	put(&t, ", ");
	put_string(&t, "machine", s->kernel.uts[4]);
	put(&t, ", ");
	put_string(&t, "build_id", build_id);
	put(&t, ", \"crash_time\": %llu,\n  ", (unsigned long long)s->kernel.crash_time);
	put_string(&t, "file", name);
	put(&t, ", \"size\": %llu, \"format\": \"%s\", \"compression\": \"%s\",\n"
	    "  \"level\": { \"asked\": %u, \"applied\": %u, ", (unsigned long long)s->size,
	    s->format.ops->name, s->rq->codec->name, s->asked, s->level);
	put_string(&t, "why", s->filter.why);
	put(&t, " },\n");
	put_pages(&t, s);
	put_times(&t, s);
	put_memory(&t, s);
	put_digest(&t, s, with_sums);
	flush(&t);
	return t.rc;
}
