/* freecount - how many pages the crashed kernel itself counted as free. */
/* SPDX-License-Identifier: MIT */
#include "dump/freecount.h"

enum {
	MAX_NODES = 1024,		/* 1 << CONFIG_NODES_SHIFT at most */
	MAX_ZONES = 8,			/* MAX_NR_ZONES is 6 */
	SLACK     = 64 << 20,		/* bytes */
};

/* Where it is, all from vmcoreinfo. */
struct counters {
	uint32_t zones, nr_zones;	/* in struct pglist_data */
	uint32_t zone_size, vm_stat;
	uint64_t index;			/* in vm_stat, of 8 bytes each */
};

static bool read_keys(const struct vmcoreinfo *v, struct counters *c)
{
	int64_t index;

	if (!vmci_offset(v, "pglist_data.node_zones", &c->zones) ||
	    !vmci_offset(v, "pglist_data.nr_zones", &c->nr_zones) || !vmci_size(v, "zone", &c->zone_size) ||
	    !vmci_offset(v, "zone.vm_stat", &c->vm_stat) || !vmci_number(v, "NR_FREE_PAGES", &index))
		return false;
	c->index = (uint64_t)index;
	return index >= 0 && index < 64 && c->vm_stat < c->zone_size;
}

static bool add_node(struct kernel *k, const struct counters *c, vaddr_t node, uint64_t max, uint64_t *sum)
{
	uint32_t zones;
	uint64_t n;

	if (kernel_read_u32(k, node + c->nr_zones, &zones) || zones > MAX_ZONES)
		return false;
	for (uint32_t i = 0; i < zones; i++) {
		vaddr_t zone = node + c->zones + (uint64_t)i * c->zone_size;

		if (kernel_read_u64(k, zone + c->vm_stat + c->index * 8, &n) || n > max)
			return false;
		*sum += n;
	}
	return true;
}

bool freecount(struct kernel *k, uint64_t *pages)
{
	const struct vmcoreinfo *v = &k->info;
	uint64_t max = source_max_pfn(&k->src), sum = 0;
	uint32_t nodes;
	struct counters c;
	vaddr_t at, node;

	if (!read_keys(v, &c))
		return false;
	if (vmci_symbol(v, "contig_page_data", &at)) {
		if (!add_node(k, &c, at, max, &sum))
			return false;
	} else if (vmci_symbol(v, "node_data", &at) && vmci_length(v, "node_data", &nodes) && nodes <= MAX_NODES) {
		for (uint32_t i = 0; i < nodes; i++)
			if (kernel_read_u64(k, at + i * 8ULL, &node) ||
			    (node && !add_node(k, &c, node, max, &sum)))
				return false;
	} else {
		return false;
	}
	if (!sum)	/* no kernel has none: it is not what it was taken for */
		return false;
	*pages = sum;
	return true;
}

bool freecount_absurd(uint64_t found, uint64_t counted, unsigned page_shift)
{
	return found > counted + counted / 4 + ((uint64_t)SLACK >> page_shift);
}
