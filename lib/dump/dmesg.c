/* dmesg - save the crashed kernel's log as an object of its own, before anything else can fail. */
/* SPDX-License-Identifier: MIT */
#include "dump/dmesg.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct out {
	struct sink *sink;
	struct err  *e;
	uint64_t     at;
	size_t       len;
	char         buf[16384];
};

static int flush(struct out *o)
{
	int rc = o->len ? sink_write(o->sink, o->at, o->buf, o->len, o->e) : 0;

	if (!rc) {
		o->at += o->len;
		o->len = 0;
	}
	return rc;
}

static int emit(void *ctx, const char *text, size_t len)
{
	struct out *o = ctx;

	while (len) {
		size_t n = sizeof(o->buf) - o->len < len ? sizeof(o->buf) - o->len : len;
		int rc = 0;

		memcpy(o->buf + o->len, text, n);
		o->len += n;
		text += n;
		len -= n;
		if (o->len == sizeof(o->buf))
			rc = flush(o);
		if (rc)
			return rc;
	}
	return 0;
}

int dmesg_put(struct kernel *k, struct sink *sink, const struct printk_form *how,
	      struct printk_report *said, struct ack *ack, struct err *e)
{
	struct out o = { .sink = sink, .e = e };
	int rc = printk_write(k, how, emit, &o, said, e);

	if (!rc)
		rc = flush(&o);
	if (!rc)
		rc = sink_commit(sink, ack, e);
	else
		sink_keep(sink, NULL);
	return rc;
}

int dmesg_save(struct kernel *k, const char *to, bool replace, const struct printk_form *how,
	       struct printk_report *said, struct err *e)
{
	struct sink *sink;
	struct ack ack;
	int rc = sink_open(&sink, to, k->crash_time, replace, e);

	if (rc)
		return rc;
	rc = dmesg_put(k, sink, how, said, &ack, e);
	sink_close(sink);
	return rc;
}

static int print(void *out, const char *text, size_t len)
{
	return fwrite(text, 1, len, out) == len ? 0 : -(errno ? errno : EIO);
}

int dmesg_print(struct kernel *k, const struct printk_form *how, struct err *e)
{
	int rc = printk_write(k, how, print, stdout, NULL, e);

	if (!rc && fflush(stdout))
		rc = err_set(e, -errno, "write to standard output");
	return rc;
}
