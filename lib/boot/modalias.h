/* modalias - does a pattern of modules.alias mean this device? */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_MODALIAS_H
#define BOOT_MODALIAS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Does the pattern of len bytes match all of word? As fnmatch(3) without flags: '*', '?', "[a-c]", "[!a-c]" and
 * '\' before a character that stands for itself; no classes as "[:digit:]", which depmod never writes. As in all names of
 * modules '-' and '_' are equal, but in a bracket '-' makes a range. The time is bounded by the product of both lengths.
 */
bool modalias_match(const char *pattern, size_t len, const char *word);

#endif
