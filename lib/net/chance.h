/* chance - numbers that a stranger does not guess, and jitter. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_CHANCE_H
#define NET_CHANCE_H

#include <stdint.h>

/*
 * For ids of queries, which keep off strangers who see no packets. Never blocks: soon after boot
 * the kernel's generator may not be ready, and an id is then better than none. Not for keys.
 */
uint32_t chance32(void);

/* ms, more or less by at most spread_ms; spread_ms <= ms. */
uint32_t chance_around(uint32_t ms, uint32_t spread_ms);

#endif
