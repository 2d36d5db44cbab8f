/* uevent - has the kernel found something new? */
/* SPDX-License-Identifier: MIT */
#include "boot/uevent.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netlink.h>

#include "base/io.h"

enum { EVENT_MAX = 4096 };	/* bytes; UEVENT_BUFFER_SIZE of the kernel is 2048 */

int uevent_open(void)
{
	struct sockaddr_nl group = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_KOBJECT_UEVENT);
	int room = 1 << 20, rc;

	if (fd < 0)
		return -errno;
	/* Coldplug brings many events at once; without the privilege the default has to do. */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (!bind(fd, (struct sockaddr *)&group, sizeof(group)))
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

/* "add@/devices/...\0ACTION=add\0SUBSYSTEM=block\0...", from the kernel and nobody else. */
static bool is_about(const char *event, size_t len, const char *subsystem)
{
	static const char key[] = "SUBSYSTEM=";

	if (!subsystem)
		return true;
	for (const char *at = event, *end = event + len; at < end; at += strlen(at) + 1)
		if (!strncmp(at, key, sizeof(key) - 1) && !strcmp(at + sizeof(key) - 1, subsystem))
			return true;
	return false;
}

/* Take all pending events. 1 if one was about subsystem. */
static int drain(int fd, const char *subsystem)
{
	int found = 0;

	for (;;) {
		struct sockaddr_nl from = { 0 };
		socklen_t from_len = sizeof(from);
		char event[EVENT_MAX + 1];
		ssize_t n = recvfrom(fd, event, EVENT_MAX, 0, (struct sockaddr *)&from, &from_len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == ENOBUFS) {
			found = 1;
			continue;
		}
		if (n < 0)
			return errno == EAGAIN ? found : -errno;
		event[n] = 0;
		if (!from.nl_pid && is_about(event, (size_t)n, subsystem))
			found = 1;
	}
}

int uevent_wait(int fd, const char *subsystem, unsigned timeout_ms)
{
	uint64_t end = now_ms() + timeout_ms;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		uint64_t now = now_ms();
		int rc;

		if (now > end)
			now = end;
		rc = poll(&p, 1, end - now > 60000 ? 60000 : (int)(end - now));
		if (rc < 0 && errno != EINTR)
			return -errno;
		rc = rc > 0 ? drain(fd, subsystem) : 0;
		if (rc || now_ms() >= end)
			return rc;
	}
}
