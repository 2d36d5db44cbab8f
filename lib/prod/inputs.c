/* inputs - of which parts was the loaded image made, and are they still the same? */
/* SPDX-License-Identifier: MIT */
#include "prod/inputs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/conf.h"
#include "boot/modtree.h"

enum { INPUTS_MAX = 65536 };

uint64_t input_sum(const void *data, size_t len, uint64_t seed)
{
	return XXH64(data, len, seed);
}

void inputs_free(struct inputs *in)
{
	for (size_t i = 0; i < in->n; i++)
		free(in->list[i].name);
	free(in->list);
	*in = (struct inputs){ 0 };
}

/* Where name is, or would be. */
static size_t find(const struct inputs *in, const char *name)
{
	size_t low = 0, high = in->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(in->list[mid].name, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The part of that name, made with sum 0 if there is none. NULL: no memory, or too many. */
static struct input *have(struct inputs *in, const char *name)
{
	size_t at = find(in, name);
	char *copy;

	if (at < in->n && !strcmp(in->list[at].name, name))
		return &in->list[at];
	if (in->n == in->cap) {
		size_t cap = in->cap ? 2 * in->cap : 64;
		struct input *more = in->n < INPUTS_MAX ? reallocarray(in->list, cap, sizeof(*more)) : NULL;

		if (!more)
			return NULL;
		in->list = more;
		in->cap = cap;
	}
	copy = strdup(name);
	if (!copy)
		return NULL;
	memmove(&in->list[at + 1], &in->list[at], (in->n - at) * sizeof(*in->list));
	in->list[at] = (struct input){ copy, 0 };
	in->n++;
	return &in->list[at];
}

int inputs_add(struct inputs *in, const char *name, const void *data, size_t len, struct err *e)
{
	struct input *i = have(in, name);

	if (!i)
		return err_set(e, -ENOMEM, "inputs of the image");
	i->sum = input_sum(data, len, i->sum);
	return 0;
}

/* Lines of kdump.conf that mkinitramfs finds out by itself where the user left it to it. */
static const char *line_part(const char *key, size_t n)
{
	static const char *const places[] = { "path", "mount_options", "root_device" };

	if (conf_is_target(key, n))
		return "target";
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (n == strlen(places[i]) && !memcmp(key, places[i], n))
			return "target";
	return n == 7 && !memcmp(key, "network", n) ? "network" : "configuration";
}

static int add_conf(struct inputs *in, const char *text, size_t len, struct err *e)
{
	const char *end = text + len;
	int rc = inputs_add(in, "configuration", "", 0, e);	/* also if it is all defaults */

	while (text < end && !rc) {
		const char *stop = memchr(text, '\n', (size_t)(end - text)), *p = text;
		size_t n = stop ? (size_t)(stop - text) : (size_t)(end - text);

		while (p < text + n && (*p == ' ' || *p == '\t'))
			p++;
		if (p < text + n && *p != '#') {	/* a comment changes nothing */
			size_t key = strcspn(p, " \t\r\n");

			rc = inputs_add(in, line_part(p, key), p, (size_t)(text + n - p), e);
			if (!rc && conf_is_target(p, key))	/* where a block begins */
				rc = inputs_add(in, "configuration", "\n", 1, e);
		}
		text += n + (stop != NULL);
	}
	return rc;
}

/* What an entry is called. */
static void entry_name(const struct cpio_entry *entry, char *out, size_t size)
{
	size_t n = strlen(entry->path);
	char module[128];

	if (n > 3 && !strncmp(entry->path, "/lib/modules/", 13) && !strcmp(entry->path + n - 3, ".ko")) {
		modtree_name(strrchr(entry->path, '/') + 1, module, sizeof(module));
		snprintf(out, size, "module %s", module);
	} else if (!strncmp(entry->path, "/lib/modules/", 13) || !strcmp(entry->path, "/etc/kdumpbox/modules")) {
		snprintf(out, size, "module index");
	} else if (!strcmp(entry->path, "/etc/kdumpbox/devices")) {
		snprintf(out, size, "target");
	} else if (!strncmp(entry->path, "/lib/firmware/", 14)) {
		snprintf(out, size, "firmware %s", entry->path + 14);
	} else if (!strcmp(entry->path, "/bin/kdumpbox") || entry->kind == 'l') {
		snprintf(out, size, "kdumpbox");	/* only links to itself are made */
	} else {
		snprintf(out, size, "file %s", entry->path);
	}
}

int inputs_add_image(struct inputs *in, const struct cpio *c, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < c->n && !rc; i++) {
		const struct cpio_entry *entry = &c->entries[i];
		char name[4200];

		if (entry->kind != 'f' && entry->kind != 'l')
			continue;	/* directories and nodes: kdumpbox has the list of them */
		if (!strcmp(entry->path, "/etc/kdump.conf")) {
			rc = add_conf(in, entry->data, entry->len, e);
			continue;
		}
		entry_name(entry, name, sizeof(name));
		rc = inputs_add(in, name, entry->data, entry->len, e);
	}
	return rc;
}

uint64_t inputs_sum(const struct inputs *in)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < in->n; i++) {
		char line[4200];

		inputs_line(&in->list[i], line, sizeof(line));
		sum = input_sum(line, strlen(line), sum);
	}
	return sum;
}

size_t inputs_differ(const struct inputs *old, const struct inputs *now,
		     void (*tell)(void *ctx, const char *line), void *ctx)
{
	size_t i = 0, k = 0, count = 0;
	char line[4300];

	while (i < old->n || k < now->n) {
		int order = i == old->n ? 1 : k == now->n ? -1 : strcmp(old->list[i].name, now->list[k].name);

		if (order || old->list[i].sum != now->list[k].sum) {
			snprintf(line, sizeof(line), "%s %s", order > 0 ? now->list[k].name : old->list[i].name,
				 order > 0 ? "is new" : order ? "is gone" : "changed");
			tell(ctx, line);
			count++;
		}
		i += order <= 0;
		k += order >= 0;
	}
	return count;
}

void inputs_line(const struct input *i, char *out, size_t size)
{
	snprintf(out, size, "%016" PRIx64 " %s", i->sum, i->name);
}

int inputs_add_line(struct inputs *in, const char *line, struct err *e)
{
	struct input *i;
	char *end;
	uint64_t sum = strtoull(line, &end, 16);

	if (end != line + 16 || *end != ' ' || !end[1])
		return err_say(e, -EINVAL, "'%.60s' is no sum and name of a part", line);
	i = have(in, end + 1);
	if (!i)
		return err_set(e, -ENOMEM, "inputs of the image");
	i->sum = sum;
	return 0;
}
