/* fuzz_codec - any page is packed by each codec within its room, the same again, and comes back as it was. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump/codec.h"
#include "dump/unpack.h"

/*
 * The input: a byte whose two lowest bits say 4, 8, 16 or 64 KiB, then what the page is made of: a byte below 0x40 and
 * as many bytes themselves, or three bytes: a match of up to 127 bytes and how far back it is. It is used again until
 * the page is full.
 */
static void make_page(uint8_t *page, size_t size, const uint8_t *in, size_t len)
{
	size_t at = 0, i = 0;

	while (at < size) {
		uint8_t op = in[i++ % len];
		size_t n = op & 0x3f;

		if (op < 0x40) {
			for (n++; n && at < size; n--)
				page[at++] = in[i++ % len];
		} else {
			size_t dist = in[i++ % len];

			dist |= (size_t)in[i++ % len] << 8;
			dist = 1 + dist % (at + !at);
			for (n = (op & 0x7f) + 1; n && at < size; n--, at++)
				page[at] = at ? page[at - dist] : op;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	static const size_t sizes[] = { 4096, 8192, 16384, 65536 };
	struct unpacker *u = unpacker_new();
	size_t size = len ? sizes[in[0] & 3] : 0;
	uint8_t *page = malloc(size), *back = malloc(size);

	if (len > 1)
		make_page(page, size, in + 1, len - 1);
	for (const char *const *name = codec_names; *name && len > 1; name++) {
		const struct codec *c = codec_find(*name);
		uint8_t *out = malloc(codec_bound(size)), *again = malloc(codec_bound(size));
		void *state = calloc(1, c->state_size(size));
		size_t n;

		if (c->init(state, size))
			abort();
		n = c->pack(state, page, size, out);
		if (n > codec_bound(size) || (n && unpack_page(u, c->flag, out, n, back, size)))
			abort();
		if (n && memcmp(page, back, size))
			abort();
		if (c->pack(state, page, size, again) != n || memcmp(out, again, n))
			abort();
		free(state);
		free(out);
		free(again);
	}
	unpacker_free(u);
	free(page);
	free(back);
	return 0;
}
