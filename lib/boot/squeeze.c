/* squeeze - compress an initramfs so that the kernel can unpack it in little memory. */
/* SPDX-License-Identifier: MIT */
#include "boot/squeeze.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>
#include <zstd.h>

#include "base/args.h"

enum { ZSTD_WINDOW_LOG = 21, ZSTD_HASH_LOG = 20, ZSTD_MIN_MATCH = 5, GZIP_LEVEL = 6, GZIP_WINDOW_BITS = 15 + 16 };

static const char *const names[] = {
	[SQUEEZE_NONE] = "none", [SQUEEZE_GZIP] = "gzip", [SQUEEZE_ZSTD] = "zstd",
};
enum { NR_NAMES = sizeof(names) / sizeof(names[0]) };

int squeeze_parse(const char *word, enum squeeze *out, struct err *e)
{
	const char *near;

	for (unsigned i = 0; i < NR_NAMES; i++)
		if (!strcmp(word, names[i])) {
			*out = i;
			return 0;
		}
	near = nearest_name(word, names, NR_NAMES);
	return err_say(e, -EINVAL, "'%.40s' is none of none, gzip, zstd%s%s%s", word,
		       near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

const char *squeeze_name(enum squeeze how)
{
	return names[how];
}

static int by_zstd(const void *data, size_t len, char *out, size_t *out_len, struct err *e)
{
	ZSTD_CCtx *ctx = ZSTD_createCCtx();
	size_t n;

	if (!ctx)
		return err_set(e, -ENOMEM, "zstd");
	ZSTD_CCtx_setParameter(ctx, ZSTD_c_strategy, ZSTD_fast);
	ZSTD_CCtx_setParameter(ctx, ZSTD_c_hashLog, ZSTD_HASH_LOG);
	ZSTD_CCtx_setParameter(ctx, ZSTD_c_minMatch, ZSTD_MIN_MATCH);
	ZSTD_CCtx_setParameter(ctx, ZSTD_c_windowLog, ZSTD_WINDOW_LOG);
	ZSTD_CCtx_setParameter(ctx, ZSTD_c_checksumFlag, 1);
	n = ZSTD_compress2(ctx, out, *out_len, data, len);
	ZSTD_freeCCtx(ctx);
	if (ZSTD_isError(n))
		return err_say(e, -EIO, "zstd: %s", ZSTD_getErrorName(n));
	*out_len = n;
	return 0;
}

static int by_gzip(const void *data, size_t len, char *out, size_t *out_len, struct err *e)
{
	z_stream z = { .next_in = (Bytef *)data, .avail_in = (uInt)len, .next_out = (Bytef *)out,
		       .avail_out = (uInt)*out_len };
	int rc = deflateInit2(&z, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW_BITS, 9, Z_DEFAULT_STRATEGY);

	if (rc != Z_OK)
		return err_say(e, -ENOMEM, "gzip: no memory");
	rc = deflate(&z, Z_FINISH);
	*out_len = z.total_out;
	deflateEnd(&z);
	return rc == Z_STREAM_END ? 0 : err_say(e, -EIO, "gzip: error %d", rc);
}

int squeeze(enum squeeze how, const void *data, size_t len, char **out, size_t *out_len,
	    struct err *e)
{
	size_t room = how == SQUEEZE_NONE ? len : how == SQUEEZE_GZIP ? len + len / 1000 + 1024
								      : ZSTD_compressBound(len);
	int rc = 0;

	if (len > INT_MAX || room > INT_MAX)
		return err_set(e, -EFBIG, "compress the image");
	*out = malloc(room ? room : 1);
	if (!*out)
		return err_set(e, -ENOMEM, "compress the image");
	*out_len = room;
	if (how == SQUEEZE_NONE)
		memcpy(*out, data, len);
	else if (how == SQUEEZE_GZIP)
		rc = by_gzip(data, len, *out, out_len, e);
	else
		rc = by_zstd(data, len, *out, out_len, e);
	if (rc)
		free(*out);
	return rc;
}
