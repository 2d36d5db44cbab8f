/* partition - which PARTUUID does a partition of this disk have? */
/* SPDX-License-Identifier: MIT */
#include "boot/partition.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/io.h"

enum { MAX_ENTRIES = 1024, MAX_ENTRY = 4096, MAX_BLOCK = 4096 };

/* The first three fields of a GUID are little endian (UEFI 2.10, appendix A). */
static void put_guid(const uint8_t *g, char out[40])
{
	snprintf(out, 40, "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x", get_le32(g),
		 get_le16(g + 4), get_le16(g + 6), g[8], g[9], g[10], g[11], g[12], g[13], g[14],
		 g[15]);
}

/* The entry of a GPT whose header is in block 1 of that size. */
static int gpt_uuid(int disk, unsigned number, unsigned block, char out[40])
{
	static const uint8_t unused[16];
	uint8_t header[92], entry[32];
	uint64_t table;
	uint32_t count, size;
	ssize_t n = pread_full(disk, header, sizeof(header), block);

	if (n < 0)
		return (int)n;
	if (n < (ssize_t)sizeof(header) || memcmp(header, "EFI PART", 8))
		return -ENOENT;
	table = get_le64(header + 72);
	count = get_le32(header + 80);
	size = get_le32(header + 84);
	if (number > count || number > MAX_ENTRIES || size < 128 || size > MAX_ENTRY ||
	    table > INT64_MAX / MAX_BLOCK / 2)
		return -ENOENT;
	n = pread_full(disk, entry, sizeof(entry), table * block + (uint64_t)(number - 1) * size);
	if (n < 0)
		return (int)n;
	if (n < (ssize_t)sizeof(entry) || !memcmp(entry, unused, 16))
		return -ENOENT;
	put_guid(entry + 16, out);
	return 0;
}

int partition_uuid(int disk, unsigned number, char out[40])
{
	uint8_t mbr[512];
	ssize_t n = pread_full(disk, mbr, sizeof(mbr), 0);
	int rc;

	if (n < 0)
		return (int)n;
	if (n < (ssize_t)sizeof(mbr) || mbr[510] != 0x55 || mbr[511] != 0xaa || !number)
		return -ENOENT;
	rc = gpt_uuid(disk, number, 512, out);
	if (rc == -ENOENT)
		rc = gpt_uuid(disk, number, 4096, out);
	/* A signature of 0 is none: block/partitions/msdos.c. */
	if (rc == -ENOENT && get_le32(mbr + 440) && number < 256) {
		snprintf(out, 40, "%08x-%02x", get_le32(mbr + 440), number);
		rc = 0;
	}
	return rc;
}
