#!/usr/bin/env python3
"""sparse_vmcore - make the core of an invented machine with terabytes of memory, as a sparse file.

usage: sparse_vmcore.py GIB OUT

A 6.12 kernel of x86_64 with four levels of page tables. The first 128 MiB are the kernel's; every
other 128 MiB share the same few 2 MiB of struct pages: free blocks, anonymous pages, huge pages and
page cache, so that the file takes some 20 MiB on disk whatever the size of the machine.
"""
# SPDX-License-Identifier: MIT
import struct
import sys

PAGE, LEAF, SECTION = 4096, 2 << 20, 128 << 20
IMAGE_PA, IMAGE_VA, IMAGE_SIZE = 16 << 20, 0xFFFFFFFF81000000, 32 << 20
DIRECT, VMEMMAP = 0xFFFF888000000000, 0xFFFFEA0000000000
FRAMES_PA = 64 << 20
DATA = 1 << 20  # where memory begins in the file
LRU, HEAD, SWAPBACKED = 1 << 5, 1 << 6, 1 << 17
BUDDY, NO_TYPE = 0xF0000000, 0xFFFFFFFF

INFO = """OSRELEASE=6.12.0-sparse
PAGESIZE=4096
SYMBOL(init_uts_ns)=ffffffff81000000
OFFSET(uts_namespace.name)=0
SYMBOL(init_top_pgt)=ffffffff81001000
NUMBER(phys_base)=0
NUMBER(pgtable_l5_enabled)=0
SYMBOL(mem_section)={roots:x}
LENGTH(mem_section)=2048
SIZE(mem_section)=16
OFFSET(mem_section.section_mem_map)=0
NUMBER(SECTION_SIZE_BITS)=27
NUMBER(MAX_PHYSMEM_BITS)=46
SIZE(page)=64
OFFSET(page.flags)=0
OFFSET(page._refcount)=52
OFFSET(page.mapping)=24
OFFSET(page.lru)=8
OFFSET(page._mapcount)=48
OFFSET(page.private)=40
OFFSET(page.compound_head)=8
LENGTH(zone.free_area)=11
NUMBER(PG_lru)=5
NUMBER(PG_private)=14
NUMBER(PG_swapcache)=10
NUMBER(PG_swapbacked)=17
NUMBER(PG_hwpoison)=20
NUMBER(PG_head_mask)=64
NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-268435456
NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)=-251658240
NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)=-184549376
NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)=-201326592
KERNELOFFSET=0
CRASHTIME=1700000000
"""


def struct_page(flags=0, lru=0, mapping=0, private=0, mapcount=NO_TYPE):
    return struct.pack("<8QII", flags, lru, 0, mapping, 0, private, mapcount | 1 << 32, 0, 0, 0)[:64]


def frames():
    """The kinds of 32768 struct pages; the first is the kernel's own."""
    nothing = struct_page()
    block = struct_page(private=10, mapcount=BUDDY) + nothing * 1023
    thp = (struct_page(LRU | SWAPBACKED | HEAD, mapping=0x1001, mapcount=0) + struct_page(9, lru=1)
           + struct_page(lru=1) * 510)
    anon = struct_page(LRU | SWAPBACKED, mapping=0x1001, mapcount=0)
    cache = struct_page(LRU, mapping=0x1000)
    mixed = (struct_page(private=3, mapcount=BUDDY) + nothing * 7 + anon * 5 + cache * 3) * 2048
    return [nothing * 32768, block * 32, anon * 32768, thp * 64, cache * 32768, mixed]


class Image:
    """Pages of the kernel image, handed out one after the other."""

    def __init__(self, out):
        self.out, self.used = out, 2 * PAGE  # symbols, top table

    def take(self, pages):
        pa = IMAGE_PA + self.used
        self.used += pages * PAGE
        assert self.used <= IMAGE_SIZE
        return pa

    def write(self, pa, data):
        self.out.seek(DATA + pa)
        self.out.write(data)


class Tables:
    """Page tables, kept here until they are complete."""

    def __init__(self, image):
        self.image, self.tables = image, {IMAGE_PA + PAGE: {}}

    def map(self, va, pa, shift):
        table = IMAGE_PA + PAGE
        for at in range(39, shift, -9):
            entries = self.tables[table]
            index = va >> at & 511
            if index not in entries:
                entries[index] = self.image.take(1) | 0x63
                self.tables[entries[index] & ~0xFFF] = {}
            table = entries[index] & ~0xFFF
        self.tables[table][va >> shift & 511] = pa | 0xE3

    def write(self):
        for pa, entries in self.tables.items():
            raw = bytearray(PAGE)
            for index, entry in entries.items():
                struct.pack_into("<Q", raw, index * 8, entry)
            self.image.write(pa, raw)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    size = int(sys.argv[1]) << 30
    with open(sys.argv[2], "wb") as out:
        out.truncate(DATA + size)
        image, kinds = Image(out), frames()
        tables = Tables(image)
        nr = size // SECTION
        for i, raw in enumerate(kinds):
            image.write(FRAMES_PA + i * LEAF, raw)
        sections = image.take((nr * 16 + PAGE - 1) // PAGE)
        roots = image.take(4)
        for s in range(nr):
            kind = 0 if s == 0 else 1 + s % (len(kinds) - 1)
            tables.map(VMEMMAP + s * LEAF, FRAMES_PA + kind * LEAF, 21)
        image.write(sections, struct.pack("<QQ", VMEMMAP | 0x3, 0) * nr)
        blocks = (nr + 255) // 256
        image.write(roots, b"".join(struct.pack("<Q", DIRECT + sections + i * PAGE) for i in range(blocks)))
        tables.map(DIRECT, 0, 30)
        for at in range(0, IMAGE_SIZE, LEAF):
            tables.map(IMAGE_VA + at, IMAGE_PA + at, 21)
        tables.write()
        names = [b"Linux", b"sparse", b"6.12.0-sparse", b"#1", b"x86_64", b"(none)"]
        image.write(IMAGE_PA, b"".join(n.ljust(65, b"\0") for n in names))
        write_head(out, size, INFO.format(roots=DIRECT + roots).encode())


def write_head(out, size, info):
    note = struct.pack("<III", 11, len(info), 0) + b"VMCOREINFO\0\0" + info + b"\0" * (-len(info) % 4)
    loads = [(DATA + IMAGE_PA, IMAGE_VA, IMAGE_PA, IMAGE_SIZE), (DATA, DIRECT, 0, size)]
    at = 64 + 56 * (1 + len(loads))
    head = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 4, 62, 1, 0, 64, 0, 0, 64, 56,
                       1 + len(loads), 0, 0, 0)
    head += struct.pack("<IIQQQQQQ", 4, 0, at, 0, 0, len(note), len(note), 0)
    for offset, va, pa, length in loads:
        head += struct.pack("<IIQQQQQQ", 1, 7, offset, va, pa, length, length, 0)
    out.seek(0)
    out.write(head + note)


main()
