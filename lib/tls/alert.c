/* alert - what do the alerts of TLS mean, and what is to be done about them? */
/* SPDX-License-Identifier: MIT */
#include "tls/alert.h"

#include <errno.h>
#include <stddef.h>

/* RFC 5246 section 7.2, RFC 8446 section 6, RFC 6066, RFC 7301; and what to do where it is known. */
static const char *meaning(int alert)
{
	switch (alert) {
	case 10: return "unexpected message (10)";
	case 20: return "a record was changed on the way (20, bad_record_mac)";
	case 21: case 22: return "a record cannot be read (record_overflow)";
	case 40: return alert_nothing_in_common;
	case 41: return "it wants a client certificate (41)";
	case 42: return "the client certificate is broken or missing (42, bad_certificate)";
	case 43: return "the client certificate is of a kind that it does not take (43)";
	case 44: return "the client certificate was revoked (44)";
	case 45: return "the client certificate has expired (45)";
	case 46: return "the client certificate is not acceptable (46)";
	case 47: return "a field of the handshake is wrong (47, illegal_parameter)";
	case 48: return "the client certificate is of an authority that it does not know (48, unknown_ca)";
	case 49: return "the client certificate may not connect (49, access_denied)";
	case 50: return "it cannot read our message (50, decode_error)";
	case 51: return "a signature is wrong (51, decrypt_error)";
	case 70: return alert_version;
	case 71: return "our suites are too weak for it (71, insufficient_security)";
	case 80: return "an error inside the server (80, internal_error)";
	case 90: return "the server gave up (90, user_canceled)";
	case 100: return "it wants to renegotiate, which is not done here (100)";
	case 109: case 110: return "an extension that it cannot do without (missing or unsupported)";
	case 112: return "it does not know this host name (112, unrecognized_name)";
	case 116: return "it wants a client certificate (116, certificate_required)";
	case 120: return "it does not speak HTTP/1.1 (120, no_application_protocol)";
	default: return NULL;
	}
}

int alert_words(int alert, bool ours, struct err *e)
{
	const char *who = ours ? "TLS was given up" : "the server refused TLS", *words = meaning(alert);

	return words ? err_say(e, -EPROTO, "%s: %s", who, words) :
	       err_say(e, -EPROTO, "%s with alert %d", who, alert);
}
