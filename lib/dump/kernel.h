/* kernel - the crashed kernel as data: its description, its address translation, its name. */
/* SPDX-License-Identifier: MIT */
#ifndef DUMP_KERNEL_H
#define DUMP_KERNEL_H

#include "dump/source.h"
#include "dump/vmcoreinfo.h"

enum {
	UTS_FIELDS = 6,			/* sysname nodename release version machine domainname */
	UTS_LEN    = 65,		/* __NEW_UTS_LEN + 1, include/uapi/linux/utsname.h */
	MAX_PINS   = 4096,
};

/* Pages that are never excluded, whatever their struct page says. */
struct pins {
	pfn_t  start[MAX_PINS], end[MAX_PINS];	/* [start, end), sorted by start, disjoint after pins_sort */
	size_t nr;
	size_t lost;			/* pins that did not fit: the filter may then exclude them */
};

/*
 * How virtual addresses of the crashed kernel become physical ones: first what is mapped linearly
 * with the kernel image, then the page tables, and without those the direct mapping.
 */
struct vtop {
	bool     usable;		/* tables were found and map the kernel where it lies */
	paddr_t  root;			/* top-level table */
	int      levels;		/* x86_64: 4 or 5; aarch64: 2 to 5 */
	unsigned top_bits;		/* aarch64: index bits of the top-level table */
	bool     lpa2;			/* aarch64: entries as FEAT_LPA2 lays them out */
	uint64_t pa_mask;		/* x86_64: address bits of an entry, without encryption */
	uint64_t tag;			/* aarch64: bits set in any kernel address */
	vaddr_t  image_start, image_end;	/* pa = va - image_start + image_pa */
	paddr_t  image_pa;
	vaddr_t  direct_start, direct_end;	/* the same for RAM, where vmcoreinfo tells it */
	paddr_t  direct_pa;
	paddr_t  phys_base;		/* what readers of a dump call so; for its header */
};

struct kernel;

/* What differs between machines. One constant each in vtop_MACHINE.c; kernel_open chooses. */
struct machine {
	uint16_t elf;			/* e_machine */
	const char *name;		/* utsname.machine */
	uint32_t sp_at;			/* of the stack pointer in struct elf_prstatus, bytes */
	unsigned section_bits;		/* SECTION_SIZE_BITS of kernels that do not tell */
	/* Fill k->vtop from vmcoreinfo and the PT_LOADs; what is missing goes to k->doubt. */
	void (*vtop_init)(struct kernel *k);
	/* Walk the page tables; see kernel_vtop. Table pages are added to k->pins. */
	int (*walk)(struct kernel *k, vaddr_t va, paddr_t *pa, uint64_t *run);
};

extern const struct machine machine_x86_64, machine_aarch64;

struct kernel {
	struct source     src;
	struct notes      notes;
	struct vmcoreinfo info;
	const struct machine *machine;	/* NULL: not one of ours */
	struct vtop       vtop;
	struct pins      *pins;		/* table pages walked are added here; NULL: not wanted; borrowed */
	char              uts[UTS_FIELDS][UTS_LEN];
	bool              proven;	/* the release string was found in memory where the tables say */
	uint64_t          crash_time;	/* seconds since 1970; 0: unknown */
	char              doubt[200];	/* what is missing from or wrong with the above; "" if nothing */
};

/*
 * Open a core and learn what it says. A bad or missing description is no error: k->doubt tells it,
 * vtop.usable and proven say what can be relied on. Errors: the file is no core or has no memory.
 */
int kernel_open(struct kernel *k, const char *path, struct err *e);
/* The same with k zero but for k->src, which is open; after an error it is closed. */
int kernel_start(struct kernel *k, const char *path, struct err *e);
void kernel_close(struct kernel *k);

/*
 * Physical address of va, and in *run the bytes from there on that are mapped contiguously
 * (at least to the end of the page). Where tables are unusable or cannot be read, the virtual
 * addresses of the PT_LOADs serve. Returns 0, -ENXIO if va is not mapped, -EIO if a table cannot
 * be read. Not thread-safe.
 */
int kernel_vtop(struct kernel *k, vaddr_t va, paddr_t *pa, uint64_t *run);

/* Read len bytes at va, across pages. Returns 0 or as kernel_vtop and source_read. */
int kernel_read(struct kernel *k, vaddr_t va, void *buf, size_t len);

/* Little-endian values at va. */
int kernel_read_u64(struct kernel *k, vaddr_t va, uint64_t *out);
int kernel_read_u32(struct kernel *k, vaddr_t va, uint32_t *out);

/* pins.c: never exclude the pages that hold [start, end). Cheap to call twice for the same page. */
void pins_add(struct pins *p, const struct source *s, paddr_t start, paddr_t end);
void pins_sort(struct pins *p);

/*
 * For machine.vtop_init. The PT_LOAD that kexec made for the kernel image (it lies inside another
 * one), NULL if there is none.
 */
const struct load *kernel_image_load(const struct kernel *k);
/* True, and k->uts filled, if the release string is in memory where k->vtop's image says. */
bool kernel_names_itself(struct kernel *k);
/* True if the page tables map the image (at va) or a PT_LOAD to where it is known to lie. */
bool kernel_tables_agree(struct kernel *k, vaddr_t va);

/* Append a sentence to k->doubt. */
void kernel_doubt(struct kernel *k, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
