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

/*
 * Drivers whose queues cost more than everything else together, MiB: kdump_get_arch_recommend_crashkernel of kdump-utils
 * adds 150 for mlx5 on arm64, 200 with 64k pages.
 */
static const struct {
	const char *module;
	unsigned    mib;
} large_drivers[] = {
	{ "mlx5_core", 200 },
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

/* Of modules only what is in memory counts twice: as a file, and loaded. */
static void look_at_modules(struct estimate_facts *f, const struct cpio *c)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct cpio_entry *at = &c->entries[i];
		size_t n = strlen(at->path);

		if (at->kind != 'f' || n < 4 || strcmp(at->path + n - 3, ".ko"))
			continue;
		f->modules += at->len;
		for (size_t d = 0; d < sizeof(large_drivers) / sizeof(large_drivers[0]); d++) {
			const char *name = strrchr(at->path, '/') + 1;

			if (strncmp(name, large_drivers[d].module, (size_t)(at->path + n - 3 - name)) ||
			    large_drivers[d].module[at->path + n - 3 - name])
				continue;
			f->drivers += (uint64_t)large_drivers[d].mib << 20;
			snprintf(f->large, sizeof(f->large), "%s", large_drivers[d].module);
		}
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
