/* bearssl_words - what do the numbers of BearSSL mean? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "tls/alert.h"
#include "tls/bearssl.h"

const char alert_version[] = "server requires TLS 1.3 (70, protocol_version), which this build does not speak; "
	"build with TLS=mbedtls, or allow TLS 1.2 on the server";

const char alert_nothing_in_common[] = "nothing in common (40, handshake_failure): it wants other suites, curves or "
	"keys than ECDHE with AES-GCM or ChaCha20-Poly1305, or a client certificate, or, a FIPS system, extended "
	"master secrets, which a build with TLS=mbedtls has";

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

int bearssl_words(int code, struct err *e)
{
	const char *words;

	if (code >= BR_ERR_SEND_FATAL_ALERT)
		return alert_words(code - BR_ERR_SEND_FATAL_ALERT, true, e);
	if (code >= BR_ERR_RECV_FATAL_ALERT)
		return alert_words(code - BR_ERR_RECV_FATAL_ALERT, false, e);
	words = engine_words(code);
	return words ? err_say(e, -EPROTO, "TLS: %s", words) :
	       err_say(e, -EPROTO, "TLS: error %d of BearSSL", code);
}
