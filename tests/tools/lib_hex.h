/* lib_hex - packets of a test, written as text. */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_LIB_HEX_H
#define TESTS_LIB_HEX_H

#include <stddef.h>
#include <stdint.h>

/*
 * Two hex digits are a byte, what stands between single quotes stands for itself, "*N:" repeats the
 * byte that follows N times, blanks say nothing. Returns how many bytes; aborts if it is anything else.
 */
size_t hex_bytes(const char *text, uint8_t *out);

/* A fresh copy of exactly len bytes, so that the sanitizer sees a step beyond them; never NULL. */
uint8_t *exact_copy(const uint8_t *p, size_t len);

/* Change 1 to 4 bytes of [from, len), by a seed that goes on. */
void change_bytes(uint8_t *p, size_t from, size_t len, uint32_t *seed);

#endif
