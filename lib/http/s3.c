/* s3 - how does an object get into a store, and when is it there? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http/s3call.h"
#include "http/sigv4.h"
#include "http/xml.h"
#include "ssh/base64.h"
#include "ssh/crypto.h"

enum { PART_XML = 200 };	/* bytes that one part has in the list at most */

bool s3_is_url(const char *text)
{
	return !strncasecmp(text, "s3+http://", 10) || !strncasecmp(text, "s3+https://", 11);
}

void s3_say(const struct s3 *s, const char *fmt, ...)
{
	char line[480];
	va_list ap;

	if (!s->ho.say)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	s->ho.say(s->ho.arg, line);
}

uint32_t s3_crc32c(uint32_t crc, const void *data, size_t len)
{
	uint32_t table[256];
	const uint8_t *p = data;

	for (uint32_t i = 0; i < 256; i++) {
		table[i] = i;
		for (int bit = 0; bit < 8; bit++)
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0x82f63b78 : 0);
	}
	crc = ~crc;
	while (len--)
		crc = crc >> 8 ^ table[(crc ^ *p++) & 255];
	return ~crc;
}

void s3_sum_text(char out[12], uint32_t crc)
{
	uint8_t raw[4] = { (uint8_t)(crc >> 24), (uint8_t)(crc >> 16), (uint8_t)(crc >> 8), (uint8_t)crc };

	base64_encode(out, 12, raw, sizeof(raw));
}

/* The region in "s3.REGION.amazonaws.com". */
static bool region_of_host(const char *host, char *out, size_t size)
{
	const char *aws = strstr(host, ".amazonaws.com"), *at = aws;

	while (at && at > host && at[-1] != '.')
		at--;
	if (!aws || at == aws || at < host + 3 || memcmp(at - 3, "s3.", 3))
		return false;
	snprintf(out, size, "%.*s", (int)(aws - at), at);
	return s3_is_region(out);
}

static int take_keys(struct s3 *s, const struct s3_options *o, struct err *e)
{
	const char *home = getenv("HOME");
	char path[512];
	int rc;

	snprintf(path, sizeof(path), "%s/.aws/credentials", home ? home : "/root");
	rc = s3_keys_read(&s->keys, o->credentials ? o->credentials : path, e);
	if (rc)
		return o->credentials ? rc : err_add(e, "--s3-credentials FILE has the keys of the store");
	if (o->region && !s3_is_region(o->region))
		return err_say(e, -EINVAL, "'%.40s' is no region", o->region);
	if (o->region)
		strcpy(s->region, o->region);
	else if (s->keys.region[0])
		strcpy(s->region, s->keys.region);
	else if (!region_of_host(s->endpoint.host, s->region, sizeof(s->region)))
		strcpy(s->region, "us-east-1");
	return 0;
}

int s3_new(struct s3 **out, const struct http_options *h, const struct s3_options *o, const char *text,
	   struct err *e)
{
	struct s3 *s = calloc(1, sizeof(*s));
	int rc = s ? 0 : err_set(e, -ENOMEM, "S3");

	if (rc)
		return rc;
	s->ho = *h;
	s->ho.user = s->ho.bearer_file = NULL;
	s->ho.nr_headers = 0;
	s->virtual_host = o->virtual_host;
	rc = s3_is_url(text) ? url_parse(&s->endpoint, text + 3, e) :
	     err_say(e, -EINVAL, "'%.60s' is not s3+https://ENDPOINT/BUCKET/KEY", text);
	if (!rc)
		rc = take_keys(s, o, e);
	if (!rc)
		rc = http_new(&s->http, &s->ho, &s->endpoint, e);
	if (rc) {
		s3_free(s);
		return rc;
	}
	*out = s;
	return 0;
}

void s3_free(struct s3 *s)
{
	if (!s)
		return;
	s3_hang_up(s);
	http_free(s->http);
	ssh_wipe(s, sizeof(*s));
	free(s);
}

int s3_object(const struct s3 *s, struct s3_object *o, const char *text, struct err *e)
{
	char path[URL_PATH];
	const char *key;
	struct url u;
	int rc = url_parse(&u, text + (s3_is_url(text) ? 3 : 0), e);

	if (rc)
		return rc;
	if (u.tls != s->endpoint.tls || u.port != s->endpoint.port)
		return err_say(e, -EINVAL, "%.200s is not on the store %s", text, s->endpoint.host);
	if (strchr(u.path, '?'))
		return err_say(e, -EINVAL, "an object has no query; a presigned URL is uploaded to "
			       "as it is, without s3+");
	rc = sigv4_encode(path, sizeof(path), u.path, true, true);
	if (rc)
		return err_say(e, rc, "the path of the URL is too long, or has a bad %%XX");
	key = strchr(path + 1, '/');
	if (!key || key == path + 1 || !key[1])
		return err_say(e, -EINVAL, "'%.200s' is not ENDPOINT/BUCKET/KEY", text);
	o->url = s->endpoint;	/* as the store may have moved it */
	if (!s->virtual_host) {
		strcpy(o->url.path, path);
		return 0;
	}
	strcpy(o->url.path, key);
	if (snprintf(o->url.host, sizeof(o->url.host), "%.*s.%s", (int)(key - path - 1), path + 1, s->endpoint.host) >=
	    (int)sizeof(o->url.host))
		return err_say(e, -ENAMETOOLONG, "the bucket's name is too long for a host");
	return 0;
}

int s3_size(struct s3 *s, const struct s3_object *o, uint64_t *len, struct err *e)
{
	struct s3_request rq = { .method = "HEAD", .object = o, .query = "" };
	struct s3_answer a;
	int rc = s3_call(s, &rq, &a, e);

	if (rc)
		return rc == -ENOENT && a.head.status == 404 ? 0 : rc;
	*len = a.head.has_length ? a.head.length : HTTP_UNKNOWN;
	free(a.body);
	return 1;
}

/* A try before may have done it: then what is there has our size, and a second one is refused. */
static int settle_lost(struct s3 *s, const struct s3_object *o, const struct s3_answer *a, int rc, uint64_t len,
		       struct err *e)
{
	struct err why = { 0 };
	uint64_t there;

	if (!a->lost || (rc != -EEXIST && strcmp(a->code, "NoSuchUpload")))
		return rc;
	if (s3_size(s, o, &there, &why) != 1 || there != len)
		return rc;
	if (e)
		*e = (struct err){ 0 };
	return 0;
}

int s3_put(struct s3 *s, const struct s3_object *o, const void *buf, size_t len, bool replace, struct err *e)
{
	struct s3_request rq = { .method = "PUT", .object = o, .query = "", .body = buf, .len = len, .has_body = true,
				 .if_none = !replace };
	struct s3_answer a;
	int rc = s3_call(s, &rq, &a, e);

	if (rc)
		return settle_lost(s, o, &a, rc, len, e);
	free(a.body);
	return 0;
}

int s3_begin(struct s3 *s, const struct s3_object *o, struct s3_upload *u, struct err *e)
{
	struct s3_request rq = { .method = "POST", .object = o, .query = "uploads", .has_body = true,
				 .wants_crc32c = o->url.tls };
	struct s3_answer a;
	char id[S3_UPLOAD_ID];
	int rc = s3_call(s, &rq, &a, e);

	if (rc)
		return rc;
	rc = xml_text(a.body, a.len, "InitiateMultipartUploadResult/UploadId", id, sizeof(id), e);
	u->crc32c = rq.wants_crc32c && a.head.takes_crc32c;
	free(a.body);
	if (rc <= 0 || !id[0])
		return rc < 0 ? rc : err_say(e, -EBADMSG, "POST %.200s: the answer has no UploadId", o->url.path);
	strcpy(u->told, id);
	rc = sigv4_encode(u->id, sizeof(u->id), id, false, false);
	if (rc)
		return err_say(e, -EBADMSG, "POST %.200s: the UploadId is too long", o->url.path);
	s3_say(s, "upload in parts to %.200s, UploadId %s", o->url.path, id);
	return 0;
}

/* Room to remember a part. */
static int make_room(struct s3_upload *u, unsigned number, struct err *e)
{
	size_t room = u->room ? u->room : 64;
	struct s3_part *more;

	if (number < 1 || number > S3_PARTS_MAX)
		return err_say(e, -EFBIG, "an object of S3 has at most %d parts", S3_PARTS_MAX);
	while (room < number)
		room *= 2;
	if (room > u->room) {
		more = realloc(u->parts, room * sizeof(*more));
		if (!more)
			return err_set(e, -ENOMEM, "part %u", number);
		memset(more + u->room, 0, (room - u->room) * sizeof(*more));
		u->parts = more;
		u->room = room;
	}
	if (u->nr < number)
		u->nr = number;
	return 0;
}

/* It comes back as text of XML. */
static bool good_etag(const char *etag)
{
	return etag[0] && !strpbrk(etag, "<>&");
}

int s3_part(struct s3 *s, const struct s3_object *o, struct s3_upload *u, unsigned number, const void *buf, size_t len,
	    struct err *e)
{
	char query[S3_UPLOAD_ID + 40];
	struct s3_request rq = { .method = "PUT", .object = o, .query = query, .body = buf, .len = len,
				 .has_body = true, .crc32c = u->crc32c };
	struct s3_answer a;
	int rc = make_room(u, number, e);

	if (rc)
		return rc;
	snprintf(query, sizeof(query), "partNumber=%u&uploadId=%s", number, u->id);
	rq.sum = u->crc32c ? s3_crc32c(0, buf, len) : 0;
	rc = s3_call(s, &rq, &a, e);
	if (rc)
		return err_add(e, "part %u", number);
	free(a.body);
	if (!good_etag(a.head.etag))
		return err_say(e, -EBADMSG, "part %u of %.200s: the store took it and names no ETag, "
			       "which the end needs", number, o->url.path);
	u->parts[number - 1].crc32c = rq.sum;
	strcpy(u->parts[number - 1].etag, a.head.etag);
	return 0;
}

/* The list of parts; NULL without memory. */
static char *parts_xml(const struct s3_upload *u, size_t *len)
{
	size_t size = 200 + u->nr * PART_XML, n;
	char *text = malloc(size), sum[12] = "";

	if (!text)
		return NULL;
	n = (size_t)snprintf(text, size, "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
	for (size_t i = 0; i < u->nr; i++) {
		const struct s3_part *p = &u->parts[i];

		s3_sum_text(sum, p->crc32c);
		n += (size_t)snprintf(text + n, size - n,
				      "<Part>%s%s%s<ETag>%s</ETag><PartNumber>%zu</PartNumber></Part>",
				      u->crc32c ? "<ChecksumCRC32C>" : "", u->crc32c ? sum : "",
				      u->crc32c ? "</ChecksumCRC32C>" : "", p->etag, i + 1);
	}
	n += (size_t)snprintf(text + n, size - n, "</CompleteMultipartUpload>");
	*len = n;
	return text;
}

/* Nothing but this answer, with the ETag of a whole object in it, says that it is there. */
static int check_complete(const struct s3_object *o, const struct s3_answer *a, struct err *e)
{
	char etag[S3_ETAG];
	int rc = xml_text(a->body, a->len, "CompleteMultipartUploadResult/ETag", etag, sizeof(etag), e);

	if (rc < 0)
		return err_add(e, "%.200s may not be whole", o->url.path);
	if (!rc || !etag[0])
		return err_say(e, -EBADMSG, "POST %.200s: %d, but the answer does not say that the object is whole",
			       o->url.path, a->head.status);
	return 0;
}

int s3_complete(struct s3 *s, const struct s3_object *o, struct s3_upload *u, uint64_t len, bool replace,
		struct err *e)
{
	char query[S3_UPLOAD_ID + 20];
	struct s3_request rq = { .method = "POST", .object = o, .query = query, .has_body = true, .total = len,
				 .if_none = !replace };
	struct s3_answer a;
	uint64_t old;
	bool same;
	char *text;
	int rc;

	for (size_t i = 0; i < u->nr; i++)
		if (!u->parts[i].etag[0])
			return err_say(e, -EIO, "part %zu of %.200s never came", i + 1, o->url.path);
	text = parts_xml(u, &rq.len);
	if (!text)
		return err_set(e, -ENOMEM, "the list of parts");
	rq.body = text;
	snprintf(query, sizeof(query), "uploadId=%s", u->id);
	/* Where the object that is to be replaced has our size, its size proves nothing. */
	same = replace && s3_size(s, o, &old, NULL) == 1 && old == len;
	rc = s3_call(s, &rq, &a, e);
	free(text);
	if (rc)
		return same ? rc : settle_lost(s, o, &a, rc, len, e);
	rc = check_complete(o, &a, e);
	free(a.body);
	return rc;
}

static int delete(struct s3 *s, const struct s3_object *o, const char *query, bool quick, struct err *e)
{
	struct s3_request rq = { .method = "DELETE", .object = o, .query = query, .quick = quick };
	struct s3_answer a;
	int rc = s3_call(s, &rq, &a, e);

	if (rc)
		return rc;
	free(a.body);
	return 0;
}

int s3_abort(struct s3 *s, const struct s3_object *o, struct s3_upload *u, struct err *e)
{
	char query[S3_UPLOAD_ID + 20];

	snprintf(query, sizeof(query), "uploadId=%s", u->id);
	return delete(s, o, query, true, e);
}

int s3_delete(struct s3 *s, const struct s3_object *o, struct err *e)
{
	int rc = delete(s, o, "", false, e);

	return rc == -ENOENT ? 0 : rc;
}

int s3_probe(struct s3 *s, const struct s3_object *o, struct err *e)
{
	struct s3_request rq = { .method = "DELETE", .object = o, .query = "uploadId=0" };
	struct s3_answer a;
	int rc = s3_call(s, &rq, &a, e);

	if (!rc)
		free(a.body);
	/* Some find the number itself wrong. */
	else if (!strcmp(a.code, "NoSuchUpload") || !strcmp(a.code, "NoSuchKey") || !strcmp(a.code, "InvalidArgument"))
		rc = 0;
	return rc;
}

void s3_upload_free(struct s3_upload *u)
{
	free(u->parts);
	memset(u, 0, sizeof(*u));
}
