/* resolve - is it a literal, a line of /etc/hosts, or a name for DNS? */
/* SPDX-License-Identifier: MIT */
#include "net/resolve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/io.h"
#include "net/dns_ask.h"

enum { FILE_MAX = 1 << 20, NDOTS_MAX = 15 };

/* The next word of a line, "" at its end or at a comment; *line steps behind it. */
static char *word(char **line)
{
	char *p = *line + strspn(*line, " \t\r");
	size_t n = strcspn(p, " \t\r#");

	*line = p + n;
	if (**line == '#')
		**line = 0;
	else if (**line)
		*(*line)++ = 0;
	return p;
}

static void read_option(struct resolver *r, const char *option)
{
	unsigned n;

	if (sscanf(option, "ndots:%u", &n) == 1)
		r->ndots = n < NDOTS_MAX ? n : NDOTS_MAX;
	else if (sscanf(option, "timeout:%u", &n) == 1 && n)
		r->try_ms = 1000 * (n < 30 ? n : 30);
	else if (sscanf(option, "attempts:%u", &n) == 1 && n)
		r->tries = n < 5 ? n : 5;
}

static void read_line_of(struct resolver *r, char *line)
{
	const char *key = word(&line), *w;
	struct name name;

	if (!strcmp(key, "nameserver")) {
		if (r->nr_servers < RESOLVER_SERVERS &&
		    net_addr_parse(word(&line), &r->servers[r->nr_servers]))
			r->nr_servers++;
	} else if (!strcmp(key, "search") || !strcmp(key, "domain")) {
		r->search[0] = 0;	/* the last line counts, resolv.conf(5) */
		while (*(w = word(&line)))
			if (name_parse(w, &name))
				name_list_add(r->search, sizeof(r->search), w);
	} else if (!strcmp(key, "options")) {
		while (*(w = word(&line)))
			read_option(r, w);
	}
}

int resolver_load(struct resolver *r, const char *path, struct err *e)
{
	struct err why = { 0 };		/* a file that is missing leaves no error text behind */
	char *text, *rest;
	size_t len;
	int rc;

	*r = (struct resolver){ 0 };
	rc = read_file(path ? path : "/etc/resolv.conf", FILE_MAX, &text, &len, &why);
	if (rc == -ENOENT)
		return 0;
	if (rc)
		return err_say(e, rc, "%s", why.msg);
	for (char *line = rest = text; line; line = rest) {
		strsep(&rest, "\n");
		if (*line != ';' && *line != '#')
			read_line_of(r, line);
	}
	free(text);
	return 0;
}

/* The addresses of name in the hosts file; a file that cannot be read has none. */
static int from_hosts(const char *path, const char *name, struct net_addr *out)
{
	char *text, *rest;
	size_t len;
	int n = 0;

	if (read_file(path ? path : "/etc/hosts", FILE_MAX, &text, &len, NULL))
		return 0;
	for (char *line = rest = text; line && n < RESOLVE_MAX; line = rest) {
		struct net_addr a;
		const char *w;

		strsep(&rest, "\n");
		if (!net_addr_parse(word(&line), &a))
			continue;
		while (*(w = word(&line))) {
			if (strcasecmp(w, name))
				continue;
			out[n++] = a;
			break;
		}
	}
	free(text);
	return n;
}

/* Ask for name with suffix behind it; "" for the name as it stands. */
static int ask_with(const struct resolver *r, const char *name, const char *suffix,
		    size_t suffix_len, struct net_addr *out, uint64_t deadline_ms, struct err *e)
{
	char full[2 * NAME_TEXT];
	struct name n;

	snprintf(full, sizeof(full), "%s%s%.*s", name, suffix_len ? "." : "", (int)suffix_len,
		 suffix);
	if (!name_parse(full, &n))
		return err_say(e, -EINVAL, "not a host name");
	return dns_ask(r, &n, out, deadline_ms, e);
}

/* Errors after which another suffix may still help. */
static bool try_next(int rc)
{
	return rc == -ENOENT || rc == -ENODATA || rc == -EHOSTUNREACH || rc == -EINVAL;
}

/* The name with each suffix of the search list in turn. *best is the error that says most. */
static int ask_search(const struct resolver *r, const char *name, struct net_addr *out,
		      uint64_t deadline_ms, struct err *best)
{
	size_t n;

	for (const char *p = r->search; *p; p += n + (p[n] == ' ')) {
		struct err e = { 0 };
		int rc;

		n = strcspn(p, " ");
		rc = ask_with(r, name, p, n, out, deadline_ms, &e);
		if (rc > 0)
			return rc;
		if (!best->code || best->code == -ENOENT)
			*best = e;
		if (!try_next(rc))
			return rc;
	}
	return best->code;
}

static unsigned dots(const char *name)
{
	unsigned n = 0;

	for (; *name; name++)
		n += *name == '.';
	return n;
}

static int ask_all(const struct resolver *r, const char *name, struct net_addr *out,
		   uint64_t deadline_ms, struct err *e)
{
	bool whole = name[strlen(name) - 1] == '.',
	     first = whole || dots(name) >= (r->ndots ? r->ndots : 1);
	struct err best = { 0 }, own = { 0 };
	int rc = 0;

	if (first)
		rc = ask_with(r, name, "", 0, out, deadline_ms, &best);
	if (!whole && (!first || try_next(rc)))
		rc = ask_search(r, name, out, deadline_ms, &best);
	if (!first && (!rc || try_next(rc))) {
		rc = ask_with(r, name, "", 0, out, deadline_ms, &own);
		if (rc < 0 && (!best.code || best.code == -ENOENT))
			best = own;
	}
	if (rc > 0)
		return rc;
	return err_say(e, best.code, "resolve %s", best.msg);
}

int net_resolve(const struct resolver *r, const char *name, struct net_addr out[RESOLVE_MAX],
		uint64_t deadline_ms, struct err *e)
{
	char text[NAME_TEXT];
	struct name wire;
	int n;

	if (net_addr_parse(name, &out[0]))
		return 1;
	/* What only looks like an address is a mistyped one. */
	if (!name_parse(name, &wire) || !name_text(&wire, text) ||
	    !name[strspn(name, "0123456789.")])
		return err_say(e, -EINVAL, "'%.*s' is neither an address nor a host name", 80,
			       name);
	n = from_hosts(r->hosts, text, out);
	return n ? n : ask_all(r, name, out, deadline_ms, e);
}
