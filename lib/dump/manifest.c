/* manifest - what was saved, how, and the checksums to prove it: JSON beside the dump. */
/* SPDX-License-Identifier: MIT */
#include "dump/manifest.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

static void put_sums(struct text *t, enum digest_kind kind, const struct digest *header,
		     const struct region *regions, size_t n)
{
	const char *comma = "";

	put(t, "  \"digest\": { \"algorithm\": \"%s\", \"extents\": [", digest_names[kind]);
	if (header)
		put_extents(t, header, 0, &comma);
	for (size_t i = 0; i < n; i++)
		put_extents(t, &regions[i].sums, regions[i].start, &comma);
	put(t, "\n  ] }\n}\n");
}

static void put_digest(struct text *t, const struct save *s, size_t part, bool with_sums)
{
	const struct region *regions;
	const struct digest *header;
	size_t n = s->format.ops->sums(&s->format, part, &header, &regions);

	put_sums(t, s->rq->digest, with_sums ? header : NULL, regions, with_sums ? n : 0);
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

/* What tells one dump from another: the sums of all its files. */
static uint64_t set_of(const struct save *s)
{
	const struct region *regions;
	const struct digest *header;
	XXH64_state_t sum;

	XXH64_reset(&sum, 0);
	for (size_t part = 0; part < s->format.split.nr; part++) {
		size_t n = s->format.ops->sums(&s->format, part, &header, &regions);

		XXH64_update(&sum, header->sums, header->nr * header->sum_len);
		for (size_t i = 0; i < n; i++)
			if (regions[i].sums.nr)
				XXH64_update(&sum, regions[i].sums.sums, regions[i].sums.nr * regions[i].sums.sum_len);
	}
	return XXH64_digest(&sum);
}

static void put_part(struct text *t, const struct save *s, size_t part)
{
	const struct writer *w = &s->format.split.parts[part].writer;

	put(t, "  \"part\": { \"number\": %zu, \"of\": %zu, \"start\": %llu, \"end\": %llu, \"saved\": %llu, "
	    "\"set\": \"%016llx\" },\n", part + 1, s->format.split.nr, (unsigned long long)w->layout.start_pfn,
	    (unsigned long long)w->layout.end_pfn, (unsigned long long)w->saved, (unsigned long long)set_of(s));
}

static void put_kernel(struct text *t, const struct kernel *k, enum verdict verdict, const char *reason)
{
	char build_id[80] = "";

	vmcoreinfo_string(&k->info, "BUILD-ID", build_id, sizeof(build_id));
	put(t, "{\n  \"program\": \"kdumpbox " KDUMPBOX_VERSION "\",\n  \"verdict\": \"%s\",\n  ",
	    verdict_names[verdict]);
	put_string(t, "reason", reason);
	put(t, ",\n  ");
	put_string(t, "release", k->uts[2]);
	put(t, ", ");
	put_string(t, "machine", k->uts[4]);
	put(t, ", ");
	put_string(t, "build_id", build_id);
	put(t, ", \"crash_time\": %llu,\n  ", (unsigned long long)k->crash_time);
}

/* part: SIZE_MAX if there is one file. */
static int put_all(const struct save *s, size_t part, const char *name, bool with_sums, struct sink *out,
		   struct err *e)
{
	struct text t = { .out = out, .e = e };
	bool whole = part == SIZE_MAX;

	put_kernel(&t, &s->kernel, s->verdict, s->why.msg);
	put_string(&t, "file", name);
	put(&t, ", \"size\": %llu, \"format\": \"%s\", \"compression\": \"%s\",\n"
	    "  \"level\": { \"asked\": %u, \"applied\": %u, ",
	    (unsigned long long)(whole ? s->size : writer_size(&s->format.split.parts[part].writer)),
	    s->format.ops->name, s->rq->codec->name, s->asked, s->level);
	put_string(&t, "why", s->filter.why);
	put(&t, " },\n");
	if (!whole)
		put_part(&t, s, part);
	put_pages(&t, s);
	put_times(&t, s);
	put_memory(&t, s);
	put_digest(&t, s, whole ? 0 : part, with_sums);
	flush(&t);
	return t.rc;
}

int manifest_write(const struct save *s, const char *name, bool with_sums, struct sink *out, struct err *e)
{
	return put_all(s, SIZE_MAX, name, with_sums, out, e);
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int write_joined(const struct manifest_joined *j, const char *name, struct sink *out, struct err *e)
{
	struct text t = { .out = out, .e = e };

	put_kernel(&t, j->k, j->verdict, j->reason);
	put_string(&t, "file", name);
	put(&t, ", \"size\": %llu, \"format\": \"kdump\",\n  \"level\": { \"applied\": %u },\n"
	    "  \"joined\": { \"parts\": %zu, \"proved\": %zu },\n"
	    "  \"pages\": { \"size\": %u, \"ram\": %llu, \"saved\": %llu, \"unreadable\": %llu },\n",
	    (unsigned long long)writer_size(j->w), j->level, j->parts, j->proved, 1U << j->k->src.page_shift,
	    (unsigned long long)source_nr_pages(&j->k->src), (unsigned long long)j->w->saved,
	    (unsigned long long)j->unreadable);
	put_sums(&t, j->w->header_sum.kind, &j->w->header_sum, j->w->regions, NR_REGIONS);
	flush(&t);
	return t.rc;
}

/* Of s, or else of j. What an earlier file of that name had goes, whatever happens. */
static int put_beside(const struct save *s, size_t part, const struct manifest_joined *j, const char *path,
		      struct err *e)
{
	char name[PATH_MAX], unfinished[PATH_MAX + 16];
	struct sink *sink = NULL;
	struct ack ack;
	int rc;

	if (snprintf(name, sizeof(name), "%s" MANIFEST_SUFFIX, path) >= (int)sizeof(name))
		return err_set(e, -ENAMETOOLONG, "write the manifest of %s", path);
	rc = file_sink_open(&sink, name, true, e);
	if (!rc)
		rc = s ? put_all(s, part, base_of(path), true, sink, e) : write_joined(j, base_of(path), sink, e);
	if (!rc)
		rc = sink_commit(sink, &ack, e);
	sink_close(sink);
	if (rc) {
		snprintf(unfinished, sizeof(unfinished), "%s-incomplete", name);
		unlink(unfinished);
		unlink(name);
	}
	return rc;
}

int manifest_put_part(const struct save *s, size_t part, const char *path, struct err *e)
{
	return put_beside(s, part, NULL, path, e);
}

int manifest_put_joined(const struct manifest_joined *j, const char *path, struct err *e)
{
	return put_beside(NULL, 0, j, path, e);
}

void manifest_forget(const char *path)
{
	char name[PATH_MAX];

	if (snprintf(name, sizeof(name), "%s-incomplete" MANIFEST_SUFFIX, path) < (int)sizeof(name))
		unlink(name);
}
