/* load - is the right crash kernel loaded? If not, load it; if that fails, the one before. */
/* SPDX-License-Identifier: MIT */
#include "prod/load.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "boot/kexec_file.h"

enum { INITRD_MAX = 1 << 30 };

static int load_pair(const struct load_request *q, const struct record *r, struct err *e)
{
	char kernel[PATH_MAX + 80], initrd[PATH_MAX + 80];

	snprintf(kernel, sizeof(kernel), "%s/%s", q->place->state, r->kernel);
	snprintf(initrd, sizeof(initrd), "%s/%s", q->place->state, r->initrd);
	return q->load ? q->load(kernel, initrd, r->cmdline, e)
		       : kexec_load_image(KEXEC_SLOT_CRASH, kernel, initrd, r->cmdline, e);
}

/* Is the file name of the state directory there, with these bytes? */
static bool is_there(const char *state, const char *name, uint64_t sum)
{
	char path[PATH_MAX + 80], *data;
	size_t len;
	bool same;

	snprintf(path, sizeof(path), "%s/%s", state, name);
	if (read_file(path, INITRD_MAX, &data, &len, NULL))
		return false;
	same = input_sum(data, len, 0) == sum;
	free(data);
	return same;
}

static int keep(const char *state, const char *name, const void *data, size_t len, struct err *e)
{
	char path[PATH_MAX + 80];

	snprintf(path, sizeof(path), "%s/%s", state, name);
	return image_write(path, data, len, e);
}

/* Pack the image, unless the last one was the same. */
static int build(const struct load_request *q, struct load_report *t, struct wanted *w, struct err *e)
{
	const struct place *p = q->place;
	const struct record *last = &t->status.record;
	struct record *r = &t->loaded;
	size_t len, packed_len;
	char *data, *packed;
	int rc;

	if (!strcmp(r->initrd, last->initrd) && is_there(p->state, r->initrd, last->initrd_sum)) {
		r->initrd_sum = last->initrd_sum;
		r->initrd_size = last->initrd_size;
		r->unpacked = last->unpacked;
		t->reused = true;
		return 0;
	}
	rc = cpio_pack(&w->image, 0, &data, &len, e);
	if (rc)
		return rc;
	rc = squeeze(image_best_squeeze(p->root, p->release), data, len, &packed, &packed_len, e);
	free(data);
	if (rc)
		return rc;
	r->initrd_sum = input_sum(packed, packed_len, 0);
	r->initrd_size = packed_len;
	r->unpacked = len;
	rc = q->dry_run ? 0 : keep(p->state, r->initrd, packed, packed_len, e);
	free(packed);
	return rc;
}

/* All of the new record but the sizes. */
static void describe(const struct load_request *q, struct load_report *t, struct wanted *w)
{
	const struct place *p = q->place;
	struct record *r = &t->loaded;
	uint64_t kernel = input_sum(w->kernel, w->kernel_len, 0);

	record_boot_id(p->root, r->boot_id);
	record_keep_options(r, p);
	r->loaded_at = (uint64_t)time(NULL);
	r->machine = wanted_machine(p->root);
	strcpy(r->release, p->release);
	snprintf(r->source, sizeof(r->source), "%s", p->kernel);
	snprintf(r->kernel, sizeof(r->kernel), "vmlinuz-%016" PRIx64, kernel);
	snprintf(r->initrd, sizeof(r->initrd), "initrd-%016" PRIx64, inputs_sum(&w->inputs));
	strcpy(r->cmdline, w->cmdline);
	r->inputs = w->inputs;
	w->inputs = (struct inputs){ 0 };
}

/* Of the form that describe() and keep() give names. */
static bool is_ours(const char *name)
{
	size_t n = !strncmp(name, "vmlinuz-", 8) ? 8 : !strncmp(name, "initrd-", 7) ? 7 : 0;

	return n && strspn(name + n, "0123456789abcdef") == 16 && (!name[n + 16] || !strcmp(name + n + 16, "-incomplete"));
}

/* Remove kernels and images in the state directory that r does not name, and leftovers of writing. */
static void sweep(const char *state, const struct record *r)
{
	DIR *dir = opendir(state);
	struct dirent *d;

	while (dir && (d = readdir(dir)))
		if (is_ours(d->d_name) && strcmp(d->d_name, r->kernel) && strcmp(d->d_name, r->initrd))
			unlinkat(dirfd(dir), d->d_name, 0);
	if (dir)
		closedir(dir);
}

/* May the kernel be asked at all, and twice if it must be? */
static int permitted(const struct load_request *q, const struct kexec_state *s, struct err *e)
{
	if (s->disabled)
		return err_say(e, -EPERM, "kernel.kexec_load_disabled is 1: nothing can be loaded until the next boot");
	if (!s->limit)
		return err_say(e, -EPERM, "kernel.kexec_load_limit_panic is used up: nothing can be loaded until the "
					  "next boot");
	if (s->limit == 1 && s->loaded && !q->force)
		return err_say(e, -EPERM, "kernel.kexec_load_limit_panic leaves one load: if it fails, what is loaded "
					  "now cannot be put back; --force does it all the same");
	return 0;
}

/* The new pair was refused and the old one is gone. */
static int put_back(const struct load_request *q, struct load_report *t, struct err *e)
{
	struct record *old = &t->status.record;
	struct err first = *e, second = { 0 };
	struct kexec_state now;

	record_free(&t->loaded);
	t->loaded = (struct record){ 0 };
	if (!t->status.kexec.loaded)
		return err_say(e, first.code, "%s", first.msg);
	if (!kexec_state_read(&now, q->place->root, NULL) && now.loaded)	/* refused before anything was freed */
		return err_say(e, first.code, "%s; what was loaded before still is", first.msg);
	if (!t->status.ours)
		return err_say(e, first.code, "%s; what was loaded before was not ours, and is gone", first.msg);
	if (load_pair(q, old, &second))
		return err_say(e, first.code, "%s; what was loaded before is gone, and cannot be put back: %s",
			       first.msg, second.msg);
	t->restored = true;
	old->machine = wanted_machine(q->place->root);
	record_write(old, q->place->state, NULL);	/* else status only says once more that the machine changed */
	sweep(q->place->state, old);
	t->loaded = *old;
	*old = (struct record){ 0 };
	return err_say(e, first.code, "%s; what was loaded before is loaded again", first.msg);
}

static int replace(const struct load_request *q, struct load_report *t, struct wanted *w, struct err *e)
{
	const char *state = q->place->state;
	int rc = permitted(q, &t->status.kexec, e);

	if (rc)
		return rc;
	describe(q, t, w);
	rc = build(q, t, w, e);
	if (rc || q->dry_run)
		return rc;
	if (!is_there(state, t->loaded.kernel, input_sum(w->kernel, w->kernel_len, 0)))
		rc = keep(state, t->loaded.kernel, w->kernel, w->kernel_len, e);
	if (rc)
		return rc;
	if (load_pair(q, &t->loaded, e))
		return put_back(q, t, e);
	rc = record_write(&t->loaded, state, e);
	if (rc)
		return err_add(e, "the new kernel is loaded, but status will not know it");
	sweep(state, &t->loaded);
	return 0;
}

static int run(const struct load_request *q, struct load_report *t, struct err *e)
{
	struct wanted *w = calloc(1, sizeof(*w));
	int rc = w ? status_known(&t->status, q->place, e) : err_set(e, -ENOMEM, "load");

	if (rc == -EINVAL && (q->force || !t->status.kexec.loaded)) {	/* a damaged record, or of nothing any more */
		record_free(&t->status.record);
		t->status.record = (struct record){ 0 };
		rc = 0;
	}
	if (!rc) {
		rc = wanted_make(w, q->place, e);
		t->image = w->report;
	}
	if (!rc && t->status.ours)
		rc = status_compare(&t->status, &w->inputs, wanted_machine(q->place->root), e);
	if (!rc) {
		t->current = t->status.ours && !t->status.nr_changes && !q->force;
		rc = t->current ? 0 : replace(q, t, w, e);
	}
	if (w)
		wanted_free(w);
	free(w);
	return rc;
}

/* One at a time: hotplug comes in bursts, and the second finds nothing to do. Returns an fd, or an error. */
static int lock(const char *state, struct err *e)
{
	char path[PATH_MAX + 8];
	int fd, rc = make_dirs(state);

	if (rc)
		return err_set(e, rc, "make directory %s", state);
	snprintf(path, sizeof(path), "%s/lock", state);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(e, -errno, "open %s", path);
	while (flock(fd, LOCK_EX) && errno == EINTR)
		;
	return fd;
}

int load_run(const struct load_request *q, struct load_report *t, struct err *e)
{
	int fd, rc;

	if (q->dry_run)
		return run(q, t, e);
	fd = lock(q->place->state, e);
	if (fd < 0)
		return fd;
	rc = run(q, t, e);
	close(fd);
	return rc;
}

int load_drop(const struct place *p, struct err *e)
{
	struct record r = { 0 };
	int fd = lock(p->state, e), rc;

	if (fd < 0)
		return fd;
	rc = kexec_unload_image(KEXEC_SLOT_CRASH, e);
	if (!rc && !record_read(&r, p->state, NULL)) {
		r.boot_id[0] = 0;	/* what is loaded from now on is not by this record */
		rc = record_write(&r, p->state, e);
	}
	record_free(&r);
	close(fd);
	return rc;
}

void load_free(struct load_report *t)
{
	status_free(&t->status);
	record_free(&t->loaded);
}
