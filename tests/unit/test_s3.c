/* test_s3 - are requests to a store signed, its answers read and parts planned as S3 has it? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/s3call.h"
#include "http/s3keys.h"
#include "http/sigv4.h"
#include "http/xml.h"
#include "sink/s3.h"

#define NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* AWS, "Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk". */
static void published(void **state)
{
	static const struct {
		const char *method, *path, *query, *payload;
		struct sigv4_field more[3];
		const char *names, *signature;
	} cases[] = {
		{ "GET", "/test.txt", "", NOTHING, { { "range", "bytes=0-9" } }, "host;range;x-amz-content-sha256;x-amz-date",
		  "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41" },
		{ "PUT", "/test%24file.text", "", "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
		  { { "x-amz-storage-class", "REDUCED_REDUNDANCY" }, { "date", "Fri, 24 May 2013 00:00:00 GMT" } },
		  "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
		  "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd" },
		{ "GET", "/", "lifecycle", NOTHING, { { NULL, NULL } }, "host;x-amz-content-sha256;x-amz-date",
		  "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543" },
		{ "GET", "/", "max-keys=2&prefix=J", NOTHING, { { NULL, NULL } }, "host;x-amz-content-sha256;x-amz-date",
		  "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char date[SIGV4_DATE], want[400], got[400];
		struct sigv4 s = { "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1", "s3",
				   cases[i].method, cases[i].path, cases[i].query, date, cases[i].payload, .nr_fields = 3 };

		sigv4_date(date, 1369353600);
		s.fields[0] = (struct sigv4_field){ "x-amz-date", date };
		s.fields[1] = (struct sigv4_field){ "host", "examplebucket.s3.amazonaws.com" };
		s.fields[2] = (struct sigv4_field){ "x-amz-content-sha256", cases[i].payload };
		for (size_t j = 0; cases[i].more[j].name; j++)
			s.fields[s.nr_fields++] = cases[i].more[j];
		assert_int_equal(sigv4_sign(got, sizeof(got), &s, NULL), 0);
		snprintf(want, sizeof(want), "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
			 "SignedHeaders=%s, Signature=%s", cases[i].names, cases[i].signature);
		assert_string_equal(got, want);
		assert_int_equal(sigv4_sign(got, 200, &s, NULL), -E2BIG);
	}
}

static void encoding(void **state)
{
	static const struct {
		const char *text;
		bool slashes, decode;
		const char *is;		/* NULL: refused */
	} cases[] = {
		{ "/a b/c", true, false, "/a%20b/c" }, { "/a/b", false, false, "%2Fa%2Fb" },
		{ "2026-11-22-09:00:00~._-", true, true, "2026-11-22-09%3A00%3A00~._-" },
		{ "/%7e%2f%c3%A4+", true, true, "/~%2F%C3%A4%2B" }, { "100%", true, true, NULL }, { "%0g", true, true, NULL },
		{ "%00", true, true, NULL }, { "a%b", true, false, "a%25b" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char out[100];
		int rc = sigv4_encode(out, sizeof(out), cases[i].text, cases[i].slashes, cases[i].decode);

		if (!cases[i].is ? !rc : rc || strcmp(out, cases[i].is))
			fail_msg("'%s': %s", cases[i].text, rc ? "refused" : out);
	}
}

static void documents(void **state)
{
	static const struct {
		const char *doc, *path, *is;	/* is NULL: refused; "-": not there */
	} cases[] = {
		{ "<Error><Code>SlowDown</Code></Error>", "Error/Code", "SlowDown" },
		{ "\xef\xbb\xbf<?xml version=\"1.0\"?>\n<a:R xmlns:a='u'><!-- <b>no</b> --><a:b c=\"<d>\">x</a:b><b>y</b></a:R>\n",
		  "R/b", "x" },
		{ "<R><b>&lt;&#65;&#x42;&amp;&quot;&apos;&gt;</b></R>", "R/b", "<AB&\"'>" },
		{ "<R><b><![CDATA[<x>&]]></b></R>", "R/b", "<x>&" },
		{ "<R><b/><c><b>deep</b></c></R>", "R/c/b", "deep" }, { "<R><b/></R>", "R/b", "" },
		{ "<R><b>a<c>not</c>z</b></R>", "R/b", "az" }, { "<R><b>\xc3\xa4\n</b></R>", "R/b", "???" },
		{ "<R><bb>x</bb></R>", "R/b", "-" }, { "<R></R>", "Q", "-" }, { "<R/>", "R", "" },
		{ "<!DOCTYPE a [<!ENTITY b \"bb\">]><R>&b;</R>", "R", NULL }, { "<R>&b;</R>", "R", NULL },
		{ "<R><b>x</R></b>", "R/b", NULL }, { "<R><b>x</b>", "R/b", NULL }, { "<R/><R/>", "R", NULL }, { "", "R", NULL },
		{ "text", "R", NULL }, { "<R>x</R>y", "R", NULL }, { "<R a=b/>", "R", NULL }, { "<R a/>", "R", NULL },
		{ "<R a='b/>", "R", NULL }, { "<R", "R", NULL }, { "<R>&#;</R>", "R", NULL }, { "<R>&#12a;</R>", "R", NULL },
		{ "<a><a><a><a><a><a><a><a><a/></a></a></a></a></a></a></a></a>", "a", NULL }, { "< R/>", "R", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err e = { 0 };
		char out[20];
		int rc = xml_text(cases[i].doc, strlen(cases[i].doc), cases[i].path, out, sizeof(out), &e);

		if (!cases[i].is ? rc != -EBADMSG || !e.msg[0] : !strcmp(cases[i].is, "-") ? rc :
		    rc != 1 || strcmp(out, cases[i].is))
			fail_msg("'%s' %s: %d '%s'", cases[i].doc, cases[i].path, rc, out);
	}
}

static void key_files(void **state)
{
	static const struct {
		const char *text, *id, *secret, *token, *region;	/* id NULL: refused */
	} cases[] = {
		{ "[default]\naws_access_key_id = A\naws_secret_access_key=s/+=\n", "A", "s/+=", "", "" },
		{ "# c\r\n[other]\naws_access_key_id=no\n[default]\r\n aws_access_key_id =A\r\naws_secret_access_key= s\r\n"
		  "aws_session_token = t\nregion = eu-central-1\noutput = json\n[last]\nregion = no\n", "A", "s", "t",
		  "eu-central-1" },
		{ "aws_access_key_id=A\naws_secret_access_key=s", "A", "s", "", "" },
		{ "", NULL, 0, 0, 0 }, { "[default]\naws_access_key_id=A\n", NULL, 0, 0, 0 },
		{ "[other]\naws_access_key_id=A\naws_secret_access_key=s\n", NULL, 0, 0, 0 },
		{ "aws_access_key_id=A\naws_secret_access_key=s s\n", NULL, 0, 0, 0 },
		{ "aws_access_key_id=\naws_secret_access_key=s\n", NULL, 0, 0, 0 },
		{ "A:s\n", NULL, 0, 0, 0 }, { "aws_access_key_id=A\naws_secret_access_key=s\nregion=US\n", NULL, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err e = { 0 };
		struct s3_keys k;
		int rc = s3_keys_parse(&k, cases[i].text, strlen(cases[i].text), "f", &e);

		if (!cases[i].id) {
			assert_true(rc == -EINVAL && e.msg[0] && !strstr(e.msg, "s s"));
			continue;
		}
		assert_int_equal(rc, 0);
		assert_string_equal(k.id, cases[i].id);
		assert_string_equal(k.secret, cases[i].secret);
		assert_string_equal(k.token, cases[i].token);
		assert_string_equal(k.region, cases[i].region);
	}
}

/* Parts follow on, and all but the last have what a store wants at least. */
static void check_plan(const struct s3_plan *p, uint64_t parts)
{
	for (uint64_t i = 0; i < parts; i++) {
		uint64_t a = s3_plan_start(p, i), b = s3_plan_start(p, i + 1);

		assert_true(b - a >= S3_PART_MIN && b - a <= S3_PART_MAX);
		assert_true(s3_plan_part(p, a) == i && s3_plan_part(p, b - 1) == i);
	}
}

static void plans(void **state)
{
	const uint64_t M = 1 << 20, G = M << 10, T = G << 10, capture = 18 * M;
	static const struct {
		const char *what;
		uint64_t data_at, most, memory, head, part;
	} cases[] = {
		{ "a small machine: all equal", 300 << 10, 200ull << 20, 31ull << 20, 1, 5ull << 20 },
		{ "without memory it is the least all the same", 300 << 10, 200ull << 20, 0, 1, 5ull << 20 },
		{ "1 TiB of memory, of which 48 GiB are kept", 386ull << 20, 48ull << 30, 31ull << 20, 78, 5ull << 20 },
		{ "a small machine of which all is kept", 2ull << 20, 150ull << 30, 18ull << 20, 1, 13ull << 20 },
		{ "as much as memory lets", 386ull << 20, 900ull << 30, 31ull << 20, 78, 16ull << 20 },
		{ "a reservation that is large", 386ull << 20, 900ull << 30, 1ull << 30, 78, 93ull << 20 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct s3_plan p = s3_plan_make(cases[i].data_at, cases[i].most, cases[i].memory);

		if (p.head != cases[i].head || p.data_part != cases[i].part)
			fail_msg("%s: %d parts, then of %d MiB", cases[i].what, (int)p.head, (int)(p.data_part >> 20));
		check_plan(&p, 200);
	}
	/* What a capture kernel of 96 MiB can send: README says so. */
	struct s3_plan p = s3_plan_make(386 * M, 64 * T, capture);

	assert_int_equal(p.data_part, S3_PART_MIN);
	assert_true(s3_plan_limit(&p) > 48 * G);
	p = s3_plan_stream(HTTP_UNKNOWN);
	check_plan(&p, S3_PARTS_MAX);
	assert_true(s3_plan_limit(&p) > 5 * T);
	p = s3_plan_stream(400 * G);
	assert_true(s3_plan_limit(&p) >= 400 * G);
	check_plan(&p, S3_PARTS_MAX);
}

static void checksum(void **state)
{
	char text[12];

	(void)state;
	assert_int_equal(s3_crc32c(0, "123456789", 9), 0xe3069283);	/* the check value of CRC-32/ISCSI */
	assert_int_equal(s3_crc32c(s3_crc32c(0, "1234", 4), "56789", 5), 0xe3069283);
	s3_sum_text(text, 0xe3069283);
	assert_string_equal(text, "4waSgw==");
}

static void refusals(void **state)
{
	static const struct {
		int status;
		const char *body;
		int rc;
		bool passes;
		const char *word;
	} cases[] = {
		{ 503, "<Error><Code>SlowDown</Code></Error>", -EREMOTEIO, true, "SlowDown" },
		{ 503, "", -EREMOTEIO, true, "503" }, { 503, "<html>", -EREMOTEIO, true, "503" },
		{ 200, "<Error><Code>InternalError</Code></Error>", -EREMOTEIO, true, "InternalError" },
		{ 403, "<Error><Code>SignatureDoesNotMatch</Code></Error>", -EACCES, false, "the secret is not" },
		{ 403, "<Error><Code>InvalidAccessKeyId</Code></Error>", -EACCES, false, "does not know this key id" },
		{ 400, "<Error><Code>ExpiredToken</Code></Error>", -EACCES, false, "has expired" },
		{ 404, "<Error><Code>NoSuchUpload</Code></Error>", -ENOENT, false, "ended the upload" },
		{ 400, "<Error><Code>EntityTooSmall</Code></Error>", -EREMOTEIO, false, "smaller" },
		{ 403, "<Error><Code>QuotaExceeded</Code></Error>", -ENOSPC, false, "QuotaExceeded" },
		{ 412, "", -EEXIST, false, "412" }, { 507, "", -ENOSPC, false, "507" },
		{ 400, "<Error><Code>New</Code><Message>m</Message></Error>", -EREMOTEIO, false, "400 New: m" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct s3_answer a = { .head.status = cases[i].status, .body = strdup(cases[i].body),
				       .len = strlen(cases[i].body) };
		struct http h = { .passing = false };
		struct err e = { 0 };

		s3_read_error(&a);
		if (s3_refuse(&h, "PUT /b/k", &a, &e) != cases[i].rc || h.passing != cases[i].passes ||
		    !strstr(e.msg, cases[i].word))
			fail_msg("%d %s: %s", cases[i].status, cases[i].body, e.msg);
		free(a.body);
	}
}

/* Nobody is asked about a part that no store takes. */
static void too_many(void **state)
{
	struct s3_upload u = { .id = "u" };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(s3_part(NULL, NULL, &u, S3_PARTS_MAX + 1, "", 0, &e), -EFBIG);
	assert_string_equal(e.msg, "an object of S3 has at most 10000 parts");
	assert_int_equal(s3_part(NULL, NULL, &u, 0, "", 0, NULL), -EFBIG);
	s3_upload_free(&u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published), cmocka_unit_test(encoding), cmocka_unit_test(documents),
		cmocka_unit_test(key_files), cmocka_unit_test(plans), cmocka_unit_test(checksum), cmocka_unit_test(refusals),
		cmocka_unit_test(too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
