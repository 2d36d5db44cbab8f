/* owners - which page a descriptor belongs to, by the frame number that we write into each. */
/* SPDX-License-Identifier: MIT */
#include "dump/owners.h"

#include <errno.h>
#include <stdlib.h>

#include "base/buf.h"
#include "dump/layout.h"

bool owner_of(const uint8_t *desc, const struct bytes *in, pfn_t max_pfn, uint32_t block, pfn_t *pfn)
{
	uint64_t at = get_le64(desc), owner = get_le64(desc + 16);
	uint32_t size = get_le32(desc + 8);

	*pfn = owner & ~DESC_OWNER_MASK;
	return (owner & DESC_OWNER_MASK) == DESC_OWNER_MARK && *pfn < max_pfn && at && size && size <= block &&
	       in_bounds(at, size, in->end);
}

static struct owner_group *add_group(struct owners *o, size_t *room)
{
	if (o->nr == *room) {
		size_t n = *room ? 2 * *room : 64;
		struct owner_group *p = realloc(o->groups, n * sizeof(*p));

		if (!p)
			return NULL;
		o->groups = p;
		*room = n;
	}
	o->groups[o->nr] = (struct owner_group){ .below = o->end };
	return &o->groups[o->nr++];
}

/* What a walk over all descriptors looks at. */
struct limits {
	const struct bytes *in;
	uint64_t max_descs, data_at;	/* data_at: the lowest place that a descriptor speaks of */
	pfn_t    max_pfn;
	uint32_t block;
};

static void take_group(struct owners *o, struct owner_group *g, struct limits *l, uint64_t first,
		       const uint8_t *raw)
{
	for (uint64_t i = first; i < first + OWNERS_GROUP && i < l->max_descs; i++, raw += KDUMP_DESC_SIZE) {
		pfn_t pfn;

		if (o->at + (i + 1) * KDUMP_DESC_SIZE > l->data_at)
			return;
		if (!owner_of(raw, l->in, l->max_pfn, l->block, &pfn) || pfn < o->end)
			continue;
		if (get_le64(raw) < l->data_at)
			l->data_at = get_le64(raw);
		o->end = pfn + 1;
		o->total++;
		g->nr++;
	}
}

int owners_open(struct owners *o, const struct bytes *in, uint64_t at, uint64_t max_descs, pfn_t max_pfn,
		uint32_t block, struct err *e)
{
	enum { GROUP_BYTES = OWNERS_GROUP * KDUMP_DESC_SIZE };
	struct limits l = { in, max_descs, in->end, max_pfn, block };
	uint8_t *raw = malloc(GROUP_BYTES);
	size_t room = 0;
	int rc = raw ? 0 : -ENOMEM;

	*o = (struct owners){ .at = at };
	for (uint64_t i = 0; !rc && i < max_descs && at + i * KDUMP_DESC_SIZE < l.data_at; i += OWNERS_GROUP) {
		struct owner_group *g = add_group(o, &room);

		rc = g ? bytes_read(in, raw, GROUP_BYTES, at + i * KDUMP_DESC_SIZE) : -ENOMEM;
		if (rc == -ENODATA)
			rc = 0;
		if (!rc)
			take_group(o, g, &l, i, raw);
	}
	free(raw);
	o->data_at = l.data_at;
	if (!rc)
		return 0;
	owners_close(o);
	return err_set(e, rc, "read the page descriptors");
}

void owners_close(struct owners *o)
{
	free(o->groups);
	*o = (struct owners){ 0 };
}

size_t owners_find(const struct owners *o, pfn_t pfn)
{
	size_t low = 0, high = o->nr;

	/* The last group of which all before it lies below pfn. */
	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;

		if (o->groups[mid].below <= pfn)
			low = mid;
		else
			high = mid;
	}
	return pfn < o->end ? low : o->nr;
}
