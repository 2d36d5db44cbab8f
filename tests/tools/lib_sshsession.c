/* lib_sshsession - how does a session with a peer go? */
/* SPDX-License-Identifier: MIT */
#include "lib_sshsession.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ssh/userkey.h"

/* Made for this test, lets nobody in anywhere. */
static const char key_text[] =
	"-----BEGIN OPENSSH PRIVATE KEY-----\n"
	"b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n"
	"QyNTUxOQAAACCZjZRNchRe2dyOo9E/bVd5UAMCRMBifevEqiZDX0cTrQAAAIgi5P6GIuT+\n"
	"hgAAAAtzc2gtZWQyNTUxOQAAACCZjZRNchRe2dyOo9E/bVd5UAMCRMBifevEqiZDX0cTrQ\n"
	"AAAECh+5rBs0xquOKimFLO+wcJDRrw3aqgJA+maD1AKIyyJpmNlE1yFF7Z3I6j0T9tV3lQ\n"
	"AwJEwGJ968SqJkNfRxOtAAAABHRlc3QB\n"
	"-----END OPENSSH PRIVATE KEY-----\n";

struct ssh_userkey *session_key(void)
{
	struct ssh_userkey *key = NULL;
	struct err e = { 0 };

	if (ssh_userkey_parse(&key, key_text, strlen(key_text), "test key", &e))
		fprintf(stderr, "%s\n", e.msg);
	return key;
}

static int verify(void *arg, const uint8_t *blob, size_t len, struct err *e)
{
	uint8_t want[64];
	size_t n = ssh_peer_blob(want);

	(void)arg;
	return n == len && !memcmp(blob, want, n) ? 0 : err_say(e, -EKEYREJECTED, "not the host's key");
}

/* Read what there is to read, which must be what was written. */
static int read_back(struct stream *s, size_t *got, bool wait, struct err *e)
{
	static uint8_t buf[65536];
	ssize_t n;

	while (wait || stream_ready(s, 0)) {
		n = stream_read(s, buf, sizeof(buf), e);
		if (n <= 0)
			return (int)n;
		for (ssize_t i = 0; i < n; i++)
			if (buf[i] != (uint8_t)(*got + (size_t)i))
				return err_say(e, -EIO, "another byte at %zu", *got + (size_t)i);
		*got += (size_t)n;
	}
	return 0;
}

static int talk(const struct session *t, struct stream *s, size_t *got, struct err *e)
{
	static uint8_t buf[4096];
	size_t done = 0;
	int rc = 0;

	while (!rc && done < t->bytes) {
		size_t n = t->bytes - done < sizeof(buf) ? t->bytes - done : sizeof(buf);

		for (size_t i = 0; i < n; i++)
			buf[i] = (uint8_t)(done + i);
		usleep(t->pause_ms * 1000);
		rc = stream_write(s, buf, n, e);
		done += n;
		if (!rc)
			rc = read_back(s, got, false, e);
	}
	if (!rc)
		rc = stream_shutdown(s, e);
	return rc ? rc : read_back(s, got, true, e);
}

static int command(struct session *t, struct ssh *ssh, struct err *e)
{
	struct ssh_exit exit = { 0 };
	struct stream *s = NULL;
	size_t got = 0;
	int rc = ssh_auth(ssh, "user", &t->key, 1, e);

	if (!rc)
		rc = ssh_channel_exec(ssh, "cat", &s, e);
	if (rc)
		return rc;
	if (t->idle_ms)
		s->idle_ms = t->idle_ms;
	rc = talk(t, s, &got, e);
	if (!rc)
		rc = ssh_channel_status(s, &exit, e);
	snprintf(t->verdict, sizeof(t->verdict), "%s%u%s%s%s%s", exit.known ? "status " : "nobody knows ", exit.status,
		 exit.signal[0] ? " signal " : "", exit.signal, exit.before_end ? ", before its end" : "",
		 got == t->bytes ? "" : ", not all came back");
	stream_close(s);
	return rc;
}

void session_run(struct session *t, struct ssh_peer *p)
{
	struct err e = { 0 };
	struct ssh *ssh = NULL;

	t->opt.verify = verify;
	t->verdict[0] = '\0';
	t->rc = ssh_open(&ssh, &p->s, &t->opt, &e);
	if (!t->rc)
		t->rc = command(t, ssh, &e);
	if (ssh)
		ssh_describe(ssh, &t->info);
	ssh_close(ssh);
	if (t->rc)
		snprintf(t->verdict, sizeof(t->verdict), "%s", e.msg);
}
