/* translate_shell - the variables of a file that a shell reads with ".". */
/* SPDX-License-Identifier: MIT */
#ifndef PROD_TRANSLATE_SHELL_H
#define PROD_TRANSLATE_SHELL_H

#include <stddef.h>

#include "base/err.h"

/*
 * What is understood is what configuration files are made of (POSIX, XCU 2.2, 2.6 and 2.9.1): comments,
 * NAME=VALUE, several of them in a line, `export`, `unset`, both kinds of quotes, backslashes, continued
 * lines, and $NAME or ${NAME} of what stands above. Everything else would have to be executed, and is refused
 * with its line: commands, $(...) and `...`, arithmetic, ${NAME:-...}, arrays, a variable that the file does not
 * set, '~', and $'...', which sh and bash read differently.
 */

enum { SHELL_VALUE_MAX = 4096, SHELL_NAME_MAX = 64, SHELL_VARS_MAX = 256 };

struct shell_var {
	char    *name, *value;	/* owned */
	unsigned line;		/* of its last assignment, from 1 */
	unsigned times;		/* that it was assigned */
};

/* In the order of their first assignment. Zero-initialise it. */
struct shell_vars {
	struct shell_var *list;
	size_t            n;
};

/*
 * Read text of len bytes; name is for messages. Returns 0 or -EINVAL, -E2BIG, -ENOMEM with a message that begins
 * with name:line. shell_free in both cases.
 */
int shell_parse(struct shell_vars *v, const char *name, const char *text, size_t len, struct err *e);
void shell_free(struct shell_vars *v);

/* The variable of that name, NULL if it is not set. */
const struct shell_var *shell_find(const struct shell_vars *v, const char *name);

#endif
