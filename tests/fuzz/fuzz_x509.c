/* fuzz_x509 - any bytes as certificates of a server: read within bounds, judged, and never trusted. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/io.h"
#include "tls/trust.h"

/*
 * The input: where (two bytes) and then bytes that go over the two certificates of tests/data/tls_chain.txt, so
 * that the fuzzer need not find out what a certificate is; where beyond them, the bytes stand alone.
 */
static struct cert_file sound;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	size_t len;
	char *text;

	(void)argc;
	(void)argv;
	if (read_file("tests/data/tls_chain.txt", 65536, &text, &len, NULL) ||
	    trust_pem(&sound, text, len, "the chain", NULL))
		abort();
	free(text);
	return 0;
}

/* The i-th certificate, changed, in memory of its own size. */
static uint8_t *make(size_t i, const uint8_t *data, size_t len, size_t *size)
{
	size_t at = get_le16(data);
	uint8_t *der;

	*size = sound.cert[i].len;
	if (at >= *size) {
		der = malloc(len - 1);
		memcpy(der, data + 2, len - 2);
		*size = len - 2;
		return der;
	}
	der = malloc(*size);
	memcpy(der, sound.der + sound.cert[i].at, *size);
	memcpy(der + at, data + 2, len - 2 < *size - at ? len - 2 : *size - at);
	return der;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cert certs[2], root;
	struct chain_ask ask = { &root, 1, "dump.example.com", 0 };
	size_t size[2];
	uint8_t *der[2];
	struct cert_file file = { 0 };
	struct tls pins = { 0 };
	char *text;

	if (len < 3 || len > 8192)
		return 0;
	if (cert_parse(&root, sound.der + sound.cert[1].at, sound.cert[1].len, NULL))
		abort();
	for (int i = 0; i < 2; i++)
		der[i] = make((size_t)i, data, len, &size[i]);
	if (!cert_parse(&certs[0], der[0], size[0], NULL)) {
		bool same = size[0] == sound.cert[0].len && !memcmp(der[0], sound.der + sound.cert[0].at, size[0]);

		ask.now = certs[0].not_before;
		if (!chain_verify(certs, 1, &ask, NULL) && !same)
			abort();
		if (!cert_parse(&certs[1], der[1], size[1], NULL)) {
			ask.anchors = &certs[1];	/* what an anchor says counts, so it may be trusted */
			chain_verify(certs, 2, &ask, NULL);
		}
	}
	free(der[0]);
	free(der[1]);
	trust_pem(&file, (const char *)data, len, "fuzz", NULL);
	free(file.der);
	text = strndup((const char *)data, len);
	trust_pins(&pins, text, NULL);
	free(text);
	return 0;
}
