/* superblock - print what lib/boot/superblock reads from images: PATH TYPE UUID LABEL a line. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "boot/superblock.h"

int main(int argc, char **argv)
{
	struct superblock sb;
	struct err e = { 0 };
	int failed = 0;

	for (int i = 1; i < argc; i++) {
		if (superblock_probe(argv[i], &sb, &e)) {
			fprintf(stderr, "superblock: %s\n", e.msg);
			failed = 1;
			continue;
		}
		printf("%s type=%s uuid=%s label=%s\n", argv[i], sb.type, sb.uuid, sb.label);
	}
	return failed;
}
