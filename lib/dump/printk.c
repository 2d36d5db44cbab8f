/* printk - the crashed kernel's log as text. */
/* SPDX-License-Identifier: MIT */
#include "dump/printk.h"

#include <errno.h>

#include "dump/printk_log.h"
#include "dump/printk_ring.h"

/* The ring that vmcoreinfo names if it is sound; else one that is found; else the named one after all. */
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

static int write_log(struct printk_out *o, struct err *e)
{
	struct log_buf buf;
	struct ring ring;
	uint64_t symbol;
	int rc;

	/* Only kernels before 5.10 have it. */
	if (vmci_symbol(&o->k->info, "log_buf", &symbol) && !vmci_symbol(&o->k->info, "prb", &symbol)) {
		rc = log_buf_open(&buf, o->k, e);
		if (!rc)
			rc = log_buf_write(&buf, o);
		else
			return rc;
	} else {
		rc = choose_ring(&ring, o, e);
		if (rc)
			return rc;
		rc = ring_write(&ring, o, o->form.since_clear ? ring_clear_seq(o->k) : 0);
	}
	return rc ? err_set(e, rc, "write the kernel log") : 0;
}

int printk_write(struct kernel *k, const struct printk_form *how, printk_emit emit, void *ctx,
		 struct printk_report *said, struct err *e)
{
	struct printk_out o = { .k = k, .emit = emit, .ctx = ctx };
	int rc;

	if (how)
		o.form = *how;
	rc = write_log(&o, e);
	if (said)
		*said = o.said;
	return rc;
}
