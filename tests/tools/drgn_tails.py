# drgn_tails - are these pages tails of blocks whose head that dump keeps? drgn -c VMCORE drgn_tails.py PAGES DUMP
# SPDX-License-Identifier: MIT
import os
import sys
from collections import Counter

from drgn.helpers.linux.mm import PageSlab, compound_head, page_to_pfn, pfn_to_page

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from kdump_reader import Kdump

with open(sys.argv[1]) as f:
    pages = [int(line, 16) for line in f]
kept = set(Kdump(sys.argv[2]).pages)
bad, kinds = 0, Counter()
for pfn in pages:
    head = compound_head(pfn_to_page(prog, pfn))
    head_pfn = page_to_pfn(head).value_()
    if head_pfn == pfn or head_pfn not in kept:
        print(f"page {pfn:#x}: its head is {head_pfn:#x}, which is {'kept' if head_pfn in kept else 'left out'}")
        bad += 1
    kinds["slab" if PageSlab(head) else "other"] += 1
print(f"{len(pages)} tails that makedumpfile lost, of blocks whose head it keeps:", dict(kinds))
sys.exit(bad != 0)
