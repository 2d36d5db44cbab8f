/* sigv4 - which signature proves that a request is ours? */
/* SPDX-License-Identifier: MIT */
#include "http/sigv4.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <bearssl.h>

#include "ssh/crypto.h"

#define ALGORITHM "AWS4-HMAC-SHA256"

static void hex(char *out, const uint8_t *in, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sprintf(out + 2 * i, "%02x", in[i]);
}

static void hmac(uint8_t out[32], const void *key, size_t key_len, const char *text)
{
	br_hmac_key_context k;
	br_hmac_context h;

	br_hmac_key_init(&k, &br_sha256_vtable, key, key_len);
	br_hmac_init(&h, &k, 0);
	br_hmac_update(&h, text, strlen(text));
	br_hmac_out(&h, out);
	ssh_wipe(&k, sizeof(k));
	ssh_wipe(&h, sizeof(h));
}

void sigv4_sha256(char out[SIGV4_HEX], const void *data, size_t len)
{
	br_sha256_context h;
	uint8_t sum[32];

	br_sha256_init(&h);
	br_sha256_update(&h, data, len);
	br_sha256_out(&h, sum);
	hex(out, sum, sizeof(sum));
}

void sigv4_date(char out[SIGV4_DATE], int64_t when)
{
	time_t t = (time_t)when;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || tm.tm_year + 1900 > 9999)
		memset(&tm, 0, sizeof(tm));
	strftime(out, SIGV4_DATE, "%Y%m%dT%H%M%SZ", &tm);
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int sigv4_encode(char *out, size_t size, const char *text, bool slashes, bool decode)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	size_t n = 0;

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (n + 4 > size)
			return -E2BIG;
		if (decode && c == '%') {
			int high = digit(text[1]), low = high < 0 ? -1 : digit(text[2]);

			if (low < 0 || (!high && !low))
				return -EINVAL;
			c = (unsigned char)(high << 4 | low);
			text += 2;
			/* A slash that was encoded is none between directories. */
			if (c == '/') {
				n += (size_t)sprintf(out + n, "%%2F");
				continue;
			}
		}
		if (strchr(plain, c) || (slashes && c == '/'))
			out[n++] = (char)c;
		else
			n += (size_t)sprintf(out + n, "%%%02X", c);
	}
	out[n] = '\0';
	return 0;
}

/* The canonical request goes into its hash piece by piece, so that it may be of any length. */
static void add(br_sha256_context *h, const char *text)
{
	br_sha256_update(h, text, strlen(text));
}

/* A parameter without a value has an empty one. */
static void add_query(br_sha256_context *h, const char *q)
{
	while (*q) {
		size_t len = strcspn(q, "&");

		br_sha256_update(h, q, len);
		if (!memchr(q, '=', len))
			add(h, "=");
		q += len;
		if (*q)
			add(h, "&"), q++;
	}
}

static void sort(struct sigv4_field *f, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t j = i; j && strcmp(f[j - 1].name, f[j].name) > 0; j--) {
			struct sigv4_field swap = f[j];

			f[j] = f[j - 1];
			f[j - 1] = swap;
		}
}

static void hash_request(char out[SIGV4_HEX], const struct sigv4 *s, const struct sigv4_field *fields,
			 const char *names)
{
	br_sha256_context h;
	uint8_t sum[32];

	br_sha256_init(&h);
	add(&h, s->method);
	add(&h, "\n");
	add(&h, s->path);
	add(&h, "\n");
	add_query(&h, s->query);
	add(&h, "\n");
	for (size_t i = 0; i < s->nr_fields; i++) {
		add(&h, fields[i].name);
		add(&h, ":");
		add(&h, fields[i].value);
		add(&h, "\n");
	}
	add(&h, "\n");
	add(&h, names);
	add(&h, "\n");
	add(&h, s->payload);
	br_sha256_out(&h, sum);
	hex(out, sum, sizeof(sum));
}

/* The key of one day, region and service, then the signature with it. */
static int sign(char out[SIGV4_HEX], const struct sigv4 *s, const char *day, const char *text)
{
	char first[4 + 200];
	uint8_t key[32];
	int n = snprintf(first, sizeof(first), "AWS4%s", s->secret);

	if (n >= (int)sizeof(first))
		return -E2BIG;
	hmac(key, first, (size_t)n, day);
	hmac(key, key, sizeof(key), s->region);
	hmac(key, key, sizeof(key), s->service);
	hmac(key, key, sizeof(key), "aws4_request");
	hmac(key, key, sizeof(key), text);
	hex(out, key, sizeof(key));
	ssh_wipe(first, sizeof(first));
	ssh_wipe(key, sizeof(key));
	return 0;
}

int sigv4_sign(char *out, size_t size, const struct sigv4 *s, struct err *e)
{
	struct sigv4_field fields[SIGV4_FIELDS_MAX];
	char names[256] = "", scope[160], day[9], request[SIGV4_HEX], text[320], signature[SIGV4_HEX];
	size_t n = 0;
	int rc = 0;

	memcpy(fields, s->fields, sizeof(fields));
	sort(fields, s->nr_fields);
	for (size_t i = 0; i < s->nr_fields && n < sizeof(names); i++)
		n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", i ? ";" : "", fields[i].name);
	snprintf(day, sizeof(day), "%.8s", s->date);
	if (n >= sizeof(names) || snprintf(scope, sizeof(scope), "%s/%s/%s/aws4_request", day, s->region, s->service) >=
	    (int)sizeof(scope))
		rc = -E2BIG;
	hash_request(request, s, fields, names);
	snprintf(text, sizeof(text), ALGORITHM "\n%s\n%s\n%s", s->date, scope, request);
	if (!rc)
		rc = sign(signature, s, day, text);
	if (!rc && snprintf(out, size, ALGORITHM " Credential=%s/%s, SignedHeaders=%s, Signature=%s", s->key_id, scope,
			    names, signature) >= (int)size)
		rc = -E2BIG;
	return rc ? err_say(e, rc, "sign a request: key, region or fields are too long") : 0;
}
