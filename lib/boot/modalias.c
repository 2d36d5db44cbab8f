/* modalias - does a pattern of modules.alias mean this device? */
/* SPDX-License-Identifier: MIT */
#include "boot/modalias.h"

static char fold(char c)
{
	return c == '-' ? '_' : c;
}

/* One character of a bracket, which may be escaped; *at moves on. */
static unsigned char member(const char **at, const char *end)
{
	if (**at == '\\' && *at + 1 < end)
		++*at;
	return (unsigned char)*(*at)++;
}

/* Length of the bracket that begins at p, 0 if it has no end; *hit: c is in it, or not in "[!". */
static size_t bracket(const char *p, const char *end, char c, bool *hit)
{
	const char *at = p + 1;
	bool not = at < end && (*at == '!' || *at == '^'), found = false;
	unsigned char key = (unsigned char)fold(c);

	at += not;
	for (const char *first = at; at < end && (*at != ']' || at == first);) {
		unsigned char low = member(&at, end), high = low;

		if (end - at >= 2 && *at == '-' && at[1] != ']') {
			at++;
			high = member(&at, end);
		}
		found |= low <= key && key <= high;
	}
	*hit = found != not;
	return at < end ? (size_t)(at + 1 - p) : 0;
}

/* How much of the pattern c matches; 0 if it does not. */
static size_t match_one(const char *p, const char *end, char c)
{
	bool hit;
	size_t n = *p == '[' ? bracket(p, end, c, &hit) : 0;

	if (n)
		return hit ? n : 0;
	if (*p == '?')
		return 1;
	if (*p == '\\' && p + 1 < end)
		return fold(p[1]) == fold(c) ? 2 : 0;
	return fold(*p) == fold(c);
}

bool modalias_match(const char *p, size_t len, const char *word)
{
	const char *end = p + len, *star = NULL, *from = NULL;

	while (*word || p < end) {
		size_t n;

		if (p < end && *p == '*') {
			star = ++p;
			from = word;
			if (p == end)
				return true;
		} else if (*word && p < end && (n = match_one(p, end, *word))) {
			p += n;
			word++;
		} else if (star && *from) {	/* the last star takes one more; those before it need not */
			p = star;
			word = ++from;
		} else {
			return false;
		}
	}
	return true;
}
