/* bootloader - how does crashkernel= come to the kernel's command line here? */
/* SPDX-License-Identifier: MIT */
#ifndef PROD_BOOTLOADER_H
#define PROD_BOOTLOADER_H

#include <stdbool.h>
#include <stddef.h>

#include "prod/place.h"

/*
 * Where to write crashkernel=VALUE on the system below root, and what to call then, for people: one line. value may have
 * a second word behind a blank, as estimate_value has it.
 */
void bootloader_words(const char *root, const char *value, char *out, size_t size);

/*
 * Do it for them, below p->root, by the first of these that is there:
 *   grubby           it changes the entries (RHEL, Fedora)
 *   update-grub      the file /etc/default/grub.d/kdumpbox.cfg, which is ours alone (Debian, Ubuntu)
 *   kernel-install   the words in /etc/kernel/cmdline, for the entry of p->release (systemd-boot)
 * No other file is touched. The command is called though the file is as it should be: it may have failed the last time.
 * dry_run: only tell. say gets a line for each thing that is (would be) done. A command's output goes where ours
 * goes. Returns 0; BOOTLOADER_NONE if none of them is there: bootloader_words; or a negative error.
 */
enum { BOOTLOADER_NONE = 1 };
int bootloader_write(const struct place *p, const char *value, bool dry_run, void (*say)(const char *line), struct err *e);

#endif
