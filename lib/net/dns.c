/* dns - what does an answer of a name server say? */
/* SPDX-License-Identifier: MIT */
#include "net/dns.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "net/pack.h"

enum { HEADER = 12, QR = 0x8000, OPCODE = 0x7800, TC = 0x0200, RD = 0x0100, CLASS_IN = 1 };

void dns_query(struct dns_query *q, const struct name *name, uint16_t type, uint16_t id, bool edns)
{
	struct pack w = { q->bytes, 0, sizeof(q->bytes), false };

	q->name = *name;
	q->id = id;
	q->type = type;
	pack_u16(&w, id);
	pack_u16(&w, RD);
	pack_u16(&w, 1);
	pack_u32(&w, 0);
	pack_u16(&w, edns);
	pack_bytes(&w, name->bytes, name->len);
	pack_u16(&w, type);
	pack_u16(&w, CLASS_IN);
	if (edns) {
		pack_u8(&w, 0);
		pack_u16(&w, DNS_OPT);
		pack_u16(&w, DNS_UDP);
		pack_u32(&w, 0);
		pack_u16(&w, 0);
	}
	q->len = (uint16_t)w.len;
}

/* One resource record; data is at [at, at + len) of the message. */
struct record {
	struct name owner;
	uint16_t type, class, len;
	uint32_t ttl;
	size_t   at;
};

/* Read the record at *at and step behind it. */
static int next_record(const uint8_t *msg, size_t len, size_t *at, struct record *r)
{
	int n = name_read(msg, len, *at, HEADER, &r->owner);

	if (n < 0 || !in_bounds((uint64_t)n, 10, len))
		return -EBADMSG;
	r->type = get_be16(msg + n);
	r->class = get_be16(msg + n + 2);
	r->ttl = get_be32(msg + n + 4);
	r->len = get_be16(msg + n + 8);
	r->at = (size_t)n + 10;
	if (!in_bounds(r->at, r->len, len))
		return -EBADMSG;
	*at = r->at + r->len;
	return 0;
}

/* Does it echo the question? *at becomes where the answers begin. */
static int question(const struct dns_query *q, const uint8_t *msg, size_t len, size_t *at)
{
	struct name name;
	int n;

	if (get_be16(msg + 4) != 1)
		return -EAGAIN;
	n = name_read(msg, len, HEADER, NAME_UNCOMPRESSED, &name);
	if (n < 0 || !in_bounds((uint64_t)n, 4, len) || !name_same(&name, &q->name) ||
	    get_be16(msg + n) != q->type || get_be16(msg + n + 2) != CLASS_IN)
		return -EAGAIN;
	*at = (size_t)n + 4;
	return 0;
}

/* Addresses of owner among the n answers at at. *alias gets its other name if there is one. */
static int addresses(const uint8_t *msg, size_t len, size_t at, unsigned n,
		     const struct name *owner, uint16_t type, struct dns_answer *out,
		     struct name *alias)
{
	size_t want = type == DNS_A ? 4 : 16;
	struct record r;

	alias->len = 0;
	for (; n; n--) {
		if (next_record(msg, len, &at, &r))
			return -EBADMSG;
		if (r.class != CLASS_IN || !name_same(&r.owner, owner))
			continue;
		if (r.type == DNS_CNAME &&
		    name_read(msg, r.at + r.len, r.at, HEADER, alias) != (int)(r.at + r.len))
			return -EBADMSG;
		if (r.type != type)
			continue;
		if (r.len != want)
			return -EBADMSG;
		if (out->nr_addrs < DNS_ADDRS)
			out->addrs[out->nr_addrs++] =
				net_addr_of(type == DNS_A ? AF_INET : AF_INET6, msg + r.at);
	}
	return 0;
}

/* The upper bits of the error, from the OPT record behind the answers. */
static int extended(const uint8_t *msg, size_t len, size_t at, struct dns_answer *out)
{
	unsigned n = (unsigned)get_be16(msg + 6) + get_be16(msg + 8) + get_be16(msg + 10);
	struct record r;

	for (; n; n--) {
		if (next_record(msg, len, &at, &r))
			return -EBADMSG;
		if (r.type == DNS_OPT)
			out->rcode |= r.ttl >> 24 << 4;
	}
	return 0;
}

static int follow(const struct dns_query *q, const uint8_t *msg, size_t len, size_t at,
		  struct dns_answer *out, struct err *e)
{
	struct name owner = q->name, alias;

	for (unsigned i = 0; i <= DNS_CNAMES; i++) {
		int rc = addresses(msg, len, at, get_be16(msg + 6), &owner, q->type, out, &alias);

		/* What was cut off may end within a record. */
		if (rc && !out->truncated)
			return err_say(e, rc, "malformed answer");
		if (rc || out->nr_addrs || !alias.len)
			return 0;
		owner = alias;
	}
	return err_say(e, -ELOOP, "more than %d aliases one behind the other", DNS_CNAMES);
}

int dns_answer(const struct dns_query *q, const uint8_t *msg, size_t len, struct dns_answer *out,
	       struct err *e)
{
	unsigned flags;
	size_t at = 0;
	int rc;

	*out = (struct dns_answer){ 0 };
	if (len < HEADER || get_be16(msg) != q->id)
		return err_say(e, -EAGAIN, "not an answer to our question");
	flags = get_be16(msg + 2);
	if (!(flags & QR) || flags & OPCODE)
		return err_say(e, -EAGAIN, "not an answer to our question");
	out->rcode = flags & 15;
	out->truncated = flags & TC;
	/* Who did not understand the question may not echo it. */
	if (!get_be16(msg + 4) && (out->rcode == DNS_FORMERR || out->rcode == DNS_NOTIMP))
		return 0;
	rc = question(q, msg, len, &at);
	if (rc)
		return err_say(e, rc, "not an answer to our question");
	if (!out->truncated && extended(msg, len, at, out))
		return err_say(e, -EBADMSG, "malformed answer");
	return out->rcode ? 0 : follow(q, msg, len, at, out, e);
}
