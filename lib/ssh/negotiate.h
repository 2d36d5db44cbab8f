/* negotiate - what both sides can do, and what they agree on. RFC 4253 section 7.1 */
/* SPDX-License-Identifier: MIT */
#ifndef SSH_NEGOTIATE_H
#define SSH_NEGOTIATE_H

#include "ssh/session.h"

/* How a shared secret is made. curve: BearSSL's, 0 for X25519. */
struct ssh_kex_method {
	const char *name;
	const br_hash_class *hash;
	int curve;
	const struct ssh_kem *kem;	/* what goes along with X25519, or NULL */
};

struct ssh_agreed {
	const struct ssh_kex_method *kex;
	const char *hostkey;
	const struct ssh_cipher_alg *cipher_out, *cipher_in;
	const struct ssh_mac_alg *mac_out, *mac_in;	/* NULL with an AEAD */
	bool strict;		/* the server lists it, in its first KEXINIT */
	bool drop_next;		/* the server guessed, and wrong: its next packet is void */
};

/* Write our KEXINIT; first: the one that also names the extensions. */
void ssh_kexinit_write(const struct ssh *s, struct wire_out *o, bool first);

/* Read the server's against ours. -EPROTO, -ENOKEY for host keys, with a message says what there is
 * not in common. */
int ssh_kexinit_agree(const struct ssh *s, const uint8_t *ours, size_t ours_len,
		      const uint8_t *theirs, size_t len, struct ssh_agreed *a, struct err *e);

/* Is name in a comma-separated list? */
bool ssh_list_has(struct wire_str list, const char *name, size_t len);

#endif
