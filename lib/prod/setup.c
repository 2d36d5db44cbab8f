/* setup - is there a configuration, can its image be made, and is it loaded? */
/* SPDX-License-Identifier: MIT */
#include "prod/setup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

enum { BACKUPS_MAX = 100 };

static const char usual[] =
	"# kdump.conf - where and how the memory of a crashed kernel is saved; written by kdump setup.\n"
	"# Without a target line the dump goes to this directory of the root filesystem.\n"
	"path /var/crash\n";

/* What the configuration says now, *text NULL: there is none. One that cannot be read is not ours to replace. */
static int old_text(const struct place *p, char **text, struct err *e)
{
	size_t len;
	int rc = read_file(p->conf_path, CONF_FILE_MAX, text, &len, e);

	if (!rc)
		return 0;
	*text = NULL;
	return rc == -ENOENT ? 0 : err_add(e, "%s stays as it is", p->conf_path);
}

/* A kdump that was set up here before ours, unless old says that it was made of that. */
static void find_other(const struct place *p, const char *old, char out[PATH_MAX])
{
	static const char *const files[] = { "/etc/default/kdump-tools", "/etc/sysconfig/kdump" };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (!access(place_path(p, files[i], out), F_OK) && !(old && strstr(old, files[i])))
			return;
	out[0] = 0;
}

static bool has_line(const char *text, const char *line, size_t n)
{
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
		if (strcspn(text, "\n") == n && !memcmp(text, line, n))
			return true;
	return false;
}

/* The lines of text that are not in the other one. */
static void put_new(FILE *out, const char *text, const char *other)
{
	for (const char *line = text, *next; *line; line = next) {
		size_t n = strcspn(line, "\n");

		next = line + n + (line[n] == '\n');
		if (!has_line(other, line, n))
			fprintf(out, "%.*s\n", (int)n, line);
	}
}

/* One text of what the files became: shell[] are those of files that shells source, conf of kdump.conf. */
static int merge(struct setup_report *t, const char *const *from, char *const *shell, const char *conf, struct err *e)
{
	char *heading = NULL;
	size_t len;
	FILE *out = open_memstream(&heading, &len);

	for (int i = 0; out && from[i]; i++)
		fprintf(out, "%s%s", i ? ", " : "# kdump.conf - made of ", from[i]);
	if (out)
		fputs(" by kdump setup.\n", out);
	if (!out || fclose(out))
		return err_set(e, -ENOMEM, "translate");
	out = open_memstream(&t->text, &len);
	/* The same language needs no heading, and is the same again the next time. */
	for (int i = 0, first = 1; out && i < SETUP_FROM_MAX; i++) {
		if (shell[i] && first)
			put_new(out, heading, conf);
		first &= !shell[i];
		put_new(out, shell[i] ? shell[i] : "", conf);
	}
	free(heading);
	if (out)
		fputs(conf, out);
	return !out || fclose(out) ? err_set(e, -ENOMEM, "translate") : 0;
}

/* Its unit, where `systemctl enable` links it. */
static const char *find_rival(const struct place *p)
{
	static const char *const links[] = {
		"/etc/systemd/system/basic.target.wants/kdump-tools.service",	/* Debian */
		"/etc/systemd/system/multi-user.target.wants/kdump-tools.service",
		"/etc/systemd/system/multi-user.target.wants/kdump.service",	/* kdump-utils, SUSE */
	};
	char path[PATH_MAX];
	struct stat st;

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (!lstat(place_path(p, links[i], path), &st))
			return strrchr(links[i], '/') + 1;
	return NULL;
}

static int translate(const struct setup_request *q, struct setup_report *t, struct err *e)
{
	char *shell[SETUP_FROM_MAX] = { NULL }, *conf = NULL;
	struct translation *one = &t->translated;
	int rc = 0;

	for (int i = 0; q->from[i] && !rc; i++) {
		rc = translate_file(one, q->from[i], q->place->root, e);
		if (!rc && one->dialect == DIALECT_KDUMP_CONF && conf)
			rc = err_say(e, -EINVAL, "%s: a second kdump.conf: which one?", q->from[i]);
		if (rc)
			break;
		if (one->dialect == DIALECT_KDUMP_CONF)
			conf = one->text;
		else
			shell[i] = one->text;
		one->text = NULL;
	}
	if (!rc)
		rc = merge(t, q->from, shell, conf ? conf : "", e);
	for (int i = 0; i < SETUP_FROM_MAX; i++)
		free(shell[i]);
	free(conf);
	if (rc || !q->from[1])
		return rc;
	conf_defaults(&one->conf);
	return conf_parse(&one->conf, "the files together", t->text, strlen(t->text), CONF_STRICT, e);
}

/* What the configuration shall be. */
static int choose(const struct setup_request *q, struct setup_report *t, const char *old, struct err *e)
{
	int rc;

	if (q->from[0]) {
		rc = translate(q, t, e);
		if (!rc)
			t->conf = old && !strcmp(old, t->text) ? SETUP_CONF_SAME : SETUP_CONF_WRITTEN;
		return rc;
	}
	t->conf = old ? SETUP_CONF_KEPT : SETUP_CONF_WRITTEN;
	t->text = strdup(old ? old : usual);
	find_other(q->place, old, t->other);
	return t->text ? 0 : err_set(e, -ENOMEM, "setup");
}

/* Make the image, of a configuration that is in no file yet if need be, and calculate what it needs. */
static int try(const struct setup_request *q, struct setup_report *t, struct err *e)
{
	struct place *p = malloc(sizeof(*p));
	struct estimate_facts facts;
	int fd = memfd_create("kdump.conf", MFD_CLOEXEC), rc = 0;

	if (!p || fd < 0 || write_full(fd, t->text, strlen(t->text)))
		rc = err_set(e, -ENOMEM, "setup");
	if (!rc) {
		*p = *q->place;
		if (t->conf == SETUP_CONF_WRITTEN) {
			snprintf(p->conf_path, sizeof(p->conf_path), "/proc/self/fd/%d", fd);
			p->config = p->conf_path;
		}
		rc = estimate_read(&facts, p, e);
	}
	if (!rc)
		estimate_make(&t->estimate, &facts);
	if (fd >= 0)
		close(fd);
	free(p);
	return rc;
}

static int write_conf(const struct place *p, struct setup_report *t, bool there, struct err *e)
{
	char nth[16] = "";

	/* A second name, and never one of an earlier setup: the file stays until the new one replaces it. */
	for (int n = 1; there; n++) {
		snprintf(t->backup, sizeof(t->backup), "%.4000s.before-setup%s", p->conf_path, nth);
		if (!link(p->conf_path, t->backup))
			break;
		if (errno != EEXIST || n == BACKUPS_MAX)
			return err_set(e, -errno, "keep %.200s as %.200s", p->conf_path, t->backup);
		snprintf(nth, sizeof(nth), ".%d", n);
	}
	return image_write(p->conf_path, t->text, strlen(t->text), e);
}

static int load(const struct setup_request *q, struct setup_report *t, struct err *e)
{
	const struct load_request request = { .place = q->place, .dry_run = q->dry_run, .load = q->load };
	struct kexec_state kexec;
	int rc = kexec_state_read(&kexec, q->place->root, e);

	if (rc)
		return rc;
	t->reserved = kexec.reserved;
	/* What is not written yet cannot be loaded in a dry run. */
	if (!kexec.reserved || (q->dry_run && t->conf == SETUP_CONF_WRITTEN))
		return 0;
	rc = load_run(&request, &t->load, e);
	t->loaded = !rc;
	return rc;
}

int setup_run(const struct setup_request *q, struct setup_report *t, struct err *e)
{
	char *old;
	int rc = old_text(q->place, &old, e);

	if (!rc)
		rc = choose(q, t, old, e);
	if (!rc)
		rc = try(q, t, e);
	if (!rc && t->conf == SETUP_CONF_WRITTEN && !q->dry_run) {
		rc = write_conf(q->place, t, old != NULL, e);
		t->written = !rc;
	}
	free(old);
	t->rival = find_rival(q->place);
	return rc ? rc : load(q, t, e);
}

void setup_free(struct setup_report *t)
{
	free(t->text);
	t->text = NULL;
	translate_free(&t->translated);
	load_free(&t->load);
}
