/* dial - a TCP connection to a host by name. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include <stdint.h>

#include "base/err.h"
#include "base/stream.h"
#include "net/resolve.h"

/*
 * Connect to port of host, which is what net_resolve takes, within timeout_ms (0: 60000), all of
 * it: names, then each address in turn, all but the last at most 10 s and half of what is left.
 * The stream has TCP_NODELAY, keepalive (30 s of silence, then six probes 10 s apart), and its
 * default idle_ms; its name in messages is "HOST:PORT", with the address if host is a name. Close
 * it with stream_close.
 *
 * Returns 0 and *out, what net_resolve returned, or the error of the last address; the message
 * names every address that was tried and why it would not do.
 */
int net_dial(struct stream **out, const char *host, uint16_t port, unsigned timeout_ms,
	     struct err *e);

/* The same with a resolver of the caller's; net_dial takes that of /etc/resolv.conf. */
int net_dial_with(const struct resolver *r, struct stream **out, const char *host, uint16_t port,
		  unsigned timeout_ms, struct err *e);

#endif
