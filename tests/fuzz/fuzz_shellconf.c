/* fuzz_shellconf - files that a shell sources, of any bytes: what is read survives being written and read again. */
/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prod/translate_shell.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* NAME='VALUE' for each, a quote as '\''. */
static void write_vars(const struct shell_vars *v, FILE *f)
{
	for (size_t i = 0; i < v->n; i++) {
		fprintf(f, "%s='", v->list[i].name);
		for (const char *p = v->list[i].value; *p; p++)
			fprintf(f, *p == '\'' ? "'\\''" : "%c", *p);
		fprintf(f, "'\n");
	}
}

static void read_again(const struct shell_vars *v)
{
	struct shell_vars again = { 0 };
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	write_vars(v, f);
	fclose(f);
	if (shell_parse(&again, "again", text, len, NULL) || again.n != v->n)
		abort();
	for (size_t i = 0; i < v->n; i++)
		if (strcmp(again.list[i].name, v->list[i].name) || strcmp(again.list[i].value, v->list[i].value))
			abort();
	shell_free(&again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct shell_vars v = { 0 };

	if (!shell_parse(&v, "fuzz", (const char *)data, len, NULL))
		read_again(&v);
	shell_free(&v);
	return 0;
}
