/* httpopts - which option means what? */
/* SPDX-License-Identifier: MIT */
#include "http/httpopts.h"

#include <errno.h>

static const char **text_of(struct http_options *o, int id)
{
	switch (id) {
	case OPT_CACERT: return &o->tls.ca_file;
	case OPT_PINNEDPUBKEY: return &o->tls.pins;
	case OPT_CERT: return &o->tls.cert_file;
	case OPT_KEY: return &o->tls.key_file;
	case 'u': return &o->user;
	case OPT_BEARER_FILE: return &o->bearer_file;
	case 'x': return &o->proxy;
	case OPT_PROXY_USER: return &o->proxy_user;
	case 'F': return &o->form;
	case OPT_ENDPOINT: return &o->endpoint;
	case OPT_NOPROXY: return &o->no_proxy;
	default: return NULL;
	}
}

int http_option(struct http_options *o, int id, const char *value, struct err *e)
{
	const char **text = text_of(o, id);
	unsigned long long n = 0;
	int rc;

	if (text) {
		*text = value;
		return 1;
	}
	if (id == OPT_TUS) {
		o->tus = true;
		return 1;
	}
	if (id == 'H') {
		if (o->nr_headers == HTTP_HEADERS_MAX)
			return err_say(e, -EINVAL, "more than %d header lines", HTTP_HEADERS_MAX);
		o->headers[o->nr_headers++] = value;
		return 1;
	}
	if (id != OPT_RETRY_MAX_TIME)
		return 0;
	rc = parse_number(value, "--retry-max-time", 0, 1000000, &n, e);
	o->retry_s = (unsigned)n;
	o->never_again = !n;
	return rc ? rc : 1;
}
