/* lib_sshpeer - an SSH server inside the test, which can be made to misbehave at any message. */
/* SPDX-License-Identifier: MIT */
#ifndef LIB_SSHPEER_H
#define LIB_SSHPEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/stream.h"
#include "ssh/cipher.h"
#include "ssh/wire.h"

enum { PEER_MESSAGE = 70000, PEER_QUEUE = 2 << 20, PEER_HELD = 256 << 10 };

/*
 * A stream whose other end is a server: what is written is served at once, what is read is what the server
 * sent. When it has nothing to say the stream ends, so no test waits; with `patient` it is silent
 * instead. Curve25519, an Ed25519 host key (the seed is 32 times 0x42), any cipher and MAC of ours.
 * One channel at a time: exec answers with what is written, then exit status 0 after EOF.
 */
struct ssh_peer {
	struct stream s;
	/* Before each message is sealed; may change it (PEER_MESSAGE bytes have room), send others before it; false: it is
	 * not sent. */
	bool (*hook)(struct ssh_peer *p, uint8_t *payload, size_t *len);
	/* The packet as it goes out, its payload was len bytes. */
	void (*wire)(struct ssh_peer *p, uint8_t *packet, size_t *size);
	void *arg;
	const char *kex, *hostkey, *cipher, *mac;	/* of its KEXINIT */
	const char *version;		/* all that comes before the first packet */
	bool strict;			/* offers and does strict kex */
	bool patient;
	bool guess;			/* says that a guess follows */
	uint32_t window, packet_max;	/* that it offers for a channel */
	uint64_t rekey_every;		/* messages after which it begins a key exchange */

	/* What went on. */
	unsigned sent, received;	/* messages */
	unsigned kexes;
	bool     in_kex, client_left, client_in_kex, broke_rekey_rule;
	uint32_t disconnect;		/* the reason that the client gave */
	uint64_t data;			/* bytes that came on channels */
	size_t   segment;		/* read gives at most so many bytes; 0: all */
	size_t   cut;			/* the stream ends after so many bytes; 0: never */

	struct ssh_cipher in, out;
	uint32_t in_seq, out_seq;
	uint8_t *queue, *inbuf, *held;	/* held: messages that wait for the end of a key exchange */
	size_t head, tail, in_len, total, held_len;
	bool version_seen, ended;
	uint8_t i_c[8192], i_s[4096], session_id[64], hash[64], k[64];
	char v_c[256];
	size_t i_c_len, i_s_len, k_len;
	uint32_t channel, may_send, unadjusted;
	unsigned since_kex;
};

/* A well-behaved one. The stream may be closed before it is freed. */
struct ssh_peer *ssh_peer_new(void);
void ssh_peer_free(struct ssh_peer *p);

/* Send a message without asking the hook. */
void ssh_peer_send(struct ssh_peer *p, const void *payload, size_t len);

/* The first bytes: the version and KEXINIT. Called by the first write, too. */
void ssh_peer_begin(struct ssh_peer *p);

/* Its host key's blob. */
size_t ssh_peer_blob(uint8_t out[64]);

#endif
