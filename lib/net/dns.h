/* dns - one question to one server: messages of RFC 1035 and how they travel. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_DNS_H
#define NET_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "net/addr.h"
#include "net/names.h"

enum {
	DNS_A = 1, DNS_CNAME = 5, DNS_AAAA = 28, DNS_OPT = 41,	/* types */
	DNS_NOERROR = 0, DNS_FORMERR = 1, DNS_SERVFAIL = 2, DNS_NXDOMAIN = 3, DNS_NOTIMP = 4,
	DNS_REFUSED = 5, DNS_BADVERS = 16,	/* errors of RFC 1035, 6891 */
	DNS_QUERY = 12 + NAME_WIRE + 4 + 11,	/* longest query, bytes */
	DNS_UDP = 1232,				/* largest answer by UDP that we ask for */
	DNS_CNAMES = 8,				/* longest chain of aliases */
	DNS_ADDRS = 8,				/* addresses taken of one answer */
};

struct dns_query {
	uint8_t  bytes[DNS_QUERY];
	uint16_t len, id, type;
	struct name name;
};

struct dns_answer {
	unsigned rcode;
	bool     truncated;		/* ask again by TCP */
	struct net_addr addrs[DNS_ADDRS];
	unsigned nr_addrs;
};

/* Ask for addresses, DNS_A or DNS_AAAA, recursion desired; with EDNS (RFC 6891) or not. */
void dns_query(struct dns_query *q, const struct name *name, uint16_t type, uint16_t id, bool edns);

/*
 * Read what came back for q. Returns 0; -EAGAIN if it answers another question (other id, name,
 * type, not an answer at all): go on waiting, RFC 5452 9.1; -EBADMSG if it is malformed; -ELOOP if
 * aliases go round or on for too long. The message says what is wrong with it.
 */
int dns_answer(const struct dns_query *q, const uint8_t *msg, size_t len, struct dns_answer *out,
	       struct err *e);

/*
 * The same over a TCP connection of its own (RFC 7766). Returns 0, or as dns_answer, or -ETIMEDOUT
 * at deadline_ms, or why there is no connection.
 */
int dns_tcp(const struct net_addr *server, uint16_t port, const struct dns_query *q,
	    uint64_t deadline_ms, struct dns_answer *out, struct err *e);

#endif
