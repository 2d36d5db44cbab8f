/* version - which release this is. */
/* SPDX-License-Identifier: MIT */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

#define KDUMPBOX_VERSION "0.1"

#endif
