/* applet - what a command of the multicall binary is. */
/* SPDX-License-Identifier: MIT */
#ifndef APPLET_H
#define APPLET_H

#include "base/args.h"
#include "base/err.h"
#include "base/log.h"

/* The one set of exit codes. */
enum exit_code {
	DONE     = 0,
	FAILED   = 1,
	USAGE    = 2,
	DEGRADED = 3,		/* the result is usable, something is missing from it */
};

/*
 * A command: file name, command and symbol are one ('-' in the name is '_' in the symbol). main gets
 * the words after the options were NOT yet parsed: it walks them with args_next. It returns an exit
 * code and never calls exit(). The options end with APPLET_OPTS_END, which adds --help.
 */
struct applet {
	const char       *name, *summary, *operands;
	const struct opt *opts;
	int             (*main)(struct args *a);
};

#define APPLET(symbol, command, text, words)                                                    \
	static int symbol##_main(struct args *a);                                               \
	const struct applet applet_##symbol = { command, text, words, symbol##_opts, symbol##_main }

#define OPT_HELP 'h'
#define APPLET_OPTS_END { OPT_HELP, "help", NULL, "show this help" }, { 0, NULL, NULL, NULL }

/* Print the help of the running applet to standard output. Returns DONE. */
int applet_help(void);

/* Run a subcommand whose name is a's first word; it has its own options, and its name is "APPLET WORD". */
int applet_sub(const struct applet *sub, struct args *a);

/*
 * The names by which an image calls this binary, NULL behind the last of at most max - 1: all applets
 * but init, which is /init there.
 */
void applet_links(const char **out, size_t max);

/* Print an error of usage as one line. Returns USAGE. */
int applet_usage(const struct err *e);

/* Print an error as one line. Returns FAILED. */
int applet_fail(const struct err *e);

/* Run another applet in this process, as if it had been called by argv[0]. -1 if there is none of that name. */
int applet_run(int argc, char **argv);

#endif
