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
 * Returns 0; -ENODATA if the result is incomplete; -EINVAL if the files are no parts of one dump, if one of
 * them is missing or if two hold the same pages; or an error of a file or the sink.
 */
int reassemble(char *const *paths, size_t nr, const char *to, bool replace, struct err *e);

#endif
