/* mkinitramfs - make the initramfs of a capture kernel. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "applet.h"
#include "boot/image.h"

enum { OPT_KERNEL = 256, OPT_MODULES, OPT_CONFIG, OPT_ADD, OPT_COMPRESS, OPT_ROOT, OPT_GENERIC };
enum { MAX_ADDS = 256, MAX_APPLETS = 64 };

static const struct opt mkinitramfs_opts[] = {
	{ 'o', "output", "FILE", "where to write it" },
	{ OPT_KERNEL, "kernel", "VERSION", "of the capture kernel (default: the running one)" },
	{ OPT_MODULES, "modules", "LIST",
	  "drivers to load (default: those of the target's device here); =DIR: all that lie there" },
	{ OPT_GENERIC, "generic", NULL,
	  "for any machine: drivers of all disks, cards and filesystems; the devices there say which are loaded" },
	{ OPT_CONFIG, "config", "FILE", "kdump.conf for it (default: /etc/kdump.conf)" },
	{ OPT_ADD, "add", "SRC:DST", "put the file SRC into it as DST; may be repeated" },
	{ OPT_COMPRESS, "compress", "METHOD",
	  "none, gzip or zstd (default: zstd if the kernel knows it)" },
	{ OPT_ROOT, "root", "DIR", "look up modules, configuration and programs below DIR" },
	APPLET_OPTS_END
};

APPLET(mkinitramfs, "mkinitramfs", "make the initramfs of a capture kernel", "");

struct mkinitramfs {
	const char       *output, *compress;
	struct image_spec spec;
	const char       *adds[MAX_ADDS], *applets[MAX_APPLETS];
	int64_t           mtime;
};

static int parse(struct mkinitramfs *m, struct args *a, struct err *e)
{
	struct image_spec *spec = &m->spec;
	int id;

	while ((id = args_next(a, e)) > 0) {
		switch (id) {
		case 'o': m->output = a->value; break;
		case OPT_KERNEL: spec->release = a->value; break;
		case OPT_MODULES: spec->modules = a->value; break;
		case OPT_GENERIC: spec->generic = true; break;
		case OPT_CONFIG: spec->config = a->value; break;
		case OPT_COMPRESS: m->compress = a->value; break;
		case OPT_ROOT: spec->root = strcmp(a->value, "/") ? a->value : ""; break;
		case OPT_ADD:
			if (spec->nr_adds == MAX_ADDS)
				return err_say(e, -E2BIG, "more than %d files to add", MAX_ADDS);
			m->adds[spec->nr_adds++] = a->value;
			break;
		default: return id;
		}
	}
	if (id)
		return id;
	if (a->nr_operands)
		return err_say(e, -EINVAL, "'%.80s' is too much here; see --help", a->operands[0]);
	return m->output ? 0 : err_say(e, -EINVAL, "where to? Give -o FILE; see --help");
}

/* What neither option gave. */
static int fill(struct mkinitramfs *m, struct utsname *uts, struct err *e)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	unsigned long long seconds = 0;

	if (epoch && parse_number(epoch, "SOURCE_DATE_EPOCH", 0, UINT32_MAX, &seconds, e))
		return -EINVAL;
	m->mtime = (int64_t)seconds;
	uname(uts);
	if (!m->spec.release)
		m->spec.release = uts->release;
	if (!m->spec.root)
		m->spec.root = "";
	applet_links(m->applets, MAX_APPLETS);
	m->spec.adds = m->adds;
	m->spec.applets = m->applets;
	m->spec.program = "/proc/self/exe";
	return 0;
}

static int make(const struct mkinitramfs *m, enum squeeze how, struct cpio *c, struct err *e)
{
	struct image_report report;
	size_t len, packed_len;
	char *data, *packed;
	int rc = image_collect(c, &m->spec, &report, e);

	for (int i = 0; i < report.nr_notes; i++)
		log_warn("%s", report.notes[i].text);
	if (rc)
		return rc;
	rc = cpio_pack(c, m->mtime, &data, &len, e);
	if (rc)
		return rc;
	rc = squeeze(how, data, len, &packed, &packed_len, e);
	free(data);
	if (rc)
		return rc;
	rc = image_write(m->output, packed, packed_len, e);
	free(packed);
	if (!rc)
		log_info("%s: %zu bytes by %s (%zu unpacked), %u modules of kernel %s", m->output,
			 packed_len, squeeze_name(how), len, report.modules, m->spec.release);
	return rc;
}

static int mkinitramfs_main(struct args *a)
{
	struct mkinitramfs m = { 0 };
	struct utsname uts;
	struct cpio c = { 0 };
	struct err e = { 0 };
	enum squeeze how;
	int rc = parse(&m, a, &e);

	if (!rc && m.compress)
		rc = squeeze_parse(m.compress, &how, &e);
	if (!rc)
		rc = fill(&m, &uts, &e);
	if (rc)
		return rc == OPT_HELP ? applet_help() : applet_usage(&e);
	if (!m.compress)
		how = image_best_squeeze(m.spec.root, m.spec.release);
	rc = make(&m, how, &c, &e);
	cpio_free(&c);
	return rc ? applet_fail(&e) : DONE;
}
