/* packpages - how long does each codec alone take for the pages of a dump, and how small do they get? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dump/codec.h"
#include "dump/kdumpfile.h"

enum { ROUNDS = 3, BATCH = 64 };	/* pages that a cache holds beside a codec's state */

struct pages {
	uint8_t *bytes;
	size_t   nr, size;
};

static void die(const char *what, const struct err *e)
{
	fprintf(stderr, "packpages: %s: %s\n", what, e->msg);
	exit(1);
}

/* All pages of the dump but those of zeros, which no codec gets to see. */
static void load(struct pages *p, const char *path)
{
	struct err e = { 0 };
	struct kdumpfile f;
	struct kdump_walk w = { 0 };
	struct kdump_reader *r;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || kdumpfile_open(&f, fd, false, &e))
		die(path, &e);
	p->size = f.head.block;
	p->bytes = malloc(f.nr_descs * p->size);
	r = kdump_reader_new(&f);
	for (; p->bytes && r && kdumpfile_next(r, &w) == 1; w.pfn++) {
		uint8_t *page = p->bytes + p->nr * p->size;

		if (kdumpfile_page(r, &w.desc, page))
			die(path, &e);
		p->nr += page[0] || memcmp(page, page + 1, p->size - 1);
	}
	kdump_reader_free(r);
	kdumpfile_close(&f);
	close(fd);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static size_t pack(const struct codec *c, void *state, const struct pages *p, size_t first, size_t n, uint8_t *out)
{
	size_t sum = 0;

	for (size_t i = first; i < first + n; i++) {
		size_t len = c->pack(state, p->bytes + i * p->size, p->size, out);

		sum += len && len < p->size ? len : p->size;
	}
	return sum;
}

/* Of several times that a batch takes the least is taken: other work on the machine makes them longer. */
static void measure(const struct codec *c, const struct pages *p)
{
	void *state = calloc(1, c->state_size(p->size));
	uint8_t *out = malloc(codec_bound(p->size));
	double total = 0;
	size_t sum = 0;

	if (!state || !out || c->init(state, p->size))
		exit(1);
	for (size_t i = 0; i < p->nr; i += BATCH) {
		size_t n = p->nr - i < BATCH ? p->nr - i : BATCH, len = 0;
		double least = 1e9;

		for (int k = 0; k < ROUNDS; k++) {
			double began = seconds(), took;

			len = pack(c, state, p, i, n, out);
			took = seconds() - began;
			least = took < least ? took : least;
		}
		total += least;
		sum += len;
	}
	printf("%s %.0f ms, %.2f us a page, %.4f of %zu pages\n", c->name, total * 1e3, total * 1e6 / (double)p->nr,
	       (double)sum / (double)(p->nr * p->size), p->nr);
	free(state);
	free(out);
}

int main(int argc, char **argv)
{
	struct pages p = { 0 };

	if (argc < 3) {
		fprintf(stderr, "usage: packpages DUMP CODEC...\n");
		return 2;
	}
	load(&p, argv[1]);
	for (int i = 2; i < argc && p.nr; i++) {
		const struct codec *c = codec_find(argv[i]);

		if (!c)
			return 2;
		measure(c, &p);
	}
	free(p.bytes);
	return 0;
}
