/* fuzz_dns - answers of name servers, and resolv.conf: read within bounds. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/dns.h"
#include "net/resolve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* The input stands behind the id and the flags of an answer, so that it is always one to our question. */
static void try_answer(const uint8_t *data, size_t len, uint16_t type)
{
	uint8_t *msg = malloc(12 + 15 + len);
	struct dns_answer a;
	struct dns_query q;
	struct name name;
	struct err e = { 0 };
	size_t n = 0;

	if (!name_parse("a.example", &name))
		abort();
	dns_query(&q, &name, type, 1, true);
	memcpy(msg, (uint8_t[]){ 0, 1, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0 }, 12);
	if (len > 4) {
		msg[3] |= data[0] & 15;
		msg[7] = data[1];
		msg[11] = data[2];
		memcpy(msg + 12, q.bytes + 12, 15);
		memcpy(msg + 27, data + 3, len - 3);
		n = 27 + len - 3;
	}
	if (dns_answer(&q, msg, n, &a, &e) && !e.msg[0])
		abort();
	if (a.nr_addrs > DNS_ADDRS)
		abort();
	free(msg);
}

static void try_names(const uint8_t *data, size_t len)
{
	char list[64] = "", text[NAME_TEXT];
	struct name n, back;

	name_list_read(data, len, 0, 0, list, sizeof(list));
	if (name_read(data, len, len / 2, 0, &n) > 0 && name_text(&n, text) &&
	    (!name_parse(text, &back) || !name_same(&n, &back)))
		abort();
}

static void try_conf(const uint8_t *data, size_t len)
{
	char path[] = "/tmp/fuzz_dns.XXXXXX";
	int fd = mkstemp(path);
	struct net_addr out[RESOLVE_MAX];
	struct resolver r;

	if (fd < 0 || write(fd, data, len) != (ssize_t)len)
		abort();
	close(fd);
	if (resolver_load(&r, path, NULL) || r.nr_servers > RESOLVER_SERVERS || strlen(r.search) >= sizeof(r.search))
		abort();
	r.nr_servers = 0;
	r.hosts = path;
	net_resolve(&r, "host", out, 0, NULL);
	unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (!len)
		return 0;
	switch (data[0] % 4) {
	case 0:
		try_answer(data + 1, len - 1, DNS_A);
		break;
	case 1:
		try_answer(data + 1, len - 1, DNS_AAAA);
		break;
	case 2:
		try_names(data + 1, len - 1);
		break;
	case 3:
		try_conf(data + 1, len - 1);
		break;
	}
	return 0;
}
