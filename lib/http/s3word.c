/* s3word - what does a store's refusal mean, and is it worth another try? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "http/s3call.h"
#include "http/xml.h"

/* Codes of S3's "Error responses"; "" for what the status alone says. */
static const struct word {
	const char *code;
	int         rc;
	bool        passes;
	const char *advice;
} words[] = {
	{ "SlowDown", -EREMOTEIO, true, "" },
	{ "InternalError", -EREMOTEIO, true, "" },
	{ "RequestTimeout", -EREMOTEIO, true, "" },
	{ "BadDigest", -EREMOTEIO, true, "what arrived is not what was sent" },
	{ "XAmzContentSHA256Mismatch", -EREMOTEIO, true, "what arrived is not what was sent" },
	{ "XAmzContentChecksumMismatch", -EREMOTEIO, true, "what arrived is not what was sent" },
	{ "IncompleteBody", -EREMOTEIO, true, "what arrived is not what was sent" },
	{ "RequestTimeTooSkewed", -EACCES, false, "the clock here is wrong, and the store's did not do either" },
	{ "ExpiredToken", -EACCES, false, "the session token has expired: keys for a dump should be lasting ones" },
	{ "InvalidToken", -EACCES, false, "the session token is not one of this key id" },
	{ "InvalidAccessKeyId", -EACCES, false, "the store does not know this key id" },
	{ "SignatureDoesNotMatch", -EACCES, false, "the secret is not that of the key id" },
	{ "AccessDenied", -EACCES, false, "the keys must be allowed s3:PutObject and s3:AbortMultipartUpload there" },
	{ "NoSuchBucket", -ENOENT, false,
	  "there is no such bucket; s3_style path or virtual says where its name stands" },
	{ "NoSuchUpload", -ENOENT, false, "somebody or a rule of the bucket ended the upload" },
	{ "InvalidPart", -EREMOTEIO, false, "the store has lost a part" },
	{ "EntityTooSmall", -EREMOTEIO, false, "a part is smaller than the store wants them" },
	{ "EntityTooLarge", -EFBIG, false, "larger than the store takes" },
	{ "PreconditionFailed", -EEXIST, false, "it is there already" },
	{ "QuotaExceeded", -ENOSPC, false, "" },
	{ "XMinioStorageFull", -ENOSPC, false, "" },
	{ "PermanentRedirect", -EREMOTEIO, false, "the bucket is in another region: s3_region" },
	{ "AuthorizationHeaderMalformed", -EACCES, false, "the region is another one: s3_region" },
};

void s3_read_error(struct s3_answer *a)
{
	char none[4];

	a->code[0] = a->message[0] = '\0';
	if (xml_text(a->body, a->len, "Error", none, sizeof(none), NULL) != 1)
		return;
	xml_text(a->body, a->len, "Error/Code", a->code, sizeof(a->code), NULL);
	xml_text(a->body, a->len, "Error/Message", a->message, sizeof(a->message), NULL);
	if (!a->code[0])
		memcpy(a->code, "Error", 6);
}

static int code_of(int status)
{
	switch (status) {
	case 401: case 403: return -EACCES;
	case 404: case 410: return -ENOENT;
	case 405: case 501: return -EOPNOTSUPP;
	case 409: return -EREMOTEIO;
	case 412: return -EEXIST;
	case 413: case 507: return -ENOSPC;
	default: return -EREMOTEIO;
	}
}

int s3_refuse(struct http *h, const char *what, const struct s3_answer *a, struct err *e)
{
	int status = a->head.status;
	struct word w = { "", code_of(status), status == 408 || status == 429 || status == 500 || status == 502 ||
			  status == 503 || status == 504, "" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(words[i].code, a->code))
			w = words[i];
	h->passing = w.passes;
	h->retry_after_s = a->head.retry_after_s;
	return err_say(e, w.rc, "%s: %d %s%s%.100s%s%s", what, status, a->code[0] ? a->code : a->head.reason,
		       a->message[0] ? ": " : "", a->message, w.advice[0] ? "; " : "", w.advice);
}

void s3_error_region(const struct s3_answer *a, char *out, size_t size)
{
	if (xml_text(a->body, a->len, "Error/Region", out, size, NULL) != 1)
		out[0] = '\0';
}
