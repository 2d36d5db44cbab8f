/* sshkey - what the library makes of SSH keys and known_hosts files, for tests against OpenSSH. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "ssh/base64.h"
#include "ssh/crypto.h"
#include "ssh/hosts.h"
#include "ssh/knownhosts.h"
#include "ssh/pubkey.h"
#include "ssh/userkey.h"
#include "ssh/wire.h"

enum { MAX = 64 << 10 };

static struct ssh_userkey *key_of(const char *path)
{
	struct ssh_userkey *k;
	struct err e = { 0 }, warn;

	if (ssh_userkey_read(&k, path, &warn, &e)) {
		fprintf(stderr, "%s\n", e.msg);
		exit(1);
	}
	if (warn.code)
		fprintf(stderr, "%s\n", warn.msg);
	return k;
}

/* show KEY: type, fingerprint and the line of the public half. */
static int show(char **w)
{
	struct ssh_userkey *k = key_of(w[0]);
	size_t len;
	const uint8_t *blob = ssh_userkey_public(k, &len);
	char sum[SSH_FINGERPRINT_SIZE], text[2048];

	ssh_fingerprint(blob, len, sum);
	base64_encode(text, sizeof(text), blob, len);
	printf("%s %s %s %s\n", ssh_pubkey_word(blob, len), sum, ssh_pubkey_type(blob, len), text);
	ssh_userkey_free(k);
	return 0;
}

/* algs KEY: its algorithms. */
static int algs(char **w)
{
	struct ssh_userkey *k = key_of(w[0]);

	for (const char *const *a = ssh_userkey_algorithms(k); *a; a++)
		puts(*a);
	ssh_userkey_free(k);
	return 0;
}

/* cut KEY: each beginning of the file is refused, but for those that lack its last newline only. */
static int cut(char **w)
{
	struct ssh_userkey *k;
	struct err e;
	size_t len, taken = 0;
	char *text;

	if (read_file(w[0], MAX, &text, &len, NULL))
		return 1;
	for (size_t n = 0; n < len; n++) {
		char *part = malloc(n ? n : 1);

		memcpy(part, text, n);
		e = (struct err){ 0 };
		if (!ssh_userkey_parse(&k, part, n, "cut", &e)) {
			taken++;
			ssh_userkey_free(k);
		} else if (!e.msg[0]) {
			return 1;
		}
		free(part);
	}
	free(text);
	printf("%zu of %zu cuts taken\n", taken, len);
	return 0;
}

/* What is signed for a file in OpenSSH's PROTOCOL.sshsig, with SHA-512. */
static size_t to_sign(uint8_t *out, size_t size, const char *path)
{
	struct wire_out o = { .buf = out, .size = size };
	uint8_t sum[64];
	char *text;
	size_t len;

	if (read_file(path, MAX, &text, &len, NULL))
		exit(1);
	ssh_sha512(sum, text, len);
	free(text);
	wire_put_bytes(&o, "SSHSIG", 6);
	wire_put_text(&o, "test");
	wire_put_text(&o, "");
	wire_put_text(&o, "sha512");
	wire_put_string(&o, sum, sizeof(sum));
	return o.len;
}

/* sign KEY ALG FILE: as ssh-keygen -Y sign -n test. */
static int sign(char **w)
{
	struct ssh_userkey *k = key_of(w[0]);
	uint8_t data[512], sig[SSH_SIG_MAX], all[4096];
	struct wire_out o = { .buf = all, .size = sizeof(all) };
	size_t sig_len, blob_len;
	const uint8_t *blob = ssh_userkey_public(k, &blob_len);
	char text[8192];
	struct err e = { 0 };

	if (ssh_userkey_sign(k, w[1], data, to_sign(data, sizeof(data), w[2]), sig, sizeof(sig), &sig_len, &e)) {
		fprintf(stderr, "%s\n", e.msg);
		return 1;
	}
	wire_put_bytes(&o, "SSHSIG", 6);
	wire_put_u32(&o, 1);
	wire_put_string(&o, blob, blob_len);
	wire_put_text(&o, "test");
	wire_put_text(&o, "");
	wire_put_text(&o, "sha512");
	wire_put_string(&o, sig, sig_len);
	base64_encode(text, sizeof(text), all, o.len);
	printf("-----BEGIN SSH SIGNATURE-----\n");
	for (size_t i = 0; text[i]; i += strlen(text + i) < 70 ? strlen(text + i) : 70)
		printf("%.70s\n", text + i);
	printf("-----END SSH SIGNATURE-----\n");
	ssh_userkey_free(k);
	return 0;
}

/* verify SIG FILE: what ssh-keygen -Y sign -n test made, and that no byte of the signature may differ. */
static int verify(char **w)
{
	static const char begin[] = "-----BEGIN SSH SIGNATURE-----\n", end[] = "-----END";
	uint8_t data[512], all[4096];
	struct wire_str blob, sig, name;
	struct err e = { 0 };
	struct wire in, inner;
	char alg[64], *text;
	size_t len, data_len = to_sign(data, sizeof(data), w[1]);
	ssize_t n;
	int wrong = 0;

	if (read_file(w[0], MAX, &text, &len, NULL) || !strstr(text, end))
		return 1;
	n = base64_decode(all, sizeof(all), text + strlen(begin), (size_t)(strstr(text, end) - text) - strlen(begin), 1);
	free(text);
	in = wire_over(all, n > 0 ? (size_t)n : 0);
	wire_bytes(&in, 10);
	blob = wire_string(&in);
	wire_string(&in);
	wire_string(&in);
	wire_string(&in);
	sig = wire_string(&in);
	inner = wire_over(sig.p, sig.len);
	name = wire_string(&inner);
	snprintf(alg, sizeof(alg), "%.*s", (int)name.len, name.p);
	if (in.bad || ssh_pubkey_verify(blob.p, blob.len, alg, data, data_len, sig.p, sig.len, &e)) {
		fprintf(stderr, "%s\n", e.msg);
		return 1;
	}
	for (size_t i = 0; i < sig.len; i++) {
		uint8_t *at = (uint8_t *)sig.p + i;

		*at ^= (uint8_t)(1 << i % 8);
		wrong += !ssh_pubkey_verify(blob.p, blob.len, alg, data, data_len, sig.p, sig.len, NULL);
		*at ^= (uint8_t)(1 << i % 8);
	}
	printf("%s good, %d of %zu changed ones too\n", alg, wrong, sig.len);
	return wrong != 0;
}

/* The blob of a .pub file, or -1. */
static ssize_t blob_of(const char *path, uint8_t blob[SSH_BLOB_MAX])
{
	char *text, *word;
	size_t len;
	ssize_t n;

	if (read_file(path, MAX, &text, &len, NULL))
		return -1;
	strtok(text, " ");
	word = strtok(NULL, " \n");
	n = word ? base64_decode(blob, SSH_BLOB_MAX, word, strlen(word), 0) : -1;
	free(text);
	return n;
}

/* host NAME PORT KNOWN_HOSTS|SHA256:... PUBLIC: the verdict about the key in the first line of PUBLIC. */
static int host(char **w)
{
	struct ssh_hosts h = { .host = w[0], .port = (uint16_t)atoi(w[1]) };
	const char *files[] = { w[2] };
	uint8_t blob[SSH_BLOB_MAX];
	struct err e = { 0 };
	ssize_t n;

	if (!strncmp(w[2], "SHA256:", 7)) {
		h.pin = w[2];
	} else {
		h.files = files;
		h.nr_files = 1;
	}
	n = blob_of(w[3], blob);
	if (n < 0)
		return 1;
	if (ssh_hosts_verify(&h, blob, (size_t)n, &e)) {
		puts(e.msg);
		return 3;
	}
	puts("ok");
	return 0;
}

/* flip NAME KNOWN_HOSTS CERT: with any bit changed, or cut anywhere, it is refused. */
static int flip(char **w)
{
	const char *files[] = { w[1] };
	struct ssh_hosts h = { .host = w[0], .port = 22, .files = files, .nr_files = 1 };
	uint8_t blob[SSH_BLOB_MAX];
	ssize_t n = blob_of(w[2], blob);
	struct err e = { 0 };

	if (n < 0 || ssh_hosts_verify(&h, blob, (size_t)n, &e))
		return 1;
	for (ssize_t i = 0; i < n; i++) {
		uint8_t *cut = malloc((size_t)i + 1);

		memcpy(cut, blob, (size_t)i);
		blob[i] ^= (uint8_t)(1 << i % 8);
		if (!ssh_hosts_verify(&h, blob, (size_t)n, &e) || !ssh_hosts_verify(&h, cut, (size_t)i, &e))
			return printf("byte %zd is of no account\n", i), 1;
		blob[i] ^= (uint8_t)(1 << i % 8);
		free(cut);
	}
	return 0;
}

static int print_nr(void *arg, const struct known_line *l)
{
	(void)arg;
	printf("%u\n", l->nr);
	return 0;
}

/* lines NAME PORT KNOWN_HOSTS: the numbers of the lines about a host, and the algorithms that follow. */
static int lines(char **w)
{
	const char *out[SSH_HOSTS_ALGORITHMS], *files[] = { w[2] };
	struct ssh_hosts h = { .host = w[0], .port = (uint16_t)atoi(w[1]), .files = files, .nr_files = 1 };
	char name[300], *text;
	size_t len;

	if (known_name(name, sizeof(name), w[0], h.port) || read_file(w[2], 8 << 20, &text, &len, NULL))
		return 1;
	known_walk(text, len, name, print_nr, NULL);
	free(text);
	ssh_hosts_algorithms(&h, out);
	fprintf(stderr, "%s\n", out[0]);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct { const char *name; int words; int (*run)(char **w); } verbs[] = {
		{ "show", 1, show }, { "algs", 1, algs }, { "cut", 1, cut }, { "sign", 3, sign },
		{ "verify", 2, verify }, { "host", 4, host }, { "flip", 3, flip },
		{ "lines", 3, lines },
	};

	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(*verbs); i++)
		if (!strcmp(argv[1], verbs[i].name) && argc == verbs[i].words + 2)
			return verbs[i].run(argv + 2);
	fprintf(stderr, "sshkey: show, algs, cut, sign, verify, host, flip or lines, see its source\n");
	return 2;
}
