/* kconfig - what can a kernel do, by the configuration it was built with? */
/* SPDX-License-Identifier: MIT */
#include "boot/kconfig.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot/kofile.h"

int kconfig_read(const char *root, const char *release, bool runs, char **text, char *from, size_t size,
		 struct err *e)
{
	static const struct { const char *before, *after; } places[] = {
		{ "/boot/config-", "" },
		{ "/lib/modules/", "/config" },
		{ "/usr/lib/modules/", "/config" },
	};
	char *data, *more;
	size_t len;
	int rc;

	snprintf(from, size, "%s/proc/config.gz", root);
	for (size_t i = 0; (i || !runs || access(from, R_OK)) && i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(from, size, "%s%s%s%s", root, places[i].before, release, places[i].after);
		if (!access(from, R_OK))
			break;
	}
	if (access(from, R_OK))
		return err_say(e, -ENOENT, "the configuration of kernel %s is neither /proc/config.gz nor "
					   "/boot/config-%s nor in its modules' directory", release, release);
	rc = kofile_read(from, &data, &len, e);
	if (rc)
		return rc;
	more = realloc(data, len + 1);
	if (!more) {
		free(data);
		return err_set(e, -ENOMEM, "read %s", from);
	}
	more[len] = 0;
	*text = more;
	return 0;
}

bool kconfig_has(const char *text, const char *option)
{
	size_t n = strlen(option);

	for (const char *at = text; (at = strstr(at, option)); at += n)
		if ((at == text || at[-1] == '\n') && !strncmp(at + n, "=y", 2) && (at[n + 2] == '\n' || !at[n + 2]))
			return true;
	return false;
}
