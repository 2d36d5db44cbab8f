/* lib_sshvectors - known answers for every primitive that SSH computes with. */
/* SPDX-License-Identifier: MIT */
#ifndef LIB_SSHVECTORS_H
#define LIB_SSHVECTORS_H

/*
 * Check all of them, on every path that this CPU has; say is told the name of each and whether it is
 * right. Returns how many are wrong. Reads tests/data below the working directory. The same code runs
 * in a unit test (this machine's libc, sanitizers) and in tests/tools/ssh_vectors (musl, as shipped).
 */
int ssh_vectors(void (*say)(const char *name, int right));

/* Bytes of a hexadecimal text; returns how many. */
unsigned unhex(unsigned char *out, const char *hex);

#endif
