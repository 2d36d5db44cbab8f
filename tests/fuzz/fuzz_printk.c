/* fuzz_printk - a good kernel log with the input's bytes over it: read within bounds, whatever they are. */
/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "dump/printk.h"
#include "lib_tinycore.h"

/*
 * The input: a byte that chooses kernel and form, then bytes that are XORed over memory from the
 * page of variables on, so that no input at all is the good log.
 */
enum {
	IMAGE = 0x1000000, SIZE = 0x6000,
	RING = 64, DESCS = 0x400, INFOS = 0x800, TEXT = 0x1000, LOG = 0x2000,
	COUNT_BITS = 4, SIZE_BITS = 9, LOG_LEN = 1024, MAX_OUT = 1 << 20,
};
#define VA 0xffffffff81000000ULL
#define COMMON "OSRELEASE=1\nPAGESIZE=4096\nNUMBER(phys_base)=0\n"
#define RING_KEYS "OFFSET(printk_ringbuffer.desc_ring)=0\nOFFSET(printk_ringbuffer.text_data_ring)=48\n" \
	"OFFSET(prb_desc_ring.count_bits)=0\nOFFSET(prb_desc_ring.descs)=8\nOFFSET(prb_desc_ring.infos)=16\n" \
	"OFFSET(prb_desc_ring.head_id)=24\nOFFSET(prb_desc_ring.tail_id)=32\nSIZE(prb_desc)=24\n" \
	"OFFSET(prb_desc.state_var)=0\nOFFSET(prb_desc.text_blk_lpos)=8\nOFFSET(prb_data_blk_lpos.begin)=0\n" \
	"OFFSET(prb_data_blk_lpos.next)=8\nSIZE(printk_info)=88\nOFFSET(printk_info.seq)=0\n" \
	"OFFSET(printk_info.ts_nsec)=8\nOFFSET(printk_info.text_len)=16\nOFFSET(printk_info.caller_id)=20\n" \
	"OFFSET(prb_data_ring.size_bits)=0\nOFFSET(prb_data_ring.data)=8\nOFFSET(latched_seq.val)=8\n" \
	"SYMBOL(clear_seq)=ffffffff81000010\n"
#define LOG_KEYS "SYMBOL(log_buf)=ffffffff81000200\nSYMBOL(log_buf_len)=ffffffff81000208\n" \
	"SYMBOL(log_first_idx)=ffffffff81000210\nSYMBOL(log_next_idx)=ffffffff81000218\n" \
	"SYMBOL(clear_idx)=ffffffff81000220\nSIZE(printk_log)=16\nOFFSET(printk_log.ts_nsec)=0\n" \
	"OFFSET(printk_log.len)=8\nOFFSET(printk_log.text_len)=10\nOFFSET(printk_log.dict_len)=12\n"

static const char *const infos[] = {
	COMMON RING_KEYS "SYMBOL(prb)=ffffffff81000000\n",
	COMMON RING_KEYS,			/* to be searched for */
	COMMON LOG_KEYS,
	NULL,
};

enum { KINDS = sizeof(infos) / sizeof(infos[0]) };

static struct tinycore *cores[KINDS];
static uint8_t good[SIZE];

static void make_ring(void)
{
	uint64_t first = -(uint64_t)8 & 0x3fffffffffffffffULL, lpos = -(uint64_t)(1 << SIZE_BITS);

	put_le64(good, VA + RING);
	good[RING] = COUNT_BITS;
	put_le64(good + RING + 8, VA + DESCS);
	put_le64(good + RING + 16, VA + INFOS);
	put_le64(good + RING + 24, (first + 15) & 0x3fffffffffffffffULL);
	put_le64(good + RING + 32, first);
	good[RING + 48] = SIZE_BITS;
	put_le64(good + RING + 56, VA + TEXT);
	for (unsigned i = 0; i < 1 << COUNT_BITS; i++, lpos += 32) {
		uint64_t id = (first + i) & 0x3fffffffffffffffULL, slot = id % 16;
		uint8_t *desc = good + DESCS + slot * 24, *info = good + INFOS + slot * 88;

		put_le64(desc, id | 2ULL << 62);
		put_le64(desc + 8, lpos);
		put_le64(desc + 16, lpos + 32);
		put_le64(info, slot);
		put_le64(info + 8, i * 1000000);
		info[16] = 20;
		memset(good + TEXT + (lpos & 511) + 8, 'a' + (int)i, 20);
	}
}

static void make_log(void)
{
	put_le64(good + 0x200, VA + LOG);
	put_le32(good + 0x208, LOG_LEN);
	put_le32(good + 0x210, 10 * 40);
	put_le32(good + 0x218, 5 * 40);
	for (unsigned i = 0; i < 25; i++) {
		uint8_t *p = good + LOG + i * 40;

		put_le64(p, i);
		put_le32(p + 8, 40 | 20 << 16);
		memset(p + 16, 'a' + (int)i, 20);
	}
}

static int emit(void *ctx, const char *text, size_t len)
{
	size_t *out = ctx;

	(void)text;
	*out += len;
	if (*out > MAX_OUT)
		abort();
	return 0;
}

static void make_cores(void)
{
	static const struct tiny_load loads[] = { { 0x1000, 0x2000000, 0xffff888000001000ULL },
						  { IMAGE, IMAGE + SIZE, VA } };

	make_ring();
	make_log();
	for (int i = 0; i < KINDS; i++)
		cores[i] = tiny_make(EM_X86_64, loads, 2, infos[i], 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t now[SIZE];
	struct printk_report said;
	struct printk_form form;
	struct tinycore *c;
	struct err e = { 0 };
	struct kernel k;
	size_t out = 0;

	if (!cores[0])
		make_cores();
	if (!len)
		return 0;
	c = cores[data[0] % KINDS];
	form = (struct printk_form){ data[0] & 16, data[0] & 32, data[0] & 64, data[0] & 128, data[0] & 8 };
	memcpy(now, good, SIZE);
	for (size_t i = 1; i < len && i <= SIZE; i++)
		now[i - 1] ^= data[i];
	tiny_put(c, IMAGE, now, SIZE);
	if (kernel_open(&k, c->path, &e))
		abort();
	if (printk_write(&k, &form, emit, &out, &said, &e) && !e.msg[0])
		abort();
	/* Untouched, all records are there. */
	if (len == 1 && !form.since_clear && said.records != (data[0] % KINDS == 2 ? 20 : 16))
		abort();
	kernel_close(&k);
	return 0;
}
