/* conf_line - which line of a kdump.conf says so? */
/* SPDX-License-Identifier: MIT */
#include "base/conf.h"

#include <string.h>

unsigned conf_line(const char *text, int target, const char *key)
{
	size_t len = strlen(key);
	unsigned nr = 0, found = 0;
	int block = 0;

	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *at = line + strspn(line, " \t");
		size_t n = strcspn(at, " \t\r\n");

		nr++;
		block += conf_is_target(at, n);
		if (n == len && !memcmp(at, key, n) && (!target || !block || block == target))
			found = nr;
	}
	return found;
}
