/* dhcp6_message - is this an answer to us, and what does it grant? */
/* SPDX-License-Identifier: MIT */
#include "net/dhcp6_message.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "net/names.h"
#include "net/pack.h"

enum {	/* RFC 9915 21, RFC 3646 */
	OPT_CLIENTID = 1, OPT_SERVERID = 2, OPT_IA_NA = 3, OPT_IAADDR = 5, OPT_ORO = 6,
	OPT_ELAPSED = 8, OPT_STATUS = 13, OPT_DNS = 23, OPT_SEARCH = 24,
	IA_HEAD = 12, IAADDR_HEAD = 24, DUID_LL = 3, ETHERNET = 1, DUID = 4 + HWADDR, HEADER = 4,
	/* RFC 9915 21.13 */
	STATUS_OK = 0, STATUS_NO_ADDRS = 2, STATUS_NO_BINDING = 3, STATUS_NOT_ON_LINK = 4,
};

static void make_duid(const uint8_t *mac, uint8_t *out)
{
	memcpy(out, (uint8_t[]){ 0, DUID_LL, 0, ETHERNET }, 4);
	memcpy(out + 4, mac, HWADDR);
}

static void pack_head(struct pack *w, uint16_t code, size_t len)
{
	pack_u16(w, code);
	pack_u16(w, (uint16_t)len);
}

static void pack_ia(struct pack *w, const struct dhcp6_send *m)
{
	pack_head(w, OPT_IA_NA, IA_HEAD + (m->addr.family ? 4 + IAADDR_HEAD : 0));
	pack_u32(w, m->iaid);
	pack_u32(w, 0);
	pack_u32(w, 0);
	if (!m->addr.family)
		return;
	pack_head(w, OPT_IAADDR, IAADDR_HEAD);
	pack_bytes(w, m->addr.bytes, 16);
	pack_u32(w, 0);
	pack_u32(w, 0);
}

size_t dhcp6_write(const struct dhcp6_send *m, uint8_t *out)
{
	struct pack w = { out, 0, DHCP6_SEND, false };
	uint8_t duid[DUID];

	pack_u32(&w, (uint32_t)m->type << 24 | (m->xid & 0xffffff));
	make_duid(m->mac, duid);
	pack_head(&w, OPT_CLIENTID, DUID);
	pack_bytes(&w, duid, DUID);
	if (m->server_duid_len) {
		pack_head(&w, OPT_SERVERID, m->server_duid_len);
		pack_bytes(&w, m->server_duid, m->server_duid_len);
	}
	pack_head(&w, OPT_ELAPSED, 2);
	pack_u16(&w, m->elapsed);
	if (m->type != DHCP6_INFORMATION)
		pack_ia(&w, m);
	pack_head(&w, OPT_ORO, 4);
	pack_u16(&w, OPT_DNS);
	pack_u16(&w, OPT_SEARCH);
	return w.len;
}

struct option {
	uint16_t code, len;
	const uint8_t *p;
};

/* The option at *at, and step behind it: 1, 0 at the end, -EBADMSG if it is cut off. */
static int next_option(const uint8_t *p, size_t len, size_t *at, struct option *o)
{
	if (*at == len)
		return 0;
	if (!in_bounds(*at, 4, len))
		return -EBADMSG;
	*o = (struct option){ get_be16(p + *at), get_be16(p + *at + 2), p + *at + 4 };
	if (!in_bounds(*at + 4, o->len, len))
		return -EBADMSG;
	*at += 4u + o->len;
	return 1;
}

static int status(const struct option *o, struct err *e)
{
	unsigned code = o->len >= 2 ? get_be16(o->p) : STATUS_OK;

	switch (code) {
	case STATUS_OK:
		return 0;
	case STATUS_NO_ADDRS:
		return err_say(e, -EADDRNOTAVAIL, "the server has no address");
	case STATUS_NO_BINDING:
		return err_say(e, -ESTALE, "the server does not know of the address");
	case STATUS_NOT_ON_LINK:
		return err_say(e, -ESTALE, "the address does not belong to this link");
	}
	return err_say(e, -EBADMSG, "status %u", code);
}

/* Global or unique local: neither of ::/8, which has loopback, nor link-local, nor multicast. */
static bool host(const uint8_t *a)
{
	return a[0] && a[0] != 0xff && !(a[0] == 0xfe && (a[1] & 0xc0) == 0x80);
}

/* An address within an IA. T1 and T2 of lease are those of the IA. */
static int read_address(const struct option *o, struct net_lease *lease, struct err *e)
{
	uint32_t preferred, valid;
	struct option inner;
	size_t at = IAADDR_HEAD;
	int rc;

	if (o->len < IAADDR_HEAD)
		return err_say(e, -EBADMSG, "an address cut off");
	preferred = get_be32(o->p + 16);
	valid = get_be32(o->p + 20);
	while ((rc = next_option(o->p, o->len, &at, &inner)) > 0) {
		rc = inner.code == OPT_STATUS ? status(&inner, e) : 0;
		if (rc)
			return rc;
	}
	if (rc)
		return err_say(e, rc, "an option beyond the end of its address");
	if (lease->addr.family || !host(o->p) || !valid || preferred > valid)
		return 0;	/* passed over: the first good one counts */
	lease->addr = net_addr_of(AF_INET6, o->p);
	lease->prefix = 128;
	lease->lease_s = valid;
	/* RFC 9915 14.2: the client chooses what the server leaves open, and 0 is open. */
	if (!preferred)
		preferred = valid;
	if (!lease->t1_s)
		lease->t1_s = preferred == LEASE_FOR_EVER ? preferred : preferred / 2;
	if (!lease->t2_s)
		lease->t2_s = preferred == LEASE_FOR_EVER ? preferred : preferred - preferred / 5;
	return 0;
}

static int read_ia(const struct dhcp6_send *m, const struct option *o, struct net_lease *lease,
		   struct err *e)
{
	struct option inner;
	size_t at = IA_HEAD;
	int rc;

	if (o->len < IA_HEAD)
		return err_say(e, -EBADMSG, "an IA cut off");
	if (get_be32(o->p) != m->iaid || lease->addr.family)
		return 0;
	lease->iaid = m->iaid;
	lease->t1_s = get_be32(o->p + 4);
	lease->t2_s = get_be32(o->p + 8);
	if (lease->t1_s && lease->t2_s && lease->t1_s > lease->t2_s)
		return 0;	/* RFC 9915 21.4: as if it were not there */
	while ((rc = next_option(o->p, o->len, &at, &inner)) > 0) {
		rc = 0;
		if (inner.code == OPT_STATUS)
			rc = status(&inner, e);
		else if (inner.code == OPT_IAADDR)
			rc = read_address(&inner, lease, e);
		if (rc)
			return rc;
	}
	if (rc)
		return err_say(e, rc, "an option beyond the end of its IA");
	if (lease->t2_s > lease->lease_s)
		lease->t2_s = lease->lease_s;
	if (!lease->t1_s || lease->t1_s > lease->t2_s)
		lease->t1_s = lease->t2_s;
	return 0;
}

static void read_dns(const struct option *o, struct net_lease *lease)
{
	for (size_t at = 0; o->len - at >= 16 && lease->nr_dns < LEASE_SERVERS; at += 16)
		if (o->p[at] && o->p[at] != 0xff)
			lease->dns[lease->nr_dns++] = net_addr_of(AF_INET6, o->p + at);
}

static int read_option(const struct dhcp6_send *m, const struct option *o, struct net_lease *lease,
		       bool *ours, struct err *e)
{
	uint8_t duid[DUID];

	switch (o->code) {
	case OPT_CLIENTID:
		make_duid(m->mac, duid);
		*ours = o->len == DUID && !memcmp(o->p, duid, DUID);
		break;
	case OPT_SERVERID:
		if (!o->len || o->len > sizeof(lease->server_duid))
			return err_say(e, -EBADMSG, "a server identifier of %u bytes", o->len);
		memcpy(lease->server_duid, o->p, o->len);
		lease->server_duid_len = (uint8_t)o->len;
		break;
	case OPT_STATUS:
		return status(o, e);
	case OPT_IA_NA:
		return m->type == DHCP6_INFORMATION ? 0 : read_ia(m, o, lease, e);
	case OPT_DNS:
		read_dns(o, lease);
		break;
	case OPT_SEARCH:
		name_list_read(o->p, o->len, 0, NAME_UNCOMPRESSED, lease->search,
			       sizeof(lease->search));
		break;
	}
	return 0;
}

int dhcp6_read(const struct dhcp6_send *m, const uint8_t *msg, size_t len, struct net_lease *lease,
	       struct err *e)
{
	uint8_t want = m->type == DHCP6_SOLICIT ? DHCP6_ADVERTISE : DHCP6_REPLY;
	struct err first = { 0 };
	struct option o;
	size_t at = HEADER;
	bool ours = false;
	int rc;

	*lease = (struct net_lease){ 0 };
	if (len < HEADER || msg[0] != want || (get_be32(msg) & 0xffffff) != (m->xid & 0xffffff))
		return err_say(e, -EAGAIN, "not for us");
	while ((rc = next_option(msg, len, &at, &o)) > 0) {
		struct err why = { 0 };

		/* Whose it is must be known before what it says counts. */
		if (read_option(m, &o, lease, &ours, &why) && !first.code)
			first = why;
	}
	if (rc)
		return err_say(e, rc, "an option beyond the end");
	if (!ours)
		return err_say(e, -EAGAIN, "not for us");
	if (first.code)
		return err_say(e, first.code, "%s", first.msg);
	if (!lease->server_duid_len)
		return err_say(e, -EBADMSG, "no server identifier");
	if (m->type == DHCP6_INFORMATION) {
		lease->lease_s = lease->t1_s = lease->t2_s = LEASE_FOR_EVER;
		return 0;
	}
	return lease->addr.family ? 0 : err_say(e, -EBADMSG, "no address that can be used");
}
