/* dns_tcp - how does a question travel that UDP is too small for? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/stream.h"
#include "net/connect.h"
#include "net/dns.h"

static int exchange(struct stream *s, const struct dns_query *q, struct dns_answer *out,
		    struct err *e)
{
	uint8_t frame[2 + DNS_QUERY] = { (uint8_t)(q->len >> 8), (uint8_t)q->len }, *msg;
	size_t len;
	int rc;

	/* One write: a server may take two segments for two messages (RFC 7766 8). */
	memcpy(frame + 2, q->bytes, q->len);
	rc = stream_write(s, frame, 2u + q->len, e);
	if (!rc)
		rc = stream_read_full(s, frame, 2, e);
	if (rc)
		return rc;
	len = get_be16(frame);
	msg = malloc(len + 1);
	if (!msg)
		return err_set(e, -ENOMEM, "answer of %zu bytes", len);
	rc = stream_read_full(s, msg, len, e);
	if (!rc)
		rc = dns_answer(q, msg, len, out, e);
	free(msg);
	/* Nothing else will come: there was one question in this connection. */
	return rc == -EAGAIN ? -EBADMSG : rc;
}

int dns_tcp(const struct net_addr *server, uint16_t port, const struct dns_query *q,
	    uint64_t deadline_ms, struct dns_answer *out, struct err *e)
{
	int fd = net_connect(server, port, deadline_ms), rc;
	char text[NET_ADDR_TEXT];
	struct stream *s;

	*out = (struct dns_answer){ 0 };
	if (fd < 0)
		return err_set(e, fd, "TCP");
	rc = stream_socket(&s, fd, net_addr_text(server, text), e);
	if (rc)
		return rc;
	s->deadline_ms = deadline_ms;
	rc = exchange(s, q, out, e);
	stream_close(s);
	return rc;
}
