/* mkvmcore - write the ELF core that a description tells. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <fcntl.h>
#include <unistd.h>

#include "lib_vmcore.h"

/* Copy what is not a hole. */
static int copy(int from, int to, off_t size)
{
	static char buf[1 << 16];
	off_t at = 0, end;

	while ((at = lseek(from, at, SEEK_DATA)) >= 0) {
		end = lseek(from, at, SEEK_HOLE);
		while (at < end) {
			size_t want = end - at < (off_t)sizeof(buf) ? (size_t)(end - at) : sizeof(buf);
			ssize_t n = pread(from, buf, want, at);

			if (n <= 0 || pwrite(to, buf, (size_t)n, at) != n)
				return -1;
			at += n;
		}
	}
	return ftruncate(to, size);
}

int main(int argc, char **argv)
{
	struct vmcore *v;
	int fd;

	if (argc != 3) {
		fprintf(stderr, "usage: mkvmcore DESCRIPTION OUT    (tests/tools/lib_vmcore.h tells the language)\n");
		return 2;
	}
	v = vmcore_make_file(argv[1]);
	if (!v)
		return 1;
	fd = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || copy(v->fd, fd, lseek(v->fd, 0, SEEK_END)) || close(fd)) {
		perror(argv[2]);
		return 1;
	}
	vmcore_free(v);
	return 0;
}
