/* manifest - what was saved, how, and the checksums to prove it: JSON beside the dump. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_MANIFEST_H
#define DUMP_MANIFEST_H

#include "dump/save.h"

/*
 * Write the manifest of a run that came as far as its format to an open sink (front to back) and
 * leave committing it to the caller. name: of the dump inside the directory. with_sums: false leaves the extents out, for
 * places with little room. Extents lie inside one part of the file each and are at most
 * DIGEST_EXTENT bytes; of a flattened dump they are those of the dump that it unpacks to.
 */
int manifest_write(const struct save *s, const char *name, bool with_sums, struct sink *out, struct err *e);

#endif
