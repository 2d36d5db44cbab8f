/* names - is a certificate for this host, and may its issuer speak for it? */
/* SPDX-License-Identifier: MIT */
#ifndef TLS_NAMES_H
#define TLS_NAMES_H

#include "tls/cert.h"

/*
 * 0 if a subjectAltName of leaf is host: a DNS name (RFC 6125: whole labels, "*" only as the whole
 * leftmost one with two more behind it) or, where host is an IP address, that address. The common
 * name counts for nothing. Else -EKEYREJECTED with a message that tells which names there are.
 */
int names_match(const struct cert *leaf, const char *host, struct err *e);

/*
 * 0 if the name constraints of ca allow all names of c and, unless NULL, host (RFC 5280 section
 * 4.2.1.10): DNS names, IP addresses and directory names. A name of another form is refused where
 * one of that form is constrained. Else -EKEYREJECTED with a message.
 */
int names_allowed(const struct cert *ca, const struct cert *c, const char *host, struct err *e);

#endif
