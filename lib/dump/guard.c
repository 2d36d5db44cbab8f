/* guard - read mapped memory that may not be there: SIGBUS becomes an error of that one copy. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>

#include "dump/source.h"

/* A truncated file and, on machines that can recover, a poisoned line both arrive as SIGBUS. */
static _Thread_local sigjmp_buf *way_out;

static void on_sigbus(int sig)
{
	if (way_out)
		siglongjmp(*way_out, 1);
	signal(sig, SIG_DFL);
	raise(sig);
}

void guard_install(void)
{
	struct sigaction sa = { .sa_handler = on_sigbus, .sa_flags = SA_NODEFER };

	sigaction(SIGBUS, &sa, NULL);
}

/* One pass over the source: old memory is read once, whatever is asked about it. */
static uint64_t copy_or(void *to, const void *from, size_t len)
{
	uint64_t any[8] = { 0 }, in[8];

	for (size_t i = 0; i + sizeof(in) <= len; i += sizeof(in)) {
		memcpy(in, (const char *)from + i, sizeof(in));
		for (int k = 0; k < 8; k++)
			any[k] |= in[k];
		memcpy((char *)to + i, in, sizeof(in));
	}
	return any[0] | any[1] | any[2] | any[3] | any[4] | any[5] | any[6] | any[7];
}

int guard_copy(void *to, const void *from, size_t len, bool *nonzero)
{
	sigjmp_buf out;

	if (sigsetjmp(out, 0)) {
		way_out = NULL;
		return -EIO;
	}
	way_out = &out;
	if (nonzero)
		*nonzero = copy_or(to, from, len) != 0;
	else
		memcpy(to, from, len);
	way_out = NULL;
	return 0;
}

int guard_call(void (*fn)(void *ctx), void *ctx)
{
	sigjmp_buf out;

	if (sigsetjmp(out, 0)) {
		way_out = NULL;
		return -EIO;
	}
	way_out = &out;
	fn(ctx);
	way_out = NULL;
	return 0;
}
