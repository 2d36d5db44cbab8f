/* reassemble - one dump out of the files of a split one. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_REASSEMBLE_H
#define DUMP_REASSEMBLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * Copy the pages of all parts, which may come in any order, ours or makedumpfile's, into one
 * kdump-compressed dump `to` (see sink_open); page data is not packed again. What a part lacks (cut, flagged
 * incomplete) is left out: then the result is flagged incomplete and keeps the name of an incomplete object.
 * A part that has a manifest beside it (see manifest_put_part) is compared with its checksums first: where
 * one is wrong its pages are taken if they can be, but the result is incomplete. If `to` is a file it gets a
 * manifest of its own beside it; what the parts' manifests miss ("degraded") is missing in that one, too. say gets a line
 * for each part that is not whole, a warning, and one about what was compared; may be NULL.
 * Returns 0; -ENODATA if the result is incomplete: e names the first part that is not whole; -EINVAL or
 * -ESTALE if the files, as their headers or their manifests say, are no parts of one dump, if one of
 * them is missing or if two hold the same pages; or an error of a file or the sink.
 */
int reassemble(char *const *paths, size_t nr, const char *to, bool replace,
	       void (*say)(void *ctx, bool warning, const char *text), void *ctx, struct err *e);

#endif
