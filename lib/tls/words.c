/* words - what do the numbers of BearSSL and the alerts of TLS mean? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "tls/engine.h"

/* RFC 5246 section 7.2, RFC 6066, RFC 7301; and what to do where it is known. */
static const char *alert_words(int alert)
{
	switch (alert) {
	case 10: return "unexpected message (10)";
	case 20: return "a record was changed on the way (20, bad_record_mac)";
	case 21: case 22: return "a record cannot be read (record_overflow)";
	case 40: return "nothing in common (40, handshake_failure): it wants other suites, curves or keys than "
		"ECDHE with AES-GCM or ChaCha20-Poly1305, or a client certificate, or, a FIPS system, "
		"extended master secrets, which this build does not have";
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
	case 70: return "server requires TLS 1.3 (70, protocol_version), which this build does not speak; allow "
		"TLS 1.2 on the server or upload to another one";
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

/* bearssl_ssl.h */
static const char *engine_words(int code)
{
	switch (code) {
	case BR_ERR_UNSUPPORTED_VERSION: return "the server speaks an older version than TLS 1.2; is this a "
		"server of TLS?";
	case BR_ERR_BAD_VERSION: return "a record of another version; is this a server of TLS?";
	case BR_ERR_BAD_LENGTH: return "a record of an impossible length; is this a server of TLS?";
	case BR_ERR_TOO_LARGE: return "a record larger than 16384 bytes";
	case BR_ERR_BAD_MAC: return "a record was changed on the way";
	case BR_ERR_NO_RANDOM: return "no random numbers";
	case BR_ERR_UNKNOWN_TYPE: return "a record of no known type; is this a server of TLS?";
	case BR_ERR_UNEXPECTED: return "a message that has no place there";
	case BR_ERR_BAD_HANDSHAKE: return "a broken message of the handshake";
	case BR_ERR_BAD_CIPHER_SUITE: return "the server chose a suite that was not offered";
	case BR_ERR_BAD_COMPRESSION: return "the server chose compression, which was not offered";
	case BR_ERR_BAD_SECRENEG: return "the server does renegotiation in a way that is not safe";
	case BR_ERR_EXTRA_EXTENSION: return "the server sent an extension that was not asked for";
	case BR_ERR_BAD_FINISHED: return "the handshake was changed on the way";
	case BR_ERR_INVALID_ALGORITHM: return "the server chose a curve or algorithm that was not offered";
	case BR_ERR_BAD_SIGNATURE: return "the server's signature is not of the key in its certificate";
	case BR_ERR_WRONG_KEY_USAGE: return "the server's key is not of the kind that its suite wants";
	case BR_ERR_NO_CLIENT_AUTH: return "the server takes no client certificate of this kind";
	default: return NULL;
	}
}

int tls_words(int code, struct err *e)
{
	const char *words;

	if (code >= BR_ERR_SEND_FATAL_ALERT) {
		words = alert_words(code - BR_ERR_SEND_FATAL_ALERT);
		return words ? err_say(e, -EPROTO, "TLS was given up: %s", words) :
		       err_say(e, -EPROTO, "TLS was given up with alert %d", code - BR_ERR_SEND_FATAL_ALERT);
	}
	if (code >= BR_ERR_RECV_FATAL_ALERT) {
		words = alert_words(code - BR_ERR_RECV_FATAL_ALERT);
		return words ? err_say(e, -EPROTO, "the server refused TLS: %s", words) :
		       err_say(e, -EPROTO, "the server refused TLS with alert %d", code - BR_ERR_RECV_FATAL_ALERT);
	}
	words = engine_words(code);
	return words ? err_say(e, -EPROTO, "TLS: %s", words) :
	       err_say(e, -EPROTO, "TLS: error %d of BearSSL", code);
}
