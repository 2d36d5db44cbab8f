/* xml - which text has an element of a small document? */
/* SPDX-License-Identifier: MIT */
#include "http/xml.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct name {
	const char *p;
	size_t len;
};

struct scan {
	const char *at, *end;
	const char *path;
	struct name open[XML_DEPTH];	/* the elements around here */
	size_t      depth;
	bool        had_root;
	int         found;		/* 0 not yet, 1 it is open, 2 its text is whole */
	size_t      found_depth;
	char       *out;
	size_t      size, len;
	struct err *e;
};

static int bad(struct scan *s, const char *why)
{
	return err_say(s->e, -EBADMSG, "the answer is no proper XML: %s", why);
}

/* Move behind the next `what`; false if there is none. */
static bool skip_past(struct scan *s, const char *what)
{
	size_t len = strlen(what);
	const char *p = memmem(s->at, (size_t)(s->end - s->at), what, len);

	if (p)
		s->at = p + len;
	return p;
}

static bool begins(const struct scan *s, const char *what)
{
	size_t len = strlen(what);

	return (size_t)(s->end - s->at) >= len && !memcmp(s->at, what, len);
}

static void put(struct scan *s, unsigned long c)
{
	if (s->found == 1 && s->depth == s->found_depth && s->len + 1 < s->size)
		s->out[s->len++] = c >= ' ' && c <= '~' ? (char)c : '?';
}

/* Is what is open now the path? */
static bool is_path(const struct scan *s)
{
	const char *p = s->path;

	for (size_t i = 0; i < s->depth; i++) {
		size_t len = strcspn(p, "/");

		if (len != s->open[i].len || memcmp(p, s->open[i].p, len))
			return false;
		p += len;
		if (i + 1 < s->depth && *p++ != '/')
			return false;
	}
	return !*p;
}

/* "&...;" */
static int reference(struct scan *s)
{
	static const struct {
		const char *text;
		char c;
	} named[] = { { "&lt;", '<' }, { "&gt;", '>' }, { "&amp;", '&' }, { "&quot;", '"' }, { "&apos;", '\'' } };
	const char *semicolon = memchr(s->at, ';', (size_t)(s->end - s->at));
	char digits[12] = "", *end;
	bool x;

	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		if (begins(s, named[i].text)) {
			s->at += strlen(named[i].text);
			put(s, (unsigned char)named[i].c);
			return 0;
		}
	if (!begins(s, "&#") || !semicolon || semicolon - s->at - 2 >= (long)sizeof(digits))
		return bad(s, "an entity that is none of the five");
	memcpy(digits, s->at + 2, (size_t)(semicolon - s->at - 2));
	x = digits[0] == 'x';
	if (!strchr("0123456789abcdefABCDEF", digits[x]) || !digits[x])
		return bad(s, "a reference to no character");
	put(s, strtoul(digits + x, &end, x ? 16 : 10));
	if (*end)
		return bad(s, "a reference to no character");
	s->at = semicolon + 1;
	return 0;
}

/* A name without its prefix. */
static struct name take_name(struct scan *s)
{
	struct name n = { s->at, 0 };

	while (s->at < s->end && (unsigned char)*s->at > ' ' && !strchr("/>=<&\"'", *s->at)) {
		if (*s->at++ == ':')
			n.p = s->at;
	}
	n.len = (size_t)(s->at - n.p);
	return n;
}

static void skip_blanks(struct scan *s)
{
	while (s->at < s->end && strchr(" \t\r\n", *s->at) && *s->at)
		s->at++;
}

static int close_element(struct scan *s)
{
	struct name n;

	s->at += 2;
	n = take_name(s);
	skip_blanks(s);
	if (!s->depth || n.len != s->open[s->depth - 1].len || memcmp(n.p, s->open[s->depth - 1].p, n.len) ||
	    !begins(s, ">"))
		return bad(s, "an end without its beginning");
	s->at++;
	if (s->found == 1 && s->depth == s->found_depth)
		s->found = 2;
	s->depth--;
	return 0;
}

static int attributes(struct scan *s)
{
	for (;;) {
		char quote;

		skip_blanks(s);
		if (s->at == s->end)
			return bad(s, "it is cut");
		if (*s->at == '/' || *s->at == '>')
			return 0;
		if (!take_name(s).len)
			return bad(s, "an attribute without a name");
		skip_blanks(s);
		if (!begins(s, "="))
			return bad(s, "an attribute without a value");
		s->at++;
		skip_blanks(s);
		quote = s->at < s->end ? *s->at : 0;
		if (quote != '"' && quote != '\'')
			return bad(s, "an attribute without quotes");
		s->at++;
		if (!skip_past(s, quote == '"' ? "\"" : "'"))
			return bad(s, "it is cut");
	}
}

static int open_element(struct scan *s)
{
	struct name n;
	int rc;

	s->at++;
	n = take_name(s);
	if (!n.len || n.len >= XML_NAME)
		return bad(s, "an element without a name");
	if (!s->depth && s->had_root)
		return bad(s, "two roots");
	if (s->depth == XML_DEPTH)
		return bad(s, "it is too deep");
	s->had_root = true;
	s->open[s->depth++] = n;
	if (!s->found && is_path(s)) {
		s->found = 1;
		s->found_depth = s->depth;
	}
	rc = attributes(s);
	if (rc)
		return rc;
	if (*s->at++ == '>')
		return 0;
	if (!begins(s, ">"))
		return bad(s, "a '/' that ends nothing");
	s->at++;
	if (s->found == 1 && s->depth == s->found_depth)
		s->found = 2;
	s->depth--;
	return 0;
}

static int cdata(struct scan *s)
{
	const char *from = s->at + 9;

	if (!s->depth || !skip_past(s, "]]>"))
		return bad(s, "CDATA that does not belong there or does not end");
	for (; from < s->at - 3; from++)
		put(s, (unsigned char)*from);
	return 0;
}

static int step(struct scan *s)
{
	if (*s->at == '&')
		return s->depth ? reference(s) : bad(s, "text outside of elements");
	if (*s->at != '<') {
		if (!s->depth && !strchr(" \t\r\n", *s->at))
			return bad(s, "text outside of elements");
		put(s, (unsigned char)*s->at++);
		return 0;
	}
	if (begins(s, "<?"))
		return skip_past(s, "?>") ? 0 : bad(s, "it is cut");
	if (begins(s, "<!--"))
		return skip_past(s, "-->") ? 0 : bad(s, "it is cut");
	if (begins(s, "<![CDATA["))
		return cdata(s);
	if (begins(s, "<!"))
		return bad(s, "a DOCTYPE");
	return begins(s, "</") ? close_element(s) : open_element(s);
}

int xml_text(const char *doc, size_t len, const char *path, char *out, size_t size, struct err *e)
{
	struct scan s = { .at = doc, .end = doc + len, .path = path, .out = out, .size = size, .e = e };
	int rc = 0;

	if (len >= 3 && !memcmp(doc, "\xef\xbb\xbf", 3))
		s.at += 3;
	while (!rc && s.at < s.end)
		rc = *s.at ? step(&s) : bad(&s, "a NUL in it");
	if (!rc && (s.depth || !s.had_root))
		rc = bad(&s, s.depth ? "it is cut" : "there is nothing");
	out[s.len] = '\0';
	return rc ? rc : s.found == 2;
}
