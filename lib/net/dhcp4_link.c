/* dhcp4_link - how do packets go and come without an address? */
/* SPDX-License-Identifier: MIT */
#include "net/dhcp4_link.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "net/connect.h"
#include "net/hwaddr.h"
#include "net/pack.h"

/* UDP to the client's port, no fragments: a busy link must not fill the socket. */
static int set_filter(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 5),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x3fff, 3, 0),
		BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, 2),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, DHCP4_CLIENT, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	struct sock_fprog prog = { sizeof(code) / sizeof(code[0]), code };
	int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)))
		return -errno;
	return 0;
}

static int packet_socket(unsigned ifindex, uint16_t protocol, bool filter)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = htons(protocol),
				  .sll_ifindex = (int)ifindex };
	/* Without a protocol nothing comes before it is bound and filtered. */
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), rc = 0;

	if (fd < 0)
		return -errno;
	if (filter)
		rc = set_filter(fd);
	if (!rc && bind(fd, (struct sockaddr *)&ll, sizeof(ll)))
		rc = -errno;
	if (!rc)
		return fd;
	close(fd);
	return rc;
}

int dhcp4_link_open(struct dhcp4_link *l, const char *ifname, struct err *e)
{
	int rc = hwaddr_read(ifname, l->mac, &l->ifindex, e);

	l->fd = -1;
	if (rc)
		return rc;
	l->fd = packet_socket(l->ifindex, ETHERTYPE_IP, true);
	return l->fd < 0 ? err_set(e, l->fd, "%s: packet socket for DHCP", ifname) : 0;
}

void dhcp4_link_close(struct dhcp4_link *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

static int send_all(int fd, unsigned ifindex, uint16_t protocol, const uint8_t *p, size_t len)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(protocol),
				  .sll_ifindex = (int)ifindex, .sll_halen = ETH_ALEN };

	memset(to.sll_addr, 0xff, ETH_ALEN);
	if (sendto(fd, p, len, MSG_NOSIGNAL, (struct sockaddr *)&to, sizeof(to)) < 0)
		return -errno;
	return 0;
}

int dhcp4_link_send(const struct dhcp4_link *l, const uint8_t *msg, size_t len)
{
	uint8_t packet[DHCP4_HEAD + DHCP4_SEND];

	if (len > DHCP4_SEND)
		return -EMSGSIZE;
	dhcp4_head(msg, len, packet);
	memcpy(packet + DHCP4_HEAD, msg, len);
	return send_all(l->fd, l->ifindex, ETHERTYPE_IP, packet, DHCP4_HEAD + len);
}

int dhcp4_link_unicast(const char *ifname, const struct net_addr *from, const struct net_addr *to,
		       const uint8_t *msg, size_t len)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1, rc = 0;
	struct sockaddr_storage ss;
	socklen_t size;

	if (fd < 0)
		return -errno;
	size = net_addr_sockaddr(from, DHCP4_CLIENT, &ss);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, ifname, (socklen_t)strlen(ifname) + 1) ||
	    bind(fd, (struct sockaddr *)&ss, size))
		rc = -errno;
	size = net_addr_sockaddr(to, DHCP4_SERVER, &ss);
	if (!rc && sendto(fd, msg, len, MSG_NOSIGNAL, (struct sockaddr *)&ss, size) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

/* Does the kernel say that the checksum of the packet is not made yet? */
static bool is_unsummed(struct msghdr *m)
{
	struct tpacket_auxdata aux;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA ||
		    c->cmsg_len < CMSG_LEN(sizeof(aux)))
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		return aux.tp_status & TP_STATUS_CSUMNOTREADY;
	}
	return false;
}

const uint8_t *dhcp4_link_receive(const struct dhcp4_link *l, uint8_t *buf, size_t size,
				  size_t *len, uint64_t until_ms, int *rc)
{
	union {
		char bytes[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
		struct cmsghdr align;
	} control;

	for (;;) {
		struct sockaddr_ll from = { 0 };
		struct iovec v = { buf, size };
		struct msghdr m = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &v,
				    .msg_iovlen = 1, .msg_control = &control,
				    .msg_controllen = sizeof(control) };
		const uint8_t *p = NULL;
		ssize_t n;

		*rc = net_wait(l->fd, POLLIN, until_ms);
		if (*rc)
			return NULL;
		n = recvmsg(l->fd, &m, 0);
		if (n < 0 && errno != EAGAIN && errno != EINTR) {
			*rc = -errno;
			return NULL;
		}
		/* What is tagged for a VLAN that nobody has here counts as another host's, too. */
		if (n >= 0 && from.sll_pkttype != PACKET_OTHERHOST) {
			*len = (size_t)n;
			p = dhcp4_payload(buf, len, is_unsummed(&m));
		}
		if (p)
			return p;
	}
}

/* ---- ARP (RFC 826) */
enum { ARP_LEN = 28, ARP_SHA = 8, ARP_SPA = 14 };

static void write_probe(const struct dhcp4_link *l, const struct net_addr *addr, uint8_t *out)
{
	struct pack w = { out, 0, ARP_LEN, false };

	memset(out, 0, ARP_LEN);
	pack_u16(&w, ARPHRD_ETHER);
	pack_u16(&w, ETHERTYPE_IP);
	pack_u16(&w, ETH_ALEN << 8 | 4);
	pack_u16(&w, ARPOP_REQUEST);
	pack_bytes(&w, l->mac, ETH_ALEN);
	w.len = ARP_LEN - 4;
	pack_bytes(&w, addr->bytes, 4);
}

static bool claimed(int fd, const struct dhcp4_link *l, const struct net_addr *addr,
		    uint64_t until_ms)
{
	uint8_t p[ARP_LEN];

	while (!net_wait(fd, POLLIN, until_ms)) {
		ssize_t n = recv(fd, p, sizeof(p), 0);

		if (n == ARP_LEN && get_be16(p) == ARPHRD_ETHER &&
		    get_be16(p + 2) == ETHERTYPE_IP && !memcmp(p + ARP_SPA, addr->bytes, 4) &&
		    memcmp(p + ARP_SHA, l->mac, ETH_ALEN))
			return true;
	}
	return false;
}

bool dhcp4_link_conflict(const struct dhcp4_link *l, const struct net_addr *addr, unsigned wait_ms)
{
	int fd = packet_socket(l->ifindex, ETHERTYPE_ARP, false);
	uint64_t now = now_ms();
	uint8_t probe[ARP_LEN];
	bool found = false;

	if (fd < 0)
		return false;
	write_probe(l, addr, probe);
	for (unsigned i = 1; i <= 2 && !found; i++) {
		send_all(fd, l->ifindex, ETHERTYPE_ARP, probe, ARP_LEN);
		found = claimed(fd, l, addr, now + wait_ms * i / 2);
	}
	close(fd);
	return found;
}
