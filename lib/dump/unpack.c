/* unpack - the bytes of a page out of what a codec made of them. */
/* SPDX-License-Identifier: MIT */
#define ZSTD_STATIC_LINKING_ONLY
#include "dump/unpack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "dump/codec.h"
#include "dump/lzo.h"

struct unpacker {
	ZSTD_DCtx *zstd;
	z_stream   zlib;
};

struct unpacker *unpacker_new(void)
{
	struct unpacker *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	u->zstd = ZSTD_createDCtx();
	if (u->zstd && inflateInit(&u->zlib) == Z_OK)
		return u;
	ZSTD_freeDCtx(u->zstd);
	free(u);
	return NULL;
}

void unpacker_free(struct unpacker *u)
{
	if (!u)
		return;
	inflateEnd(&u->zlib);
	ZSTD_freeDCtx(u->zstd);
	free(u);
}

/* Each returns how many bytes came out, SIZE_MAX if the input is damaged. */

static size_t from_raw(struct unpacker *u, const void *in, size_t len, void *out, size_t size)
{
	(void)u;
	if (len != size)
		return SIZE_MAX;
	memcpy(out, in, size);
	return size;
}

static size_t from_zlib(struct unpacker *u, const void *in, size_t len, void *out, size_t size)
{
	z_stream *s = &u->zlib;

	if (inflateReset(s) != Z_OK)
		return SIZE_MAX;
	s->next_in = (z_const Bytef *)in;
	s->avail_in = (uInt)len;
	s->next_out = out;
	s->avail_out = (uInt)size;
	return inflate(s, Z_FINISH) == Z_STREAM_END ? s->total_out : SIZE_MAX;
}

static size_t from_lzo(struct unpacker *u, const void *in, size_t len, void *out, size_t size)
{
	(void)u;
	return lzo_unpack(in, len, out, size);
}

static size_t from_zstd(struct unpacker *u, const void *in, size_t len, void *out, size_t size)
{
	size_t n = ZSTD_decompressDCtx(u->zstd, out, size, in, len);

	return ZSTD_isError(n) ? SIZE_MAX : n;
}

static const struct {
	uint32_t flags;
	size_t (*from)(struct unpacker *u, const void *in, size_t len, void *out, size_t size);
} kinds[] = {
	{ PAGE_ZSTD, from_zstd }, { PAGE_RAW, from_raw }, { PAGE_ZLIB, from_zlib }, { PAGE_LZO, from_lzo },
};

int unpack_page(struct unpacker *u, uint32_t flags, const void *packed, size_t len, void *page,
		size_t page_size)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].flags == flags)
			return kinds[i].from(u, packed, len, page, page_size) == page_size ? 0 : -EIO;
	return -EOPNOTSUPP;
}
