/* printk - the crashed kernel's log as text. */
/* SPDX-License-Identifier: MIT */
#include "dump/printk.h"

#include <errno.h>

#include "dump/printk_log.h"
#include "dump/printk_ring.h"

/* The ring that vmcoreinfo names, if it is sound; else one that is found; else the named one. */
static int choose_ring(struct ring *r, struct printk_out *o, struct err *e)
{
	int rc = ring_open(r, o->k, e);
	struct ring found;

	if (!rc && ring_sound(r, o->k))
		return 0;
	if (ring_search(&found, o->k))
		return rc;
	*r = found;
	o->said.searched = true;
	return 0;
}

static int write_records(struct printk_out *o, struct err *e)
{
	const struct vmcoreinfo *v = &o->k->info;
	struct log_buf buf;
	struct ring ring;
	uint64_t symbol;
	int rc;

	/* Only kernels before 5.10 have log_buf and no prb. */
	if (vmci_symbol(v, "log_buf", &symbol) && !vmci_symbol(v, "prb", &symbol)) {
		rc = log_buf_open(&buf, o->k, e);
		return rc ? rc : log_buf_write(&buf, o);
	}
	rc = choose_ring(&ring, o, e);
	return rc ? rc : ring_write(&ring, o, o->form.since_clear ? ring_clear_seq(o->k) : 0);
}

int printk_write(struct kernel *k, const struct printk_form *how, printk_emit emit, void *ctx,
		 struct printk_report *said, struct err *e)
{
	struct printk_out o = { .k = k, .emit = emit, .ctx = ctx };
	struct err why = { 0 };
	int rc;

	if (how)
		o.form = *how;
	rc = write_records(&o, &why);
	if (said)
		*said = o.said;
	if (rc)
		return why.code ? err_say(e, rc, "%s", why.msg) :
				  err_set(e, rc, "write the kernel log");
	/* Any kernel that ran has said something; after a clear it may be silent. */
	if (!o.said.records && (o.said.lost || !o.form.since_clear))
		return err_say(e, -ENOENT, "the kernel log is damaged: no record in it makes sense");
	return 0;
}
