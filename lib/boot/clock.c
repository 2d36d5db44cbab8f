/* clock - is there a better clock than that of the machine? */
/* SPDX-License-Identifier: MIT */
#include "boot/clock.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "tls/trust.h"

/* elf.h's Elf64_Ehdr and Elf64_Phdr */
enum { EHDR = 64, E_PHOFF = 32, E_PHNUM = 56, PHDR = 56, P_OFFSET = 8, P_FILESZ = 32, PHDRS_MAX = 8 };
enum { TAIL = 16 << 10, PT_NOTE = 4 };

static uint64_t find_time(const char *text, size_t len)
{
	static const char key[] = "\nCRASHTIME=";
	const char *at = memmem(text, len, key, sizeof(key) - 1);

	return at ? strtoull(at + sizeof(key) - 1, NULL, 10) : 0;	/* text is terminated */
}

uint64_t clock_crash_time(const char *vmcore)
{
	uint8_t ehdr[EHDR], phdr[PHDR];
	char text[TAIL + 1];
	int fd = open(vmcore, O_RDONLY | O_CLOEXEC);
	uint64_t found = 0;

	if (fd < 0)
		return 0;
	if (pread_full(fd, ehdr, EHDR, 0) != EHDR || memcmp(ehdr, "\177ELF\2\1", 6))
		memset(ehdr, 0, sizeof(ehdr));
	for (unsigned i = 0; !found && i < get_le16(ehdr + E_PHNUM) && i < PHDRS_MAX; i++) {
		uint64_t at, len;
		ssize_t n;

		if (pread_full(fd, phdr, PHDR, get_le64(ehdr + E_PHOFF) + i * PHDR) != PHDR || get_le32(phdr) != PT_NOTE)
			continue;
		at = get_le64(phdr + P_OFFSET);
		len = get_le64(phdr + P_FILESZ);
		at += len > TAIL ? len - TAIL : 0;
		n = pread_full(fd, text, len < TAIL ? len : TAIL, at);
		text[n > 0 ? n : 0] = '\0';
		found = find_time(text, n > 0 ? (size_t)n : 0);
	}
	close(fd);
	return found;
}

bool clock_set_right(const char *vmcore, char *note, size_t size)
{
	int64_t now = time(NULL);
	uint64_t crash = clock_crash_time(vmcore);
	struct timespec t = { .tv_sec = (time_t)crash };
	char wrong[32], right[32];
	struct tm tm;

	if (!crash || trust_clock(crash, now) != (int64_t)crash || now == (int64_t)crash || clock_settime(CLOCK_REALTIME, &t))
		return false;
	strftime(wrong, sizeof(wrong), "%F %T", gmtime_r(&(time_t){ now }, &tm));
	strftime(right, sizeof(right), "%F %T", gmtime_r(&t.tv_sec, &tm));
	snprintf(note, size, "the clock said %s UTC, the kernel crashed at %s UTC", wrong, right);
	return true;
}
