/* status - would a crash now start the right kernel? */
/* SPDX-License-Identifier: MIT */
#include "prod/status.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *const readiness_names[NR_READINESS] = {
	"ready", "stale", "foreign", "unsure", "not-reserved", "not-loaded",
};

struct changes {
	struct status *s;
	bool           no_memory;
};

static void keep(void *ctx, const char *line)
{
	struct changes *c = ctx;
	char **more = reallocarray(c->s->changes, c->s->nr_changes + 1, sizeof(*more));
	char *copy = strdup(line);

	if (more)
		c->s->changes = more;
	if (more && copy)
		more[c->s->nr_changes++] = copy;
	else
		free(copy);
	c->no_memory |= !more || !copy;
}

int status_compare(struct status *s, const struct inputs *now, uint64_t machine, struct err *e)
{
	struct changes c = { .s = s };

	inputs_differ(&s->record.inputs, now, keep, &c);
	if (!s->kexec.hotplug && s->record.machine != machine)
		keep(&c, "memory or processors changed");
	return c.no_memory ? err_set(e, -ENOMEM, "status") : 0;
}

static int compare(struct status *s, const struct place *p, struct err *e)
{
	struct wanted *w = calloc(1, sizeof(*w));
	int rc = 0;

	if (!w)
		return err_set(e, -ENOMEM, "status");
	if (wanted_make(w, p, &s->why))
		s->is = READY_UNSURE;
	else
		rc = status_compare(s, &w->inputs, wanted_machine(p->root), e);
	wanted_free(w);
	free(w);
	if (!rc && s->nr_changes)
		s->is = READY_STALE;
	return rc;
}

int status_known(struct status *s, const struct place *p, struct err *e)
{
	char boot_id[40];
	int rc = kexec_state_read(&s->kexec, p->root, e);

	if (rc)
		return rc;
	rc = record_read(&s->record, p->state, &s->why);
	if (rc && rc != -ENOENT && rc != -EACCES)
		return err_say(e, rc, "%s", s->why.msg);
	if (rc != -EACCES)	/* who is not root learns less, but not nothing */
		s->why = (struct err){ 0 };
	record_boot_id(p->root, boot_id);
	s->ours = !rc && s->kexec.loaded && boot_id[0] && !strcmp(boot_id, s->record.boot_id);
	return 0;
}

int status_read(struct status *s, struct place *p, struct err *e)
{
	int rc = status_known(s, p, e);

	if (rc)
		return rc;
	if (!s->kexec.loaded) {
		s->is = s->kexec.reserved ? NOT_LOADED : NOT_RESERVED;
	} else if (!s->ours) {
		s->is = s->why.code ? READY_UNSURE : READY_FOREIGN;
	} else {
		record_use_options(&s->record, p);
		rc = place_fill(p, e);
		return rc ? rc : compare(s, p, e);
	}
	return 0;
}

void status_free(struct status *s)
{
	record_free(&s->record);
	for (size_t i = 0; i < s->nr_changes; i++)
		free(s->changes[i]);
	free(s->changes);
	s->changes = NULL;
	s->nr_changes = 0;
}
