/* retry - what does a refusal mean, and is it worth another try? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/io.h"
#include "http/session.h"
#include "net/chance.h"

enum { FIRST_MS = 1000, MOST_MS = 60000 };

static bool may_pass(int status)
{
	return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 ||
	       status == 504;
}

static int code_of(int status)
{
	switch (status) {
	case 401: case 403: case 407: return -EACCES;
	case 404: case 409: case 410: return -ENOENT;
	case 405: case 501: return -EOPNOTSUPP;
	case 412: return -EEXIST;
	case 413: case 507: return -ENOSPC;
	default: return -EREMOTEIO;
	}
}

static const char *advice(const struct request *rq, const struct http_head *head)
{
	switch (head->status) {
	case 401: case 407:
		if (!head->wants_basic && !head->wants_bearer && head->wants_other)
			return "; it wants a scheme other than Basic and Bearer, which are all there is here";
		return head->status == 401 ? "; user and password or token" : "; the proxy wants a user";
	case 409: return "; is the directory there?";
	case 411: return rq->len == HTTP_UNKNOWN ? "; it takes no body whose length is not known" : "";
	case 413: case 507: return "; there is not enough room";
	default: return head->status / 100 == 3 ? "; it leads elsewhere in a way that is not followed" : "";
	}
}

int refuse(struct http *h, const struct request *rq, const struct http_head *head, struct err *e)
{
	char text[URL_TEXT];

	h->passing = may_pass(head->status);
	h->retry_after_s = head->retry_after_s;
	return err_say(e, code_of(head->status), "%s %.160s: %d %s%s", rq->method, url_show(&rq->url, text),
		       head->status, head->reason, advice(rq, head));
}

int broke(struct http *h, int rc)
{
	h->retry_after_s = 0;
	h->passing = rc == -ECONNRESET || rc == -ECONNREFUSED || rc == -EPIPE || rc == -ETIMEDOUT ||
		     rc == -EHOSTUNREACH || rc == -ENETUNREACH || rc == -ENETDOWN || rc == -ECONNABORTED;
	return rc;
}

bool http_again(struct http *h, struct err *e)
{
	uint64_t now = now_ms(), most = FIRST_MS, wait;
	uint32_t chance;
	char line[400];
	struct timespec t;

	if (!h || !h->passing || h->o.never_again)
		return false;
	if (!h->tries++)
		h->deadline_ms = now + 1000ull * (h->o.retry_s ? h->o.retry_s : HTTP_RETRY_S);
	for (unsigned i = 1; i < h->tries && most < MOST_MS; i++)
		most *= 2;
	/* Full jitter: many machines may have crashed at once. */
	chance = chance32();
	wait = 1 + chance % (most < MOST_MS ? most : MOST_MS);
	if (wait < 1000ull * h->retry_after_s)
		wait = 1000ull * h->retry_after_s;
	if (now + wait > h->deadline_ms)
		return false;
	snprintf(line, sizeof(line), "%.320s; again in %llu ms", e ? e->msg : "an error",
		 (unsigned long long)wait);
	if (h->o.say)
		h->o.say(h->o.arg, line);
	t = (struct timespec){ (time_t)(wait / 1000), (long)(wait % 1000) * 1000000 };
	while (nanosleep(&t, &t) && errno == EINTR)
		;
	if (e)
		*e = (struct err){ 0 };
	return true;
}
