/* trust - what the files of a tls_config hold. */
/* SPDX-License-Identifier: MIT */
#ifndef TLS_TRUST_H
#define TLS_TRUST_H

#include "ssh/rsaparts.h"
#include "tls/chain.h"

enum { TRUST_FILE = 1 << 20, TRUST_CERTS = 256, TRUST_PINS = 8, PIN_LEN = 32, OWN_CERTS = 8 };

/* The certificates of a PEM file, in its order; der holds their bytes. */
struct cert_file {
	uint8_t *der;
	struct {
		size_t at, len;
	} cert[TRUST_CERTS];
	size_t nr;
};

/* What we show to a server that asks for it. nr 0: nothing. */
struct own_cert {
	struct cert_file file;
	br_x509_certificate chain[OWN_CERTS];	/* borrowed from file */
	size_t nr;
	uint8_t key_type;			/* BR_KEYTYPE_ of the key below */
	br_rsa_private_key rsa;			/* borrowed from parts */
	struct rsa_parts parts;
	br_ec_private_key ec;
	uint8_t scalar[EC_MAX_BYTES];
};

struct tls {
	struct cert_file ca;
	struct cert anchors[TRUST_CERTS];
	size_t  nr_anchors;
	uint8_t pins[TRUST_PINS][PIN_LEN];
	size_t  nr_pins;
	int64_t now;
	struct own_cert own;
};

/* The certificates between BEGIN and END CERTIFICATE in text; name is for messages. */
int trust_pem(struct cert_file *f, const char *text, size_t len, const char *name, struct err *e);

/* curl's form of pins. Returns 0 or -EINVAL. */
int trust_pins(struct tls *t, const char *text, struct err *e);

/* The highest plausible of the times that are known; system is what the clock says. */
int64_t trust_clock(uint64_t crash_time, int64_t system);

#endif
