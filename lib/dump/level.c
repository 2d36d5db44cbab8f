/* level - which classes of pages are asked to be left out? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/args.h"
#include "dump/page.h"

int level_list(const char *text, unsigned *out, size_t max, struct err *e)
{
	unsigned long long level;
	char word[16];
	size_t n = 0;

	for (;;) {
		size_t len = strcspn(text, ",");
		int rc;

		snprintf(word, sizeof(word), "%.*s", (int)(len < sizeof(word) ? len : sizeof(word)), text);
		rc = parse_number(word, "dump level", 0, LEVEL_MAX, &level, e);
		if (rc)
			return rc;
		if (n == max)
			return err_say(e, -EINVAL, "more than %zu dump levels", max);
		out[n++] = (unsigned)level;
		if (!text[len])
			return (int)n;
		text += len + 1;
	}
}
