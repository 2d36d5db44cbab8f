/* types - the three kinds of address that a dump speaks of. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_TYPES_H
#define DUMP_TYPES_H

#include <stdint.h>

typedef uint64_t paddr_t;	/* physical byte address in the crashed kernel */
typedef uint64_t vaddr_t;	/* virtual byte address in the crashed kernel */
typedef uint64_t pfn_t;		/* page frame number: paddr >> page_shift */

#endif
