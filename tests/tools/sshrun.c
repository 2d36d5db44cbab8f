/* sshrun - run a command on an SSH server: standard input goes there, its output comes back. */
/* SPDX-License-Identifier: MIT */
/*
 * usage: sshrun [-i KEY]... [-p PORT] [-u USER] [-f FINGERPRINT] [-k|-c|-m|-H NAMES] [-r BYTES] [-w BYTES]
 *               [-z BYTES] [-C CHANNELS] [-t MS] [-a MS] [-n] [-s] [-S] [-v] [-x] HOST COMMAND
 *   -k -c -m -H  key exchanges, ciphers, MACs, host key algorithms, comma separated
 *   -r  change keys after as many bytes    -w  the channel's window
 *   -z  send so many bytes that a seed makes, instead of standard input; and read as many, if "cat"
 *   -C  run it on so many channels at once, each gets the bytes of -z in turns
 *   -t  handshake and idle time   -a  keepalive time   -n  need strict key exchange
 *   -s  do not use the CPU's AES   -S  COMMAND is a subsystem   -v  say what was agreed   -x  CPU seconds
 * HOST is an IPv4 address, or "-": the connection is file descriptor 3. Exit status: the command's; 255
 * with a line "error: ..." if there is none.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "ssh/pubkey.h"
#include "ssh/ssh.h"
#include "ssh/userkey.h"

enum { MAX = 16, CHUNK = 1 << 18 };

struct plan {
	struct ssh_options opt;
	const char *host, *command, *user, *pin;
	uint16_t port;
	struct ssh_userkey *keys[MAX];
	size_t nr_keys;
	uint64_t size;
	bool made, subsystem, verbose, cpu;
	unsigned idle_ms, channels;
};

static const char **split(char *names)
{
	const char **list = calloc(MAX + 1, sizeof(*list));
	char *save;
	int n = 0;

	for (char *name = strtok_r(names, ",", &save); name && n < MAX; name = strtok_r(NULL, ",", &save))
		list[n++] = name;
	return list;
}

static int verify(void *arg, const uint8_t *blob, size_t len, struct err *e)
{
	const struct plan *p = arg;
	char got[SSH_FINGERPRINT_SIZE];

	ssh_fingerprint(blob, len, got);
	if (p->verbose)
		fprintf(stderr, "hostkey: %s\n", got);
	if (p->pin && strcmp(p->pin, got))
		return err_say(e, -EKEYREJECTED, "host key is %s, expected %s", got, p->pin);
	return 0;
}

static void say(void *arg, const char *line)
{
	const struct plan *p = arg;

	if (p->verbose)
		fprintf(stderr, "say: %s\n", line);
}

static int read_args(struct plan *p, int argc, char **argv)
{
	struct err e = { 0 };
	int c;

	while ((c = getopt(argc, argv, "i:p:u:f:k:c:m:H:r:w:z:C:t:a:nsSvx")) != -1) {
		switch (c) {
		case 'i':
			if (p->nr_keys == MAX || ssh_userkey_read(&p->keys[p->nr_keys++], optarg, NULL, &e)) {
				fprintf(stderr, "error: %s\n", e.msg);
				return 255;
			}
			break;
		case 'p': p->port = (uint16_t)atoi(optarg); break;
		case 'u': p->user = optarg; break;
		case 'f': p->pin = optarg; break;
		case 'k': p->opt.kex = split(optarg); break;
		case 'c': p->opt.ciphers = split(optarg); break;
		case 'm': p->opt.macs = split(optarg); break;
		case 'H': p->opt.hostkeys = split(optarg); break;
		case 'r': p->opt.rekey_bytes = strtoull(optarg, NULL, 0); break;
		case 'w': p->opt.window = (unsigned)atoi(optarg); break;
		case 'z': p->size = strtoull(optarg, NULL, 0); p->made = true; break;
		case 'C': p->channels = (unsigned)atoi(optarg); break;
		case 't': p->idle_ms = p->opt.handshake_ms = (unsigned)atoi(optarg); break;
		case 'a': p->opt.keepalive_ms = (unsigned)atoi(optarg); break;
		case 'n': p->opt.need_strict_kex = true; break;
		case 's': p->opt.slow = true; break;
		case 'S': p->subsystem = true; break;
		case 'v': p->verbose = true; break;
		case 'x': p->cpu = true; break;
		default: return 2;
		}
	}
	if (argc - optind != 2)
		return 2;
	p->host = argv[optind];
	p->command = argv[optind + 1];
	return 0;
}

static int dial(const struct plan *p, struct stream **out, struct err *e)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(p->port) };
	int fd = 3;

	if (strcmp(p->host, "-")) {
		if (inet_pton(AF_INET, p->host, &sa.sin_addr) != 1)
			return err_say(e, -EINVAL, "%s is no IPv4 address", p->host);
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)))
			return err_set(e, -errno, "connect to %s", p->host);
	}
	return stream_socket(out, fd, p->host, e);
}

/* Bytes that look like chance and are always the same. */
static void make_bytes(uint8_t *buf, size_t len, uint64_t *state)
{
	for (size_t i = 0; i + 8 <= len; i += 8) {
		*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
		memcpy(buf + i, state, 8);
	}
}

/* Read what there is without waiting, compare or print it. */
static int drain(struct stream *s, bool wait, struct err *e)
{
	static uint8_t buf[CHUNK];
	ssize_t n;

	while (wait || stream_ready(s, 0)) {
		n = stream_read(s, buf, sizeof(buf), e);
		if (n <= 0)
			return (int)n;
		if (fwrite(buf, 1, (size_t)n, stdout) != (size_t)n)
			return err_set(e, -errno, "write output");
	}
	return 0;
}

static int transfer(const struct plan *p, struct stream *s, struct err *e)
{
	static uint8_t buf[CHUNK];
	uint64_t left = p->size, state = 1;
	int rc = 0;

	while (!rc) {
		size_t n = p->made ? (left < CHUNK ? (size_t)left : CHUNK) : fread(buf, 1, sizeof(buf), stdin);

		if (!n)
			break;
		if (p->made)
			make_bytes(buf, n, &state);
		left -= n;
		rc = stream_write(s, buf, n, e);
		if (!rc)
			rc = drain(s, false, e);
	}
	if (!rc)
		rc = stream_shutdown(s, e);
	return rc ? rc : drain(s, true, e);
}

/* Several channels, a piece to each in turns; their outputs one after the other. */
static int run_channels(const struct plan *p, struct ssh *ssh, struct err *e)
{
	static uint8_t buf[CHUNK];
	struct stream *s[MAX] = { 0 };
	struct ssh_exit exit;
	uint64_t state = 1;
	unsigned n = p->channels < MAX ? p->channels : MAX;
	int rc = ssh_auth(ssh, p->user, p->keys, p->nr_keys, e);

	for (unsigned i = 0; !rc && i < n; i++)
		rc = ssh_channel_exec(ssh, p->command, &s[i], e);
	for (uint64_t left = p->size, part; !rc && left; left -= part) {
		part = left < CHUNK ? left : CHUNK;
		make_bytes(buf, (size_t)part, &state);
		for (unsigned i = 0; !rc && i < n; i++)
			rc = stream_write(s[i], buf, (size_t)part, e);
	}
	for (unsigned i = 0; !rc && i < n; i++) {
		rc = stream_shutdown(s[i], e);
		if (!rc)
			rc = drain(s[i], true, e);
		if (!rc)
			rc = ssh_channel_status(s[i], &exit, e);
		if (!rc && (!exit.known || exit.status))
			rc = err_say(e, -EPROTO, "channel %u: status %u", i, exit.status);
	}
	for (unsigned i = 0; i < n; i++)
		stream_close(s[i]);
	return rc;
}

static int run(const struct plan *p, struct ssh *ssh, struct err *e)
{
	struct ssh_exit exit = { 0 };
	struct stream *s;
	int rc = ssh_auth(ssh, p->user, p->keys, p->nr_keys, e);

	if (!rc)
		rc = p->subsystem ? ssh_channel_subsystem(ssh, p->command, &s, e) :
		     ssh_channel_exec(ssh, p->command, &s, e);
	if (rc)
		return rc;
	s->idle_ms = p->idle_ms;
	rc = transfer(p, s, e);
	if (!rc)
		rc = ssh_channel_status(s, &exit, e);
	if (!rc && *ssh_channel_stderr(s))
		fprintf(stderr, "stderr: %s\n", ssh_channel_stderr(s));
	stream_close(s);
	if (!rc && !exit.known)
		return err_say(e, -EPROTO, "the command ended, nobody knows how");
	if (!rc && exit.before_end)
		fprintf(stderr, "note: ended before its input\n");
	if (!rc && exit.signal[0])
		return err_say(e, -EPROTO, "the command was ended by signal %s", exit.signal);
	return rc ? rc : (int)exit.status;
}

int main(int argc, char **argv)
{
	struct plan p = { .user = "root", .port = 22, .idle_ms = 60000 };
	struct ssh *ssh = NULL;
	struct stream *tcp;
	struct err e = { 0 };
	struct ssh_info info;
	struct rusage u;
	int rc = read_args(&p, argc, argv);

	if (rc) {
		if (rc == 2)
			fprintf(stderr, "usage: sshrun [OPTION...] HOST COMMAND\n");
		return rc;
	}
	p.opt.verify = verify;
	p.opt.verify_arg = p.opt.say_arg = &p;
	p.opt.say = say;
	rc = dial(&p, &tcp, &e);
	if (!rc)
		rc = ssh_open(&ssh, tcp, &p.opt, &e);
	if (!rc)
		rc = p.channels ? run_channels(&p, ssh, &e) : run(&p, ssh, &e);
	if (ssh && p.verbose) {
		ssh_describe(ssh, &info);
		fprintf(stderr, "rekeys: %llu\n", (unsigned long long)info.rekeys);
	}
	ssh_close(ssh);
	for (size_t i = 0; i < p.nr_keys; i++)
		ssh_userkey_free(p.keys[i]);
	free((void *)p.opt.kex);
	free((void *)p.opt.ciphers);
	free((void *)p.opt.macs);
	free((void *)p.opt.hostkeys);
	getrusage(RUSAGE_SELF, &u);
	if (p.cpu)
		fprintf(stderr, "cpu: %.2f\n", (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
			(double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6);
	if (rc < 0) {
		fprintf(stderr, "error: %s\n", e.msg);
		return 255;
	}
	return rc;
}
