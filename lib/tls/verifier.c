/* verifier - is the chain that the handshake brought to be trusted? */
/* SPDX-License-Identifier: MIT */
#include "tls/verifier.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ssh/base64.h"

void verifier_chain(struct verifier *v)
{
	v->used = v->nr = 0;
	v->why = (struct err){ 0 };
	v->trusted = false;
}

void verifier_cert(struct verifier *v, size_t len)
{
	v->start = v->used;
	if (v->nr == CHAIN_MAX)
		err_say(&v->why, -EKEYREJECTED, "the server sent more than %d certificates", CHAIN_MAX);
	else if (len > CHAIN_BYTES - v->used)
		err_say(&v->why, -EKEYREJECTED, "the server sent certificates of more than %d bytes",
			CHAIN_BYTES);
}

void verifier_bytes(struct verifier *v, const uint8_t *buf, size_t len)
{
	if (v->why.code || len > CHAIN_BYTES - v->used)
		return;
	memcpy(v->bytes + v->used, buf, len);
	v->used += len;
}

void verifier_cert_end(struct verifier *v)
{
	struct err why = { 0 };

	if (v->why.code)
		return;
	/* The first one counts; another that we cannot read leads nowhere. */
	if (!cert_parse(&v->certs[v->nr], v->bytes + v->start, v->used - v->start, &why))
		v->nr++;
	else if (!v->nr)
		err_say(&v->why, -EKEYREJECTED, "%s", why.msg);
	else
		v->used = v->start;
}

/* The message has what the server shows, so that a user can see whether it is the key that was meant. */
static int check_pin(const struct verifier *v, struct err *e)
{
	uint8_t pin[PIN_LEN];
	char text[(PIN_LEN + 2) / 3 * 4 + 1];

	cert_pin(&v->certs[0], pin);
	for (size_t i = 0; i < v->trust->nr_pins; i++)
		if (!memcmp(pin, v->trust->pins[i], PIN_LEN))
			return 0;
	base64_encode(text, sizeof(text), pin, sizeof(pin));
	return err_say(e, -EKEYREJECTED, "the server's key is not the pinned one but sha256//%s", text);
}

int verifier_judge(struct verifier *v)
{
	const struct tls *t = v->trust;
	struct chain_ask ask = { t->anchors, t->nr_anchors, v->host, t->now };

	if (!v->why.code && !v->nr)
		err_say(&v->why, -EKEYREJECTED, "the server sent no certificate");
	if (v->why.code)
		return v->why.code;
	if (!v->certs[0].key.key_type)
		err_say(&v->why, -EKEYREJECTED, "the server's certificate has %s", v->certs[0].why_key);
	else if (!(t->nr_pins && check_pin(v, &v->why)) && t->nr_anchors)
		chain_verify(v->certs, v->nr, &ask, &v->why);
	v->trusted = !v->why.code;
	return v->why.code;
}

int verifier_init(struct verifier *v, const struct tls *trust, const char *host, struct err *e)
{
	memset(v, 0, sizeof(*v));
	v->trust = trust;
	v->host = host;
	v->bytes = malloc(CHAIN_BYTES);
	return v->bytes ? 0 : err_set(e, -ENOMEM, "TLS with %s", host);
}

void verifier_free(struct verifier *v)
{
	free(v->bytes);
	v->bytes = NULL;
}
