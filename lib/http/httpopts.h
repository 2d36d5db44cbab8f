/* httpopts - the options of a command that talks to servers of HTTP, by curl's names. */
/* SPDX-License-Identifier: MIT */
#ifndef HTTP_HTTPOPTS_H
#define HTTP_HTTPOPTS_H

#include "base/args.h"
#include "http/http.h"

enum { OPT_CACERT = 440, OPT_PINNEDPUBKEY, OPT_CERT, OPT_KEY, OPT_BEARER_FILE, OPT_NOPROXY, OPT_PROXY_USER,
       OPT_RETRY_MAX_TIME, OPT_TUS, OPT_ENDPOINT };

/* For a table of struct opt. */
#define HTTP_OPTS									\
	{ OPT_CACERT, "cacert", "FILE", "https: certificates that are trusted (PEM)" },	\
	{ OPT_PINNEDPUBKEY, "pinnedpubkey", "sha256//...", "https: the key that the server must have" },	\
	{ OPT_CERT, "cert", "FILE", "https: our own certificate (PEM)" },		\
	{ OPT_KEY, "key", "FILE", "https: the key of our certificate (PEM, no passphrase)" },	\
	{ 'u', "user", "USER:PASSWORD", "log in by Basic" },				\
	{ OPT_BEARER_FILE, "bearer-file", "FILE", "log in by the token in FILE" },	\
	{ OPT_TUS, "tus", NULL, "upload by tus 1.0, which goes on after a break" },	\
	{ 'F', "form", "FIELD", "upload as a form does: POST, the file in FIELD" },	\
	{ OPT_ENDPOINT, "endpoint", "PATH", "of --tus and -F: where in the URL its name begins" },	\
	{ 'H', "header", "LINE", "a header line to send" },				\
	{ 'x', "proxy", "HOST:PORT", "go through this proxy" },				\
	{ OPT_PROXY_USER, "proxy-user", "USER:PASSWORD", "log in on the proxy" },	\
	{ OPT_NOPROXY, "noproxy", "LIST", "hosts and domains that need no proxy" },	\
	{ OPT_RETRY_MAX_TIME, "retry-max-time", "S", "try again for so long; 0: never (default 300)" }

/* Take an option of HTTP_OPTS; value is borrowed. 1: done, 0: it is none of them, -EINVAL with a message. */
int http_option(struct http_options *o, int id, const char *value, struct err *e);

#endif
