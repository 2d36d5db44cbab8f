/* cursor - which kept pages come next. */
/* SPDX-License-Identifier: MIT */
#include "dump/cursor.h"

#include <errno.h>
#include <stdlib.h>

static size_t take_early(struct cursor *c, struct packed *out, size_t max)
{
	const struct early_page *page;
	size_t n = 0;

	while (n < max && (page = early_next(c->early, &c->order)))
		out[n++].pfn = page->pfn;
	return n;
}

/* Whether a page went first already. Asked for in rising order. */
static bool was_early(struct cursor *c, pfn_t pfn)
{
	const struct early_page *next;

	if (pfn != c->skip)
		return false;
	early_pass(&c->passed);
	next = early_lowest(c->early, &c->passed);
	c->skip = next ? next->pfn : UINT64_MAX;
	return true;
}

int cursor_init(struct cursor *c, struct filter *f, const struct early *early)
{
	const struct early_page *next;

	*c = (struct cursor){ .filter = f, .early = early };
	next = early ? early_lowest(early, &c->passed) : NULL;
	c->skip = next ? next->pfn : UINT64_MAX;
	c->scratch = calloc(filter_section_words(f), sizeof(uint64_t));
	return c->scratch ? 0 : -ENOMEM;
}

void cursor_free(struct cursor *c)
{
	free(c->scratch);
	c->scratch = NULL;
}

size_t cursor_take(struct cursor *c, struct packed *out, size_t max)
{
	struct filter *f = c->filter;
	uint64_t words = filter_section_words(f);
	size_t n = c->early ? take_early(c, out, max) : 0;

	if (n)
		return n;
	while (c->section < f->nr_sections && n < max) {
		if (!c->bits) {
			c->bits = filter_bits(f, c->section, c->scratch);
			c->word = 0;
			c->rest = c->bits ? c->bits[0] : 0;
		}
		while (c->bits && c->word < words && n < max) {
			if (!c->rest) {
				if (++c->word < words)
					c->rest = c->bits[c->word];
				continue;
			}
			out[n].pfn = (c->section << f->section_shift) + c->word * 64 +
				     (uint64_t)__builtin_ctzll(c->rest);
			c->rest &= c->rest - 1;
			n += !was_early(c, out[n].pfn);
		}
		if (c->bits && c->word < words)
			break;
		c->section++;
		c->bits = NULL;
		if (n)
			break;
	}
	return n;
}
