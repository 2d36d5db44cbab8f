/* printk_line - one record of the crashed kernel's log as a line of text. */
/* SPDX-License-Identifier: MIT */
#include "dump/printk_line.h"

#include <ctype.h>
#include <stdio.h>

enum { CALLER_WIDTH = 8, LEVEL_SHIFT = 5 };

void printk_take_level(struct printk_record *r, const uint8_t *facility)
{
	r->facility = facility[0];
	r->level = facility[1] >> LEVEL_SHIFT;
	r->has_level = true;
}

/* Bytes that do not print leave the text as \xNN, so that no terminal obeys them. */
static int put_byte(char *out, uint8_t c, int indent)
{
	if (c == '\n' && indent)
		return sprintf(out, "\n%*s", indent, "");
	if (isprint(c) || isspace(c)) {
		*out = (char)c;
		return 1;
	}
	return sprintf(out, "\\x%02x", c);
}

static int put_text(struct printk_out *o, vaddr_t from, uint64_t len, int indent)
{
	uint8_t raw[256];
	char text[2048];
	int rc = 0, n = 0;

	while (len && !rc) {
		size_t piece = len < sizeof(raw) ? (size_t)len : sizeof(raw);

		if (kernel_read(o->k, from, raw, piece))
			return o->emit(o->ctx, "[text cannot be read]", 21);
		for (size_t i = 0; i < piece && !rc; i++) {
			n += put_byte(text + n, raw[i], indent);
			/* Room for one byte more, however it is written. */
			if (n < (int)sizeof(text) - indent - 8 && (i + 1 < piece || piece < len))
				continue;
			rc = o->emit(o->ctx, text, (size_t)n);
			n = 0;
		}
		from += piece;
		len -= piece;
	}
	return rc;
}

int printk_line(struct printk_out *o, const struct printk_record *r)
{
	char head[96], caller[16];
	int level = 0, n, rc;

	if (o->form.level && r->has_level)
		level = sprintf(head, "<%u>", r->facility * 8u + r->level);
	n = level + sprintf(head + level, "[%5llu.%06llu] ",
			    (unsigned long long)(r->ns / 1000000000),
			    (unsigned long long)(r->ns / 1000 % 1000000));
	if (o->form.caller && r->has_caller) {
		snprintf(caller, sizeof(caller), "%c%u", r->caller >> 31 ? 'C' : 'T',
			 r->caller & 0x7fffffff);
		n += sprintf(head + n, "[%*s] ", CALLER_WIDTH, caller);
	}
	rc = o->emit(o->ctx, head, (size_t)n);
	if (!rc)
		rc = put_text(o, r->text, r->len, o->form.indent ? n : 0);
	if (!rc)
		rc = o->emit(o->ctx, "\n", 1);
	o->said.records++;
	return rc;
}
