#!/usr/bin/env python3
# kdump_reader - what does a kdump-compressed file hold, and are the right pages in it?
# SPDX-License-Identifier: MIT
"""An independent reader of kdump-compressed files (v6, little endian, 64 bit) and of ELF vmcores.

    kdump_reader.py info FILE               header, page counts, codecs
    kdump_reader.py check FILE --raw VMCORE every kept page has the bytes of the raw vmcore
    kdump_reader.py same ONE OTHER          they differ only in where the data of pages stands
    kdump_reader.py compare OURS THEIRS [--raw VMCORE] [--more FILE]
                                            OURS keeps what THEIRS keeps, and no more outside the
                                            kernel image; with --more it may, and FILE lists it
It is written from the published layout alone and shares no code with the program under test.
"""
import argparse
import ctypes
import functools
import mmap
import struct
import sys
import zlib
from collections import Counter

RAW, ZLIB, LZO, SNAPPY, INCOMPLETE, ZSTD = 0, 1, 2, 4, 8, 0x20
CODEC_NAME = {RAW: "raw", ZLIB: "zlib", LZO: "lzo", SNAPPY: "snappy", ZSTD: "zstd"}


@functools.lru_cache(None)
def zstd():
    """(function, context)"""
    lib = ctypes.CDLL("libzstd.so.1")
    lib.ZSTD_createDCtx.restype = ctypes.c_void_p
    fn = lib.ZSTD_decompressDCtx
    fn.restype = ctypes.c_size_t
    fn.argtypes = [ctypes.c_void_p] + [ctypes.c_char_p, ctypes.c_size_t] * 2
    return fn, lib.ZSTD_createDCtx()


@functools.lru_cache(None)
def lzo():
    fn = ctypes.CDLL("liblzo2.so.2").lzo1x_decompress_safe
    fn.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_void_p]
    return fn


@functools.lru_cache(None)
def buffer(size):
    return ctypes.create_string_buffer(size)


def unzstd(data, size):
    out, (fn, context) = buffer(size), zstd()
    got = fn(context, out, size, data, len(data))
    if got != size:
        raise ValueError(f"zstd: {got:#x} bytes instead of {size}")
    return out.raw


def unlzo(data, size):
    out = buffer(size)
    length = ctypes.c_size_t(size)
    status = lzo()(data, len(data), out, ctypes.byref(length), None)
    if status != 0 or length.value != size:
        raise ValueError(f"lzo: status {status}, {length.value} bytes instead of {size}")
    return out.raw


def unzlib(data, size):
    out = zlib.decompress(data)
    if len(out) != size:
        raise ValueError(f"zlib: {len(out)} bytes instead of {size}")
    return out


UNPACK = {ZLIB: unzlib, LZO: unlzo, ZSTD: unzstd}


KERNEL_IMAGE = 0xffffffff80000000  # __START_KERNEL_map of x86_64


class Mapped:
    def __init__(self, path):
        self.path = path
        with open(path, "rb") as f:
            self.map = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)

    def take(self, fmt, at):
        return struct.unpack_from("<" + fmt, self.map, at)


class Kdump(Mapped):
    """A kdump-compressed file; page frame numbers to descriptors and bytes."""

    def __init__(self, path):
        super().__init__(path)
        if self.map[:8] != b"KDUMP   ":
            raise ValueError(f"{path}: no KDUMP signature")
        (self.version,) = self.take("i", 8)
        self.uts = [self.map[12 + 65 * i:77 + 65 * i].split(b"\0")[0].decode() for i in range(6)]
        (self.status, self.block, self.sub_blocks, self.bitmap_blocks, self.max_mapnr_32,
         _, _, _, _, self.nr_cpus) = self.take("IiiIIIIIii", 424)
        at = self.block
        (self.phys_base, self.level, self.split) = self.take("Qii", at)
        (self.offset_vmcoreinfo, self.size_vmcoreinfo, self.offset_note, self.size_note,
         self.offset_erase, self.size_erase) = self.take("6Q", at + 32)
        (self.max_mapnr,) = self.take("Q", at + 96)
        at = (1 + self.sub_blocks) * self.block
        half = self.bitmap_blocks // 2 * self.block
        if half * 8 < self.max_mapnr:
            raise ValueError(f"{path}: bitmaps of {half} bytes for {self.max_mapnr} frames")
        if self.split:
            (self.start_pfn, self.end_pfn) = self.take("QQ", self.block + 80)
        self.bitmap1 = self.map[at:at + half]
        self.bitmap2 = self.map[at + half:at + 2 * half]
        self.descs = at + 2 * half
        self.pages = list(set_bits(self.bitmap2))
        if self.split:  # bitmap2 tells of all parts, the descriptors are of this one
            self.pages = [pfn for pfn in self.pages if self.start_pfn <= pfn < self.end_pfn]
        self.cache = (None, None)

    def note(self):
        return self.map[self.offset_note:self.offset_note + self.size_note]

    def vmcoreinfo(self):
        return self.map[self.offset_vmcoreinfo:self.offset_vmcoreinfo + self.size_vmcoreinfo]

    def desc(self, index):
        """offset, size, flags of the page that is the index-th bit of bitmap2"""
        return self.take("QII", self.descs + 24 * index)

    def page(self, index):
        """Bytes of that page; None where the descriptor is empty, as in an incomplete dump."""
        offset, size, flags = self.desc(index)
        if offset == 0 and size == 0:
            return None
        if self.cache[0] == offset:
            return self.cache[1]
        data = self.map[offset:offset + size]
        if len(data) != size:
            raise ValueError(f"page {self.pages[index]:#x} lies behind the end of the file")
        if flags == RAW:
            if size != self.block:
                raise ValueError(f"page {self.pages[index]:#x} is raw and has {size} bytes")
            out = data
        else:
            out = UNPACK[flags](data, self.block)
        self.cache = (offset, out)
        return out


class Elf(Mapped):
    """The PT_LOAD segments of an ELF64 core."""

    def __init__(self, path):
        super().__init__(path)
        if self.map[:4] != b"\x7fELF":
            raise ValueError(f"{path}: no ELF signature")
        (phoff,) = self.take("Q", 32)
        size, count = self.take("HH", 54)
        self.loads, self.image = [], []
        for i in range(count):
            kind, _, offset, vaddr, paddr, filesz, memsz = self.take("IIQQQQQ", phoff + i * size)
            if kind == 1:
                self.loads.append((paddr, offset, filesz, memsz))
            if kind == 1 and vaddr >= KERNEL_IMAGE:
                self.image.append((paddr, paddr + memsz))

    def in_image(self, pfn, size):
        """Whether a page lies in the kernel image: such pages are kept even when the kernel has
        given them (init code) to somebody else."""
        return any(start <= pfn * size < end for start, end in self.image)

    def page(self, pfn, size):
        """Bytes of a page frame; what no segment holds is zero."""
        start = pfn * size
        for paddr, offset, filesz, _ in self.loads:
            if paddr <= start and start + size <= paddr + filesz:
                return self.map[offset + start - paddr:offset + start - paddr + size]
        out = bytearray(size)
        for paddr, offset, filesz, _ in self.loads:
            low, high = max(start, paddr), min(start + size, paddr + filesz)
            if low < high:
                out[low - start:high - start] = self.map[offset + low - paddr:
                                                         offset + high - paddr]
        return bytes(out)


def set_bits(bitmap):
    for i, byte in enumerate(bitmap):
        if byte:
            for bit in range(8):
                if byte >> bit & 1:
                    yield i * 8 + bit


def spans(numbers):
    """[1, 2, 3, 7] as 0x1-0x3 0x7, at most 8 of them"""
    out, numbers = [], sorted(numbers)
    for n in numbers:
        if out and out[-1][1] + 1 == n:
            out[-1][1] = n
        else:
            out.append([n, n])
    text = " ".join(f"{a:#x}" if a == b else f"{a:#x}-{b:#x}" for a, b in out[:8])
    return text + (" ..." if len(out) > 8 else "")


def info(dump):
    codecs, empty, zero, shared = Counter(), 0, 0, Counter()
    for i in range(len(dump.pages)):
        offset, size, flags = dump.desc(i)
        if offset == 0 and size == 0:
            empty += 1
            continue
        codecs[CODEC_NAME.get(flags, hex(flags))] += 1
        shared[offset] += 1
    most = shared.most_common(1)
    zero = most[0][1] if most and most[0][1] > 1 else 0
    print(f"release {dump.uts[2]} machine {dump.uts[4]}")
    print(f"version {dump.version} block {dump.block} level {dump.level} status {dump.status:#x} "
          f"cpus {dump.nr_cpus} max_mapnr {dump.max_mapnr:#x} phys_base {dump.phys_base:#x}")
    print(f"present {sum(map(int.bit_count, dump.bitmap1))} kept {len(dump.pages)} "
          f"zero {zero} empty {empty}")
    print("codecs " + " ".join(f"{name}={n}" for name, n in sorted(codecs.items())))
    return 0


def check(dump, raw, problems):
    wrong, empty = [], 0
    for i, pfn in enumerate(dump.pages):
        page = dump.page(i)
        if page is None:
            empty += 1
        elif page != raw.page(pfn, dump.block):
            wrong.append(pfn)
    if wrong:
        problems.append(f"{len(wrong)} pages differ from the raw vmcore: {spans(wrong)}")
    if empty and not dump.status & INCOMPLETE:
        problems.append(f"{empty} pages have no data and the dump is not flagged incomplete")
    print(f"{len(dump.pages) - len(wrong) - empty} pages have the bytes of {raw.path}")


def compare(ours, theirs, raw, more, problems):
    for name in ("version", "block", "level", "max_mapnr", "phys_base", "nr_cpus", "uts"):
        a, b = getattr(ours, name), getattr(theirs, name)
        if a != b:
            problems.append(f"{name} is {a}, theirs {b}")
    if ours.note() != theirs.note():
        problems.append("the ELF notes differ")
    if ours.vmcoreinfo() != theirs.vmcoreinfo():
        problems.append("vmcoreinfo differs")
    present, their_present = set(set_bits(ours.bitmap1)), set(set_bits(theirs.bitmap1))
    if present != their_present:
        problems.append(f"bitmap1 differs: {spans(present ^ their_present)}")
    kept, their_kept = set(ours.pages), set(theirs.pages)
    if their_kept - kept:
        problems.append(f"{len(their_kept - kept)} pages are missing: {spans(their_kept - kept)}")
    odd = {pfn for pfn in kept - their_kept if not (raw and raw.in_image(pfn, ours.block))}
    if more:
        with open(more, "w") as f:
            f.writelines(f"{pfn:#x}\n" for pfn in sorted(odd))
    elif odd:
        problems.append(f"{len(odd)} pages outside the kernel image are more than theirs: {spans(odd)}")
    print(f"ours {len(kept)} pages, theirs {len(their_kept)}, more {len(kept - their_kept)}, "
          f"missing {len(their_kept - kept)}")


def same(ours, theirs, problems):
    if len(ours.map) != len(theirs.map) or ours.map[:ours.descs] != theirs.map[:theirs.descs]:
        problems.append(f"sizes, headers or bitmaps are not those of {theirs.path}")
        return
    for i, pfn in enumerate(ours.pages):
        (at, size, flags), (their_at, their_size, their_flags) = ours.desc(i), theirs.desc(i)
        if (size, flags) != (their_size, their_flags) or \
                ours.map[at:at + size] != theirs.map[their_at:their_at + size]:
            problems.append(f"page {pfn:#x} is packed in another way than in {theirs.path}")
            return


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("action", choices=["info", "check", "compare", "same"])
    p.add_argument("ours")
    p.add_argument("theirs", nargs="?")
    p.add_argument("--raw")
    p.add_argument("--more")
    a = p.parse_args()
    if (a.action in ("compare", "same")) != (a.theirs is not None) or (a.action == "check" and not a.raw):
        p.error(f"wrong arguments for {a.action}")
    ours = Kdump(a.ours)
    if a.action == "info":
        return info(ours)
    problems, raw = [], Elf(a.raw) if a.raw else None
    if a.action == "same":
        same(ours, Kdump(a.theirs), problems)
    elif a.theirs:
        compare(ours, Kdump(a.theirs), raw, a.more, problems)
    if raw:
        check(ours, raw, problems)
    for problem in problems:
        print(f"kdump_reader: {a.ours}: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
