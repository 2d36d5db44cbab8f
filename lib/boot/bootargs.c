/* bootargs - the words of a kernel command line, as they stand there. */
/* SPDX-License-Identifier: MIT */
#include "boot/bootargs.h"

#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

const char *bootarg_next(const char **at, size_t *len)
{
	const char *word = *at;
	bool quoted = false;
	size_t n = 0;

	while (is_blank(*word))
		word++;
	for (; word[n] && (quoted || !is_blank(word[n])); n++)
		if (word[n] == '"')
			quoted = !quoted;
	if (!n || (n == 2 && word[0] == '-' && word[1] == '-'))
		return NULL;
	*at = word + n;
	*len = n;
	return word;
}

bool bootarg_is(const char *word, size_t len, const char *key)
{
	size_t n = strlen(key);

	if (len < n || (len > n && word[n] != '='))
		return false;
	for (size_t i = 0; i < n; i++)
		if ((word[i] == '-' ? '_' : word[i]) != (key[i] == '-' ? '_' : key[i]))
			return false;
	return true;
}

bool bootarg_has(const char *cmdline, const char *key)
{
	const char *word;
	size_t len;

	while ((word = bootarg_next(&cmdline, &len)))
		if (bootarg_is(word, len, key))
			return true;
	return false;
}
