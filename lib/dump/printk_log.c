/* printk_log - the structured log buffer of kernels 3.5 to 5.9. */
/* SPDX-License-Identifier: MIT */
#include "dump/printk_log.h"

#include <errno.h>
#include <stdio.h>

#include "base/buf.h"

enum {
	MAX_HEAD = 128, ALIGN = 4,	/* records are aligned to 4 or 8 bytes */
	MAX_LINE  = 1024 + MAX_HEAD,	/* LOG_LINE_MAX and what goes with it */
	MAX_STEPS = 1 << 22,		/* headers read in search of a chain, in all */
};

static bool offset_of(const struct vmcoreinfo *v, const char *type, const char *field, uint32_t *out)
{
	char name[64];

	snprintf(name, sizeof(name), "%s.%s", type, field);
	return vmci_offset(v, name, out);
}

static int find_keys(struct log_buf *b, const struct vmcoreinfo *v, struct err *e)
{
	const char *type = "printk_log";

	if (!vmci_size(v, type, &b->head_size)) {
		type = "log";
		if (!vmci_size(v, type, &b->head_size))
			return err_say(e, -ENOENT, "no SIZE(printk_log) in vmcoreinfo");
	}
	if (!offset_of(v, type, "ts_nsec", &b->ts_at) || !offset_of(v, type, "len", &b->len_at) ||
	    !offset_of(v, type, "text_len", &b->text_len_at))
		return err_say(e, -ENOENT, "no OFFSET(%s) of ts_nsec, len or text_len in vmcoreinfo",
			       type);
	if (b->head_size > MAX_HEAD || !in_bounds(b->ts_at, 8, b->head_size) ||
	    !in_bounds(b->len_at, 2, b->head_size) || !in_bounds(b->text_len_at, 2, b->head_size))
		return err_say(e, -ENOENT, "the %s keys in vmcoreinfo do not fit together", type);
	/* With CONFIG_PRINTK_CALLER only (5.1+). Facility and level stand behind dict_len. */
	b->has_caller = offset_of(v, type, "caller_id", &b->caller_at) &&
			in_bounds(b->caller_at, 4, b->head_size);
	b->has_level = offset_of(v, type, "dict_len", &b->dict_len_at) &&
		       in_bounds(b->dict_len_at, 4, b->head_size);
	return 0;
}

int log_buf_open(struct log_buf *b, struct kernel *k, struct err *e)
{
	const struct vmcoreinfo *v = &k->info;
	uint64_t at;
	int rc;

	*b = (struct log_buf){ 0 };
	if (!vmci_symbol(v, "log_buf", &at))
		return err_say(e, -ENOENT, "neither SYMBOL(prb) nor SYMBOL(log_buf) in vmcoreinfo");
	rc = find_keys(b, v, e);
	if (rc)
		return rc;
	rc = kernel_read_u64(k, at, &b->at);
	if (rc)
		return err_set(e, rc, "read log_buf at %#llx", (unsigned long long)at);
	if (!vmci_symbol(v, "log_buf_len", &at) || kernel_read_u32(k, at, &b->len) ||
	    b->len < b->head_size || b->len > 1U << 31)
		return err_say(e, -ENOENT, "the kernel log is damaged (log_buf_len %u)", b->len);
	/* A damaged index lies outside the buffer: log_buf_write then looks for the records. */
	b->first = b->next = UINT32_MAX;
	if (vmci_symbol(v, "log_first_idx", &at))
		kernel_read_u32(k, at, &b->first);
	if (vmci_symbol(v, "log_next_idx", &at))
		kernel_read_u32(k, at, &b->next);
	b->has_clear = vmci_symbol(v, "clear_idx", &at) && !kernel_read_u32(k, at, &b->clear) &&
		       b->clear;
	return 0;
}

/* A walk over records. */
struct walk {
	const struct log_buf *b;
	struct kernel *k;
	uint32_t at;
	uint64_t gone;			/* bytes walked over */
	bool     wrapped;
	uint32_t len, text_len;		/* of the record at `at` */
	uint8_t  head[MAX_HEAD];
};

enum step { STEP_RECORD, STEP_END, STEP_BAD };

static bool read_head(struct walk *w)
{
	const struct log_buf *b = w->b;

	if (!in_bounds(w->at, b->head_size, b->len) || w->gone > 2 * (uint64_t)b->len ||
	    kernel_read(w->k, b->at + w->at, w->head, b->head_size))
		return false;
	w->len = get_le16(w->head + b->len_at);
	w->text_len = get_le16(w->head + b->text_len_at);
	return true;
}

/*
 * A header without length marks the end of the buffer: the next record did not fit there and
 * stands at the start. Go there, if that can be.
 */
static bool wrap(struct walk *w)
{
	const struct log_buf *b = w->b;
	uint32_t mark = w->at;

	if (w->wrapped || (b->next > mark && b->next < b->len))
		return false;
	w->wrapped = true;
	w->gone += b->len - mark;
	w->at = 0;
	return b->next == 0 || (read_head(w) && (uint64_t)mark + w->len + b->head_size >= b->len);
}

/* Look at the record where the walk stands, or at the start of the buffer if that is the next. */
static enum step look(struct walk *w)
{
	const struct log_buf *b = w->b;
	struct walk moved;

	if (w->at == b->next)
		return STEP_END;
	if (!read_head(w))
		return STEP_BAD;
	if (!w->len) {
		moved = *w;
		if (!wrap(&moved))
			return STEP_BAD;
		*w = moved;
		if (w->at == b->next)
			return STEP_END;
	}
	if (w->len < b->head_size || w->len % ALIGN || w->text_len > w->len - b->head_size ||
	    !in_bounds(w->at, w->len, b->len))
		return STEP_BAD;
	return STEP_RECORD;
}

static void advance(struct walk *w)
{
	w->at += w->len;
	w->gone += w->len;
}

/* How many records follow each other from here to the end; 0: they do not. */
static unsigned leads_to_end(struct walk w, uint32_t *steps)
{
	bool wrapped = w.wrapped;
	unsigned records = 0;

	for (; *steps; advance(&w), records++) {
		enum step s = look(&w);

		(*steps)--;
		if (!records && w.wrapped != wrapped)
			return 0;		/* zeros, not a record */
		if (s != STEP_RECORD)
			return s == STEP_END ? records : 0;
	}
	return 0;
}

/* Of the places from `from` to `end` the one from which most records lead to the end. */
static bool best_chain(struct walk *w, struct walk from, uint32_t end, uint32_t *steps)
{
	uint32_t start = from.at;
	uint64_t gone = from.gone;
	unsigned best = 0;

	for (; *steps && in_bounds(from.at, w->b->head_size, end); from.at += ALIGN) {
		unsigned n;

		from.gone = gone + (from.at - start);
		n = leads_to_end(from, steps);
		if (n <= best)
			continue;
		/* Bytes of text can look like a record: the true one may come in the next few. */
		if (!best && end - from.at > MAX_LINE)
			end = from.at + MAX_LINE;
		best = n;
		*w = from;
	}
	return best > 0;
}

/* Move on to where the chain of records is whole again. False if there is no such place. */
static bool resume(struct walk *w, uint32_t *steps)
{
	const struct log_buf *b = w->b;
	struct walk from = *w;

	if (b->next >= b->len)
		return false;
	from.at = (w->at + ALIGN) & ~(uint32_t)(ALIGN - 1);
	from.gone += from.at - w->at;
	if (best_chain(w, from, b->next > w->at ? b->next : b->len, steps))
		return true;
	if (w->wrapped || b->next > w->at)
		return false;
	/* The newest records lie at the start of the buffer. */
	from.gone += b->len - w->at;
	from.at = 0;
	from.wrapped = true;
	return best_chain(w, from, b->next, steps);
}

static int write_record(const struct walk *w, struct printk_out *o)
{
	const struct log_buf *b = w->b;
	struct printk_record rec = {
		.ns = get_le64(w->head + b->ts_at),
		.text = b->at + w->at + b->head_size, .len = w->text_len,
		.has_caller = b->has_caller,
	};

	if (b->has_caller)
		rec.caller = get_le32(w->head + b->caller_at);
	if (b->has_level)
		printk_take_level(&rec, w->head + b->dict_len_at + 2);
	return printk_line(o, &rec);
}

/* Is the place of the last clear still the beginning of a record? It may long be overwritten. */
static bool clear_is_there(struct walk w)
{
	if (!w.b->has_clear)
		return false;
	while (look(&w) == STEP_RECORD && w.at != w.b->clear)
		advance(&w);
	return w.at == w.b->clear;
}

int log_buf_write(const struct log_buf *b, struct printk_out *o)
{
	struct walk w = { .b = b, .k = o->k, .at = b->first };
	bool skip = o->form.since_clear && clear_is_there(w), bad = false;
	uint32_t steps = MAX_STEPS;
	int rc = 0;

	if (b->first >= b->len) {	/* the oldest is what is found behind the newest */
		bad = b->next < b->len;
		w.at = bad ? b->next : 0;
	}
	while (!rc) {
		enum step s = bad ? STEP_BAD : look(&w);

		bad = false;
		if (s == STEP_END)
			break;
		if (s == STEP_BAD) {
			o->said.lost++;
			if (!resume(&w, &steps))
				break;
			continue;
		}
		skip = skip && w.at != b->clear;
		if (!skip)
			rc = write_record(&w, o);
		advance(&w);
	}
	return rc;
}
