/* fuzz_sshkey - private key files, public key blobs and signatures of any bytes. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ssh/base64.h"
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

/* The files that are changed: made for this, nobody logs in with them. */
static const char *const files[] = {
	"-----BEGIN OPENSSH PRIVATE KEY-----\n"
	"b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n"
	"QyNTUxOQAAACCOHBXyvu4C0KU9NgedaiZ8yKA+5pp54QI+LFiaFRrgIwAAAIhPrX2cT619\n"
	"nAAAAAtzc2gtZWQyNTUxOQAAACCOHBXyvu4C0KU9NgedaiZ8yKA+5pp54QI+LFiaFRrgIw\n"
	"AAAECp3BuK2ffUcO40fqeXdO36cVq1q9EqZ7PPO/9VV6xYG44cFfK+7gLQpT02B51qJnzI\n"
	"oD7mmnnhAj4sWJoVGuAjAAAAAXgBAgME\n"
	"-----END OPENSSH PRIVATE KEY-----\n",
	"-----BEGIN EC PRIVATE KEY-----\n"
	"MHcCAQEEIPFE/Tqu9WgWHWBRNPDozCZcWfYU7C4MIrEGhX5CkBo/oAoGCCqGSM49\n"
	"AwEHoUQDQgAEnDmYNkvkA8V2/8ydhHCUp86zfES0cKCOr7mL321lAJLqW4Z94YMO\n"
	"PsMYbQVE4TQczVVqYChJOhsAZsK0XEzjZw==\n"
	"-----END EC PRIVATE KEY-----\n",
	"-----BEGIN PRIVATE KEY-----\n"
	"MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQDBW6xBus9cfEcb\n"
	"cI3pwwmvaSVLZnzmaLI1nBLGEXW7UUzW93a8sbTa9rEwMT/Y4Tgf9fu23Un4vCXC\n"
	"ssJyOAi97yPE6QPNcSoOU/QX1vGLdDbaLySsEGp0r4o9Idw1L4kKvdj4OE5MFTii\n"
	"SnJ8Zaevz6yEOOdAedEBK4XKa7PeUHqtqBNeT7wAuxqq/ahNR29c4jlRds7jH66X\n"
	"njrmnOktBcvS3VTCvoo/CmFKBNOswbNSdLFQIZjpOmyiHTIsqW5OZmmM3JEpcG6V\n"
	"6tnwlhPO99pfGZKJ4WUy5bfg6uHFXlS9XZL4d1A5EDdcCfa1dmndCv3vFFVU3Kqr\n"
	"9kdlb47TAgMBAAECggEAEjhQtYrkYkslqizDep0RyxEl3gKEz3NbI5kW3cokZWfG\n"
	"TVVZP3OhXqazUJ67bPTgBIb51qPohgM4ra2JjBjCnh8sKDBq1s+MjngTvrFW5nSn\n"
	"fIzHsF0FowQtixAnP23AxJ3aFZ28pwey4/wO6LDtibAQig8Qn287JhiTTV0zwEV7\n"
	"3gZHMk8fe/ghljU2uFYWuKa6Bt9xUdoGcMyt8TdI7/SyixLJAX9jrQAuUUfMAHcc\n"
	"edvnKchOKbq7RZp6U3CiW7EAjfwVvXp3SVSuvGyqikZKR5PZmYkFHCWTktu+ixEv\n"
	"ocq+AYki5SrBZx2LUjQ1c7irD6zRyaq6K0CLYWs9bQKBgQD8dG9k7LZG45eBeLIM\n"
	"i0SDVq0E5KjcCSVQmAfi1T4Wjc5ucBqsXNAHbrqklbvpQn2vjS67Y6dAjDHec/A2\n"
	"RgKqSpAiIuCXxVMyq4cc35i3v39Jd425I2L7WMJ47hK+fKoSHa7Lm0vpLd8uKT+z\n"
	"Bkoo3rtpFuDIJZNtZHkQDeQc7QKBgQDEEsmTPwhrBBNDX1KjTOlSWAUMZZ0LpkqH\n"
	"APiUjcPMdL2tHJCej9NPVQ21TmgT1m+ApwRL3wcAVYjbGvjbvGlMLaY5Mh55ta/4\n"
	"f7Vrz9Pte+a6Z9IbS+VhKRmekLWMZhXq/ZovNzutFrBWs8beJx6BX+OPm2nw3Jru\n"
	"ec47l7CivwKBgQClvn///9UwN24Zx7cFu02Q+RAA/WrLg4mnHxlWWHA5+IIGSb2J\n"
	"WioOJymMsu27GDdSUVvUFXoSS7jV9sJHr7FCQk/cyY8wtZGI28qKL1ahlK0p+77l\n"
	"RRFQOZb8NDnELC6wVCKVdHDjN4WmVdiHXeLEcG8UcLvFS749/M/qtWQFhQKBgQCJ\n"
	"nRoHE41n9sNCXOvWG0wC9C4O5l6T55GVMVRGhz0uCZ16m3rRHubTXkGxx6b6jV1S\n"
	"8WXtjkoOrPnRthuFtbY9tihdKlUDXUZ1ZcTCN2pp2rU0jVuEtv7182+8v5n8QUYO\n"
	"2RFXJC/pKux23dSs5M3fRZqklxKC74J579mUL8HUZwKBgBC3ng1SuZ3tW4KWTxMi\n"
	"Xs9EBOB6nFGvlKf3dIw5nZVTTk65BOYXiohEF5TA4PRSTtiUs1aJuKP6jIE8nBMF\n"
	"0ESRHFCR4f/Z4trv3SogPBROVswNrI03k48vKi3xWYcjeSgY5dGscfSfXcyQXBqZ\n"
	"zy46LA2s++urZ/rZKnxkX/DY\n"
	"-----END PRIVATE KEY-----\n",
	"-----BEGIN OPENSSH PRIVATE KEY-----\n"
	"b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAArAAAABNlY2RzYS\n"
	"1zaGEyLW5pc3RwNTIxAAAACG5pc3RwNTIxAAAAhQQA5FVZ1K/t9tgnarSrm05F6ySahb/y\n"
	"qXJLIwz2FpBN1/nTvmdom2nFT1w+ef9dUuuutM1pqXr7eMM25ZSjw8ixH2cBd9gsm1SPNQ\n"
	"12cCSxJpplfYv1kRVOrNdZnJ13Oldlz/lZYix2BEFEWtSpDguTLwk55ynnyHS/c6QRfwfr\n"
	"byiPGJwAAAEA17BL3dewS90AAAATZWNkc2Etc2hhMi1uaXN0cDUyMQAAAAhuaXN0cDUyMQ\n"
	"AAAIUEAORVWdSv7fbYJ2q0q5tOReskmoW/8qlySyMM9haQTdf5075naJtpxU9cPnn/XVLr\n"
	"rrTNaal6+3jDNuWUo8PIsR9nAXfYLJtUjzUNdnAksSaaZX2L9ZEVTqzXWZyddzpXZc/5WW\n"
	"IsdgRBRFrUqQ4Lky8JOecp58h0v3OkEX8H628ojxicAAAAQgGTuL8KIxc4FHt2hYh06Rsn\n"
	"+nSCSwa2cdrmOH9VgS1DsqoqBVHDJsbIpS3sblUL3TUAv3shytNBn0jbfYD/c3hLSQAAAA\n"
	"F4AQ==\n"
	"-----END OPENSSH PRIVATE KEY-----\n",
};

/* A good file, some bytes of which are others; it is either refused or signs for itself. */
static void use_changed(const uint8_t *data, size_t len)
{
	static const char *const ends[] = { "OPENSSH PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY",
					    "OPENSSH PRIVATE KEY" };
	size_t which = len ? data[0] % 4 : 0, der_len;
	uint8_t der[KEY_DER_MAX];
	char text[2 * KEY_DER_MAX], body[2 * KEY_DER_MAX - 100], label[40];
	int n;

	if (pem_decode(files[which], strlen(files[which]), label, der, &der_len, NULL))
		abort();
	for (size_t i = 1; i + 2 < len; i += 3)
		der[(data[i] << 8 | data[i + 1]) % der_len] ^= data[i + 2];
	base64_encode(body, sizeof(body), der, der_len);
	n = snprintf(text, sizeof(text), "-----BEGIN %s-----\n%s\n-----END %s-----\n", ends[which], body, ends[which]);
	use_text((const uint8_t *)text, (size_t)n);
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

/* The public half of a good key, changed, with a signature of the key. */
static void use_public(const uint8_t *data, size_t len)
{
	uint8_t blob[SSH_BLOB_MAX], sig[SSH_SIG_MAX];
	const char *file = files[len ? data[0] % 4 : 0];
	size_t blob_len, sig_len;
	struct ssh_userkey *k;
	const char *alg;

	if (ssh_userkey_parse(&k, file, strlen(file), "good", NULL))
		abort();
	alg = ssh_userkey_algorithms(k)[0];
	memcpy(blob, ssh_userkey_public(k, &blob_len), blob_len);
	if (ssh_userkey_sign(k, alg, data, len, sig, sizeof(sig), &sig_len, NULL))
		abort();
	ssh_userkey_free(k);
	for (size_t i = 1; i + 2 < len; i += 3) {
		uint8_t *at = data[i] & 1 ? sig : blob;

		at[(data[i] << 8 | data[i + 1]) % (data[i] & 1 ? sig_len : blob_len)] ^= data[i + 2];
	}
	ssh_pubkey_verify(blob, blob_len, alg, data, len, sig, sig_len, NULL);
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
	switch (data[0] % 8) {
	case 0:
		use_text(data + 1, len - 1);
		break;
	case 1:
		use_keyv1(data + 1, len - 1);
		break;
	case 2:
		use_blob(data + 1, len - 1);
		break;
	case 4:
		use_public(data + 1, len - 1);
		break;
	case 3:
		use_changed(data + 1, len - 1);
		break;
	default:
		pem_parts(labels[data[0] % 8 - 5], data + 1, len - 1, &parts, NULL);
	}
	return 0;
}
