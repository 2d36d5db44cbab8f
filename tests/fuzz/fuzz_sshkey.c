/* fuzz_sshkey - private key files, public key blobs and signatures of any bytes. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "ssh/pem.h"
#include "ssh/pubkey.h"
#include "ssh/userkey.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What was taken signs for itself. */
static void use_text(const uint8_t *data, size_t len)
{
	struct ssh_userkey *k;
	uint8_t sig[SSH_SIG_MAX];
	size_t sig_len, blob_len;
	const uint8_t *blob;

	if (ssh_userkey_parse(&k, (const char *)data, len, "fuzz", NULL))
		return;
	blob = ssh_userkey_public(k, &blob_len);
	for (const char *const *alg = ssh_userkey_algorithms(k); *alg; alg++) {
		if (ssh_userkey_sign(k, *alg, data, len, sig, sizeof(sig), &sig_len, NULL))
			continue;
		if (ssh_pubkey_verify(blob, blob_len, *alg, data, len, sig, sig_len, NULL))
			abort();
	}
	ssh_userkey_free(k);
}

/* Behind the head that every file of openssh-key-v1 without a passphrase has. */
static void use_keyv1(const uint8_t *data, size_t len)
{
	static const char head[] = "openssh-key-v1\0\0\0\0\4none\0\0\0\4none\0\0\0\0\0\0\0\1";
	uint8_t *all = malloc(sizeof(head) - 1 + len);
	struct key_parts parts;

	memcpy(all, head, sizeof(head) - 1);
	memcpy(all + sizeof(head) - 1, data, len);
	pem_parts("OPENSSH PRIVATE KEY", all, sizeof(head) - 1 + len, &parts, NULL);
	free(all);
}

static void use_blob(const uint8_t *data, size_t len)
{
	size_t cut = len ? data[0] : 0;
	char sum[SSH_FINGERPRINT_SIZE];

	if (!len || cut > len - 1)
		return;
	ssh_fingerprint(data + 1, cut, sum);
	for (size_t i = 0; ssh_sig_algorithms[i]; i++)
		ssh_pubkey_verify(data + 1, cut, ssh_sig_algorithms[i], data, 1, data + 1 + cut, len - 1 - cut, NULL);
	ssh_pubkey_word(data + 1, cut);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const labels[] = { "RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY" };
	struct key_parts parts;

	if (!len)
		return 0;
	switch (data[0] % 6) {
	case 0:
		use_text(data + 1, len - 1);
		break;
	case 1:
		use_keyv1(data + 1, len - 1);
		break;
	case 2:
		use_blob(data + 1, len - 1);
		break;
	default:
		pem_parts(labels[data[0] % 6 - 3], data + 1, len - 1, &parts, NULL);
	}
	return 0;
}
