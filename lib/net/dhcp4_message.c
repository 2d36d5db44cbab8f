/* dhcp4_message - is this an answer to us, and what did we ask? */
/* SPDX-License-Identifier: MIT */
#include "net/dhcp4_message.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "net/dhcp4_options.h"
#include "net/names.h"
#include "net/pack.h"

enum {
	REQUEST_OP = 1, REPLY_OP = 2, ETHERNET = 1, BROADCAST = 0x8000,
	XID = 4, YIADDR = 16, CHADDR = 28, COOKIE_AT = 236,	/* RFC 2131 2 */
	BOOTP_MIN = 300,	/* RFC 1542 2.1 */
	IP_MIN = 20, UDP_HEAD = 8, UDP = 17, TTL = 64, MORE_OR_OFFSET = 0x3fff,
	LEASE_S = 3600,		/* if the server does not say */
	MESSAGE_MAX = 1500,	/* IP and UDP included, option 57 */
};
#define COOKIE 0x63825363u	/* RFC 2131 3 */

static void pack_addr(struct pack *w, uint8_t code, const struct net_addr *a)
{
	if (!a->family)
		return;
	pack_u8(w, code);
	pack_u8(w, 4);
	pack_bytes(w, a->bytes, 4);
}

static void pack_options(struct pack *w, const struct dhcp4_send *m)
{
	static const uint8_t ask[] = {
		OPT_MASK, OPT_ROUTES, OPT_ROUTER, OPT_DNS, OPT_HOSTNAME, OPT_DOMAIN, OPT_MTU,
		OPT_LEASE, OPT_SERVER, OPT_T1, OPT_T2, OPT_SEARCH,
	};
	struct name name;

	pack_bytes(w, (uint8_t[]){ OPT_TYPE, 1, m->type }, 3);
	pack_bytes(w, (uint8_t[]){ OPT_CLIENT, 1 + DHCP4_MAC, ETHERNET }, 3);
	pack_bytes(w, m->mac, DHCP4_MAC);
	pack_addr(w, OPT_WANTED, &m->wanted);
	pack_addr(w, OPT_SERVER, &m->server);
	if (m->type == DHCP4_DECLINE)
		return;
	pack_bytes(w, (uint8_t[]){ OPT_MAX_SIZE, 2, MESSAGE_MAX >> 8, MESSAGE_MAX & 255 }, 4);
	if (m->hostname && name_parse(m->hostname, &name)) {
		pack_u8(w, OPT_HOSTNAME);
		pack_u8(w, (uint8_t)strlen(m->hostname));
		pack_bytes(w, m->hostname, strlen(m->hostname));
	}
	pack_u8(w, OPT_ASK);
	pack_u8(w, sizeof(ask));
	pack_bytes(w, ask, sizeof(ask));
}

size_t dhcp4_write(const struct dhcp4_send *m, uint8_t *out)
{
	struct pack w = { out, 0, DHCP4_SEND, false };

	memset(out, 0, DHCP4_SEND);
	pack_bytes(&w, (uint8_t[]){ REQUEST_OP, ETHERNET, DHCP4_MAC, 0 }, 4);
	pack_u32(&w, m->xid);
	pack_u16(&w, m->secs);
	pack_u16(&w, m->broadcast ? BROADCAST : 0);
	pack_bytes(&w, m->mine.bytes, 4);
	w.len = CHADDR;
	pack_bytes(&w, m->mac, DHCP4_MAC);
	w.len = COOKIE_AT;
	pack_u32(&w, COOKIE);
	pack_options(&w, m);
	pack_u8(&w, OPT_END);
	return w.len < BOOTP_MIN ? BOOTP_MIN : w.len;
}

static uint32_t seconds(const struct dhcp4_options *o, uint8_t code, uint32_t otherwise)
{
	uint8_t v[16];

	return dhcp4_option(o, code, v, sizeof(v)) >= 4 ? get_be32(v) : otherwise;
}

static int read_times(const struct dhcp4_options *o, struct net_lease *lease, struct err *e)
{
	uint32_t s = seconds(o, OPT_LEASE, LEASE_S);

	if (!s)
		return err_say(e, -EBADMSG, "a lease of 0 s");
	lease->lease_s = s;
	/* RFC 2131 4.4.5: by default at half and at seven eighths of it. */
	lease->t1_s = seconds(o, OPT_T1, 0);
	lease->t2_s = seconds(o, OPT_T2, 0);
	if (!lease->t2_s || lease->t2_s > s)
		lease->t2_s = s == LEASE_FOR_EVER ? s : s - s / 8;
	if (!lease->t1_s || lease->t1_s > lease->t2_s)
		lease->t1_s = s == LEASE_FOR_EVER ? s : s / 2;
	if (!lease->t1_s || lease->t1_s > lease->t2_s)
		lease->t1_s = lease->t2_s;
	return 0;
}

static int read_lease(const uint8_t *msg, const struct dhcp4_options *o, struct net_lease *lease,
		      struct err *e)
{
	if (!dhcp4_host(msg + YIADDR))
		return err_say(e, -EBADMSG, "an address that no host can have");
	lease->addr = net_addr_of(AF_INET, msg + YIADDR);
	dhcp4_options_lease(o, lease);
	if (!lease->prefix)
		return err_say(e, -EBADMSG, "a netmask that is none");
	return read_times(o, lease, e);
}

int dhcp4_read(const struct dhcp4_send *m, const uint8_t *msg, size_t len, enum dhcp4_type *type,
	       struct net_lease *lease, struct err *e)
{
	struct dhcp4_options o;
	uint8_t v[16];

	*lease = (struct net_lease){ 0 };
	if (len < BOOTP_HEAD || msg[0] != REPLY_OP || msg[1] != ETHERNET || msg[2] != DHCP4_MAC ||
	    get_be32(msg + XID) != m->xid || memcmp(msg + CHADDR, m->mac, DHCP4_MAC) ||
	    get_be32(msg + COOKIE_AT) != COOKIE)
		return err_say(e, -EAGAIN, "not for us");
	if (!dhcp4_options_find(msg, len, &o))
		return err_say(e, -EBADMSG, "an option beyond the end");
	if (dhcp4_option(&o, OPT_TYPE, v, sizeof(v)) != 1)
		return err_say(e, -EBADMSG, "no message type");
	if (v[0] != DHCP4_OFFER && v[0] != DHCP4_ACK && v[0] != DHCP4_NAK)
		return err_say(e, -EAGAIN, "not for us");
	*type = v[0];
	if (dhcp4_option(&o, OPT_SERVER, v, sizeof(v)) >= 4 && dhcp4_host(v))
		lease->server = net_addr_of(AF_INET, v);
	else if (*type == DHCP4_OFFER)
		return err_say(e, -EBADMSG, "no server identifier");
	return *type == DHCP4_NAK ? 0 : read_lease(msg, &o, lease, e);
}

/* Sum of 16 bit words on top of sum, RFC 1071. */
static uint32_t add_words(uint32_t sum, const uint8_t *p, size_t n)
{
	for (; n > 1; p += 2, n -= 2)
		sum += get_be16(p);
	return n ? sum + ((uint32_t)p[0] << 8) : sum;
}

static uint16_t fold(uint32_t sum)
{
	sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)~(sum + (sum >> 16));
}

/* Checksum of UDP with the pseudo header; ip has the addresses. */
static uint16_t udp_sum(const uint8_t *ip, const uint8_t *udp, size_t udp_len)
{
	return fold(add_words(add_words((uint32_t)(UDP + udp_len), ip + 12, 8), udp, udp_len));
}

void dhcp4_head(const uint8_t *msg, size_t len, uint8_t *out)
{
	struct pack w = { out, 0, DHCP4_HEAD, false };
	uint32_t sum;

	pack_u16(&w, 0x4500);
	pack_u16(&w, (uint16_t)(DHCP4_HEAD + len));
	pack_u32(&w, 0);
	pack_u8(&w, TTL);
	pack_u8(&w, UDP);
	pack_u16(&w, 0);
	pack_u32(&w, 0);
	pack_u32(&w, UINT32_MAX);
	pack_u16(&w, DHCP4_CLIENT);
	pack_u16(&w, DHCP4_SERVER);
	pack_u16(&w, (uint16_t)(UDP_HEAD + len));
	pack_u16(&w, 0);
	pack_u16_at(&w, 10, fold(add_words(0, out, IP_MIN)));
	sum = add_words((uint32_t)(UDP + UDP_HEAD + len), out + 12, 8);
	sum = fold(add_words(add_words(sum, out + IP_MIN, UDP_HEAD), msg, len));
	pack_u16_at(&w, IP_MIN + 6, sum ? sum : 0xffff);
}

const uint8_t *dhcp4_payload(const uint8_t *packet, size_t *len, bool unsummed)
{
	const uint8_t *udp;
	size_t head, total, n;

	if (*len < IP_MIN || packet[0] >> 4 != 4)
		return NULL;
	head = (packet[0] & 15u) * 4;
	total = get_be16(packet + 2);
	if (head < IP_MIN || total > *len || total < head + UDP_HEAD || packet[9] != UDP ||
	    get_be16(packet + 6) & MORE_OR_OFFSET || fold(add_words(0, packet, head)))
		return NULL;
	udp = packet + head;
	n = get_be16(udp + 4);
	if (get_be16(udp + 2) != DHCP4_CLIENT || n < UDP_HEAD || n > total - head)
		return NULL;
	/* A sum of 0 says that there is none (RFC 768). */
	if (!unsummed && get_be16(udp + 6) && udp_sum(packet, udp, n))
		return NULL;
	*len = n - UDP_HEAD;
	return udp + UDP_HEAD;
}
