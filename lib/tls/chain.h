/* chain - may the certificates of a server be trusted, and for this host? */
/* SPDX-License-Identifier: MIT */
#ifndef TLS_CHAIN_H
#define TLS_CHAIN_H

#include "tls/cert.h"

/* What a server may send, and how many signatures we look at. */
enum { CHAIN_MAX = 10, CHAIN_BYTES = 64 << 10, CHAIN_SIGNATURES = 24 };

/* What trust stands on. */
struct chain_ask {
	const struct cert *anchors;	/* certificates that are trusted as they stand */
	size_t nr_anchors;
	const char *host;		/* as in the URL, without brackets */
	int64_t now;			/* seconds since 1970 */
};

/*
 * Judge the certificates that a server sent, its own first, the others in any order (what is not
 * needed is ignored; what cannot be parsed is not in the list). RFC 5280 section 6, and stricter:
 *
 *   every one    version 3, within its dates, RSA 2048 to 4096 or P-256/384/521, SHA-2
 *   an issuer    a CA, within its path length, may sign certificates; extended key usage, if
 *                any, allows servers; its name constraints hold below it, critical or not
 *   the first    a subjectAltName is the host; may sign; extended key usage, if any, names servers
 *                itself; no CA, unless it is an anchor
 *   the last     issued by an anchor, to which the rules of an issuer apply, or is an anchor
 *
 * Revocation is not asked for. Returns 0, or -EKEYREJECTED with a message that says which rule it was.
 */
int chain_verify(const struct cert *certs, size_t n, const struct chain_ask *ask, struct err *e);

#endif
