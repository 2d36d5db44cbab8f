/* codec - one page packed by one of the algorithms that readers of kdump-compressed files know. */
/* SPDX-License-Identifier: MIT */
#define ZSTD_STATIC_LINKING_ONLY
#include "dump/codec.h"

#include <errno.h>
#include <libdeflate.h>
#include <lzo/lzo1x.h>
#include <string.h>
#include <zstd.h>

/* ---- none ---- */

static size_t none_size(size_t page_size)
{
	(void)page_size;
	return 1;
}

static int none_init(void *state, size_t page_size)
{
	(void)state;
	(void)page_size;
	return 0;
}

static size_t none_pack(void *state, const void *in, size_t len, void *out)
{
	(void)state;
	(void)in;
	(void)len;
	(void)out;
	return 0;
}

static void none_deinit(void *state)
{
	(void)state;
}

/* ---- zstd: contexts sized for one page take 72 KiB instead of 569 KiB ---- */

/* As fast as level 1 on pages, and below the size of zlib's level 1 where that is not. */
enum { ZSTD_LEVEL = 2 };

struct zstd_state {
	ZSTD_CCtx *cctx;		/* inside this state */
	uint64_t   work[];
};

static size_t zstd_size(size_t page_size)
{
	return sizeof(struct zstd_state) + 64 +
	       ZSTD_estimateCCtxSize_usingCParams(ZSTD_getCParams(ZSTD_LEVEL, page_size, 0));
}

static int zstd_init(void *state, size_t page_size)
{
	struct zstd_state *z = state;

	z->cctx = ZSTD_initStaticCCtx(z->work, zstd_size(page_size) - sizeof(*z));
	return z->cctx ? 0 : -ENOMEM;
}

static size_t zstd_pack(void *state, const void *in, size_t len, void *out)
{
	struct zstd_state *z = state;
	size_t n = ZSTD_compressCCtx(z->cctx, out, codec_bound(len), in, len, ZSTD_LEVEL);

	return ZSTD_isError(n) ? 0 : n;
}

/*
 * ---- zlib's format, packed by libdeflate: zlib's own level 1 takes twice as long to save 2 % ----
 *
 * Of the pages that level 31 leaves of a 6.1 kernel, one CPU, against libdeflate's level 1: ISA-L's level 1 is
 * 1.3 times as fast and its output 1.6 % larger, 3.6 % larger than zlib's; its level 0 is 3.1 times as fast with
 * LZO's size. It would cost an assembler and 60 KiB. Smaller hash tables or -O3 change nothing.
 */

enum {
	DEFLATE_LEVEL = 1,
	DEFLATE_SIZE  = 256 << 10,	/* of a compressor of that level, rounded up */
};

struct zlib_state {
	struct libdeflate_compressor *compressor;
};

static size_t zlib_size(size_t page_size)
{
	(void)page_size;
	return sizeof(struct zlib_state);
}

static int zlib_init(void *state, size_t page_size)
{
	struct zlib_state *z = state;

	(void)page_size;
	z->compressor = libdeflate_alloc_compressor(DEFLATE_LEVEL);
	return z->compressor ? 0 : -ENOMEM;
}

static size_t zlib_pack(void *state, const void *in, size_t len, void *out)
{
	struct zlib_state *z = state;

	return libdeflate_zlib_compress(z->compressor, in, len, out, codec_bound(len));
}

static void zlib_deinit(void *state)
{
	libdeflate_free_compressor(((struct zlib_state *)state)->compressor);
}

/*
 * ---- lzo: 60 % of the CPU time of such a dump ----
 *
 * As fast as Debian's library, whatever the compiler's flags; a dictionary of 12 bits instead of 14, which has to
 * be cleared for each page, is 2 % faster and its output 0.3 % larger.
 */

static size_t lzo_size(size_t page_size)
{
	(void)page_size;
	return LZO1X_1_MEM_COMPRESS;
}

static int lzo_prepare(void *state, size_t page_size)
{
	(void)state;
	(void)page_size;
	return lzo_init() == LZO_E_OK ? 0 : -ENOMEM;
}

static size_t lzo_pack(void *state, const void *in, size_t len, void *out)
{
	lzo_uint n = codec_bound(len);

	return lzo1x_1_compress(in, len, out, &n, state) == LZO_E_OK ? n : 0;
}

static const struct codec codecs[] = {
	{ "zstd", PAGE_ZSTD, zstd_size, 0, zstd_init, zstd_pack, none_deinit },
	{ "zlib", PAGE_ZLIB, zlib_size, DEFLATE_SIZE, zlib_init, zlib_pack, zlib_deinit },
	{ "lzo", PAGE_LZO, lzo_size, 0, lzo_prepare, lzo_pack, none_deinit },
	{ "none", PAGE_RAW, none_size, 0, none_init, none_pack, none_deinit },
};

const char *const codec_names[] = { "zstd", "zlib", "lzo", "none", NULL };

const struct codec *codec_find(const char *name)
{
	for (size_t i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++)
		if (!strcmp(codecs[i].name, name))
			return &codecs[i];
	return NULL;
}
