/* s3plan - how large are the parts of an object, before anybody knows how large it is? */
/* SPDX-License-Identifier: MIT */
#include "sink/s3.h"

enum { MIB = 1 << 20, STREAM_PART = 8 * MIB, GROW_AFTER = 1000, HEAD_BUFFERS = 3 };

static uint64_t round_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) / to * to;
}

struct s3_plan s3_plan_make(uint64_t data_at, uint64_t most, uint64_t memory)
{
	struct s3_plan p = { .head = round_up(data_at ? data_at : 1, S3_PART_MIN) / S3_PART_MIN };
	uint64_t heads = (p.head < HEAD_BUFFERS ? p.head : HEAD_BUFFERS) * S3_PART_MIN, data, want;
	uint64_t room = memory > heads ? memory - heads : 0;

	data = most > p.head * S3_PART_MIN ? most - p.head * S3_PART_MIN : 0;
	want = p.head < S3_PARTS_MAX ? round_up(data / (S3_PARTS_MAX - p.head) + 1, MIB) : 0;
	if (want > room)
		want = room / MIB * MIB;
	if (want < S3_PART_MIN)
		want = S3_PART_MIN;
	p.data_part = want < S3_PART_MAX ? want : S3_PART_MAX;
	return p;
}

struct s3_plan s3_plan_stream(uint64_t len)
{
	struct s3_plan p = { .data_part = STREAM_PART, .grows = len == HTTP_UNKNOWN };

	if (!p.grows && len / S3_PARTS_MAX >= STREAM_PART)
		p.data_part = round_up(len / S3_PARTS_MAX + 1, MIB);
	return p;
}

/* Bytes of the first n parts behind the head. */
static uint64_t span(const struct s3_plan *p, uint64_t n)
{
	uint64_t sum = 0, size = p->data_part;

	if (!p->grows)
		return n * size;
	for (; n > GROW_AFTER; n -= GROW_AFTER, size *= 2)
		sum += GROW_AFTER * size;
	return sum + n * size;
}

uint64_t s3_plan_start(const struct s3_plan *p, uint64_t part)
{
	if (part <= p->head)
		return part * S3_PART_MIN;
	return p->head * S3_PART_MIN + span(p, part - p->head);
}

uint64_t s3_plan_part(const struct s3_plan *p, uint64_t at)
{
	uint64_t part = p->head, size = p->data_part;

	if (at < p->head * S3_PART_MIN)
		return at / S3_PART_MIN;
	at -= p->head * S3_PART_MIN;
	while (p->grows && at >= GROW_AFTER * size) {
		at -= GROW_AFTER * size;
		part += GROW_AFTER;
		size *= 2;
	}
	return part + at / size;
}

uint64_t s3_plan_limit(const struct s3_plan *p)
{
	return s3_plan_start(p, S3_PARTS_MAX);
}
