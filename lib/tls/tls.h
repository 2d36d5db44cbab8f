/* tls - a connection that is encrypted, and whose server proved who it is. */
/* SPDX-License-Identifier: MIT */
#ifndef TLS_TLS_H
#define TLS_TLS_H

#include <stdint.h>

#include "base/err.h"
#include "base/stream.h"

/*
 * These three functions are all that others see of this room (the other headers are for it alone, and for
 * tests), so that the library behind them can be another one: `make TLS=` chooses bearssl (bearssl*.c) or
 * mbedtls (mbedtls*.c), the files of the other one are not linked. Both ask the same judge about the server's
 * certificates (verifier.h, chain.h): whom to trust does not depend on the library.
 *
 * Measured with mbedTLS 3.6.6, x86_64, against nginx: 127 KB more of program (BearSSL stays, for SSH, the
 * certificates and AES-GCM), 60 KB more of memory while it uploads, the same 0.7 s of CPU per GiB of AES-GCM (4.7 if
 * mbedTLS computes it: mbedtls_gcm.c), 3.9 of ChaCha20-Poly1305 where BearSSL takes 3.1.
 */

/*
 * Whom to trust and who we are, as files; NULL: none. One of ca_file and pins is needed: there is
 * no list of public authorities, and no way to do without a proof.
 *
 *   ca_file    PEM, up to 1 MiB and 256 certificates. Issuers, or the server's own certificate. The
 *              certificate must be for the host, and so on: see tls/chain.h
 *   pins       "sha256//BASE64", several with ';' between them, as curl's --pinnedpubkey: the
 *              SHA-256 of the server's SubjectPublicKeyInfo. Without ca_file the key is all that
 *              counts, not names and dates of the certificate around it; with ca_file both must hold
 *   cert_file  PEM, our own certificate and those of its issuers behind it, and key_file, PEM without
 *              passphrase, RSA or EC: shown to a server that asks for it
 *   crash_time seconds since 1970, or 0. The clock for dates is the highest plausible one of it, the
 *              system's and the beginning of the year of this release; plausible is within ten years
 */
struct tls_config {
	const char *ca_file, *pins, *cert_file, *key_file;
	uint64_t    crash_time;
};

struct tls;

/* Read the files. Returns 0 and *out for tls_free, or a negative errno: -EINVAL if nothing is trusted. */
int tls_new(struct tls **out, const struct tls_config *c, struct err *e);
void tls_free(struct tls *t);

/*
 * Make a stream of TLS over tcp, to host as the URL has it (no brackets). It owns tcp, which is
 * closed after an error too; its deadline and idle_ms are those of tcp until they are changed. t
 * must live as long.
 *
 * TLS 1.2 (BearSSL) or 1.2 and 1.3 (mbedTLS); ECDHE with ChaCha20-Poly1305 or AES-GCM; X25519, P-256, P-384,
 * P-521; SHA-256 to SHA-512; no renegotiation, compression, session tickets; ALPN "http/1.1", SNI where host
 * is a name. A connection that ends without close_notify ends in -ECONNRESET, not at 0: it may have been cut.
 * stream_shutdown is -EOPNOTSUPP: TLS 1.2 ends both directions at once.
 *
 * TLS 1.2 as BearSSL has it covers most private upload servers today, a shrinking share of public ones, and no
 * FIPS ones: those want extended master secrets (RFC 7627), which mbedTLS has. mbedTLS takes certificates of
 * 16 KiB in all (BearSSL: 64), and no KeyUpdate (RFC 8446 section 4.6.3): a server that changes its keys ends the
 * upload in an error, and we do not change ours, which section 5.5 recommends every 360 GiB of AES-GCM.
 *
 * Returns 0 and *out; -EKEYREJECTED if the server is not to be trusted; -EPROTO if it speaks something
 * else or refused us, with the meaning of its alert; or an error of tcp.
 */
int tls_connect(struct stream **out, struct stream *tcp, const struct tls *t, const char *host,
		struct err *e);

#endif
