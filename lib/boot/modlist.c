/* modlist - which modules does the image say to load, and in what order? */
/* SPDX-License-Identifier: MIT */
#include "boot/modlist.h"

#include <string.h>

static bool copy(char *out, size_t size, const char *from, size_t len)
{
	if (len >= size)
		return false;
	memcpy(out, from, len);
	out[len] = 0;
	return true;
}

bool modlist_next(const char **at, struct modline *m, unsigned *bad)
{
	const char *line = *at;

	while (*line) {
		size_t len, name, gap;

		line += strspn(line, " \t\r\n");
		len = strcspn(line, "\r\n");
		*at = line + len;
		name = strcspn(line, " \t\r\n");
		gap = strspn(line + name, " \t");
		if (len && *line != '#') {
			if (copy(m->name, sizeof(m->name), line, name) &&
			    copy(m->params, sizeof(m->params), line + name + gap, len - name - gap))
				return true;
			++*bad;
		}
		line += len;
	}
	*at = line;
	return false;
}
