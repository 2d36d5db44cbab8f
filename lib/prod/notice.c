/* notice - what is there to tell of the boot before this one? */
/* SPDX-License-Identifier: MIT */
#include "prod/notice.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/json.h"
#include "prod/dumps.h"
#include "prod/record.h"
#include "prod/where.h"

enum { KEPT_MAX = 64 << 10, CLOCK_SLACK_S = 60, TEXT_MAX = 2048 };

const char *const notice_names[NR_NOTICES] = { "none", "saved", "partly", "unclean" };

static const char kept_name[] = "notice.json";

/* What was told last: in which boot, what, of how young a dump, and of the end of which boot (about; "": none). */
struct kept {
	char     boot_id[40], about[40], kind[16], text[TEXT_MAX];
	uint64_t newest;
};

static bool read_kept(const struct place *p, struct kept *k)
{
	char path[PATH_MAX + 16], *text;
	struct json top, v;
	size_t len;
	bool ok;

	*k = (struct kept){ .newest = 0 };
	snprintf(path, sizeof(path), "%s/%s", p->state, kept_name);
	if (read_file(path, KEPT_MAX, &text, &len, NULL))
		return false;
	ok = json_text(&top, text, len) && json_member(top, "boot_id", &v) && json_string(v, k->boot_id, sizeof(k->boot_id)) &&
	     json_member(top, "kind", &v) && json_string(v, k->kind, sizeof(k->kind)) && json_member(top, "text", &v) &&
	     json_string(v, k->text, sizeof(k->text)) && json_member(top, "newest", &v) && json_u64(v, &k->newest);
	if (ok && json_member(top, "about", &v))
		json_string(v, k->about, sizeof(k->about));
	free(text);
	return ok;
}

static void keep(const struct place *p, const struct kept *k)
{
	char path[PATH_MAX + 16], *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return;
	fprintf(out, "{ \"boot_id\": \"%s\", \"kind\": \"%s\", \"newest\": %llu, \"about\": ", k->boot_id, k->kind,
		(unsigned long long)k->newest);
	json_put(out, k->about);
	fputs(", \"text\": ", out);
	json_put(out, k->text);
	fputs(" }\n", out);
	snprintf(path, sizeof(path), "%s/%s", p->state, kept_name);
	if (!fclose(out) && !make_dirs(p->state))
		image_write(path, text, len, NULL);	/* else it is only told anew */
	free(text);
}

/* The kernel log that the firmware kept, if nobody took it away yet. */
static const char *firmware_log(const struct place *p)
{
	char path[PATH_MAX];
	DIR *d = opendir(place_path(p, "/sys/fs/pstore", path));
	const char *words = "";
	struct dirent *de;

	while (d && (de = readdir(d)))
		if (!strncmp(de->d_name, "dmesg-", 6))
			words = "; the firmware kept a kernel log, /sys/fs/pstore/";
	if (d)
		closedir(d);
	return words;
}

static enum notice_kind tell_dump(const char *dir, const struct saved_dump *d, struct kept *k)
{
	char why[sizeof(d->why) + 4] = "";

	if (d->why[0])
		snprintf(why, sizeof(why), ": %s", d->why);
	snprintf(k->text, sizeof(k->text), "the last boot ended in a crash (%s); its dump is %s%s: %s/%s, %.1f MiB",
		 d->panic[0] ? d->panic : "its panic line is not known", dump_states[d->state], why, dir, d->name,
		 (double)d->bytes / (1 << 20));
	k->newest = (uint64_t)d->when;
	return d->state == DUMP_COMPLETE ? NOTICE_SAVED : NOTICE_PARTLY;
}

/* The youngest dump of all directories, if it is of the boot in which that record was written. */
static enum notice_kind look(const struct where *w, const struct record *r, struct kept *k)
{
	enum notice_kind kind = NOTICE_NONE;

	for (int i = 0; i < w->n; i++) {
		struct saved_dumps all = { 0 };

		if (!dumps_read(&all, w->dirs[i], NULL) && all.n && (uint64_t)all.list[0].when > k->newest &&
		    (uint64_t)all.list[0].when + CLOCK_SLACK_S > r->loaded_at)
			kind = tell_dump(w->dirs[i], &all.list[0], k);
		dumps_free(&all);
	}
	return kind;
}

static enum notice_kind tell_unclean(const struct place *p, const struct where *w, struct kept *k)
{
	size_t n = (size_t)snprintf(k->text, sizeof(k->text), "the last boot ended without a shutdown (a crash, a reset or a power "
				    "cut), and left no dump on this machine");

	if (w->elsewhere[0])
		n += (size_t)snprintf(k->text + n, sizeof(k->text) - n, "; look at: %s", w->elsewhere);
	snprintf(k->text + n, sizeof(k->text) - n, "%s", firmware_log(p));
	return NOTICE_UNCLEAN;
}

/* What this boot has not told yet. */
static enum notice_kind find(const struct place *p, struct kept *k)
{
	struct where *w = malloc(sizeof(*w));
	struct record *r = calloc(1, sizeof(*r));
	enum notice_kind kind = NOTICE_NONE;

	/*
	 * Without a record nothing was ever loaded, so a dump that is there is an old one; and after kdump unload it is none
	 * of a crash. The end of a boot is told of once, also where the next ones load nothing.
	 */
	if (w && r && !record_read(r, p->state, NULL) && r->boot_id[0] && strcmp(r->boot_id, k->boot_id) &&
	    strcmp(r->boot_id, k->about)) {
		where_read(w, p);
		kind = look(w, r, k);
		if (kind == NOTICE_NONE)
			kind = tell_unclean(p, w, k);
		strcpy(k->about, r->boot_id);
	}
	if (r)
		record_free(r);
	free(r);
	free(w);
	return kind;
}

static enum notice_kind told(const struct kept *k, char *text, size_t size)
{
	snprintf(text, size, "%s", k->text);
	for (int i = 0; i < NR_NOTICES; i++)
		if (!strcmp(k->kind, notice_names[i]))
			return (enum notice_kind)i;
	return NOTICE_NONE;
}

enum notice_kind notice_kept(const struct place *p, char *text, size_t size)
{
	struct kept k;
	char now[40];

	record_boot_id(p->root, now);
	text[0] = 0;
	return read_kept(p, &k) && !strcmp(k.boot_id, now) ? told(&k, text, size) : NOTICE_NONE;
}

enum notice_kind notice_make(const struct place *p, char *text, size_t size)
{
	struct kept k;
	char now[40];

	record_boot_id(p->root, now);
	if (read_kept(p, &k) && !strcmp(k.boot_id, now))
		return told(&k, text, size);
	strcpy(k.boot_id, now);
	k.text[0] = 0;
	strcpy(k.kind, notice_names[find(p, &k)]);
	keep(p, &k);
	return told(&k, text, size);
}
