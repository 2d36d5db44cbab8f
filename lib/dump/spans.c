/* spans - pieces of a file written one over the other: which of them is right for a byte. */
/* SPDX-License-Identifier: MIT */
#include "dump/spans.h"

#include <errno.h>
#include <stdlib.h>

static int by_place(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->from < y->from ? -1 : x->from > y->from;
}

/* A heap of spans that cover the current byte; the one written last is at the top. */
struct heap {
	struct span *items;
	size_t       nr;
};

static void push(struct heap *h, struct span s)
{
	size_t i = h->nr++;

	for (; i && h->items[(i - 1) / 2].from < s.from; i = (i - 1) / 2)
		h->items[i] = h->items[(i - 1) / 2];
	h->items[i] = s;
}

static void pop(struct heap *h)
{
	struct span last = h->items[--h->nr];
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < h->nr && h->items[child + 1].from > h->items[child].from)
			child++;
		if (child >= h->nr || h->items[child].from <= last.from)
			break;
		h->items[i] = h->items[child];
		i = child;
	}
	h->items[i] = last;
}

/* [at, end) from the span that is right there, joined to the one before if it is the same record. */
static void emit(struct span *out, size_t *nr, const struct span *top, uint64_t at, uint64_t end)
{
	uint64_t from = top->from + (at - top->at);
	struct span *last = *nr ? &out[*nr - 1] : NULL;

	if (last && last->end == at && last->from + (at - last->at) == from)
		last->end = end;
	else
		out[(*nr)++] = (struct span){ at, end, from };
}

/* Sweep over sorted spans. out has room for two spans for each. Returns how many there are. */
static size_t sweep(const struct span *in, size_t nr, struct heap *h, struct span *out)
{
	uint64_t at = 0, end;
	size_t i = 0, n = 0;

	while (i < nr || h->nr) {
		if (!h->nr && in[i].at > at)
			at = in[i].at;
		while (i < nr && in[i].at <= at)
			push(h, in[i++]);
		while (h->nr && h->items[0].end <= at)
			pop(h);
		if (!h->nr)
			continue;
		end = h->items[0].end;
		if (i < nr && in[i].at < end)
			end = in[i].at;
		emit(out, &n, &h->items[0], at, end);
		at = end;
	}
	return n;
}

int spans_order(struct span **list, size_t *nr)
{
	struct span *in = *list, *out;
	struct heap h = { 0 };
	bool overlap = false;

	if (*nr)
		qsort(in, *nr, sizeof(*in), by_place);
	for (size_t i = 1; i < *nr; i++)
		overlap |= in[i].at < in[i - 1].end;
	if (!overlap)
		return 0;
	h.items = malloc(*nr * sizeof(*h.items));
	out = malloc(2 * *nr * sizeof(*out));
	if (!h.items || !out) {
		free(h.items);
		free(out);
		return -ENOMEM;
	}
	*nr = sweep(in, *nr, &h, out);
	free(h.items);
	free(in);
	*list = out;
	return 0;
}

size_t spans_find(const struct span *list, size_t nr, uint64_t at)
{
	size_t low = 0, high = nr;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (list[mid].end <= at)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}
