/* vmcoreinfo - what the crashed kernel wrote down about itself: KEY=VALUE lines in an ELF note. */
/* SPDX-License-Identifier: MIT */
#include "dump/vmcoreinfo.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

enum { MAX_NOTES = 1 << 20, MAX_TEXT = 1 << 20, NOTE_HEAD = 12, MAX_PRSTATUS = 1024 };

/* One note: where its parts are, and the beginning of its name. */
struct note {
	uint64_t desc_at, desc_len;
	uint32_t type;
	char     name[16];
};

static uint64_t pad4(uint64_t n)
{
	return (n + 3) & ~(uint64_t)3;
}

/* Read the note at *at (offset inside PT_NOTE) and move on. False at the end or where it does not fit. */
static bool next_note(const struct source *s, uint64_t *at, struct note *n, bool *cut)
{
	uint64_t left = s->notes_len - *at;
	uint8_t head[NOTE_HEAD] = { 0 };
	uint32_t name_len;
	size_t name, want = left < NOTE_HEAD ? (size_t)left : NOTE_HEAD;

	if (!left || s->notes_at > INT64_MAX - s->notes_len)
		return false;
	if (source_read_file(s, head, want, s->notes_at + *at) != (ssize_t)want) {
		*cut = true;
		return false;
	}
	name_len = get_le32(head);
	n->desc_len = get_le32(head + 4);
	n->type = get_le32(head + 8);
	*at += want;
	/* The kernel ends the area early with zeros when it could not fill it. */
	if (!name_len && !n->desc_len && !n->type)
		return false;
	if (want < NOTE_HEAD || !in_bounds(*at, pad4(name_len) + pad4(n->desc_len), s->notes_len)) {
		*cut = true;
		return false;
	}
	memset(n->name, 0, sizeof(n->name));
	name = name_len < sizeof(n->name) - 1 ? name_len : sizeof(n->name) - 1;
	if (source_read_file(s, n->name, name, s->notes_at + *at) != (ssize_t)name) {
		*cut = true;
		return false;
	}
	*at += pad4(name_len);
	n->desc_at = s->notes_at + *at;
	*at += pad4(n->desc_len);
	return true;
}

void notes_walk(const struct source *s, struct notes *out)
{
	struct note n;
	uint64_t at = 0;

	*out = (struct notes){ 0 };
	for (int i = 0; i < MAX_NOTES && next_note(s, &at, &n, &out->cut); i++) {
		if (n.type == NT_PRSTATUS && !strcmp(n.name, "CORE"))
			out->nr_cpus++;
		if (!strcmp(n.name, "VMCOREINFO") && !out->vmcoreinfo_len) {
			out->vmcoreinfo_at = n.desc_at;
			out->vmcoreinfo_len = n.desc_len;
		}
	}
}

void notes_each_prstatus(const struct source *s,
			 void (*visit)(void *ctx, const uint8_t *desc, size_t len), void *ctx)
{
	uint8_t desc[MAX_PRSTATUS];
	bool cut = false;
	struct note n;
	uint64_t at = 0;

	for (int i = 0; i < MAX_NOTES && next_note(s, &at, &n, &cut); i++) {
		size_t len = n.desc_len < sizeof(desc) ? n.desc_len : sizeof(desc);

		if (n.type == NT_PRSTATUS && !strcmp(n.name, "CORE") &&
		    source_read_file(s, desc, len, n.desc_at) == (ssize_t)len)
			visit(ctx, desc, len);
	}
}

size_t notes_piece(const struct source *s, uint64_t at, uint8_t *piece, size_t size, bool *lost)
{
	size_t n = s->notes_len - at < size ? (size_t)(s->notes_len - at) : size;
	ssize_t got = source_read_file(s, piece, n, s->notes_at + at);

	if (got < (ssize_t)n) {
		memset(piece + (got < 0 ? 0 : got), 0, n - (size_t)(got < 0 ? 0 : got));
		*lost = true;
	}
	return n;
}

int vmcoreinfo_load(struct vmcoreinfo *v, const struct source *s, const struct notes *n, struct err *e)
{
	size_t len = n->vmcoreinfo_len < MAX_TEXT ? n->vmcoreinfo_len : MAX_TEXT;
	ssize_t got;

	*v = (struct vmcoreinfo){ 0 };
	if (!n->vmcoreinfo_len)
		return err_say(e, -ENOENT, "no VMCOREINFO note: the kernel's own description is missing");
	v->text = malloc(len + 1);
	if (!v->text)
		return err_set(e, -ENOMEM, "read VMCOREINFO");
	got = source_read_file(s, v->text, len, n->vmcoreinfo_at);
	if (got <= 0) {
		vmcoreinfo_free(v);
		return err_set(e, got ? (int)got : -EIO, "read VMCOREINFO");
	}
	v->len = (size_t)got;
	v->text[v->len] = 0;
	return 0;
}

void vmcoreinfo_free(struct vmcoreinfo *v)
{
	free(v->text);
	*v = (struct vmcoreinfo){ 0 };
}

const char *vmcoreinfo_get(const struct vmcoreinfo *v, const char *key, size_t *len)
{
	size_t key_len = strlen(key);
	const char *line = v->text, *end = line ? line + v->len : NULL;

	while (line < end) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));

		if (!stop)
			stop = end;
		if ((size_t)(stop - line) > key_len && !memcmp(line, key, key_len) && line[key_len] == '=') {
			*len = (size_t)(stop - line) - key_len - 1;
			return line + key_len + 1;
		}
		line = stop + 1;
	}
	return NULL;
}

bool vmcoreinfo_string(const struct vmcoreinfo *v, const char *key, char *out, size_t size)
{
	size_t len;
	const char *value = vmcoreinfo_get(v, key, &len);

	if (!value)
		return false;
	if (len >= size)
		len = size - 1;
	memcpy(out, value, len);
	out[len] = 0;
	return true;
}

/* The number that the value of KIND(name) is; all of the value must be it. */
static bool number(const struct vmcoreinfo *v, const char *kind, const char *name, int base, uint64_t *out)
{
	char key[96], text[40], *end;
	size_t len;
	uint64_t n;

	snprintf(key, sizeof(key), "%s(%s)", kind, name);
	if (!vmcoreinfo_get(v, key, &len) || !len || len >= sizeof(text) ||
	    !vmcoreinfo_string(v, key, text, sizeof(text)))
		return false;
	errno = 0;
	n = text[0] == '-' ? (uint64_t)strtoll(text, &end, base) : strtoull(text, &end, base);
	if (*end || errno)
		return false;
	*out = n;
	return true;
}

bool vmci_number(const struct vmcoreinfo *v, const char *name, int64_t *out)
{
	return number(v, "NUMBER", name, 0, (uint64_t *)out);
}

bool vmci_symbol(const struct vmcoreinfo *v, const char *name, uint64_t *out)
{
	return number(v, "SYMBOL", name, 16, out);
}

static bool small(const struct vmcoreinfo *v, const char *kind, const char *name, uint32_t *out)
{
	uint64_t n;

	if (!number(v, kind, name, 10, &n) || n > UINT32_MAX)
		return false;
	*out = (uint32_t)n;
	return true;
}

bool vmci_size(const struct vmcoreinfo *v, const char *name, uint32_t *out)
{
	return small(v, "SIZE", name, out);
}

bool vmci_offset(const struct vmcoreinfo *v, const char *name, uint32_t *out)
{
	return small(v, "OFFSET", name, out);
}

bool vmci_length(const struct vmcoreinfo *v, const char *name, uint32_t *out)
{
	return small(v, "LENGTH", name, out);
}
