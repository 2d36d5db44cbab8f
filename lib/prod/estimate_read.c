/* estimate_read - of which size are this machine, its kernel and the image for it? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/io.h"
#include "boot/bootargs.h"
#include "prod/estimate.h"
#include "prod/wanted.h"

enum { IOMEM_MAX = 16 << 20 };

enum { UNKNOWN = -1 };

/*
 * Drivers of large cards, MiB beside what the rings of any card take (estimate.c). 0: takes little in a capture kernel,
 * as its source in Linux says or as measured; UNKNOWN: rings or firmware areas may be large, and nobody has published
 * what they come to with the few queues of a capture kernel.
 */
static const struct {
	const char *module;
	int         mib;
} large_drivers[] = {
	{ "mlx5_core", 200 },		/* kdump_get_arch_recommend_crashkernel of kdump-utils: 150, 200 with 64k pages */
	{ "mlx4_core", 0 },		/* mlx4_low_memory_profile(): is_kdump_kernel() */
	{ "megaraid_sas", 0 },		/* reset_devices: MEGASAS_KDUMP_QUEUE_DEPTH, 100 commands */
	{ "mpt3sas", 0 },		/* reset_devices: MPT3SAS_KDUMP_SCSI_IO_DEPTH, 200 commands */
	{ "qla2xxx", 0 },		/* is_kdump_kernel(): one queue, no memory for a dump of its firmware */
	{ "nvme", 0 },			/* a queue per CPU and one: 1024 entries of 64 + 16 bytes */
	{ "virtio_blk", 0 }, { "virtio_net", 0 }, { "virtio_scsi", 0 },	/* tests/README: the guests of the table */
	{ "bnxt_en", UNKNOWN }, { "i40e", UNKNOWN }, { "ice", UNKNOWN }, { "ixgbe", UNKNOWN }, { "lpfc", UNKNOWN },
};

/* "System RAM" of /proc/iomem, whose addresses only root sees; else MemTotal. */
static uint64_t machine_ram(const struct place *p)
{
	char path[PATH_MAX], *text;
	unsigned long long start, end;
	uint64_t ram = 0, kb = 0;
	const char *at;
	size_t len;

	if (!read_file(place_path(p, "/proc/iomem", path), IOMEM_MAX, &text, &len, NULL)) {
		for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
			if (*line != ' ' && sscanf(line, "%llx-%llx : System RAM", &start, &end) == 2 && end > start &&
			    !strncmp(line + strcspn(line, ":\n"), ": System RAM", 12))
				ram += end - start + 1;
		free(text);
	}
	if (ram || read_file(place_path(p, "/proc/meminfo", path), 1 << 16, &text, &len, NULL))
		return ram;
	at = strstr(text, "MemTotal:");
	kb = at ? strtoull(at + strlen("MemTotal:"), NULL, 10) : 0;
	free(text);
	return kb << 10;
}

static unsigned machine_cpus(const struct place *p)
{
	char path[PATH_MAX], text[4096];
	unsigned n = 0;

	if (!read_line(place_path(p, "/sys/devices/system/cpu/online", path), text, sizeof(text)))
		n = capture_count_cpus(text);
	return n ? n : 1;
}

static void look_at_driver(struct estimate_facts *f, const char *name, size_t len)
{
	size_t n = strlen(f->unknown);

	for (size_t d = 0; d < sizeof(large_drivers) / sizeof(large_drivers[0]); d++) {
		if (strncmp(name, large_drivers[d].module, len) || large_drivers[d].module[len])
			continue;
		if (large_drivers[d].mib == UNKNOWN)
			snprintf(f->unknown + n, sizeof(f->unknown) - n, "%s%.*s", n ? " " : "", (int)len, name);
		if (large_drivers[d].mib <= 0)
			continue;
		f->drivers += (uint64_t)large_drivers[d].mib << 20;
		snprintf(f->large, sizeof(f->large), "%s", large_drivers[d].module);
	}
}

/* Of modules only what is in memory counts twice: as a file, and loaded. */
static void look_at_modules(struct estimate_facts *f, const struct cpio *c)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct cpio_entry *at = &c->entries[i];
		size_t n = strlen(at->path);
		const char *name = strrchr(at->path, '/');

		if (at->kind != 'f' || !name || n < 4 || strcmp(at->path + n - 3, ".ko"))
			continue;
		f->modules += at->len;
		look_at_driver(f, name + 1, (size_t)(at->path + n - 3 - name - 1));
	}
}

static int read_conf(struct estimate_facts *f, const struct place *p, struct err *e)
{
	struct kdump_conf *c = malloc(sizeof(*c));

	if (!c)
		return err_set(e, -ENOMEM, "estimate");
	conf_defaults(c);
	conf_read(c, p->conf_path, CONF_LENIENT, NULL);
	strcpy(f->compress, c->defaults.compress);
	f->threads = c->defaults.threads;
	for (int i = 0; i < c->nr_targets; i++) {
		f->remote |= target_is_remote(&c->targets[i]);
		f->store |= c->targets[i].kind == TARGET_S3;
		strcpy(f->compress, c->targets[i].opts.compress);
		if (c->targets[i].opts.threads > f->threads)
			f->threads = c->targets[i].opts.threads;
	}
	free(c);
	return 0;
}

/* nr_cpus= that somebody asked for: who appends a word has it instead of ours. */
static unsigned asked_cpus(const struct place *p)
{
	struct capture_words words = { 0 };
	char *text;
	unsigned n = 0;
	size_t len;

	if (!read_file(p->conf_path, CONF_FILE_MAX, &text, &len, NULL)) {
		capture_words_read(&words, text, len);
		free(text);
	}
	for (int i = 0; i < 2; i++) {
		const char *line = i ? p->append : words.append, *word;

		while (line && (word = bootarg_next(&line, &len)))
			if (bootarg_is(word, len, "nr_cpus") && len > 8)
				n = (unsigned)strtoul(word + 8, NULL, 10);
	}
	return n;
}

int estimate_read(struct estimate_facts *f, const struct place *p, struct err *e)
{
	struct wanted *w = calloc(1, sizeof(*w));
	char *data = NULL, *packed = NULL;
	size_t len = 0, packed_len = 0;
	struct utsname uts;
	int rc = w ? wanted_make(w, p, e) : err_set(e, -ENOMEM, "estimate");

	*f = (struct estimate_facts){ .ram = machine_ram(p), .cpus = machine_cpus(p), .nr_cpus = asked_cpus(p) };
	uname(&uts);
	f->x86 = !strcmp(uts.machine, "x86_64");
	f->arm64 = !strcmp(uts.machine, "aarch64");
	if (!rc)
		rc = read_conf(f, p, e);
	if (!rc)
		rc = cpio_pack(&w->image, 0, &data, &len, e);
	if (!rc)
		rc = squeeze(image_best_squeeze(p->root, p->release), data, len, &packed, &packed_len, e);
	if (!rc) {
		f->kernel = estimate_kernel(w->kernel, w->kernel_len);
		f->packed = packed_len;
		f->unpacked = len;
		look_at_modules(f, &w->image);
	}
	free(packed);
	free(data);
	if (w)
		wanted_free(w);
	free(w);
	return rc;
}
