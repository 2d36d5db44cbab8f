/* device_places - device.h with sysfs and devtmpfs at places of a test's choice. */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_DEVICE_PLACES_H
#define BOOT_DEVICE_PLACES_H

#include "boot/blockdev.h"
#include "boot/device.h"

int device_find_in(const struct places *at, const char *spec, char path[], size_t size,
		   struct err *e);
/*
 * One look of device_wait; late: half of the time is over. *wrong: what bears the name now is another device, which is
 * why it was not taken.
 */
int device_look_in(const struct places *at, const struct device_wish *w, bool late, char path[], size_t size,
		   char why[160], bool *wrong, struct err *e);
void device_list_in(const struct places *at, char *out, size_t size);

#endif
