/* mbedtls_words - what do the numbers of mbedTLS mean? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <mbedtls/ecp.h>
#include <mbedtls/rsa.h>

#include "tls/alert.h"
#include "tls/mbedtls.h"

const char alert_version[] = "it speaks neither TLS 1.2 nor 1.3 (70, protocol_version)";

const char alert_nothing_in_common[] = "nothing in common (40, handshake_failure): it wants other suites, curves or "
	"keys than ECDHE with AES-GCM or ChaCha20-Poly1305, or a client certificate";

/* mbedtls/ssl.h, psa's and those of single algorithms come here through them */
static const char *meaning(int code)
{
	switch (code) {
	case MBEDTLS_ERR_SSL_INVALID_MAC: return "a record was changed on the way";
	case MBEDTLS_ERR_SSL_INVALID_RECORD:
	case MBEDTLS_ERR_SSL_UNEXPECTED_RECORD: return "a record of no known kind or length; is this a server of TLS?";
	case MBEDTLS_ERR_SSL_DECODE_ERROR: return "a broken message of the handshake";
	case MBEDTLS_ERR_SSL_NO_RNG: return "no random numbers";
	case MBEDTLS_ERR_SSL_UNSUPPORTED_EXTENSION: return "the server sent an extension that was not asked for";
	case MBEDTLS_ERR_SSL_NO_APPLICATION_PROTOCOL: return "the server chose another protocol than HTTP/1.1";
	case MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE: return "a message that has no place there";
	case MBEDTLS_ERR_SSL_BAD_CERTIFICATE: return "the server's key is of a kind that was not offered";
	case MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION: return "the server speaks an older version than TLS 1.2; is this a "
		"server of TLS?";
	case MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE: return "the server chose what was not offered, or its signature is not "
		"of the key in its certificate, or the handshake was changed on the way";
	case MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER: return "the server chose a suite, curve or algorithm that was not "
		"offered, or sent a wrong field in the handshake";
	case MBEDTLS_ERR_SSL_PK_TYPE_MISMATCH: return "the server's key is not of the kind that its suite wants";
	case MBEDTLS_ERR_SSL_BUFFER_TOO_SMALL: return "the server sent certificates or another message of more than 16 "
		"KiB";
	case MBEDTLS_ERR_SSL_COUNTER_WRAPPING: return "too much was sent for one key";
	case MBEDTLS_ERR_SSL_BAD_INPUT_DATA: return "the server chose a suite or version that was not offered";
	case MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE: return "the server chose compression, which was not offered";
	case MBEDTLS_ERR_ECP_VERIFY_FAILED:
	case MBEDTLS_ERR_RSA_VERIFY_FAILED:
	case MBEDTLS_ERR_RSA_INVALID_PADDING:
	case MBEDTLS_ERR_PK_SIG_LEN_MISMATCH: return "the server's signature is not of the key in its certificate";
	case MBEDTLS_ERR_SSL_INTERNAL_ERROR: return "an error inside mbedTLS";
	default: return NULL;
	}
}

int mbedtls_words(int code, struct err *e)
{
	const char *words = meaning(code);

	if (code == MBEDTLS_ERR_SSL_ALLOC_FAILED)
		return err_set(e, -ENOMEM, "TLS");
	return words ? err_say(e, -EPROTO, "TLS: %s", words) : err_say(e, -EPROTO, "TLS: error -0x%04x of mbedTLS", -code);
}
