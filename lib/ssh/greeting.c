/* greeting - does the other end speak SSH, and how does it call itself? RFC 4253 section 4.2 */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "base/io.h"
#include "ssh/session.h"

enum {
	VERSION_MAX = 255,		/* with CR LF */
	BANNER_LINES = 1000, BANNER_BYTES = 65536,	/* before the version line */
};

/* A whole line at the start of in_buf: its bytes with LF, 0 if there is none yet. */
static size_t line_there(const struct ssh *s)
{
	const uint8_t *at = s->in_buf + s->in_start,
		      *lf = memchr(at, '\n', s->in_end - s->in_start);

	return lf ? (size_t)(lf - at) + 1 : 0;
}

/* The version line, when p is one: 1; 0 if it is another line before it. */
static int version_line(struct ssh *s, const uint8_t *p, size_t len, struct err *e)
{
	while (len && (p[len - 1] == '\n' || p[len - 1] == '\r'))
		len--;
	if (memchr(p, 0, len))
		return ssh_break(s, e, -EPROTO,
				 "the server's first lines have a NUL: it does not speak SSH");
	if (len < 4 || memcmp(p, "SSH-", 4))
		return 0;
	if (len > VERSION_MAX - 2)
		return ssh_break(s, e, -EPROTO, "the server's version line has %zu bytes", len);
	memcpy(s->v_s, p, len);
	s->late_data = !strncmp(s->v_s, "SSH-2.0-AsyncSSH_", 17);
	if (strncmp(s->v_s, "SSH-2.0-", 8) && strncmp(s->v_s, "SSH-1.99-", 9)) {
		char text[VERSION_MAX];

		ssh_printable(text, sizeof(text), p, len);
		return ssh_break(s, e, -EPROTO, "the server speaks %.60s, not SSH 2.0", text);
	}
	return 1;
}

int ssh_greeting(struct ssh *s, struct err *e)
{
	uint64_t deadline = now_ms() + s->opt.handshake_ms, now;
	unsigned lines = 0;
	size_t bytes = 0, len;
	int rc = 0;

	while (!rc) {
		len = line_there(s);
		if (len) {
			rc = version_line(s, s->in_buf + s->in_start, len, e);
			s->in_start += len;
			bytes += len;
			if (!rc && (++lines > BANNER_LINES || bytes > BANNER_BYTES))
				rc = ssh_break(s, e, -EPROTO,
					       "the server says a lot, but not that it speaks SSH");
			continue;
		}
		now = now_ms();
		if (s->in_end - s->in_start > BANNER_BYTES)
			rc = ssh_break(
				s, e, -EPROTO,
				"the server sends a line without end: it does not speak SSH");
		else if (now >= deadline)
			rc = ssh_break(s, e, -ETIMEDOUT,
				       "the server does not say that it speaks SSH");
		else
			rc = ssh_move(s, (unsigned)(deadline - now), e);
	}
	return rc < 0 ? rc : 0;
}
