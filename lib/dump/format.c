/* format - the file that a dump becomes: kdump-compressed or ELF, behind one face. */
/* SPDX-License-Identifier: MIT */
#include "dump/format.h"

#include "dump/plan.h"

static int kdump_begin(struct format *f, const struct format_start *s, struct err *e)
{
	struct layout layout;
	int rc = layout_init(&layout, s->filter->k, s->filter->kept, e);

	/* All but the data has its place from the start, so that a disk that gets full can be told of. */
	if (!rc && s->sink->ops->reserve)
		rc = s->sink->ops->reserve(s->sink, layout.data_at + layout.block, e);
	if (!rc)
		rc = sink_expect(s->sink, (uint64_t[]){ 0, layout.block, layout.bitmap1_at, layout.bitmap2_at, layout.descs_at,
				 layout.data_at }, 6, layout.data_at + (layout.nr_descs + 1) * layout.block,
				 memory_available() / 2, e);
	if (!rc)
		rc = writer_init(&f->kdump, s->sink, &layout, s->filter->k, s->flag, s->level, s->digest, e);
	if (!rc && s->limit && s->limit < f->kdump.data_limit)
		f->kdump.data_limit = s->limit;
	if (!rc && s->early)
		writer_early(&f->kdump, s->early);
	return rc;
}

static void *kdump_put_to(struct format *f)
{
	return &f->kdump;
}

static int kdump_end(struct format *f, bool complete, struct err *e)
{
	return writer_end(&f->kdump, complete, e);
}

static uint64_t kdump_size(const struct format *f)
{
	return writer_size(&f->kdump);
}

static uint64_t kdump_saved(const struct format *f)
{
	return f->kdump.saved;
}

static size_t kdump_sums(const struct format *f, size_t part, const struct digest **header,
		    const struct region **regions)
{
	(void)part;
	*header = &f->kdump.header_sum;
	*regions = f->kdump.regions;
	return NR_REGIONS;
}

static bool kdump_notes_lost(const struct format *f)
{
	return f->kdump.notes_lost;
}

static void kdump_free(struct format *f)
{
	writer_free(&f->kdump);
}

static int elf_begin(struct format *f, const struct format_start *s, struct err *e)
{
	int rc = elfdump_init(&f->elf, s->sink, s->filter, s->digest, e);

	if (!rc && s->limit)
		f->elf.data_limit = s->limit;
	return rc;
}

static void *elf_put_to(struct format *f)
{
	return &f->elf;
}

static int elf_end(struct format *f, bool complete, struct err *e)
{
	return elfdump_end(&f->elf, complete, e);
}

static uint64_t elf_size(const struct format *f)
{
	return elfdump_size(&f->elf);
}

static uint64_t elf_saved(const struct format *f)
{
	return f->elf.saved;
}

static size_t elf_sums(const struct format *f, size_t part, const struct digest **header,
		    const struct region **regions)
{
	(void)part;
	*header = &f->elf.header_sum;
	*regions = f->elf.regions;
	return NR_ELF_REGIONS;
}

static bool elf_notes_lost(const struct format *f)
{
	return f->elf.notes_lost;
}

static void elf_free(struct format *f)
{
	elfdump_free(&f->elf);
}

static int split_begin(struct format *f, const struct format_start *s, struct err *e)
{
	return splitdump_init(&f->split, s->sink, s->filter, s->flag, s->level, s->digest, s->limit, e);
}

static void *split_put_to(struct format *f)
{
	return &f->split;
}

static int split_end(struct format *f, bool complete, struct err *e)
{
	return splitdump_end(&f->split, complete, e);
}

static uint64_t split_size(const struct format *f)
{
	return splitdump_size(&f->split);
}

static uint64_t split_saved(const struct format *f)
{
	return splitdump_saved(&f->split);
}

static size_t split_sums(const struct format *f, size_t part, const struct digest **header,
		    const struct region **regions)
{
	*header = &f->split.parts[part].writer.header_sum;
	*regions = f->split.parts[part].writer.regions;
	return NR_REGIONS;
}

static bool split_notes_lost(const struct format *f)
{
	return splitdump_notes_lost(&f->split);
}

static void split_free(struct format *f)
{
	splitdump_free(&f->split);
}

static const struct format_ops formats[] = {
	[FORMAT_KDUMP] = { "kdump", kdump_begin, writer_pages, kdump_put_to, kdump_end, kdump_size, kdump_saved,
			   kdump_sums, kdump_notes_lost, kdump_free },
	[FORMAT_ELF] = { "elf", elf_begin, elfdump_pages, elf_put_to, elf_end, elf_size, elf_saved, elf_sums,
			 elf_notes_lost, elf_free },
	[FORMAT_SPLIT] = { "split", split_begin, splitdump_pages, split_put_to, split_end, split_size, split_saved,
			   split_sums, split_notes_lost, split_free },
};

int format_begin(struct format *f, enum format_kind kind, const struct format_start *start, struct err *e)
{
	*f = (struct format){ .ops = &formats[kind] };
	return f->ops->begin(f, start, e);
}

void format_free(struct format *f)
{
	if (f->ops)
		f->ops->free(f);
	f->ops = NULL;
}
