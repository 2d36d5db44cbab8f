/* propagate - how does a server come to know our key, and we its? */
/* SPDX-License-Identifier: MIT */
#include "prod/propagate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "net/dial.h"
#include "ssh/base64.h"
#include "ssh/crypto.h"
#include "ssh/knownhosts.h"
#include "ssh/userkey.h"
#include "ssh/wire.h"

enum { SEED = 32, PUBLIC = 32, BLOCK = 8, COLUMNS = 70, FETCH_MS = 30000 };

/* The directory of a file, which is nobody else's if it is new. */
static int private_parent(const char *path, struct err *e)
{
	char dir[4096];
	char *slash;
	int rc;

	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (!slash || slash == dir)
		return 0;
	*slash = 0;
	if (!access(dir, F_OK))
		return 0;
	rc = make_dirs(dir);
	if (!rc && chmod(dir, 0700))
		rc = -errno;
	return rc ? err_set(e, rc, "make directory %.200s", dir) : 0;
}

/* All of text at the end of a file, and on its disk. */
static int append(const char *path, int flags, mode_t mode, const char *text, struct err *e)
{
	int fd, rc = private_parent(path, e);

	if (rc)
		return rc;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, mode);
	if (fd < 0)
		return err_set(e, -errno, "write %.200s", path);
	rc = write_full(fd, text, strlen(text));
	if (!rc && fsync(fd))
		rc = -errno;
	close(fd);
	if (!rc)
		rc = sync_parent(path);
	return rc ? err_set(e, rc, "write %.200s", path) : 0;
}

static void public_blob(struct wire_out *o, const uint8_t pub[PUBLIC])
{
	wire_put_text(o, "ssh-ed25519");
	wire_put_string(o, pub, PUBLIC);
}

/* The part that a passphrase would hide: twice the same number, the key, padding 1, 2, 3, ... */
static void private_part(struct wire_out *o, const uint8_t pub[PUBLIC], const uint8_t both[SEED + PUBLIC], const char *comment)
{
	uint32_t check;

	ssh_random(&check, sizeof(check));
	wire_put_u32(o, check);
	wire_put_u32(o, check);
	public_blob(o, pub);
	wire_put_string(o, both, SEED + PUBLIC);
	wire_put_text(o, comment);
	for (uint8_t pad = 1; o->len % BLOCK; pad++)
		wire_put_u8(o, pad);
}

/* openssh-key-v1, in lines of Base64. */
static void key_text(char *text, size_t size, const uint8_t seed[SEED], const char *comment)
{
	uint8_t pub[PUBLIC], both[SEED + PUBLIC], inner[512], outer[1024], blob[64];
	struct wire_out in = { .buf = inner, .size = sizeof(inner) }, out = { .buf = outer, .size = sizeof(outer) },
			b = { .buf = blob, .size = sizeof(blob) };
	char digits[2048];
	size_t n;

	ssh_ed25519_public(pub, seed);
	memcpy(both, seed, SEED);
	memcpy(both + SEED, pub, PUBLIC);
	public_blob(&b, pub);
	private_part(&in, pub, both, comment);
	wire_put_bytes(&out, "openssh-key-v1", 15);	/* with its NUL */
	wire_put_text(&out, "none");
	wire_put_text(&out, "none");
	wire_put_text(&out, "");
	wire_put_u32(&out, 1);
	wire_put_string(&out, blob, b.len);
	wire_put_string(&out, inner, in.len);
	base64_encode(digits, sizeof(digits), outer, out.len);
	n = (size_t)snprintf(text, size, "-----BEGIN OPENSSH PRIVATE KEY-----\n");
	for (const char *at = digits; *at; at += strnlen(at, COLUMNS))
		n += (size_t)snprintf(text + n, size - n, "%.*s\n", COLUMNS, at);
	snprintf(text + n, size - n, "-----END OPENSSH PRIVATE KEY-----\n");
	ssh_wipe(both, sizeof(both));
	ssh_wipe(inner, sizeof(inner));
	ssh_wipe(outer, sizeof(outer));
	ssh_wipe(digits, sizeof(digits));
}

static int make_key(const char *path, const char *comment, struct err *e)
{
	uint8_t seed[SEED];
	char text[4096];
	int rc;

	ssh_random(seed, sizeof(seed));
	key_text(text, sizeof(text), seed, comment);
	rc = append(path, O_EXCL, 0600, text, e);
	ssh_wipe(seed, sizeof(seed));
	ssh_wipe(text, sizeof(text));
	return rc;
}

/* "TYPE BASE64" */
static void public_text(char *out, size_t size, const uint8_t *blob, size_t len)
{
	char text[SSH_BLOB_MAX / 3 * 4 + 8];

	base64_encode(text, sizeof(text), blob, len);
	snprintf(out, size, "%s %s", ssh_pubkey_type(blob, len), text);
}

int propagate_key(const char *path, const char *comment, char line[PROPAGATE_LINE], bool *made, struct err *e)
{
	char pub[4096], text[PROPAGATE_LINE + 2], short_comment[200];
	struct ssh_userkey *k;
	const uint8_t *blob;
	size_t len, n;
	int rc = 0;

	snprintf(short_comment, sizeof(short_comment), "%s", comment);
	*made = access(path, F_OK) != 0;
	if (*made)
		rc = make_key(path, short_comment, e);
	if (!rc)
		rc = ssh_userkey_read(&k, path, NULL, e);
	if (rc)
		return rc;
	blob = ssh_userkey_public(k, &len);
	public_text(line, PROPAGATE_LINE, blob, len);
	ssh_userkey_free(k);
	n = strlen(line);
	snprintf(line + n, PROPAGATE_LINE - n, " %s", short_comment);
	if (!*made)
		return 0;
	snprintf(pub, sizeof(pub), "%s.pub", path);
	snprintf(text, sizeof(text), "%s\n", line);
	return append(pub, O_TRUNC, 0644, text, e);
}

struct fetched {
	uint8_t *blob;
	size_t  *len;
};

static int keep(void *arg, const uint8_t *blob, size_t len, struct err *e)
{
	struct fetched *f = arg;

	if (len <= SSH_BLOB_MAX) {
		memcpy(f->blob, blob, len);
		*f->len = len;
	}
	return err_say(e, -ECANCELED, "the key is known");
}

int propagate_fetch(const char *host, uint16_t port, uint8_t *blob, size_t *len, struct err *e)
{
	struct fetched f = { blob, len };
	struct ssh_options opt = { .verify = keep, .verify_arg = &f, .handshake_ms = FETCH_MS };
	struct stream *tcp;
	struct ssh *ssh = NULL;
	int rc = net_dial(&tcp, host, port, FETCH_MS, e);

	if (rc)
		return rc;
	*len = 0;
	rc = ssh_open(&ssh, tcp, &opt, e);
	ssh_close(ssh);
	if (rc == -ECANCELED && *len)
		return 0;
	return rc ? err_add(e, "%s", host) : err_say(e, -EPROTO, "%s shows no key", host);
}

int propagate_learn(const char *file, const char *host, uint16_t port, const uint8_t *blob, size_t len, struct err *e)
{
	char name[300], key[SSH_BLOB_MAX / 3 * 4 + 64], line[PROPAGATE_LINE + 512];
	int rc = known_name(name, sizeof(name), host, port);

	if (rc)
		return err_set(e, rc, "%.100s", host);
	public_text(key, sizeof(key), blob, len);
	snprintf(line, sizeof(line), "%s %s\n", name, key);
	return append(file, O_APPEND, 0600, line, e);
}

static int put_line(struct ssh *ssh, const char *line, struct err *e)
{
	static const char command[] = "umask 077; cd && mkdir -p .ssh && cat >>.ssh/authorized_keys";
	char text[PROPAGATE_LINE + 2];
	struct ssh_exit end;
	struct stream *s;
	int rc = ssh_channel_exec(ssh, command, &s, e);

	if (rc)
		return rc;
	snprintf(text, sizeof(text), "%s\n", line);
	rc = stream_write(s, text, strlen(text), e);
	if (!rc)
		rc = ssh_channel_status(s, &end, e);
	if (!rc && (!end.known || end.status || end.signal[0]))
		rc = err_say(e, -EIO, "add to authorized_keys: %.200s", ssh_channel_stderr(s));
	stream_close(s);
	return rc;
}

int propagate_install(const struct ssh_login *l, const char *line, struct err *e)
{
	struct ssh *ssh;
	int rc = ssh_login(&ssh, l, e);

	if (rc)
		return rc;
	rc = put_line(ssh, line, e);
	ssh_close(ssh);
	return rc;
}
