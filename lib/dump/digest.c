/* digest - checksums of a dump, one for each extent, while it is written. */
/* SPDX-License-Identifier: MIT */
#define XXH_IMPLEMENTATION
#include "dump/digest.h"

#include <errno.h>
#include <sys/mman.h>

#include "base/buf.h"

const char *const digest_names[] = { "xxh64", "sha256" };

static void restart(struct digest *d)
{
	if (d->kind == DIGEST_SHA256)
		br_sha256_init(&d->sha);
	else
		XXH64_reset(&d->xxh, 0);
	d->fill = 0;
}

int digest_init(struct digest *d, enum digest_kind kind, uint64_t max_len, struct err *e)
{
	*d = (struct digest){ .kind = kind, .sum_len = kind == DIGEST_SHA256 ? 32 : 8 };
	d->max = (size_t)(max_len / DIGEST_EXTENT) + 1;
	/* Sized for the worst case, but only what is used takes memory. */
	d->sums = mmap(NULL, d->max * d->sum_len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (d->sums == MAP_FAILED) {
		d->sums = NULL;
		return err_set(e, -ENOMEM, "room for %zu checksums", d->max);
	}
	restart(d);
	return 0;
}

void digest_free(struct digest *d)
{
	if (d->sums)
		munmap(d->sums, d->max * d->sum_len);
	d->sums = NULL;
}

void digest_end(struct digest *d)
{
	uint8_t *sum = d->sums + d->nr * d->sum_len;

	if (!d->fill || d->nr == d->max)
		return;
	if (d->kind == DIGEST_SHA256)
		br_sha256_out(&d->sha, sum);
	else
		put_be64(sum, XXH64_digest(&d->xxh));
	d->nr++;
	restart(d);
}

void digest_add(struct digest *d, const void *buf, size_t len)
{
	const char *p = buf;

	d->total += len;
	while (len) {
		size_t n = DIGEST_EXTENT - d->fill < len ? (size_t)(DIGEST_EXTENT - d->fill) : len;

		if (d->kind == DIGEST_SHA256)
			br_sha256_update(&d->sha, p, n);
		else
			XXH64_update(&d->xxh, p, n);
		d->fill += n;
		p += n;
		len -= n;
		if (d->fill == DIGEST_EXTENT)
			digest_end(d);
	}
}

void digest_add_zeros(struct digest *d, uint64_t len)
{
	static const char zeros[4096];

	for (; len > sizeof(zeros); len -= sizeof(zeros))
		digest_add(d, zeros, sizeof(zeros));
	digest_add(d, zeros, len);
}
