/* fuzz_vmcoreinfo - a core whose kernel describes itself as the input says: filtered within bounds. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dump/filter.h"
#include "dump/pins.h"
#include "dump/printk.h"
#include "lib_vmcore.h"

/* The input is text that goes in front of the good lines: the first line of a key is the one that counts. */
static int count(void *ctx, const char *text, size_t len)
{
	(void)text;
	*(size_t *)ctx += len;
	return *(size_t *)ctx > 1 << 20 ? abort(), 0 : 0;
}

/* PAD lines stand last and give way to the input, so that no good line does. */
static struct vmcore *make_core(void)
{
	return vmcore_print("image 0x15e4000 0xffffffff82000000 28\nring 4 8\nsections 22\nvmemmap 4k\ndirectmap 2m\n"
			    "ram 24M 0x1820000\npages 0x1800+8 anon\npages 0x1808+4 free 2\npages 0x1810+8 cache 3\n"
			    "pages 0x1818+4 hugetlb 2\nlog 1 one\nlog 2 two\n"
			    "key PAD1=%0200d\nkey PAD2=%0200d\nkey PAD3=%0200d\nkey PAD4=%0200d\n", 1, 2, 3, 4);
}

static void use(const char *path)
{
	static struct pins pins;
	struct filter f;
	struct kernel k;
	size_t out = 0;

	memset(&pins, 0, sizeof(pins));
	if (kernel_open(&k, path, NULL))
		return;
	pins_collect(&k, &pins);
	if (!filter_run(&f, &k, &pins, LEVEL_MAX, 0, NULL)) {
		uint64_t *scratch = calloc(filter_section_words(&f), sizeof(*scratch));

		for (uint64_t i = 0; scratch && i < f.nr_sections; i++)
			filter_bits(&f, i, scratch);
		free(scratch);
		filter_free(&f);
	}
	printk_write(&k, NULL, count, &out, NULL, NULL);
	kernel_close(&k);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct vmcore *v;
	static char *good;
	char *text;

	if (!v) {
		v = make_core();
		good = malloc(v->info_len);
		if (!good || pread(v->fd, good, v->info_len, (off_t)v->info_at) != (ssize_t)v->info_len)
			abort();
	}
	/* The note keeps its length. */
	if (len > v->info_len)
		len = v->info_len;
	text = malloc(v->info_len);
	if (!text)
		return 0;
	memcpy(text, data, len);
	memcpy(text + len, good, v->info_len - len);
	if (pwrite(v->fd, text, v->info_len, (off_t)v->info_at) != (ssize_t)v->info_len)
		abort();
	free(text);
	use(v->path);
	return 0;
}
