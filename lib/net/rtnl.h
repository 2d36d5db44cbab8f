/* rtnl - speak rtnetlink: write messages, read them within bounds, ask the kernel. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_RTNL_H
#define NET_RTNL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	RTNL_MSG_MAX = 2048,		/* bytes of a message that we send */
	RTNL_ANSWER_MAX = 64 << 10,	/* of one datagram of the kernel, whose own limit is 32 KiB */
};

/* ---- writing: a message with attributes. What does not fit sets full, and rtnl_ask refuses it. */
struct rtnl_msg {
	uint8_t bytes[RTNL_MSG_MAX];
	size_t  len;
	bool    full;
};

/* Begin with type (RTM_*), flags (NLM_F_*) and the family header of that type. */
void rtnl_begin(struct rtnl_msg *m, uint16_t type, uint16_t flags, const void *head, size_t head_len);

void rtnl_put(struct rtnl_msg *m, uint16_t attr, const void *data, size_t len);
void rtnl_put_u8(struct rtnl_msg *m, uint16_t attr, uint8_t value);
void rtnl_put_u16(struct rtnl_msg *m, uint16_t attr, uint16_t value);
void rtnl_put_u32(struct rtnl_msg *m, uint16_t attr, uint32_t value);
void rtnl_put_text(struct rtnl_msg *m, uint16_t attr, const char *text);	/* with its NUL */

/* What is put between these two lies inside attr. nest returns what end wants. */
size_t rtnl_nest(struct rtnl_msg *m, uint16_t attr);
void rtnl_nest_end(struct rtnl_msg *m, size_t nest);

/* ---- reading: bytes from the kernel or from anywhere; nothing outside of them is ever looked at. */
struct rtnl_view {
	uint16_t type, flags;
	uint32_t seq;
	const uint8_t *body;	/* behind the netlink header; borrowed */
	size_t   len;
};

/* The message at *at of len bytes, and *at behind it. False at the end or at anything malformed. */
bool rtnl_next(const uint8_t *bytes, size_t len, size_t *at, struct rtnl_view *v);

struct rtnl_attrs { const uint8_t *at; size_t left; };
struct rtnl_attr { uint16_t type; const uint8_t *data; size_t len; };	/* type without its flag bits */

/* Copy head_len bytes of v into head; the attributes behind it. False if v is shorter. */
bool rtnl_head(const struct rtnl_view *v, void *head, size_t head_len, struct rtnl_attrs *rest);

/* The attributes inside an attribute. */
struct rtnl_attrs rtnl_inside(const struct rtnl_attr *a);

/* The next attribute; false at the end or at anything malformed. */
bool rtnl_attr(struct rtnl_attrs *rest, struct rtnl_attr *a);

/* Their values; 0 and "" for an attribute that is too short for them. */
uint8_t  rtnl_u8(const struct rtnl_attr *a);
uint16_t rtnl_u16(const struct rtnl_attr *a);
uint32_t rtnl_u32(const struct rtnl_attr *a);
void rtnl_text(const struct rtnl_attr *a, char *out, size_t size);	/* cut to fit, terminated */

/* ---- a socket */
struct rtnl {
	int      fd;
	uint32_t seq;
	uint8_t *answer;	/* RTNL_ANSWER_MAX bytes */
};

/* Open for questions. Returns 0 or a negative errno. Close it also after an error. */
int rtnl_open(struct rtnl *r, struct err *e);
void rtnl_close(struct rtnl *r);

/*
 * A non-blocking descriptor that becomes readable when something of groups changes (a bit
 * 1 << (RTNLGRP_* - 1) each), or a negative errno. rtnl_drain reads and forgets what waits there:
 * whoever hears of a change looks at the whole state again, so that no lost message matters.
 */
int rtnl_listen(uint32_t groups, struct err *e);
void rtnl_drain(int fd);

/*
 * Have the kernel do m. Returns 0 or its errno; the error says what the kernel said in words, if
 * it did ("Invalid argument" or "Device can not be enslaved while up: Operation not permitted").
 */
int rtnl_ask(struct rtnl *r, struct rtnl_msg *m, struct err *e);

/* As rtnl_ask, for a question with one answer: each is called with it. */
typedef void rtnl_each(void *arg, const struct rtnl_view *v);
int rtnl_get(struct rtnl *r, struct rtnl_msg *m, rtnl_each *each, void *arg, struct err *e);

/*
 * The same for a table (NLM_F_DUMP is added): each is called with NULL first, and again with NULL if
 * the table changed meanwhile and is read anew, three times at most.
 */
int rtnl_dump(struct rtnl *r, struct rtnl_msg *m, rtnl_each *each, void *arg, struct err *e);

#endif
