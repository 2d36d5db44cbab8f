/* dns_ask - which servers answered, and what do both their answers give? */
/* SPDX-License-Identifier: MIT */
#include "net/dns_ask.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "net/chance.h"
#include "net/connect.h"
#include "net/dns.h"

enum { TRY_MS = 2000, TRIES = 3, PORT = 53, QUESTIONS = 2 };

struct asking {
	struct dns_query  q[QUESTIONS];
	struct dns_answer a[QUESTIONS];
	bool done[QUESTIONS];		/* a is the answer */
	bool open[QUESTIONS];		/* the server at hand may still answer */
	bool plain[QUESTIONS];		/* asked without EDNS */
	bool refused;			/* a server failed, said no or nonsense */
	char why[200];			/* what each server did */
};

static void note(struct asking *t, const struct net_addr *server, const char *what)
{
	char addr[NET_ADDR_TEXT], line[120];
	size_t n = strlen(t->why);

	snprintf(line, sizeof(line), "%s: %s", net_addr_text(server, addr), what);
	if (!strstr(t->why, line))
		snprintf(t->why + n, sizeof(t->why) - n, "%s%s", n ? ", " : "", line);
}

static const char *rcode_text(unsigned rcode, char *out, size_t size)
{
	static const char *const texts[] = {
		[DNS_FORMERR] = "format error", [DNS_SERVFAIL] = "server failure",
		[DNS_NOTIMP] = "not implemented", [DNS_REFUSED] = "refused",
	};

	if (rcode < sizeof(texts) / sizeof(texts[0]) && texts[rcode])
		return texts[rcode];
	snprintf(out, size, "error %u", rcode);
	return out;
}

static void send_one(int fd, struct asking *t, unsigned i)
{
	dns_query(&t->q[i], &t->q[i].name, t->q[i].type, (uint16_t)chance32(), !t->plain[i]);
	/* What is not sent is not answered: the timeout covers it, and the next send tells. */
	if (send(fd, t->q[i].bytes, t->q[i].len, MSG_NOSIGNAL) < 0)
		t->open[i] = errno != ECONNREFUSED && errno != ENETUNREACH && errno != EHOSTUNREACH;
}

/* A whole answer to question i came, truncated or not. */
static void judge(int fd, struct asking *t, unsigned i, const struct net_addr *server,
		  uint16_t port, uint64_t until_ms)
{
	struct dns_answer *a = &t->a[i], udp = *a;
	struct err why = { 0 };
	char text[32];

	if (a->truncated && (a->rcode == DNS_NOERROR) &&
	    dns_tcp(server, port, &t->q[i], until_ms, a, &why)) {
		*a = udp;
		/* Some addresses are better than none. */
		if (!a->nr_addrs) {
			snprintf(why.msg + strlen(why.msg), sizeof(why.msg) - strlen(why.msg),
				 " (truncated by UDP)");
			note(t, server, why.msg);
			t->refused = true;
			t->open[i] = false;
			return;
		}
	}
	if ((a->rcode == DNS_FORMERR || a->rcode == DNS_NOTIMP || a->rcode == DNS_BADVERS) &&
	    !t->plain[i]) {
		t->plain[i] = true;
		send_one(fd, t, i);
		return;
	}
	t->open[i] = false;
	t->done[i] = a->rcode == DNS_NOERROR || a->rcode == DNS_NXDOMAIN;
	if (!t->done[i]) {
		note(t, server, rcode_text(a->rcode, text, sizeof(text)));
		t->refused = true;
	}
}

static void take(int fd, struct asking *t, const uint8_t *msg, size_t len,
		 const struct net_addr *server, uint16_t port, uint64_t until_ms)
{
	for (unsigned i = 0; i < QUESTIONS; i++) {
		struct err why = { 0 };
		int rc;

		if (!t->open[i])
			continue;
		rc = dns_answer(&t->q[i], msg, len, &t->a[i], &why);
		if (rc == -EAGAIN)
			continue;
		if (!rc) {
			judge(fd, t, i, server, port, until_ms);
			return;
		}
		note(t, server, why.msg);
		t->refused = true;
		t->open[i] = false;
		return;
	}
}

static int udp_socket(const struct net_addr *server, uint16_t port)
{
	struct sockaddr_storage ss;
	socklen_t len = net_addr_sockaddr(server, port, &ss);
	int fd = socket(server->family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), rc;

	if (fd < 0)
		return -errno;
	/* Connected: the kernel picks a random port and drops what others send (RFC 5452 9.2). */
	if (!connect(fd, (struct sockaddr *)&ss, len))
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

static void ask_server(struct asking *t, const struct net_addr *server, uint16_t port,
		       uint64_t until_ms)
{
	uint8_t msg[4096];
	int fd = udp_socket(server, port), rc = 0;

	if (fd < 0) {
		note(t, server, strerror(-fd));
		return;
	}
	for (unsigned i = 0; i < QUESTIONS; i++) {
		t->open[i] = !t->done[i];
		if (t->open[i])
			send_one(fd, t, i);
	}
	while ((t->open[0] || t->open[1]) && !rc) {
		ssize_t n;

		rc = net_wait(fd, POLLIN, until_ms);
		if (rc)
			break;
		n = recv(fd, msg, sizeof(msg), 0);
		if (n >= 0)
			take(fd, t, msg, (size_t)n, server, port, until_ms);
		else if (errno != EAGAIN && errno != EINTR)
			rc = -errno;	/* an ICMP error: nobody listens there */
	}
	close(fd);
	if (rc)
		note(t, server, rc == -ETIMEDOUT ? "no answer" : strerror(-rc));
}

static bool enough(const struct asking *t)
{
	if (t->done[0] && t->done[1])
		return true;
	/* There is no such name: that holds for every type. */
	for (unsigned i = 0; i < QUESTIONS; i++)
		if (t->done[i] && (t->a[i].nr_addrs || t->a[i].rcode == DNS_NXDOMAIN))
			return true;
	return false;
}

static int result(const struct asking *t, const char *name, struct net_addr *out, struct err *e)
{
	unsigned n = 0;

	for (unsigned i = 0; i < QUESTIONS; i++)
		for (unsigned k = 0; t->done[i] && k < t->a[i].nr_addrs && n < RESOLVE_MAX; k++)
			out[n++] = t->a[i].addrs[k];
	if (n)
		return (int)n;
	for (unsigned i = 0; i < QUESTIONS; i++)
		if (t->done[i] && t->a[i].rcode == DNS_NXDOMAIN)
			return err_say(e, -ENOENT, "%s: no such name", name);
	if (t->done[0] && t->done[1])
		return err_say(e, -ENODATA, "%s: the name has no address", name);
	return err_say(e, t->refused ? -EHOSTUNREACH : -ETIMEDOUT,
		       "%s: no name server answers (%s)", name, t->why);
}

int dns_ask(const struct resolver *r, const struct name *name, struct net_addr out[RESOLVE_MAX],
	    uint64_t deadline_ms, struct err *e)
{
	unsigned tries = r->tries ? r->tries : TRIES, try_ms = r->try_ms ? r->try_ms : TRY_MS;
	struct asking t = { .q = { { .type = DNS_AAAA }, { .type = DNS_A } } };
	char text[NAME_TEXT];

	if (!name_text(name, text))
		return err_say(e, -EINVAL, "not a host name");
	if (!r->nr_servers)
		return err_say(e, -EDESTADDRREQ, "%s: no name server is known", text);
	t.q[0].name = t.q[1].name = *name;
	for (unsigned i = 0; i < tries * r->nr_servers && !enough(&t); i++) {
		uint64_t now = now_ms(), until = now + try_ms;

		if (deadline_ms && now >= deadline_ms)
			break;
		if (deadline_ms && until > deadline_ms)
			until = deadline_ms;
		memset(t.plain, 0, sizeof(t.plain));
		ask_server(&t, &r->servers[i % r->nr_servers], r->port ? r->port : PORT, until);
	}
	return result(&t, text, out, e);
}
