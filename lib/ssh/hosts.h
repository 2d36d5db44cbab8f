/* hosts - is this the key of the host that we wanted? */
/* SPDX-License-Identifier: MIT */
#ifndef SSH_HOSTS_H
#define SSH_HOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * What is known about the host. With a pin only the key of that fingerprint is right; else the
 * files, in the format of known_hosts (sshd(8)), must know the key. A key is never learnt. All
 * borrowed.
 */
struct ssh_hosts {
	const char *host;		/* as the user wrote it, without brackets */
	uint16_t    port;
	const char *const *files;	/* known_hosts files; one that does not exist is skipped */
	size_t      nr_files;
	const char *pin;		/* "SHA256:..." or NULL */
};

/*
 * The verdict about the key that the server proved to have. arg is a struct ssh_hosts, so that this
 * is the verify callback of the transport. Returns 0 if it is the host's; else -EKEYREJECTED with a
 * message that has both fingerprints and file:line: unknown host, changed key, @revoked. Any error
 * on the way is a refusal.
 *
 * A certificate counts if a line of @cert-authority for the host has the key that signed it, it is
 * for this name, and valid now; else its key is judged as one without (ssh(1) does so, too). Now is
 * what the clock says, but never before the beginning of the year of this release: a machine whose
 * battery is empty takes a certificate then that was valid at that time, but none that is older.
 */
int ssh_hosts_verify(void *arg, const uint8_t *blob, size_t len, struct err *e);

enum { SSH_HOSTS_ALGORITHMS = 16 };

/*
 * The signature algorithms to ask the server for, in order, ending with NULL: first, if there is a
 * line of @cert-authority for the host, those of certificates; then those of which the files have a
 * key for the host, since a server shows one of its keys only.
 */
void ssh_hosts_algorithms(const struct ssh_hosts *h, const char *out[SSH_HOSTS_ALGORITHMS]);

/* True if a pin, or a line of the files that is no @revoked, has a key for the host. */
bool ssh_hosts_known(const struct ssh_hosts *h);

/* A pin is "SHA256:" and 43 characters of Base64. Returns 0, or -EINVAL with a message. */
int ssh_pin_check(const char *pin, struct err *e);

#endif
