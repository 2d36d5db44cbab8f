/* guest - what does a guest need that BusyBox has not? Workloads, a loader, a raw copy. */
/* SPDX-License-Identifier: MIT */
/*
 * Test equipment, linked statically and independent of the program under test:
 *	guest load KERNEL INITRD CMDLINE	kexec_file_load as crash kernel
 *	guest hold KIND MIB			fill anonymous memory, say so, sleep
 *	guest fill KIND MIB FILE		write a file of that content
 *	guest copy FROM TO			copy by mmap, zero pages left out; prints the size
 *	guest poison N				N hardware-poisoned pages, where the kernel can
 * KIND: random, text, zero, thp (huge pages, mixed), hugetlb. As process 1: power off.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kexec.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB (1024UL * 1024)

static int fail(const char *what)
{
	fprintf(stderr, "guest: %s: %s\n", what, strerror(errno));
	return 1;
}

static uint64_t next_random(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return *state = x;
}

static void fill_random(unsigned char *p, size_t len, uint64_t *state)
{
	for (size_t i = 0; i + 8 <= len; i += 8) {
		uint64_t x = next_random(state);

		memcpy(p + i, &x, 8);
	}
}

static void fill_text(unsigned char *p, size_t len, uint64_t *state)
{
	static const char *const word[] = {
		"kernel ", "panic ", "the ", "memory ", "of ", "page ", "a ", "process\n",
		"capture ", "and ", "filter ", "to ", "write ", "is ", "disk ", "when ",
	};
	size_t at = 0;

	while (at < len) {
		const char *w = word[next_random(state) % 16];
		size_t n = strlen(w);

		if (n > len - at)
			n = len - at;
		memcpy(p + at, w, n);
		at += n;
	}
}

static int fill(unsigned char *p, size_t len, const char *kind)
{
	uint64_t state = 0x9e3779b97f4a7c15ULL ^ ((uint64_t)getpid() << 32);

	if (!strcmp(kind, "random")) {
		fill_random(p, len, &state);
	} else if (!strcmp(kind, "text")) {
		fill_text(p, len, &state);
	} else if (!strcmp(kind, "zero")) {
		for (size_t i = 0; i < len; i += 4096)
			*(volatile unsigned char *)(p + i) = 0;
	} else {
		for (size_t i = 0; i + MIB <= len; i += MIB) {
			if ((i / MIB) % 3 == 0)
				fill_random(p + i, MIB, &state);
			else if ((i / MIB) % 3 == 1)
				fill_text(p + i, MIB, &state);
			else
				memset(p + i, 0, MIB);
		}
	}
	return 0;
}

static int do_hold(const char *kind, size_t len)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	unsigned char *p;

	if (!strcmp(kind, "hugetlb"))
		flags |= MAP_HUGETLB;
	p = mmap(NULL, len, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (p == MAP_FAILED)
		return fail("mmap");
	if (!strcmp(kind, "thp"))
		madvise(p, len, MADV_HUGEPAGE);
	fill(p, len, kind);
	printf("guest: holding %zu MiB of %s\n", len / MIB, kind);
	fflush(stdout);
	for (;;)
		pause();
}

static int do_fill(const char *kind, size_t len, const char *path)
{
	unsigned char *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				-1, 0);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	size_t at = 0;

	if (p == MAP_FAILED || fd < 0)
		return fail(path);
	fill(p, len, kind);
	while (at < len) {
		ssize_t n = write(fd, p + at, len - at);

		if (n <= 0)
			return fail(path);
		at += (size_t)n;
	}
	return close(fd) ? fail(path) : 0;
}

static int do_load(const char *kernel, const char *initrd, const char *cmdline)
{
	int k = open(kernel, O_RDONLY), i = open(initrd, O_RDONLY);

	if (k < 0 || i < 0)
		return fail("open");
	if (syscall(SYS_kexec_file_load, k, i, strlen(cmdline) + 1, cmdline,
		    (unsigned long)KEXEC_FILE_ON_CRASH))
		return fail("kexec_file_load");
	return 0;
}

/* One window of the source to the same place of the target, pages of zeros left out. */
static int copy_window(int from, int to, off_t at, size_t len)
{
	static const unsigned char zero[4096];
	unsigned char *p = mmap(NULL, len, PROT_READ, MAP_PRIVATE, from, at);

	if (p == MAP_FAILED)
		return fail("mmap");
	for (size_t i = 0, n; i < len; i += n) {
		size_t end = i;

		while (end < len && memcmp(p + end, zero, len - end < 4096 ? len - end : 4096))
			end += 4096;
		if (end > len)
			end = len;
		n = end - i;
		if (n && pwrite(to, p + i, n, at + (off_t)i) != (ssize_t)n)
			return fail("write");
		if (!n)
			n = 4096;
	}
	munmap(p, len);
	return 0;
}

static int do_copy(const char *from, const char *to)
{
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT, 0644);
	struct stat st;

	if (in < 0 || out < 0 || fstat(in, &st))
		return fail("copy");
	for (off_t at = 0; at < st.st_size; at += (off_t)(4 * MIB)) {
		size_t len = 4 * MIB;

		if ((off_t)len > st.st_size - at)
			len = (size_t)(st.st_size - at);
		if (copy_window(in, out, at, len))
			return 1;
	}
	if (fsync(out))
		return fail("fsync");
	printf("guest: copied %jd bytes\n", (intmax_t)st.st_size);
	return 0;
}

/* Each page by a child of its own: the kernel kills whoever had it mapped. */
static int do_poison(long pages)
{
	long done = 0;

	for (long i = 0; i < pages; i++) {
		pid_t child = fork();
		int status = 0;

		if (child == 0) {
			unsigned char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
						MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

			if (p == MAP_FAILED)
				_exit(1);
			memset(p, 0xa5, 4096);
			_exit(madvise(p, 4096, MADV_HWPOISON) ? 1 : 0);
		}
		if (child < 0 || waitpid(child, &status, 0) != child)
			return fail("fork");
		done += WIFSIGNALED(status) || WEXITSTATUS(status) == 0;
	}
	printf("guest: poisoned %ld of %ld pages\n", done, pages);
	return 0;
}

int main(int argc, char **argv)
{
	if (getpid() == 1) {
		puts("guest: a kernel runs");
		return reboot(RB_POWER_OFF);
	}
	if (argc == 5 && !strcmp(argv[1], "load"))
		return do_load(argv[2], argv[3], argv[4]);
	if (argc == 4 && !strcmp(argv[1], "hold"))
		return do_hold(argv[2], strtoul(argv[3], NULL, 10) * MIB);
	if (argc == 5 && !strcmp(argv[1], "fill"))
		return do_fill(argv[2], strtoul(argv[3], NULL, 10) * MIB, argv[4]);
	if (argc == 4 && !strcmp(argv[1], "copy"))
		return do_copy(argv[2], argv[3]);
	if (argc == 3 && !strcmp(argv[1], "poison"))
		return do_poison(strtol(argv[2], NULL, 10));
	fputs("usage: guest load|hold|fill|copy|poison ...\n", stderr);
	return 2;
}
