/* alert - what the alerts of TLS mean. */
/* SPDX-License-Identifier: MIT */
#ifndef TLS_ALERT_H
#define TLS_ALERT_H

#include <stdbool.h>

#include "base/err.h"

/* -EPROTO with the meaning of an alert, which the server sent, or (ours) we sent it. */
int alert_words(int alert, bool ours, struct err *e);

/*
 * What a library lacks, for the two alerts that say that a server wants it: protocol_version (70) and
 * handshake_failure (40). Each library has its own.
 */
extern const char alert_version[], alert_nothing_in_common[];

#endif
