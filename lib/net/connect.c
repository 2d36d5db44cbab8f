/* connect - how is one address reached, and when is it given up? */
/* SPDX-License-Identifier: MIT */
#include "net/connect.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#include "base/io.h"

/* Silence of 30 s is asked about, and after six questions without an answer the peer is gone. */
enum { KEEP_IDLE_S = 30, KEEP_EACH_S = 10, KEEP_PROBES = 6, WAIT_MAX_MS = 1 << 30 };

int net_wait(int fd, short events, uint64_t deadline_ms)
{
	struct pollfd p = { .fd = fd, .events = events };

	for (;;) {
		uint64_t now = now_ms(), left = deadline_ms > now ? deadline_ms - now : 0;
		int n;

		if (!left)
			return -ETIMEDOUT;
		n = poll(&p, 1, left < WAIT_MAX_MS ? (int)left : WAIT_MAX_MS);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

static void set_options(int fd)
{
	static const struct { int level, name, value; } options[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, KEEP_IDLE_S },
		{ IPPROTO_TCP, TCP_KEEPINTVL, KEEP_EACH_S },
		{ IPPROTO_TCP, TCP_KEEPCNT, KEEP_PROBES },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof(int));
}

int net_connect(const struct net_addr *a, uint16_t port, uint64_t deadline_ms)
{
	struct sockaddr_storage ss;
	socklen_t len = net_addr_sockaddr(a, port, &ss), size = sizeof(int);
	int fd, rc, error = 0;

	if (!len)
		return -EAFNOSUPPORT;
	fd = socket(a->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	set_options(fd);
	rc = connect(fd, (struct sockaddr *)&ss, len) ? -errno : 0;
	if (rc == -EINPROGRESS) {
		rc = net_wait(fd, POLLOUT, deadline_ms);
		if (!rc && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size))
			error = errno;
		if (!rc)
			rc = -error;
	}
	if (rc) {
		close(fd);
		return rc;
	}
	return fd;
}
