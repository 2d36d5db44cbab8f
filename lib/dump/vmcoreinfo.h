/* vmcoreinfo - what the crashed kernel wrote down about itself: KEY=VALUE lines in an ELF note. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_VMCOREINFO_H
#define DUMP_VMCOREINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "dump/source.h"

/* kernel/vmcore_info.c writes it; lines are cut at 80 bytes there. */
struct vmcoreinfo {
	char  *text;		/* NUL terminated; owned; NULL: there is none */
	size_t len;
};

/* What one walk over the notes finds. Offsets are in the file, bytes. */
struct notes {
	unsigned nr_cpus;			/* NT_PRSTATUS notes */
	uint64_t vmcoreinfo_at, vmcoreinfo_len;	/* its descriptor; 0, 0: none */
	bool     cut;				/* the walk met a note that does not fit */
};

/* Walk PT_NOTE (name and descriptor padded to 4 bytes). Bounded; nothing is an error. */
void notes_walk(const struct source *s, struct notes *n);

/*
 * Call visit(index, desc, len) for the first 1024 bytes of each NT_PRSTATUS descriptor.
 */
void notes_each_prstatus(const struct source *s,
			 void (*visit)(void *ctx, const uint8_t *desc, size_t len), void *ctx);

/*
 * The next bytes of PT_NOTE from offset at on, into piece; as many as there are up to size. What
 * cannot be read is zeros: readers of notes stop there, and *lost is set. Returns how many, 0 at the end.
 */
size_t notes_piece(const struct source *s, uint64_t at, uint8_t *piece, size_t size, bool *lost);

/* Load the text (at most 1 MiB). Returns 0, or -ENOENT with a message if there is none. */
int vmcoreinfo_load(struct vmcoreinfo *v, const struct source *s, const struct notes *n, struct err *e);
void vmcoreinfo_free(struct vmcoreinfo *v);

/* The value of KEY, borrowed, not NUL terminated, *len bytes; NULL if the key is absent. */
const char *vmcoreinfo_get(const struct vmcoreinfo *v, const char *key, size_t *len);

/* The same as a string in out (cut to size); false if absent. */
bool vmcoreinfo_string(const struct vmcoreinfo *v, const char *key, char *out, size_t size);

/*
 * Typed values; false and *out untouched if the key is absent or no number. NUMBER() is decimal
 * with sign or 0x hex, SYMBOL() and KERNELOFFSET are hex with or without 0x, the others decimal.
 */
bool vmci_number(const struct vmcoreinfo *v, const char *name, int64_t *out);
bool vmci_symbol(const struct vmcoreinfo *v, const char *name, uint64_t *out);
bool vmci_size(const struct vmcoreinfo *v, const char *name, uint32_t *out);
bool vmci_offset(const struct vmcoreinfo *v, const char *name, uint32_t *out);
bool vmci_length(const struct vmcoreinfo *v, const char *name, uint32_t *out);

#endif
