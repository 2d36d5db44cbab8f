/* propagate - a key of our own for a server, the server's key for us, and ours at the server. */
/* SPDX-License-Identifier: MIT */
#ifndef PROD_PROPAGATE_H
#define PROD_PROPAGATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "ssh/login.h"
#include "ssh/pubkey.h"

enum { PROPAGATE_LINE = SSH_BLOB_MAX / 3 * 4 + 400 };

/*
 * If there is no file path, make an Ed25519 key: path in the format of OpenSSH (PROTOCOL.key), mode 0600, without
 * passphrase, and PATH.pub; directories above it get mode 0700. A file that is there is never changed. line
 * gets the line for authorized_keys, without newline; *made whether the key is new. comment has no newline.
 */
int propagate_key(const char *path, const char *comment, char line[PROPAGATE_LINE], bool *made, struct err *e);

/* The key that a server proves to have now: blob has SSH_BLOB_MAX bytes. Whether it is the right one nobody knows. */
int propagate_fetch(const char *host, uint16_t port, uint8_t *blob, size_t *len, struct err *e);

/* Add the server's key to a file in the format of known_hosts, durably; the file and its directory are made. */
int propagate_learn(const char *file, const char *host, uint16_t port, const uint8_t *blob, size_t len, struct err *e);

/*
 * Log in with l and add line to the user's authorized_keys, by commands of the server's shell as ssh-copy-id(1)
 * does it.
 */
int propagate_install(const struct ssh_login *l, const char *line, struct err *e);

#endif
