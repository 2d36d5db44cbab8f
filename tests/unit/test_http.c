/* test_http - are URLs and the heads of answers read as they are meant, and in no other way? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/head.h"

static void urls(void **state)
{
	static const struct {
		const char *text, *canonical;	/* NULL: refused */
	} cases[] = {
		{ "http://h", "http://h/" },
		{ "HTTP://Host/x", "http://Host/x" },
		{ "https://h:443/x", "https://h/x" },
		{ "http://h:443/x", "http://h:443/x" },
		{ "http://h?q", "http://h/?q" },
		{ "http://h/x#part", "http://h/x" },
		{ "http://[::1]:8080/x%20y", "http://[::1]:8080/x%20y" },
		{ "http://[fe80::1]", "http://[fe80::1]/" },
		{ "http://h:/x", NULL }, { "http://h:0/", NULL }, { "http://h:65536/", NULL },
		{ "http://h:8a/", NULL }, { "http://", NULL }, { "http:///x", NULL }, { "http://[::1/", NULL },
		{ "http://[h]/", NULL }, { "http://[]/", NULL }, { "http://u@h/", NULL }, { "http://h x/", NULL },
		{ "http://h/x y", NULL }, { "http://h/\r\nX: y", NULL }, { "http://h/\x7f", NULL },
		{ "ftp://h/", NULL }, { "h/x", NULL }, { "", NULL }, { "http://h\\x/", NULL }, { "http://-x/", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err e = { 0 };
		char text[URL_TEXT];
		struct url u;
		int rc = url_parse(&u, cases[i].text, &e);

		if (!cases[i].canonical)
			assert_true(rc == -EINVAL && e.msg[0]);
		else if (rc || strcmp(url_text(&u, text), cases[i].canonical))
			fail_msg("%s: %s", cases[i].text, rc ? e.msg : text);
	}
}

static void endpoints(void **state)
{
	static const struct {
		const char *url, *endpoint, *at, *name;	/* at NULL: refused */
	} cases[] = {
		{ "http://h/a/b", NULL, "/a/", "b" }, { "http://h/b?q/r", NULL, "/?q/r", "b" },
		{ "http://h/a/b/c", "/a", "/a", "b/c" }, { "http://h/a/b/c", "/a/", "/a/", "b/c" },
		{ "http://h/a/b?q", "/a", "/a?q", "b" }, { "http://h/a/b", "/", "/", "a/b" }, { "http://h/a", "", "", "a" },
		{ "http://h/a/", NULL, NULL, NULL }, { "http://h/", NULL, NULL, NULL }, { "http://h/a", "/a", NULL, NULL },
		{ "http://h/a/", "/a", NULL, NULL }, { "http://h/ab/c", "/a", NULL, NULL }, { "http://h/a/b", "/b", NULL, NULL },
		{ "http://h/a?b/c", "/a?b", NULL, NULL }, { "http://h/a", "/a/b/c/d", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err e = { 0 };
		struct url u, at;
		char name[URL_PATH];
		int rc;

		assert_int_equal(url_parse(&u, cases[i].url, &e), 0);
		rc = url_split(&u, cases[i].endpoint, &at, name, &e);
		if (!cases[i].at ? rc != -EINVAL || !e.msg[0] : rc || strcmp(at.path, cases[i].at) || strcmp(name, cases[i].name))
			fail_msg("%s, %s: %d %s, %s, %s", cases[i].url, cases[i].endpoint, rc, e.msg, rc ? "" : at.path, rc ? "" : name);
	}
}

static void locations(void **state)
{
	static const struct {
		const char *location, *is;
	} cases[] = {
		{ "https://o/p", "https://o/p" }, { "//o:81/p", "http://o:81/p" }, { "/p/q?r=s", "http://h/p/q?r=s" },
		{ "p", "http://h/a/p" }, { "./p", "http://h/a/p" }, { "../p", "http://h/p" },
		{ "../../../p", "http://h/p" }, { "?z", "http://h/a/b?z" }, { "/p/../q/./r/..", "http://h/q/" },
		{ "/p/..", "http://h/" }, { "/x?a=http://b/..", "http://h/x?a=http://b/.." }, { "", "http://h/a/" },
		{ "ftp://o/p", NULL }, { "mailto:x y", NULL }, { "http://u:p@o/", NULL }, { "/\x80", NULL },
	};
	struct url base, u;

	(void)state;
	assert_int_equal(url_parse(&base, "http://h/a/b?c/d", NULL), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[URL_TEXT];
		int rc = url_resolve(&u, &base, cases[i].location, NULL);

		if (!cases[i].is ? !rc : rc || strcmp(url_text(&u, text), cases[i].is))
			fail_msg("'%s': %s", cases[i].location, rc ? "refused" : url_text(&u, text));
	}
}

/* What a whole head says; then each beginning of it must want more, or refuse it for the same reason. */
static void heads(void **state)
{
	static const struct {
		const char *text;
		int status;		/* 0: refused */
		uint64_t length;
		unsigned retry_after;
	} cases[] = {
		{ "HTTP/1.1 201 Created\r\n\r\n", 201, UINT64_MAX, 0 },
		{ "HTTP/1.0 204\r\nContent-Length: 0\r\n\r\n", 204, 0, 0 },
		{ "HTTP/1.1 503 Busy\r\nretry-after:\t7 \r\n\r\n", 503, UINT64_MAX, 7 },
		{ "HTTP/1.1 503 Busy\r\nRetry-After: 99999999999999999999\r\n\r\n", 503, UINT64_MAX, 0 },
		{ "HTTP/1.1 503 Busy\r\nRetry-After: 4000\r\n\r\n", 503, UINT64_MAX, HEAD_RETRY_MAX_S },
		{ "HTTP/1.1 503 Busy\r\nRetry-After: Thu, 01 Jan 1970 00:01:00 GMT\r\n\r\n", 503, UINT64_MAX, 50 },
		{ "HTTP/1.1 503 Busy\r\nRetry-After: Thu, 01 Jan 1970 00:00:01 GMT\r\n\r\n", 503, UINT64_MAX, 0 },
		{ "HTTP/1.1 200 O\r\nContent-Length: 9223372036854775807\r\n\r\n", 200, INT64_MAX, 0 },
		{ "HTTP/1.1 200 O\r\nTransfer-Encoding: chunked\r\n\r\n", 200, UINT64_MAX, 0 },
		{ "HTTP/1.1 200 O\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", 0, 0, 0 },
		{ "HTTP/1.1 200 O\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 0, 0, 0 },
		{ "HTTP/1.1 200 O\r\nContent-Length: +1\r\n\r\n", 0, 0, 0 },
		{ "HTTP/1.1 200 O\r\n folded\r\n\r\n", 0, 0, 0 },
		{ "HTTP/1.1 200 O\r\nNo colon\r\n\r\n", 0, 0, 0 },
		{ "HTTP/1.1 200 O\r\nA\rB: c\r\n\r\n", 0, 0, 0 },
		{ "HTTP/1.1 200 O\n\n", 0, 0, 0 },
		{ "HTTP/1.1 600 O\r\n\r\n", 0, 0, 0 },
		{ "HTTP/1.1 20\r\n\r\n", 0, 0, 0 },
		{ "\r\n\r\n", 0, 0, 0 },
		{ "ICY 200 OK\r\n\r\n", 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t len = strlen(cases[i].text);

		for (size_t n = 0; n <= len; n++) {
			char *copy = malloc(n + 1);	/* of its own size, for the sanitizer */
			struct http_head h;
			struct err e = { 0 };
			int rc;

			memcpy(copy + 1, cases[i].text, n);
			rc = http_head_parse(&h, copy + 1, n, 10, &e);
			free(copy);
			if (rc < 0 ? cases[i].status != 0 || !e.msg[0] : rc != (n == len && cases[i].status))
				fail_msg("%s, %zu bytes of it: %d %s", cases[i].text, n, rc, e.msg);
			if (rc <= 0)
				continue;
			assert_int_equal(h.status, cases[i].status);
			assert_int_equal(h.has_length ? h.length : UINT64_MAX, cases[i].length);
			assert_int_equal(h.retry_after_s, cases[i].retry_after);
			assert_int_equal(h.bytes, len);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls), cmocka_unit_test(endpoints), cmocka_unit_test(locations), cmocka_unit_test(heads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
