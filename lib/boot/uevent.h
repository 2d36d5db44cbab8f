/* uevent - has the kernel found something new? */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_UEVENT_H
#define BOOT_UEVENT_H

/* Listen to the kernel's uevents (netlink(7), NETLINK_KOBJECT_UEVENT). A descriptor or -errno. */
int uevent_open(void);

/*
 * Wait until an event of subsystem ("block"; NULL: of any) has come, for timeout_ms at most; all that are
 * pending are taken. Returns 1 (look again; also when events were lost), 0 after the time, or a
 * negative errno.
 */
int uevent_wait(int fd, const char *subsystem, unsigned timeout_ms);

#endif
