/* der - which element comes next, and does it end where the others do? */
/* SPDX-License-Identifier: MIT */
#include "tls/der.h"

#include <string.h>

#include "base/buf.h"

/* Head and length of the element at p; 0 if it is none. */
static size_t head(const struct der *in, size_t *len)
{
	size_t n, k;

	if (in->len < 2 || (in->p[0] & 0x1f) == 0x1f)
		return 0;
	n = in->p[1];
	if (n < 0x80) {
		*len = n;
		return 2;
	}
	k = n & 0x7f;
	if (k < 1 || k > 3 || in->len < 2 + k)
		return 0;
	*len = 0;
	for (size_t i = 0; i < k; i++)
		*len = *len << 8 | in->p[2 + i];
	/* The shortest form only (X.690 section 10.1). */
	if (*len < 0x80 || *len >> 8 * (k - 1) == 0)
		return 0;
	return 2 + k;
}

bool der_any(struct der *in, uint8_t *tag, struct der *value, struct der *whole)
{
	size_t len = 0, at = head(in, &len);

	if (!at || !in_bounds(at, len, in->len))
		return false;
	*tag = in->p[0];
	*value = (struct der){ in->p + at, len };
	if (whole)
		*whole = (struct der){ in->p, at + len };
	in->p += at + len;
	in->len -= at + len;
	return true;
}

bool der_next(struct der *in, uint8_t tag, struct der *value)
{
	uint8_t found;

	return in->len && in->p[0] == tag && der_any(in, &found, value, NULL);
}

bool der_positive(struct der *in, struct der *value)
{
	if (!der_next(in, DER_INTEGER, value) || !value->len || value->p[0] & 0x80)
		return false;
	if (!value->p[0]) {
		value->p++;
		value->len--;
		return value->len && value->p[0] & 0x80;
	}
	return true;
}

bool der_bytes(struct der *in, struct der *value)
{
	if (!der_next(in, DER_BITS, value) || !value->len || value->p[0])
		return false;
	value->p++;
	value->len--;
	return true;
}

bool der_equal(struct der a, struct der b)
{
	return a.len == b.len && !memcmp(a.p, b.p, a.len);
}
