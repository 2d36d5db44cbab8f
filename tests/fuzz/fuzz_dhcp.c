/* fuzz_dhcp - answers of DHCPv4 and v6, packets and router advertisements: read within bounds, texts fit for a file. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "net/dhcp4_message.h"
#include "net/dhcp6_message.h"
#include "net/rdnss.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Nothing that a shell, a terminal or resolv.conf could take for more than a name. */
static void check_text(const char *text, bool blanks)
{
	size_t n = strlen(text);

	if (n >= LEASE_TEXT)
		abort();
	for (size_t i = 0; i < n; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.", text[i]) &&
		    !(blanks && text[i] == ' '))
			abort();
}

static void check(const struct net_lease *l)
{
	if (l->nr_dns > LEASE_SERVERS || l->nr_routes > LEASE_ROUTES || l->prefix > 128)
		abort();
	check_text(l->search, true);
	check_text(l->domain, false);
	check_text(l->hostname, false);
	for (unsigned i = 0; i < l->nr_routes; i++)
		if (l->routes[i].prefix > 32)
			abort();
}

static void check_times(const struct net_lease *l)
{
	if (!l->t1_s || l->t1_s > l->t2_s || l->t2_s > l->lease_s)
		abort();
}

static void try_dhcp4(const uint8_t *data, size_t len)
{
	/* The head that every answer to us has, then the input. */
	static const uint8_t head[44] = { 2, 1, 6, 0, 1, 2, 3, 4, [16] = 192, 0, 2, 5, [28] = 2, 0, 0, 0, 0, 1 };
	struct dhcp4_send m = { .type = DHCP4_DISCOVER, .xid = 0x01020304, .mac = { 2, 0, 0, 0, 0, 1 } };
	uint8_t *msg = calloc(1, 240 + len);
	struct net_lease lease;
	enum dhcp4_type type;
	struct err e = { 0 };
	size_t fields = len < 192 ? len : 192;

	memcpy(msg, head, sizeof(head));
	memcpy(msg + 44, data, fields);
	memcpy(msg + 236, "\x63\x82\x53\x63", 4);
	memcpy(msg + 240, data, len);
	if (!dhcp4_read(&m, msg, 240 + len, &type, &lease, &e)) {
		check(&lease);
		if (type != DHCP4_NAK)
			check_times(&lease);
	} else if (!e.msg[0]) {
		abort();
	}
	free(msg);
}

static void try_dhcp6(const uint8_t *data, size_t len)
{
	static const uint8_t head[18] = { 2, 1, 2, 3, 0, 1, 0, 10, 0, 3, 0, 1, 2, 0, 0, 0, 0, 1 };
	struct dhcp6_send m = { .type = DHCP6_SOLICIT, .xid = 0x010203, .mac = { 2, 0, 0, 0, 0, 1 }, .iaid = 7 };
	uint8_t *msg = malloc(sizeof(head) + len);
	struct net_lease lease;
	struct err e = { 0 };

	memcpy(msg, head, sizeof(head));
	if (len)
		memcpy(msg + sizeof(head), data, len);
	if (!dhcp6_read(&m, msg, sizeof(head) + len, &lease, &e)) {
		check(&lease);
		check_times(&lease);
	} else if (!e.msg[0]) {
		abort();
	}
	free(msg);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct net_lease lease = { 0 };
	size_t n = len - 1;

	if (!len)
		return 0;
	switch (data[0] % 4) {
	case 0:
		try_dhcp4(data + 1, n);
		break;
	case 1:
		try_dhcp6(data + 1, n);
		break;
	case 2:
		dhcp4_payload(data + 1, &n, data[0] & 128);
		if (n > len)
			abort();
		break;
	case 3:
		rdnss_message(data + 1, n, 5, &lease);
		check(&lease);
		break;
	}
	return 0;
}
