/* kernel - the crashed kernel as data: its description, its address translation, its name. */
/* SPDX-License-Identifier: MIT */
#include "dump/kernel.h"

#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

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

int kernel_vtop(struct kernel *k, vaddr_t va, paddr_t *pa, uint64_t *run)
{
	const struct vtop *t = &k->vtop;

	/* The image is mapped linearly: no table is needed, so a broken one does no harm here. */
	if (va >= t->image_start && va < t->image_end) {
		*pa = va - t->image_start + t->image_pa;
		*run = t->image_end - va;
		return 0;
	}
	return t->usable ? x86_64_walk(k, va, pa, run) : -ENXIO;
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

/* The six strings of init_uts_ns, if they are where the description says and look like them. */
static bool read_uts(struct kernel *k, const char *release)
{
	uint8_t raw[UTS_FIELDS * UTS_LEN];
	uint64_t symbol;
	uint32_t offset;

	if (!vmci_symbol(&k->info, "init_uts_ns", &symbol) ||
	    !vmci_offset(&k->info, "uts_namespace.name", &offset))
		return false;
	if (kernel_read(k, symbol + offset, raw, sizeof(raw)))
		return false;
	if (strncmp((char *)raw + 2 * UTS_LEN, release, UTS_LEN))
		return false;
	for (int i = 0; i < UTS_FIELDS; i++)
		memcpy(k->uts[i], raw + i * UTS_LEN, UTS_LEN - 1);
	return true;
}

static void learn(struct kernel *k)
{
	const char *machine = k->src.machine == EM_X86_64 ? "x86_64" :
			      k->src.machine == EM_AARCH64 ? "aarch64" : "unknown";
	char text[UTS_LEN] = "";

	if (k->src.machine == EM_X86_64)
		x86_64_vtop_init(k);
	else
		kernel_doubt(k, "no address translation for machine type %u", k->src.machine);
	vmcoreinfo_string(&k->info, "OSRELEASE", text, sizeof(text));
	snprintf(k->uts[0], UTS_LEN, "Linux");
	snprintf(k->uts[2], UTS_LEN, "%s", text);
	snprintf(k->uts[4], UTS_LEN, "%s", machine);
	k->proven = text[0] && read_uts(k, text);
	if (!k->proven)
		kernel_doubt(k, "the release string '%s' is not in memory where it should be", text);
	if (vmcoreinfo_string(&k->info, "CRASHTIME", text, sizeof(text)))
		k->crash_time = strtoull(text, NULL, 10);
}

int kernel_open(struct kernel *k, const char *path, struct err *e)
{
	struct err why = { 0 };
	int rc;

	*k = (struct kernel){ 0 };
	guard_install();
	rc = source_open(&k->src, path, e);
	if (rc)
		return rc;
	notes_walk(&k->src, &k->notes);
	if (vmcoreinfo_load(&k->info, &k->src, &k->notes, &why))
		kernel_doubt(k, "%s", why.msg);
	rc = source_set_pages(&k->src, page_shift(&k->info), e);
	if (!rc && !k->src.nr_ram)
		rc = err_say(e, -EINVAL, "%s: not one whole page of memory in it", path);
	if (rc) {
		kernel_close(k);
		return rc;
	}
	if (k->info.text)
		learn(k);
	else
		snprintf(k->uts[4], UTS_LEN, "%s", k->src.machine == EM_AARCH64 ? "aarch64" : "x86_64");
	return 0;
}

void kernel_close(struct kernel *k)
{
	vmcoreinfo_free(&k->info);
	source_close(&k->src);
}
