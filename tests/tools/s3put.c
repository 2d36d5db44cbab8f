/* s3put - put a file into a store by the sink, its pieces in turns as a dump's come, zeros left out. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "http/s3opts.h"
#include "sink/s3.h"

/* usage: s3put KEYS SEED FILE URL START...    START: offsets of pieces, the first is 0 and comes last */
enum { STEP_MAX = 1 << 20, HOLE = 32 << 10 };

struct job {
	char    *data;
	size_t   len;
	uint64_t starts[SHAPE_MAX + 1], at[SHAPE_MAX];
	size_t   nr;
	uint32_t seed;
};

static uint32_t chance(struct job *j)
{
	j->seed = j->seed * 1664525 + 1013904223;
	return j->seed >> 8;
}

static bool zeros(const char *p, size_t len)
{
	return !len || (!p[0] && !memcmp(p, p + 1, len - 1));
}

/* The next bytes of a piece; the last piece, as data, has no holes. */
static int step(struct job *j, struct sink *sink, size_t piece, struct err *e)
{
	size_t n = piece + 1 == j->nr ? 1 + chance(j) % STEP_MAX : HOLE;
	uint64_t at = j->at[piece];

	if (n > j->starts[piece + 1] - at)
		n = (size_t)(j->starts[piece + 1] - at);
	j->at[piece] += n;
	if (piece + 1 < j->nr && zeros(j->data + at, n))
		return 0;
	return sink_write(sink, at, j->data + at, n, e);
}

static int put(struct job *j, struct sink *sink, struct err *e)
{
	size_t left = j->nr;
	int rc = sink_expect(sink, j->starts, j->nr, j->len, 64 << 20, e);

	while (!rc && left > 1) {
		size_t piece = 1 + chance(j) % (j->nr - 1);

		if (j->at[piece] == j->starts[piece + 1])
			continue;
		rc = step(j, sink, piece, e);
		left -= j->at[piece] == j->starts[piece + 1];
	}
	while (!rc && j->at[0] < j->starts[1])
		rc = step(j, sink, 0, e);
	/* Each byte once. */
	if (!rc && sink_write(sink, 0, j->data, 1, NULL) != -ESPIPE)
		rc = err_say(e, -EIO, "a byte was taken twice");
	return rc;
}

int main(int argc, char **argv)
{
	struct s3_place place = { .options.credentials = argc > 5 ? argv[1] : NULL };
	struct http_options web = { .never_again = true };
	struct sink *sink = NULL;
	struct err e = { 0 };
	struct ack ack = { ACK_NONE };
	struct job j = { .nr = 0 };
	int rc;

	if (argc < 6 || argc > 5 + SHAPE_MAX)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	j.seed = (uint32_t)atoi(argv[2]);
	for (; j.nr < (size_t)argc - 5; j.nr++)
		j.starts[j.nr] = j.at[j.nr] = strtoull(argv[5 + j.nr], NULL, 0);
	rc = read_file(argv[3], 1 << 30, &j.data, &j.len, &e);
	j.starts[j.nr] = j.len;
	if (!rc)
		rc = s3_place_open(&place, &web, &sink, argv[4], 0, HTTP_UNKNOWN, false, &e);
	if (!rc)
		rc = put(&j, sink, &e);
	if (!rc)
		rc = sink_commit(sink, &ack, &e);
	sink_close(sink);
	s3_place_close(&place);
	free(j.data);
	if (rc)
		fprintf(stderr, "%s\n", e.msg);
	return rc ? 1 : ack.level != ACK_NAMED;
}
