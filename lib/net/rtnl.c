/* rtnl - how is a netlink message written, and read without believing its lengths? */
/* SPDX-License-Identifier: MIT */
#include "net/rtnl.h"

#include <string.h>

#include <linux/netlink.h>

#include "base/buf.h"

enum { HEAD = sizeof(struct nlmsghdr), ATTR_HEAD = sizeof(struct nlattr) };

static size_t align4(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

/* Room for n more bytes and their padding, zeroed; NULL and full without. */
static uint8_t *room(struct rtnl_msg *m, size_t n)
{
	uint8_t *at = m->bytes + m->len;

	if (m->full || n > sizeof(m->bytes) || align4(n) > sizeof(m->bytes) - m->len) {
		m->full = true;
		return NULL;
	}
	memset(at, 0, align4(n));
	m->len += align4(n);
	return at;
}

void rtnl_begin(struct rtnl_msg *m, uint16_t type, uint16_t flags, const void *head, size_t head_len)
{
	struct nlmsghdr h = { .nlmsg_type = type, .nlmsg_flags = flags | NLM_F_REQUEST };
	uint8_t *at;

	m->len = 0;
	m->full = false;
	at = room(m, HEAD);
	memcpy(at, &h, HEAD);
	at = room(m, head_len);
	if (at)
		memcpy(at, head, head_len);
}

void rtnl_put(struct rtnl_msg *m, uint16_t attr, const void *data, size_t len)
{
	struct nlattr h = { .nla_len = (uint16_t)(ATTR_HEAD + len), .nla_type = attr };
	uint8_t *at = len > RTNL_MSG_MAX ? NULL : room(m, ATTR_HEAD + len);

	if (!at) {
		m->full = true;
		return;
	}
	memcpy(at, &h, ATTR_HEAD);
	if (len)
		memcpy(at + ATTR_HEAD, data, len);
}

void rtnl_put_u8(struct rtnl_msg *m, uint16_t attr, uint8_t value)
{
	rtnl_put(m, attr, &value, sizeof(value));
}

void rtnl_put_u16(struct rtnl_msg *m, uint16_t attr, uint16_t value)
{
	rtnl_put(m, attr, &value, sizeof(value));
}

void rtnl_put_u32(struct rtnl_msg *m, uint16_t attr, uint32_t value)
{
	rtnl_put(m, attr, &value, sizeof(value));
}

void rtnl_put_text(struct rtnl_msg *m, uint16_t attr, const char *text)
{
	rtnl_put(m, attr, text, strlen(text) + 1);
}

size_t rtnl_nest(struct rtnl_msg *m, uint16_t attr)
{
	size_t at = m->len;

	rtnl_put(m, attr | NLA_F_NESTED, NULL, 0);
	return at;
}

void rtnl_nest_end(struct rtnl_msg *m, size_t nest)
{
	uint16_t len = (uint16_t)(m->len - nest);

	if (!m->full)
		memcpy(m->bytes + nest, &len, sizeof(len));
}

bool rtnl_next(const uint8_t *bytes, size_t len, size_t *at, struct rtnl_view *v)
{
	struct nlmsghdr h;

	if (!in_bounds(*at, HEAD, len))
		return false;
	memcpy(&h, bytes + *at, HEAD);
	if (h.nlmsg_len < HEAD || !in_bounds(*at, h.nlmsg_len, len))
		return false;
	v->type = h.nlmsg_type;
	v->flags = h.nlmsg_flags;
	v->seq = h.nlmsg_seq;
	v->body = bytes + *at + HEAD;
	v->len = h.nlmsg_len - HEAD;
	*at += align4(h.nlmsg_len);
	return true;
}

bool rtnl_head(const struct rtnl_view *v, void *head, size_t head_len, struct rtnl_attrs *rest)
{
	size_t skip = align4(head_len);

	if (v->len < head_len)
		return false;
	memcpy(head, v->body, head_len);
	rest->at = skip < v->len ? v->body + skip : NULL;
	rest->left = skip < v->len ? v->len - skip : 0;
	return true;
}

struct rtnl_attrs rtnl_inside(const struct rtnl_attr *a)
{
	return (struct rtnl_attrs){ .at = a->data, .left = a->len };
}

bool rtnl_attr(struct rtnl_attrs *rest, struct rtnl_attr *a)
{
	struct nlattr h;
	size_t step;

	if (rest->left < ATTR_HEAD)
		return false;
	memcpy(&h, rest->at, ATTR_HEAD);
	if (h.nla_len < ATTR_HEAD || h.nla_len > rest->left)
		return false;
	a->type = h.nla_type & NLA_TYPE_MASK;
	a->data = rest->at + ATTR_HEAD;
	a->len = h.nla_len - ATTR_HEAD;
	step = align4(h.nla_len);
	step = step < rest->left ? step : rest->left;
	rest->at += step;
	rest->left -= step;
	return true;
}

uint8_t rtnl_u8(const struct rtnl_attr *a)
{
	return a->len ? a->data[0] : 0;
}

uint16_t rtnl_u16(const struct rtnl_attr *a)
{
	uint16_t v = 0;

	if (a->len >= sizeof(v))
		memcpy(&v, a->data, sizeof(v));
	return v;
}

uint32_t rtnl_u32(const struct rtnl_attr *a)
{
	uint32_t v = 0;

	if (a->len >= sizeof(v))
		memcpy(&v, a->data, sizeof(v));
	return v;
}

void rtnl_text(const struct rtnl_attr *a, char *out, size_t size)
{
	size_t n = a->len < size ? a->len : size - 1;

	memcpy(out, a->data, n);
	out[n] = 0;
}
