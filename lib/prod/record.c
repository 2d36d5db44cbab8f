/* record - what did we load, and from what? */
/* SPDX-License-Identifier: MIT */
#include "prod/record.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/json.h"
#include "boot/image.h"

enum { RECORD_MAX = 16 << 20 };

void record_boot_id(const char *root, char out[40])
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/proc/sys/kernel/random/boot_id", root);
	if (read_line(path, out, 40))
		out[0] = 0;
}

void record_keep_options(struct record *r, const struct place *p)
{
	const char *kernel = p->want_kernel ? p->want_kernel : "";

	snprintf(r->want_kernel, sizeof(r->want_kernel), "%s", strchr(kernel, '/') ? p->kernel : kernel);
	snprintf(r->config, sizeof(r->config), "%s", p->config ? p->conf_path : "");
	snprintf(r->append, sizeof(r->append), "%s", p->append ? p->append : "");
	snprintf(r->modules, sizeof(r->modules), "%s", p->modules ? p->modules : "");
}

static const char *choose(const char *given, const char *kept)
{
	return given || !kept[0] ? given : kept;
}

void record_use_options(const struct record *r, struct place *p)
{
	p->want_kernel = choose(p->want_kernel, r->want_kernel);
	p->config = choose(p->config, r->config);
	p->append = choose(p->append, r->append);
	p->modules = choose(p->modules, r->modules);
}

static void text_of(struct json top, const char *name, char *out, size_t size)
{
	struct json v;

	if (!json_member(top, name, &v) || !json_string(v, out, size))
		out[0] = 0;
}

static uint64_t number_of(struct json top, const char *name)
{
	struct json v;
	uint64_t n;

	return json_member(top, name, &v) && json_u64(v, &n) ? n : 0;
}

/* 64 bits are a text of hex digits: not everybody reads such numbers exactly. */
static uint64_t sum_of(struct json top, const char *name)
{
	char text[20];

	text_of(top, name, text, sizeof(text));
	return strtoull(text, NULL, 16);
}

static int parse(struct record *r, const char *text, size_t len, struct err *e)
{
	struct json top, list, item;
	char line[4300];
	int rc = 0;

	if (!json_text(&top, text, len) || !json_member(top, "inputs", &list))
		return err_say(e, -EINVAL, "it is damaged; kdump load --force makes it anew");
	text_of(top, "boot_id", r->boot_id, sizeof(r->boot_id));
	text_of(top, "release", r->release, sizeof(r->release));
	text_of(top, "source", r->source, sizeof(r->source));
	text_of(top, "kernel", r->kernel, sizeof(r->kernel));
	text_of(top, "initrd", r->initrd, sizeof(r->initrd));
	text_of(top, "cmdline", r->cmdline, sizeof(r->cmdline));
	text_of(top, "want_kernel", r->want_kernel, sizeof(r->want_kernel));
	text_of(top, "config", r->config, sizeof(r->config));
	text_of(top, "append", r->append, sizeof(r->append));
	text_of(top, "modules", r->modules, sizeof(r->modules));
	r->loaded_at = number_of(top, "loaded_at");
	r->machine = sum_of(top, "machine");
	r->initrd_sum = sum_of(top, "initrd_sum");
	r->initrd_size = number_of(top, "initrd_size");
	r->unpacked = number_of(top, "unpacked");
	if (strchr(r->kernel, '/') || strchr(r->initrd, '/'))
		return err_say(e, -EINVAL, "it names files outside its directory");
	while (!rc && json_next(&list, &item))
		rc = json_string(item, line, sizeof(line)) ? inputs_add_line(&r->inputs, line, e) : 0;
	return rc;
}

int record_read(struct record *r, const char *state, struct err *e)
{
	char path[PATH_MAX], *text;
	size_t len;
	int rc;

	snprintf(path, sizeof(path), "%s/loaded.json", state);
	rc = read_file(path, RECORD_MAX, &text, &len, e);
	if (rc)
		return rc;
	rc = parse(r, text, len, e);
	free(text);
	return rc ? err_add(e, "%s", path) : 0;
}

void record_free(struct record *r)
{
	inputs_free(&r->inputs);
}

static void put_text(FILE *out, const char *name, const char *value)
{
	fprintf(out, "  \"%s\": ", name);
	json_put(out, value);
	fputs(",\n", out);
}

static void put_number(FILE *out, const char *name, uint64_t value)
{
	fprintf(out, "  \"%s\": %" PRIu64 ",\n", name, value);
}

static void put_sum(FILE *out, const char *name, uint64_t value)
{
	fprintf(out, "  \"%s\": \"%016" PRIx64 "\",\n", name, value);
}

static void put(FILE *out, const struct record *r)
{
	char line[4300];

	fputs("{\n", out);
	put_text(out, "boot_id", r->boot_id);
	put_text(out, "release", r->release);
	put_text(out, "source", r->source);
	put_text(out, "kernel", r->kernel);
	put_text(out, "initrd", r->initrd);
	put_text(out, "cmdline", r->cmdline);
	put_text(out, "want_kernel", r->want_kernel);
	put_text(out, "config", r->config);
	put_text(out, "append", r->append);
	put_text(out, "modules", r->modules);
	put_number(out, "loaded_at", r->loaded_at);
	put_sum(out, "machine", r->machine);
	put_sum(out, "initrd_sum", r->initrd_sum);
	put_number(out, "initrd_size", r->initrd_size);
	put_number(out, "unpacked", r->unpacked);
	fputs("  \"inputs\": [", out);
	for (size_t i = 0; i < r->inputs.n; i++) {
		inputs_line(&r->inputs.list[i], line, sizeof(line));
		fputs(i ? ",\n    " : "\n    ", out);
		json_put(out, line);
	}
	fputs("\n  ]\n}\n", out);
}

int record_write(const struct record *r, const char *state, struct err *e)
{
	char path[PATH_MAX], *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	int rc = 0;

	snprintf(path, sizeof(path), "%s/loaded.json", state);
	if (out)
		put(out, r);
	if (!out || fclose(out))
		rc = err_set(e, -ENOMEM, "write %s", path);
	if (!rc)
		rc = image_write(path, text, len, e);
	free(text);
	return rc;
}
