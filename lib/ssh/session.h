/* session - the inside of a connection, shared by the files that make it up; nobody else includes
 * it. */
/* SPDX-License-Identifier: MIT */
#ifndef SSH_SESSION_H
#define SSH_SESSION_H

#include "base/stream.h"
#include "ssh/cipher.h"
#include "ssh/pubkey.h"
#include "ssh/ssh.h"
#include "ssh/wire.h"

/* Message numbers: RFC 4250 section 4.1.2, RFC 8308, RFC 8731. */
enum ssh_message {
	MSG_DISCONNECT = 1,
	MSG_IGNORE,
	MSG_UNIMPLEMENTED,
	MSG_DEBUG,
	MSG_SERVICE_REQUEST,
	MSG_SERVICE_ACCEPT,
	MSG_EXT_INFO,
	MSG_KEXINIT = 20,
	MSG_NEWKEYS,
	MSG_KEX_INIT = 30,
	MSG_KEX_REPLY,
	MSG_USERAUTH_REQUEST = 50,
	MSG_USERAUTH_FAILURE,
	MSG_USERAUTH_SUCCESS,
	MSG_USERAUTH_BANNER,
	MSG_GLOBAL_REQUEST = 80,
	MSG_REQUEST_SUCCESS,
	MSG_REQUEST_FAILURE,
	MSG_CHANNEL_OPEN = 90,
	MSG_CHANNEL_OPEN_CONFIRMATION,
	MSG_CHANNEL_OPEN_FAILURE,
	MSG_CHANNEL_WINDOW_ADJUST,
	MSG_CHANNEL_DATA,
	MSG_CHANNEL_EXTENDED_DATA,
	MSG_CHANNEL_EOF,
	MSG_CHANNEL_CLOSE,
	MSG_CHANNEL_REQUEST,
	MSG_CHANNEL_SUCCESS,
	MSG_CHANNEL_FAILURE,
};

enum {
	SSH_CHANNELS = 4,
	SSH_DATA_MAX = 32768, /* bytes of one CHANNEL_DATA of ours, RFC 4253 section 6.1 */
	SSH_OUT_FLUSH = 4 * (SSH_DATA_MAX + 128), /* bytes gathered for one send() */
	SSH_OUT_SIZE = SSH_OUT_FLUSH + 2 * 36864,
	SSH_IN_SIZE = 2 * (SSH_PACKET_MAX + SSH_PACKET_EXTRA),
	SSH_KEXINIT_MAX = 8192,
	SSH_OWED = 16, /* answers that wait until they may be sent */
};

/* How we call ourselves, without the line's end. */
#define SSH_VERSION_LINE "SSH-2.0-kdumpbox"

/* An answer that is owed: message a with number b, sent when no key exchange is in the way. */
struct ssh_owed {
	uint8_t  message;
	uint32_t number;
};

struct ssh_channel;

struct ssh {
	struct stream *tcp;
	struct ssh_options opt;
	struct err broken;		/* why the connection is dead; code 0: it is not */

	/* Packets (packet.c). seq counts all of a direction, packets and bytes those since the last
	 * keys. */
	struct ssh_cipher in, out;
	uint32_t in_seq, out_seq;
	uint64_t in_bytes, out_bytes, in_packets, out_packets, keys_ms;
	uint64_t moved, moved_then;	/* bytes of channels, and when keys were changed last */
	unsigned idle_rekeys;		/* exchanges of the server's wish without such a byte between */
	uint8_t *in_buf, *out_buf;
	size_t in_start, in_end, out_start, out_end;
	uint8_t pad[256];
	size_t pad_left;
	uint64_t heard_ms, asked_ms;	/* the last bytes that came, the last keepalive */
	unsigned unanswered;		/* keepalives since */

	/* Key exchange (kex.c). */
	char     v_s[256];
	uint8_t  i_c[2048], i_s[SSH_KEXINIT_MAX];
	size_t   i_c_len, i_s_len;	/* i_s_len not 0: the server has begun */
	bool     in_kex, strict;
	bool     late_data;		/* a server that goes on with its data behind its KEXINIT */
	uint8_t  session_id[64];
	size_t   session_id_len;	/* 0: before the first keys */
	uint8_t  host_blob[SSH_BLOB_MAX];
	size_t   host_blob_len;
	struct ssh_info info;

	/* What a caller waits for: while mail_wanted such a message stays where it is, in in_buf.
	 */
	bool     mail_wanted, logged_in;
	const uint8_t *mail;
	size_t   mail_len;
	char     sig_algs[512];		/* server-sig-algs, or "" */
	unsigned banners;

	struct ssh_owed owed[SSH_OWED];
	unsigned nr_owed;
	struct ssh_channel *channels[SSH_CHANNELS];
};

/* ---- packet.c */

/* The connection is dead from now on. Returns the code. */
int ssh_break(struct ssh *s, struct err *e, int code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* The error it died of, or 0. */
int ssh_check(struct ssh *s, struct err *e);

/* Can a message of len bytes be begun? */
bool ssh_room(const struct ssh *s, size_t len);

/* Begin a message right where it will be sealed; there is room for it. End it with ssh_post. */
struct wire_out ssh_message(struct ssh *s, uint8_t type);
void ssh_post(struct ssh *s, const struct wire_out *o);

/* Write what can be written; if some is left, or was none, wait at most wait_ms; read what there
 * is. 0 or the error. */
int ssh_move(struct ssh *s, unsigned wait_ms, struct err *e);

/* The next packet that is there, borrowed until ssh_move: 1, 0 if none is whole, or an error. */
int ssh_next(struct ssh *s, const uint8_t **payload, size_t *len, struct err *e);

/* Printable ASCII of src, the rest as '?', cut to size. */
void ssh_printable(char *dst, size_t size, const void *src, size_t len);

/* ---- transport.c */

/* One turn of everything: keys when due, answers, at most one wait. 0 or the connection's error. */
int ssh_pump(struct ssh *s, unsigned wait_ms, struct err *e);

/* Handle a message of a phase after the first keys. */
int ssh_dispatch(struct ssh *s, const uint8_t *p, size_t len, struct err *e);

/* Handle the packets that are there, up to a KEXINIT or to mail. *any: there was one. */
int ssh_process(struct ssh *s, bool *any, struct err *e);

/* Pump until out_buf was sent. */
int ssh_flush(struct ssh *s, struct err *e);

/* Pump until a message for a caller has come: it is in mail. -ETIMEDOUT after the deadline. */
int ssh_mail(struct ssh *s, uint64_t deadline_ms, struct err *e);

/* Remember an answer; too many are the peer's fault. */
int ssh_owe(struct ssh *s, uint8_t message, uint32_t number, struct err *e);

/* The peer's DISCONNECT in words, as the error. */
int ssh_peer_left(struct ssh *s, struct wire w, struct err *e);

/* ---- greeting.c */

/* Read the server's version line, and the lines before it, into v_s. */
int ssh_greeting(struct ssh *s, struct err *e);

/* ---- kex.c */

/* A whole key exchange, whoever began it. */
int ssh_kex(struct ssh *s, struct err *e);
bool ssh_kex_due(const struct ssh *s);

/* ---- channel.c */
int ssh_channel_message(struct ssh *s, uint8_t type, struct wire w, struct err *e);
void ssh_channels_service(struct ssh *s);

/* Those that were closed on our side. */
void ssh_channels_free(struct ssh *s);

#endif
