/* panicline - the one line of the kernel log that tells why it crashed. */
/* SPDX-License-Identifier: MIT */
#include "dump/panicline.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/*
 * The first pattern that a line has decides. Of two lines the one of higher rank is taken, of the same
 * rank the later one.
 */
static const struct {
	const char *pattern;
	int rank;
} patterns[] = {
	{ "Kernel panic - not syncing: Fatal exception", 2 },
	{ "Kernel panic - not syncing: Fatal error", 2 },
	{ "Kernel panic - not syncing:", 6 },
	{ "kernel BUG at ", 5 },
	{ "BUG: unable to handle", 5 },		/* x86, arch/x86/mm/fault.c */
	{ "BUG: kernel NULL pointer dereference", 5 },
	{ "Unable to handle kernel", 5 },	/* arm64 */
	{ "general protection fault", 5 },
	{ "Internal error:", 4 },
	{ "Oops", 4 },
	{ "ysrq: Trigger a crash", 3 },		/* "SysRq : " until 4.20 */
	{ "ysRq : Trigger a crash", 3 },
	{ "Kernel panic", 2 },
	{ "BUG:", 1 },
};

/* Behind the time stamp and, with CONFIG_PRINTK_CALLER, the task or CPU, if the line has such. */
static const char *message(const char *line)
{
	const char *p = line, *caller;

	if (*p != '[')
		return line;
	p += strspn(p, "[ .0123456789");
	if (*p != ']')
		return line;
	caller = p + 1 + (p[1] == ' ');
	if (*caller == '[') {
		caller += 1 + strspn(caller + 1, " ");
		if (*caller == 'T' || *caller == 'C')
			caller += 1 + strspn(caller + 1, "0123456789");
		if (*caller == ']')
			p = caller;
	}
	return p[1] == ' ' ? p + 2 : line;
}

static void judge(struct panic_search *s)
{
	const char *text = message(s->line);

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		if (!strstr(text, patterns[i].pattern))
			continue;
		if (patterns[i].rank >= s->rank) {
			s->rank = patterns[i].rank;
			snprintf(s->best, sizeof(s->best), "%s", text);
		}
		return;
	}
}

int panic_feed(void *search, const char *text, size_t len)
{
	struct panic_search *s = search;

	for (size_t i = 0; i < len; i++) {
		if (text[i] != '\n') {
			if (s->len + 1 < sizeof(s->line))
				s->line[s->len++] = isprint((unsigned char)text[i]) ? text[i] : '?';
			continue;
		}
		s->line[s->len] = 0;
		judge(s);
		s->len = 0;
	}
	return 0;
}

int panic_line(struct kernel *k, char *out, size_t size, struct err *e)
{
	struct panic_search s = { .rank = 0 };
	int rc = printk_write(k, NULL, panic_feed, &s, NULL, e);

	snprintf(out, size, "%s", s.best);
	return rc;
}
