/* hostcert - certificates of hosts, as OpenSSH's ssh-keygen -s -h makes them. */
/* SPDX-License-Identifier: MIT */
#ifndef SSH_HOSTCERT_H
#define SSH_HOSTCERT_H

#include <stdint.h>

#include "base/err.h"
#include "ssh/pubkey.h"
#include "ssh/wire.h"

/*
 * The algorithms *-cert-v01@openssh.com (PROTOCOL.certkeys of OpenSSH), each at the place of the one
 * in ssh_sig_algorithms by which its key signs; ends with NULL.
 */
extern const char *const ssh_cert_algorithms[];

/* The name of a host key algorithm as a static string, of a certificate or plain; NULL: not ours. */
const char *ssh_hostkey_algorithm(struct wire_str name);

/* A certificate; strings are borrowed from its blob, plain is the key without the rest. */
struct ssh_cert {
	uint8_t  plain[SSH_BLOB_MAX];
	size_t   plain_len;
	uint32_t type;			/* 1: of a user, 2: of a host */
	struct wire_str names;		/* strings, one behind the other */
	uint64_t after, before;		/* valid in [after, before), seconds since 1970 */
	struct wire_str critical;	/* options that must be understood */
	struct wire_str ca;		/* blob of the key that signed it */
};

/* Is it a certificate, of whatever kind? Its type says so. */
bool ssh_cert_is(const uint8_t *blob, size_t len);

/* Take it apart and check the authority's signature. -EKEYREJECTED with a message. */
int ssh_cert_read(struct ssh_cert *c, const uint8_t *blob, size_t len, struct err *e);

/*
 * Is it for that host (in lower case, without port; compared byte by byte), at that time? One
 * without names is for nobody, and no critical option is understood. -EKEYREJECTED says why not.
 */
int ssh_cert_judge(const struct ssh_cert *c, const char *host, int64_t now, struct err *e);

/* As ssh_pubkey_verify, but blob may be a certificate and alg its algorithm. */
int ssh_hostkey_verify(const uint8_t *blob, size_t blob_len, const char *alg, const uint8_t *data,
		       size_t len, const uint8_t *sig, size_t sig_len, struct err *e);

#endif
