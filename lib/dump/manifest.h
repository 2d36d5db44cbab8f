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

/*
 * Of a dump in several files each has a manifest of its own beside it, called as the file with
 * MANIFEST_SUFFIX. It says what manifest_write says of the whole dump, and for the file: its "size", the sums of its
 * bytes, and "part": { "number": from 1, "of": files, "start", "end": page frames, "saved": pages, "set": 16 hex
 * digits that all files of one dump have in common and no other dump has }.
 */
#define MANIFEST_SUFFIX ".manifest.json"

/* Write that of the part-th file, from 0. path: the file as it is called now. After an error there is none. */
int manifest_put_part(const struct save *s, size_t part, const char *path, struct err *e);

/* A dump that was put together of parts. */
struct manifest_joined {
	const struct kernel *k;
	const struct writer *w;		/* ended */
	enum verdict  verdict;
	const char   *reason;		/* "" if it is whole */
	unsigned      level;		/* LEVEL_ bits */
	uint64_t      unreadable;	/* pages, as the manifests of the parts have it */
	size_t        parts, proved;	/* so many; with these the sums of their own manifests were compared */
};

/* Write its manifest beside path, in the same way. */
int manifest_put_joined(const struct manifest_joined *j, const char *path, struct err *e);

/* A file path-incomplete begins anew: what an earlier one's manifest says is not about it. */
void manifest_forget(const char *path);

#endif
