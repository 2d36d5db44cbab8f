/* chance - where do ids and jitter come from? */
/* SPDX-License-Identifier: MIT */
#include "net/chance.h"

#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#ifndef GRND_INSECURE
#define GRND_INSECURE 4		/* <linux/random.h>, since Linux 5.6 */
#endif

uint32_t chance32(void)
{
	struct timespec t;
	uint32_t v;

	if (getrandom(&v, sizeof(v), GRND_INSECURE) == sizeof(v) ||
	    getrandom(&v, sizeof(v), GRND_NONBLOCK) == sizeof(v))
		return v;
	clock_gettime(CLOCK_MONOTONIC, &t);
	v = (uint32_t)t.tv_nsec * 2654435761u ^ (uint32_t)t.tv_sec ^ (uint32_t)getpid() << 16;
	return v ^ v >> 15;
}

uint32_t chance_around(uint32_t ms, uint32_t spread_ms)
{
	return ms - spread_ms + chance32() % (2 * spread_ms + 1);
}
