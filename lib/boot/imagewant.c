/* imagewant - which modules does the configuration ask for? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "boot/coldplug.h"
#include "boot/device.h"
#include "boot/hostdev.h"
#include "boot/hoststack.h"
#include "boot/imagemod.h"

/* What the kernel asks for when it mounts a filesystem, of which modules.dep knows nothing. */
static const struct helper {
	char fstype[6], word[16];
} helpers[] = {
	{ "ext4", "crc32c_generic" },
	{ "xfs", "crc32c_generic" },
	{ "btrfs", "crc32c_generic" },
	/* codepage= and iocharset= by default, or as Debian and RHEL set them */
	{ "vfat", "nls_cp437" },
	{ "vfat", "nls_ascii" },
	{ "vfat", "nls_iso8859_1" },
	{ "vfat", "nls_utf8" },
	/* one for each version */
	{ "nfs", "nfsv4" },
	{ "nfs", "nfsv3" },
	/* fs/smb/client/cifsfs.c names them as softdeps, but for kmod not in a form that it takes */
	{ "cifs", "cmac" }, { "cifs", "hmac" }, { "cifs", "md5" }, { "cifs", "ecb" }, { "cifs", "sha256" },
	{ "cifs", "sha512" }, { "cifs", "ccm" }, { "cifs", "gcm" }, { "cifs", "ctr" }, { "cifs", "ghash_generic" },
	{ "cifs", "nls_utf8" },
};

int imagemod_want(struct modwants *w, const char *word, size_t len, bool must, bool load,
		  struct err *e)
{
	struct modwant *want = w->want;

	for (unsigned i = 0; i < w->n; i++)
		if (strlen(want[i].word) == len && !memcmp(want[i].word, word, len)) {
			want[i].must |= must;
			want[i].load |= load;
			return 0;
		}
	if (w->n == IMAGEMOD_MAX)
		return err_say(e, -E2BIG, "more than %d modules are asked for", IMAGEMOD_MAX);
	if (len >= sizeof(want->word))
		return err_say(e, -E2BIG, "'%.80s...' is too long for the name of a module", word);
	want += w->n++;
	memcpy(want->word, word, len);
	want->word[len] = 0;
	want->must = must;
	want->load = load;
	return 0;
}

static int want_helper(struct modwants *w, const struct helper *helper, struct err *e)
{
	return imagemod_want(w, helper->word, strlen(helper->word), false, false, e);
}

static int want_dir(struct modwants *w, const char *dir, size_t len, struct err *e)
{
	if (w->nr_dirs == IMAGEMOD_DIRS || !len || len >= sizeof(w->dir[0]))
		return err_say(e, -E2BIG, "'=%.80s': not a directory of modules, or more than %d", dir, IMAGEMOD_DIRS);
	memcpy(w->dir[w->nr_dirs], dir, len);
	w->dir[w->nr_dirs++][len] = 0;
	return 0;
}

static int want_list(struct modwants *w, const char *list, struct err *e)
{
	static const char split[] = " ,\t\n";
	int rc = 0;

	for (const char *p = list + strspn(list, split); *p && !rc; p += strspn(p, split)) {
		size_t n = strcspn(p, split);

		rc = *p == '=' ? want_dir(w, p + 1, n - 1, e) : imagemod_want(w, p, n, true, true, e);
		p += n;
	}
	return rc;
}

/* Drivers by the modules that serve a device now, and by what it says of itself. */
static int want_drivers(struct modwants *w, const struct hostdev_driver *drivers, size_t n, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++) {
		const struct hostdev_driver *d = &drivers[i];

		if (d->module[0])
			rc = imagemod_want(w, d->module, strlen(d->module), true, true, e);
		/* Another kernel may have a driver as a module that is built in now. */
		else
			rc = imagemod_want(w, d->modalias, strlen(d->modalias), false, true, e);
	}
	return rc;
}

static int want_nic(struct modwants *w, const char *name, struct err *e)
{
	static const struct places at = { "/sys", "/dev" };
	struct hostdev_driver drivers[HOSTDEV_MAX];
	size_t n;
	int rc = hostdev_net_drivers(&at, name, drivers, &n, e);

	return rc ? rc : want_drivers(w, drivers, n, e);
}

static int want_device(struct modwants *w, const char *spec, struct err *e)
{
	static const struct places at = { "/sys", "/dev" };
	struct hostdev_driver drivers[HOSTDEV_MAX];
	struct hoststack stack;
	char node[512], name[512];
	size_t n;
	int rc = device_find(spec, node, sizeof(node), e);

	if (rc)
		return err_add(e, "find the drivers of the target (or name them with --modules)");
	snprintf(name, sizeof(name), "%s", node + strlen("/dev/"));
	for (char *p = name; *p; p++)
		if (*p == '/')
			*p = '!';
	rc = hoststack_walk(&at, name, &stack, e);
	for (unsigned i = 0; i < stack.nr_disks && !rc; i++) {
		rc = hostdev_drivers(&at, stack.disks[i], drivers, &n, e);
		if (!rc)
			rc = want_drivers(w, drivers, n, e);
	}
	for (unsigned i = 0; stack.modules[i] && !rc; i++)
		rc = imagemod_want(w, stack.modules[i], strlen(stack.modules[i]), true, true, e);
	return rc;
}

static int want_filesystem(struct modwants *w, const char *fstype, struct err *e)
{
	bool ext = !strncmp(fstype, "ext", 3);	/* ext4 serves all three of them */
	const char *driver = ext ? "ext4" : fstype;
	char alias[32];
	int n = snprintf(alias, sizeof(alias), "fs-%s", driver);
	int rc = imagemod_want(w, alias, (size_t)n, true, true, e);

	for (size_t i = 0; i < sizeof(helpers) / sizeof(helpers[0]) && !rc; i++)
		if (!strcmp(helpers[i].fstype, driver))
			rc = want_helper(w, &helpers[i], e);
	return rc;
}

/* The same for a filesystem that is only named as a module in a list, or may be one of a directory. */
static int want_helpers(struct modwants *w, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < sizeof(helpers) / sizeof(helpers[0]) && w->nr_dirs && !rc; i++)
		rc = want_helper(w, &helpers[i], e);
	for (size_t i = 0; i < sizeof(helpers) / sizeof(helpers[0]); i++)
		for (unsigned k = 0; k < w->n && !rc; k++)
			if (!strcmp(w->want[k].word, helpers[i].fstype))
				rc = want_helper(w, &helpers[i], e);
	return rc;
}

/* A server needs a card, and a card a driver. */
static int know_nics(const struct imageconf *ic, struct err *e)
{
	if (ic->lost_nic[0])
		return err_say(e, -ENODEV, "no card here has the address %s: mend ifname=, or name the driver with "
			       "--modules", ic->lost_nic);
	if (ic->wants_nic && !ic->nr_nics)
		return err_say(e, -ENODEV, "the card that leads to the server is not known: name its driver with --modules");
	return 0;
}

/* What a target of this machine lies on. */
static int want_host(struct modwants *w, const struct imageconf *ic, struct err *e)
{
	int rc = 0;

	for (unsigned i = 0; i < ic->nr_devices && !rc; i++)
		rc = want_device(w, ic->devices[i], e);
	if (!rc)
		rc = know_nics(ic, e);
	for (unsigned i = 0; i < ic->nr_nics && !rc; i++)
		rc = want_nic(w, ic->nics[i], e);
	return rc;
}

/* Drivers for machines that nobody knows, and what stands on a card. */
static int want_generic(struct modwants *w, struct err *e)
{
	static const char *const above[] = { "af_packet", "8021q", "bonding" };
	bool given = w->nr_dirs;
	int rc = 0;

	for (const struct coldplug_dir *d = coldplug_dirs; !given && d->dir && !rc; d++)
		rc = want_dir(w, d->dir, strlen(d->dir), e);
	for (size_t i = 0; i < sizeof(above) / sizeof(above[0]) && !rc; i++)
		rc = imagemod_want(w, above[i], strlen(above[i]), false, false, e);
	return rc;
}

int imagemod_choose(struct modwants *w, const struct imageconf *ic, const char *list,
		    const char *root, bool generic, struct err *e)
{
	int rc = 0;

	if (generic || (!*root && !access("/sys/bus/virtio/drivers/virtio_mem", F_OK))) {
		rc = imagemod_want(w, "virtio_pci", strlen("virtio_pci"), false, true, e);
		if (!rc)
			rc = imagemod_want(w, "virtio_mem", strlen("virtio_mem"), false, true, e);
	}
	if (!rc && list)
		rc = want_list(w, list, e);
	if (!rc && generic)
		rc = want_generic(w, e);
	else if (!rc && !list)
		rc = want_host(w, ic, e);
	for (int i = 0; i < ic->nr_net_modules && !rc; i++)
		rc = imagemod_want(w, ic->net_modules[i], strlen(ic->net_modules[i]), true, true, e);
	if (!rc)
		rc = want_list(w, ic->extra_modules, e);
	for (unsigned i = 0; i < ic->nr_fstypes && !rc; i++)
		rc = want_filesystem(w, ic->fstypes[i], e);
	return rc ? rc : want_helpers(w, e);
}
