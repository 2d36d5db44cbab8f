/* test_json - are values found in JSON, and is nothing else taken for one? */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Text without its NUL, so that the sanitizers see a step too far. */
static char *exact(const char *text, size_t *len)
{
	char *p = malloc(strlen(text) + !text[0]);

	*len = strlen(text);
	memcpy(p, text, *len);
	return p;
}

static const struct {
	const char *why, *text, *path, *string;	/* string: NULL: not found or no string */
} strings[] = {
	{ "plain", "{\"a\":\"b\"}", "a", "b" },
	{ "blanks everywhere", " { \"a\" :\n\t\"b\" , \"c\" : 1 } ", "a", "b" },
	{ "the second", "{\"a\": [1, {\"b\": 2}], \"b\": \"yes\"}", "b", "yes" },
	{ "below", "{\"a\": {\"b\": {\"c\": \"deep\"}}}", "a.b.c", "deep" },
	{ "a name that is only inside another", "{\"ab\": \"no\", \"b\": \"yes\"}", "b", "yes" },
	{ "brackets in strings", "{\"x\": \"}]{[,:\\\"\", \"a\": \"b\"}", "a", "b" },
	{ "escapes", "{\"a\": \"q\\\"s\\\\n\\nt\\tu\\u0041\"}", "a", "q\"s\\n\nt\tuA" },
	{ "a letter that is not ASCII", "{\"a\": \"\\u00e9\\uFFFF\"}", "a", "??" },
	{ "no digits behind u", "{\"a\": \"\\uzzzz\"}", "a", "?" },
	{ "a cut escape", "{\"a\": \"\\u12\"}", "a", "?12" },
	{ "absent", "{\"a\": \"b\"}", "c", NULL },
	{ "a number is no string", "{\"a\": 5}", "a", NULL },
	{ "not an object", "[\"a\", \"b\"]", "a", NULL },
	{ "a path through a number", "{\"a\": 5}", "a.b", NULL },
	{ "no colon", "{\"a\" \"b\"}", "a", NULL },
	{ "cut in the value", "{\"a\": \"b", "a", NULL },
	{ "cut behind the colon", "{\"a\":", "a", NULL },
	{ "cut behind a comma", "{\"x\": 1,", "a", NULL },
	{ "cut in an escape", "{\"a\": \"b\\", "a", NULL },
	{ "nothing", "", "a", NULL },
	{ "an end without a beginning", "}", "a", NULL },
	{ "an empty object", "{}", "a", NULL },
};

static void test_strings(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(strings); i++) {
		char out[64] = "";
		size_t len;
		char *text = exact(strings[i].text, &len);
		struct json all, value;
		bool found = json_text(&all, text, len) && json_path(all, strings[i].path, &value) &&
			     json_string(value, out, sizeof(out));

		if (found != (strings[i].string != NULL) || (found && strcmp(out, strings[i].string)))
			fail_msg("%s: '%s'", strings[i].why, found ? out : "not found");
		free(text);
	}
}

static const struct {
	const char *text;
	bool ok;
	uint64_t n;
} numbers[] = {
	{ "0", true, 0 }, { "42", true, 42 }, { "18446744073709551615", true, UINT64_MAX },
	{ "18446744073709551616", false, 0 }, { "99999999999999999999", false, 0 },
	{ "111111111111111111111", false, 0 }, { "-1", false, 0 }, { "1.5", false, 0 }, { "1e3", false, 0 },
	{ "0x10", false, 0 }, { "true", false, 0 }, { "\"5\"", false, 0 }, { "[]", false, 0 },
};

static void test_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(numbers); i++) {
		uint64_t n = 7;
		struct json v;

		assert_true(json_text(&v, numbers[i].text, strlen(numbers[i].text)));
		if (json_u64(v, &n) != numbers[i].ok || n != (numbers[i].ok ? numbers[i].n : 7))
			fail_msg("%s", numbers[i].text);
	}
}

static const struct {
	const char *why, *text;
	int items;
} arrays[] = {
	{ "empty", "[]", 0 }, { "one", "[1]", 1 }, { "blanks", "[ 1 , [2, 3] , {\"a\": [4]} , \"x,y\" ]", 4 },
	{ "none", "{}", 0 }, { "a number", "5", 0 }, { "no commas", "[1 2 3]", 1 }, { "commas only", "[,,]", 0 },
};

static void test_arrays(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(arrays); i++) {
		struct json rest, item;
		size_t len;
		char *text = exact(arrays[i].text, &len);
		int n = 0;

		assert_true(json_text(&rest, text, len));
		while (json_next(&rest, &item))
			n++;
		if (n != arrays[i].items)
			fail_msg("%s: %d items", arrays[i].why, n);
		free(text);
	}
}

/* A million brackets must not use up the stack, nor take for ever. */
static void test_deep(void **state)
{
	enum { DEEP = 1 << 20 };
	char *text = malloc(2 * DEEP);
	struct json all, item;

	(void)state;
	memset(text, '[', DEEP);
	assert_false(json_text(&all, text, DEEP));
	memset(text + DEEP, ']', DEEP);
	assert_true(json_text(&all, text, 2 * DEEP));
	assert_true(json_next(&all, &item) && item.len == 2 * DEEP - 2);
	free(text);
}

/* A NUL is a letter like any other: a scan that stops there would never end. */
static void test_nul(void **state)
{
	static const char text[] = "[\0, {\"a\": \0\0}, \"\0\"]";
	struct json rest, item;
	int n = 0;

	(void)state;
	assert_true(json_text(&rest, text, sizeof(text) - 1));
	while (json_next(&rest, &item))
		n++;
	assert_int_equal(n, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_arrays),
		cmocka_unit_test(test_deep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
