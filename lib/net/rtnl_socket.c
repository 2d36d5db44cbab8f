/* rtnl_socket - how is the kernel asked, and what did it answer? */
/* SPDX-License-Identifier: MIT */
#include "net/rtnl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <linux/netlink.h>

enum { TABLE_TRIES = 3, WAIT_S = 10, MORE = 1 /* of the answer is to come */ };

static int open_socket(int flags, uint32_t groups, struct err *e)
{
	struct sockaddr_nl us = { .nl_family = AF_NETLINK, .nl_groups = groups };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, NETLINK_ROUTE), rc;

	if (fd >= 0 && !bind(fd, (struct sockaddr *)&us, sizeof(us)))
		return fd;
	rc = err_set(e, -errno, "open rtnetlink");
	if (fd >= 0)
		close(fd);
	return rc;
}

int rtnl_open(struct rtnl *r, struct err *e)
{
	struct timeval wait = { .tv_sec = WAIT_S };
	int on = 1;

	*r = (struct rtnl){ .fd = open_socket(0, 0, e), .answer = malloc(RTNL_ANSWER_MAX) };
	if (r->fd < 0)
		return r->fd;
	if (!r->answer)
		return err_set(e, -ENOMEM, "open rtnetlink");
	/* Words with errors came with Linux 4.12; without them the errno has to do. */
	setsockopt(r->fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(r->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	return 0;
}

void rtnl_close(struct rtnl *r)
{
	if (r->fd >= 0)
		close(r->fd);
	free(r->answer);
	*r = (struct rtnl){ .fd = -1 };
}

int rtnl_listen(uint32_t groups, struct err *e)
{
	int fd = open_socket(SOCK_NONBLOCK, groups, e), room = 1 << 20;

	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	return fd;
}

void rtnl_drain(int fd)
{
	uint8_t one;

	while (recv(fd, &one, 1, MSG_TRUNC) >= 0 || errno == EINTR || errno == ENOBUFS)
		;
}

/* What the kernel says in an NLMSG_ERROR: 0 or an errno, with its own words if it has some. */
static int verdict(const struct rtnl_view *v, struct err *e)
{
	struct nlmsgerr head;
	struct rtnl_attrs rest;
	struct rtnl_attr a;
	char words[160] = "";

	if (!rtnl_head(v, &head, sizeof(head), &rest))
		return err_set(e, -EBADMSG, "rtnetlink");
	if (!head.error)
		return 0;
	/* The message that we sent follows, unless the kernel was told to leave it out. */
	if (!(v->flags & NLM_F_CAPPED) && head.msg.nlmsg_len > sizeof(head.msg)) {
		size_t skip = (head.msg.nlmsg_len - sizeof(head.msg) + 3) & ~(size_t)3;

		rest.at = skip <= rest.left ? rest.at + skip : NULL;
		rest.left = skip <= rest.left ? rest.left - skip : 0;
	}
	while (v->flags & NLM_F_ACK_TLVS && rtnl_attr(&rest, &a))
		if (a.type == NLMSGERR_ATTR_MSG)
			rtnl_text(&a, words, sizeof(words));
	if (head.error > 0 || head.error < -4095)
		head.error = -EBADMSG;
	return words[0] ? err_set(e, head.error, "%s", words) :
			  err_say(e, head.error, "%s", strerror(-head.error));
}

/* The end of a table, with an errno if it broke off. */
static int done(const struct rtnl_view *v, struct err *e)
{
	struct rtnl_attrs rest;
	int32_t code;

	if (!rtnl_head(v, &code, sizeof(code), &rest) || code >= 0)
		return 0;
	return err_say(e, code < -4095 ? -EBADMSG : code, "%s", strerror(-code));
}

static int send_msg(struct rtnl *r, struct rtnl_msg *m, uint16_t flags, struct err *e)
{
	struct nlmsghdr h;

	if (m->full)
		return err_say(e, -E2BIG, "more than one message can hold");
	memcpy(&h, m->bytes, sizeof(h));
	h.nlmsg_len = (uint32_t)m->len;
	h.nlmsg_flags |= flags;
	h.nlmsg_seq = ++r->seq;
	memcpy(m->bytes, &h, sizeof(h));
	if (send(r->fd, m->bytes, m->len, 0) < 0)
		return err_set(e, -errno, "rtnetlink");
	return 0;
}

/* One datagram, from the kernel and nobody else. */
static ssize_t receive(struct rtnl *r, struct err *e)
{
	for (;;) {
		struct sockaddr_nl from = { 0 };
		socklen_t from_len = sizeof(from);
		ssize_t n = recvfrom(r->fd, r->answer, RTNL_ANSWER_MAX, 0,
				     (struct sockaddr *)&from, &from_len);

		if (n < 0 && errno == EAGAIN)
			return err_say(e, -ETIMEDOUT, "the kernel does not answer");
		if (n < 0 && errno != EINTR)
			return err_set(e, -errno, "rtnetlink");
		if (n >= 0 && !from.nl_pid)
			return n;
	}
}

/* One datagram of an answer. MORE, 0 at its end, or a negative errno. */
static int take(struct rtnl *r, rtnl_each *each, void *arg, bool *again, struct err *e)
{
	ssize_t n = receive(r, e);
	struct rtnl_view v;
	size_t at = 0;

	if (n < 0)
		return (int)n;
	while (rtnl_next(r->answer, (size_t)n, &at, &v)) {
		if (v.seq != r->seq)
			continue;
		*again |= v.flags & NLM_F_DUMP_INTR;
		if (v.type == NLMSG_ERROR)
			return verdict(&v, e);
		if (v.type == NLMSG_DONE)
			return done(&v, e);
		if (v.type != NLMSG_NOOP && each)
			each(arg, &v);
	}
	return MORE;
}

static int transact(struct rtnl *r, struct rtnl_msg *m, uint16_t flags, rtnl_each *each, void *arg,
		    bool *again, struct err *e)
{
	int rc = send_msg(r, m, flags, e);

	if (!rc)
		rc = MORE;
	while (rc == MORE)
		rc = take(r, each, arg, again, e);
	return rc;
}

int rtnl_ask(struct rtnl *r, struct rtnl_msg *m, struct err *e)
{
	return rtnl_get(r, m, NULL, NULL, e);
}

int rtnl_get(struct rtnl *r, struct rtnl_msg *m, rtnl_each *each, void *arg, struct err *e)
{
	bool again = false;

	return transact(r, m, NLM_F_ACK, each, arg, &again, e);
}

int rtnl_dump(struct rtnl *r, struct rtnl_msg *m, rtnl_each *each, void *arg, struct err *e)
{
	int rc = 0;

	for (int i = 0; i < TABLE_TRIES; i++) {
		bool again = false;

		each(arg, NULL);
		rc = transact(r, m, NLM_F_DUMP, each, arg, &again, e);
		if (rc || !again)
			break;
	}
	return rc;
}
