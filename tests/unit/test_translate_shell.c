/* test_translate_shell - is a shell-sourced file read as bash reads it, and is the rest refused? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "prod/translate_shell.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* What bash says that A to D are after reading the file: "<value>" each, "-" if unset. */
static void ask_bash(const char *text, char *out, size_t size)
{
	char path[] = "/tmp/test_translate_shell.XXXXXX", command[512];
	int fd = mkstemp(path);
	FILE *p;
	size_t n;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	snprintf(command, sizeof(command),
		 "env -i LC_ALL=C bash --norc --noprofile -c '. %s >/dev/null; for v in A B C D; do "
		 "if [ \"${!v+x}\" ]; then printf \"<%%s>\" \"${!v}\"; else printf -; fi; done' 2>&1",
		 path);
	p = popen(command, "r");
	assert_non_null(p);
	n = fread(out, 1, size - 1, p);
	out[n] = 0;
	pclose(p);
	unlink(path);
}

/* The same of ours; the error if there is one. */
static int ask_us(const char *text, char *out, size_t size, struct err *e)
{
	struct shell_vars v = { 0 };
	int rc = shell_parse(&v, "f", text, strlen(text), e);
	size_t n = 0;

	out[0] = 0;
	for (const char *name = "A\0B\0C\0D\0"; *name; name += 2) {
		const struct shell_var *var = shell_find(&v, name);

		n += (size_t)(var ? snprintf(out + n, size - n, "<%s>", var->value)
				  : snprintf(out + n, size - n, "-"));
	}
	shell_free(&v);
	return rc;
}

static const struct {
	const char *why, *text, *is;	/* is: A, B, C and D */
} cases[] = {
	{ "nothing", "", "----" },
	{ "plain", "A=x\n", "<x>---" },
	{ "no newline at the end", "A=x", "<x>---" },
	{ "empty is not unset", "A=\nB=\"\"\nC=''", "<><><>-" },
	{ "leading blanks and tabs", " \t A=x\n", "<x>---" },
	{ "comments", "#A=1\n  # B=2\nA=3 # C=4\n", "<3>---" },
	{ "a comment is not continued", "# x \\\nA=1\n", "<1>---" },
	{ "a # inside a word", "A=a#b\nB=#c\nC=\"# d\"\n", "<a#b><#c><# d>-" },
	{ "a comment behind an empty value", "A= # x\n", "<>---" },
	{ "the last one counts", "A=1\nA=2\n", "<2>---" },
	{ "several in a line", "A=1 B=2; C=3;D=4\n", "<1><2><3><4>" },
	{ "a ; at the end of the file", "A=1;", "<1>---" },
	{ "single quotes", "A='a \"b\" $c \\d'\n", "<a \"b\" $c \\d>---" },
	{ "single quotes over lines", "A='a\nb'\nB=1\n", "<a\nb><1>--" },
	{ "a backslash at the end of the line in single quotes stays", "A='a\\\nb'\n", "<a\\\nb>---" },
	{ "double quotes", "A=\"a 'b' \\\"c\\\" \\\\ \\$d \\`\"\n", "<a 'b' \"c\" \\ $d `>---" },
	{ "other backslashes in double quotes stay", "A=\"\\n\\a\\'\"\n", "<\\n\\a\\'>---" },
	{ "double quotes over lines", "A=\"a\nb\\\nc\"\n", "<a\nbc>---" },
	{ "parts side by side", "A=a'b c'\"d e\"\\ f\n", "<ab cd e f>---" },
	{ "backslashes without quotes", "A=a\\ b\\nc\\\\\\'\\\"\\#\\$B\n", "<a bnc\\'\"#$B>---" },
	{ "a continued line", "A=a\\\nb\nB=\\\n2\n", "<ab><2>--" },
	{ "a name over two lines", "\\\nA\\\n=1\n", "<1>---" },
	{ "a backslash at the very end", "A=a\\", "<a\\>---" },
	{ "export", "export A=1\nexport B=2 C='3 4'\nD=5\nexport D\n", "<1><2><3 4><5>" },
	{ "export of what is not set", "export A\n", "----" },
	{ "export and a comment", "export A=1 # B=2\n", "<1>---" },
	{ "unset", "A=1\nB=2\nunset A\n", "-<2>--" },
	{ "unset of two, and set again", "A=1 B=2\nunset A B C\nB=3\n", "-<3>--" },
	{ "variables", "A=x\nB=$A/y\nC=\"${A}y $B\"\nD='$A'\n", "<x><x/y><xy x/y><$A>" },
	{ "a variable of the same line", "A=1 B=$A\n", "<1><1>--" },
	{ "a variable's own old value", "A=1\nA=\"$A 2\"\n", "<1 2>---" },
	{ "a variable with blanks is not split", "A='x  y *'\nB=$A\nexport C=$A\n", "<x  y *><x  y *><x  y *>-" },
	{ "a $ that is none", "A=a$\nB=\"a$\"\nC=$%x\nD=\"$ \"\n", "<a$><a$><$%x><$ >" },
	{ "a quote inside a value with = and :", "A=a=b=\"c d\"\nB=x:y\n", "<a=b=c d><x:y>--" },
	{ "signs without a meaning here", "A=*?[x]{a,b}!^%@+,.\n", "<*?[x]{a,b}!^%@+,.>---" },
	{ "~ inside a word, and in quotes", "A=a~b\nB='~'\nC=\"~/x\"\nD=\\~\n", "<a~b><~><~/x><~>" },
	{ "bytes above 127", "A=\xc3\xa4\xff\n", "<\xc3\xa4\xff>---" },
	{ "DOS line ends belong to the value", "A=1\r\nB=2\r\n", "<1\r><2\r>--" },
	{ "a keyword as a name", "if=1\nA=$if\n", "<1>---" },
	{ "as SONiC writes it", "USE_KDUMP=1\nA=\"-c -d 31\"\nB='irqpoll nr_cpus=1 usbcore.nousb systemd.unit=x'\n",
	  "<-c -d 31><irqpoll nr_cpus=1 usbcore.nousb systemd.unit=x>--" },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char ours[512], theirs[512];
		struct err e = { 0 };

		print_message("%s\n", cases[i].why);
		assert_int_equal(ask_us(cases[i].text, ours, sizeof(ours), &e), 0);
		ask_bash(cases[i].text, theirs, sizeof(theirs));
		assert_string_equal(ours, cases[i].is);
		assert_string_equal(theirs, cases[i].is);
	}
}

static const struct {
	const char *why, *text, *error;
} refused[] = {
	{ "command substitution", "A=1\nB=$(cat /proc/cmdline)\n", "f:2: command substitution or arithmetic" },
	{ "the same in quotes", "A=\"a $(x)\"\n", "f:1: command substitution" },
	{ "the old command substitution", "A=`x`\n", "f:1: command substitution, `...`" },
	{ "the same in quotes", "A=\"`x`\"\n", "f:1: command substitution, `...`" },
	{ "arithmetic", "A=$((1 + 1))\n", "f:1: command substitution or arithmetic" },
	{ "the old arithmetic", "A=$[1]\n", "f:1: command substitution or arithmetic" },
	{ "a variable that is not set", "A=$HOME/x\n", "f:1: $HOME is not set above" },
	{ "a variable that is set below", "A=$B\nB=1\n", "f:1: $B is not set above" },
	{ "a default", "A=1\nB=${A:-2}\n", "f:2: only ${NAME} can be translated" },
	{ "a length", "A=1\nB=${#A}\n", "f:2: only ${NAME}" },
	{ "a parameter", "A=$1\n", "f:1: a parameter of the shell" },
	{ "ANSI quotes", "A=$'a\\n'\n", "f:1: $'...'" },
	{ "translated quotes", "A=$\"a\"\n", "f:1: $'...' and $\"...\"" },
	{ "an array", "A=(1 2)\n", "f:1: an array" },
	{ "a command", "echo x\n", "f:1: 'echo' is no assignment" },
	{ "a path", "\n/bin/true\n", "f:2: '/bin/true' is no assignment" },
	{ "a condition", "if true; then A=1; fi\n", "f:1: 'if' is no assignment" },
	{ "another file", ". /etc/x\n", "f:1: '.' is no assignment" },
	{ "an assignment for one command", "A=1 x\n", "f:1: 'x' is no assignment" },
	{ "a blank before =", "A =1\n", "f:1: 'A' is no assignment" },
	{ "a blank behind =", "A= 1\n", "f:1: '1' is no assignment" },
	{ "+=", "A=1\nA+=2\n", "f:2: 'A+=2' is no assignment" },
	{ "an element", "A[1]=2\n", "f:1: 'A[1]=2' is no assignment" },
	{ "an option of export", "export -n A\n", "f:1: '-n' is no assignment" },
	{ "a quoted word of export", "export 'A=1'\n", "f:1: ''A=1'' is no assignment" },
	{ "braces behind export", "export A={a,b}\n", "f:1: '{' behind export" },
	{ "export behind an assignment", "A=1 export B=2\n", "f:1: 'export' is no assignment" },
	{ "a pipe", "A=1|x\n", "f:1: a command (one of" },
	{ "in the background", "A=1&\n", "f:1: a command (one of" },
	{ "a redirection", "A=1>x\n", "f:1: a command (one of" },
	{ "the home directory", "A=~/x\n", "f:1: '~' is the home" },
	{ "a home directory behind :", "A=x:~y\n", "f:1: '~' is the home" },
	{ "an open double quote, where it begins", "A=1\nB=\"x\nC=3\n", "f:2: this \" is not closed" },
	{ "an open single quote", "A=1\nB='x\nC=3\n", "f:2: this ' is not closed" },
	{ "only a ;", "A=1\n;\n", "f:2: a ';' without" },
	{ "two ;", "A=1;;\n", "f:1: a ';' without" },
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct err e = { 0 };
		char out[512];

		print_message("%s\n", refused[i].why);
		assert_int_not_equal(ask_us(refused[i].text, out, sizeof(out), &e), 0);
		assert_memory_equal(e.msg, refused[i].error, strlen(refused[i].error));
	}
}

/* Any text of signs that mean something: refused, or read as bash reads it. */
static void test_random(void **state)
{
	static const char *const parts[] = {
		"A", "B", "=", "A=", "B=", "C=", "\nD=", "\n", " ", ";", "#", "'", "'", "\"", "\"", "\\", "\\\n", "$A", "${B}",
		"x", "y z", "~", ":", "export ", "unset ", "\t", "=", "*", "{a,b}", "!", "$", "\nexport A=",
	};
	unsigned taken = 0;

	(void)state;
	srandom(20261122);
	for (int round = 0; round < 6000 && taken < 150; round++) {
		char text[256], ours[2048], theirs[2048];
		size_t n = 0;

		for (long left = 2 + random() % 14; left > 0; left--)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s", parts[(size_t)random() % COUNT(parts)]);
		if (ask_us(text, ours, sizeof(ours), NULL) || !strpbrk(text, "'\"\\"))
			continue;
		ask_bash(text, theirs, sizeof(theirs));
		if (strcmp(ours, theirs))
			print_message("text: [%s]\n", text);
		assert_string_equal(ours, theirs);
		taken++;
	}
	assert_true(taken >= 100);
}

/* Limits hold, and a value that doubles itself ends in an error. */
static void test_limits(void **state)
{
	char text[8192], *at = text;
	struct shell_vars v = { 0 };
	struct err e = { 0 };

	(void)state;
	at += sprintf(at, "A=0123456789abcdef\n");
	for (int i = 0; i < 12; i++)
		at += sprintf(at, "A=$A$A\n");
	assert_int_equal(shell_parse(&v, "f", text, strlen(text), &e), -EINVAL);
	assert_string_equal(e.msg, "f:9: a value of more than 4095 bytes");
	shell_free(&v);
	at = text;
	for (int i = 0; i < 300; i++)
		at += sprintf(at, "A%d=\n", i);
	assert_int_equal(shell_parse(&v, "f", text, strlen(text), &e), -EINVAL);
	assert_string_equal(e.msg, "f:257: more than 256 variables");
	shell_free(&v);
	assert_int_equal(shell_parse(&v, "f", "A=\0", 3, &e), -EINVAL);
	shell_free(&v);
	assert_int_equal(shell_parse(&v, "f", "A=1\n\nA=2\n", 9, &e), 0);
	assert_int_equal(v.n, 1);
	assert_int_equal(v.list[0].line, 3);
	assert_int_equal(v.list[0].times, 2);
	shell_free(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
