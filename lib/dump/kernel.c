/* kernel - the crashed kernel as data: its description, its address translation, its name. */
/* SPDX-License-Identifier: MIT */
#include "dump/kernel.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "dump/kdumphead.h"

void kernel_doubt(struct kernel *k, const char *fmt, ...)
{
	size_t n = strlen(k->doubt);
	va_list ap;

	if (n + 3 >= sizeof(k->doubt))
		return;
	if (n)
		n += (size_t)snprintf(k->doubt + n, sizeof(k->doubt) - n, "; ");
	va_start(ap, fmt);
	vsnprintf(k->doubt + n, sizeof(k->doubt) - n, fmt, ap);
	va_end(ap);
}

static bool linear(vaddr_t va, vaddr_t start, vaddr_t end, paddr_t at, paddr_t *pa, uint64_t *run)
{
	if (va < start || va >= end)
		return false;
	*pa = va - start + at;
	*run = end - va;
	return true;
}

/* Kernel addresses have bit 63 set; some tools write 0 or -1 where they know none. */
static bool load_mapped(const struct load *l)
{
	return l->vaddr >> 63 && l->vaddr != UINT64_MAX &&
	       l->vaddr + (l->end - l->start) > l->vaddr;
}

/* Without tables: the addresses at which the kernel had its memory, as its PT_LOADs say. */
static int direct(const struct kernel *k, vaddr_t va, paddr_t *pa, uint64_t *run)
{
	const struct vtop *t = &k->vtop;

	for (size_t i = 0; i < k->src.nr_loads; i++) {
		const struct load *l = &k->src.loads[i];

		if (load_mapped(l) &&
		    linear(va, l->vaddr, l->vaddr + (l->end - l->start), l->start, pa, run))
			return 0;
	}
	return linear(va, t->direct_start, t->direct_end, t->direct_pa, pa, run) ? 0 : -ENXIO;
}

int kernel_vtop(struct kernel *k, vaddr_t va, paddr_t *pa, uint64_t *run)
{
	const struct vtop *t = &k->vtop;
	int rc = -EIO;

	if (va >> 55 & 1)
		va |= t->tag;
	/* The image is mapped linearly: no table is needed, so a broken one does no harm here. */
	if (linear(va, t->image_start, t->image_end, t->image_pa, pa, run))
		return 0;
	if (t->usable)
		rc = k->machine->walk(k, va, pa, run);
	if (rc == -EIO && !direct(k, va, pa, run))
		rc = 0;
	return t->usable || !rc ? rc : -ENXIO;
}

int kernel_read(struct kernel *k, vaddr_t va, void *buf, size_t len)
{
	uint8_t *to = buf;

	while (len) {
		uint64_t run;
		paddr_t pa;
		int rc = kernel_vtop(k, va, &pa, &run);

		if (rc)
			return rc;
		if (run > len)
			run = len;
		rc = source_read(&k->src, pa, to, run);
		if (rc)
			return rc;
		to += run;
		va += run;
		len -= run;
	}
	return 0;
}

int kernel_read_u64(struct kernel *k, vaddr_t va, uint64_t *out)
{
	uint8_t raw[8];
	int rc = kernel_read(k, va, raw, sizeof(raw));

	if (!rc)
		*out = get_le64(raw);
	return rc;
}

int kernel_read_u32(struct kernel *k, vaddr_t va, uint32_t *out)
{
	uint8_t raw[4];
	int rc = kernel_read(k, va, raw, sizeof(raw));

	if (!rc)
		*out = get_le32(raw);
	return rc;
}

static unsigned page_shift(const struct vmcoreinfo *v)
{
	char text[24];
	unsigned long n;

	if (!vmcoreinfo_string(v, "PAGESIZE", text, sizeof(text)))
		return 12;
	n = strtoul(text, NULL, 10);
	for (unsigned shift = 12; shift <= 16; shift++)
		if (n == 1UL << shift)
			return shift;
	return 12;
}

/* The six strings of struct new_utsname at va, if they look like them. */
static bool take_uts(struct kernel *k, vaddr_t va, const char *release)
{
	uint8_t raw[UTS_FIELDS * UTS_LEN];

	if (kernel_read(k, va, raw, sizeof(raw)) ||
	    strncmp((char *)raw + 2 * UTS_LEN, release, UTS_LEN))
		return false;
	for (int i = 0; i < UTS_FIELDS; i++)
		memcpy(k->uts[i], raw + i * UTS_LEN, UTS_LEN - 1);
	return true;
}

bool kernel_names_itself(struct kernel *k)
{
	/* Where the name stands in struct uts_namespace to 5.10, which do not tell: behind a kref. */
	static const uint32_t untold[] = { 4, 0 };
	char release[UTS_LEN] = "";
	uint64_t symbol;
	uint32_t offset;

	if (!vmcoreinfo_string(&k->info, "OSRELEASE", release, sizeof(release)) || !release[0] ||
	    !vmci_symbol(&k->info, "init_uts_ns", &symbol))
		return false;
	if (vmci_offset(&k->info, "uts_namespace.name", &offset))
		return take_uts(k, symbol + offset, release);
	for (size_t i = 0; i < sizeof(untold) / sizeof(untold[0]); i++)
		if (take_uts(k, symbol + untold[i], release))
			return true;
	return false;
}

const struct load *kernel_image_load(const struct kernel *k)
{
	const struct source *s = &k->src;

	for (size_t i = 0; i < s->nr_loads; i++) {
		const struct load *l = &s->loads[i];

		for (size_t j = 0; j < s->nr_loads && load_mapped(l); j++) {
			const struct load *o = &s->loads[j];

			if (o->end - o->start > l->end - l->start && o->start <= l->start &&
			    l->end <= o->end && o->vaddr + (l->start - o->start) != l->vaddr)
				return l;
		}
	}
	return NULL;
}

static bool walks_to(struct kernel *k, vaddr_t va, paddr_t wanted)
{
	uint64_t run;
	paddr_t pa;

	return !k->machine->walk(k, va, &pa, &run) && pa == wanted;
}

bool kernel_tables_agree(struct kernel *k, vaddr_t va)
{
	enum { ENOUGH = 16 };		/* of a core with thousands of PT_LOADs */
	const struct source *s = &k->src;
	size_t n = s->nr_loads < ENOUGH ? s->nr_loads : ENOUGH;
	uint64_t run;
	paddr_t pa;

	if (linear(va, k->vtop.image_start, k->vtop.image_end, k->vtop.image_pa, &pa, &run) &&
	    walks_to(k, va, pa))
		return true;
	for (size_t i = 0; i < n; i++)
		if (load_mapped(&s->loads[i]) && walks_to(k, s->loads[i].vaddr, s->loads[i].start))
			return true;
	return false;
}

static const struct machine *const machines[] = { &machine_x86_64, &machine_aarch64 };

static void learn(struct kernel *k)
{
	char text[UTS_LEN] = "";

	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (machines[i]->elf == k->src.machine)
			k->machine = machines[i];
	vmcoreinfo_string(&k->info, "OSRELEASE", text, sizeof(text));
	snprintf(k->uts[0], UTS_LEN, "Linux");
	snprintf(k->uts[2], UTS_LEN, "%s", text);
	snprintf(k->uts[4], UTS_LEN, "%s", k->machine ? k->machine->name : "unknown");
	if (k->machine)
		k->machine->vtop_init(k);
	else
		kernel_doubt(k, "no address translation for machine type %u", k->src.machine);
	k->proven = kernel_names_itself(k);
	if (!k->proven)
		kernel_doubt(k, "the release string '%s' is not in memory where it should be", text);
	if (vmcoreinfo_string(&k->info, "CRASHTIME", text, sizeof(text)))
		k->crash_time = strtoull(text, NULL, 10);
}

/* What memory and description do not tell, the header of a dump may. */
static void take_head(struct kernel *k, const struct kdump_head *h)
{
	if (!k->proven)
		for (int i = 0; i < UTS_FIELDS; i++)
			memcpy(k->uts[i], h->uts[i], UTS_LEN);
	if (!k->crash_time)
		k->crash_time = h->crash_time;
	k->vtop.phys_base = h->phys_base;
	if (!k->notes.nr_cpus)
		k->notes.nr_cpus = h->nr_cpus;
}

int kernel_open(struct kernel *k, const char *path, struct err *e)
{
	int rc;

	*k = (struct kernel){ 0 };
	rc = source_open(&k->src, path, e);
	return rc ? rc : kernel_start(k, path, e);
}

int kernel_start(struct kernel *k, const char *path, struct err *e)
{
	struct err why = { 0 };
	int rc;

	guard_install();
	notes_walk(&k->src, &k->notes);
	if (k->notes.cut)
		kernel_doubt(k, "the notes are cut or damaged");
	vmcoreinfo_load(&k->info, &k->src, &k->notes, &why);
	rc = source_set_pages(&k->src, page_shift(&k->info), e);
	if (!rc && !k->src.nr_ram)
		rc = err_say(e, -EINVAL, "%s: not one whole page of memory in it", path);
	if (rc) {
		kernel_close(k);
		return rc;
	}
	learn(k);
	if (k->src.head)
		take_head(k, k->src.head);
	/* Without a description nothing else is to be expected. */
	if (!k->info.text)
		snprintf(k->doubt, sizeof(k->doubt), "%s", why.msg);
	return 0;
}

void kernel_close(struct kernel *k)
{
	vmcoreinfo_free(&k->info);
	source_close(&k->src);
}
