/* target - the place of a dump, from its device to its directory and back. */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_TARGET_H
#define BOOT_TARGET_H

#include <time.h>

#include "base/conf.h"
#include "boot/steps.h"

/* One attempt to save the dump somewhere: what was asked, and what the steps found. */
struct attempt {
	const struct kdump_conf *conf;
	struct target target;
	void        (*say)(const char *text);	/* one line for the log, also from a step's child */
	const char   *mount_point;	/* "/kdumproot"; borrowed */
	char          device[256];	/* node of the device (virtiofs: the tag; a server: as the target) */
	char          address[64];	/* ours, as the server sees it; others: "" */
	char          dir[512];		/* of this dump, below the mount point or on the server; raw: "" */
	char          vmcore[2200];	/* its file or URL, or "raw:" and the node */
	char          name[24];		/* at the end: "vmcore" or "vmcore-incomplete" */
	uint64_t      bytes;		/* its size */
};

/* The functions below are for struct step: they run in the child, arg is a struct attempt. */

/* Wait for the device, device_timeout_s long. text: its node. */
int target_device(void *arg, struct step_out *out);

/* Mount it on the mount point. */
int target_mount(void *arg, struct step_out *out);

/* Make the directory of this dump. text: its name. */
int target_directory(void *arg, struct step_out *out);

/* The dump when save is through. text: its name, number: bytes. -ENOENT if there is none. */
int target_result(void *arg, struct step_out *out);

/* Unmount, which writes back what is left. */
int target_release(void *arg, struct step_out *out);

/* The counterparts in the parent: keep what they found in the attempt. */
void target_keep_device(void *arg, const struct step_out *out);
void target_keep_directory(void *arg, const struct step_out *out);
void target_keep_result(void *arg, const struct step_out *out);

/*
 * The name of a dump's directory as kdump-utils has it: address, which is "127.0.0.1" for local targets,
 * and -%Y-%m-%d-%H:%M:%S; on filesystems that forbid ':' it is '-'. nth 0; from 1 on "-nth" is added.
 */
void target_directory_name(const struct tm *t, const char *address, bool no_colon, unsigned nth,
			   char *out, size_t size);

/* Does the filesystem of that directory forbid ':' in names? False if it cannot be asked. */
bool target_no_colon(const char *dir);

/* A file of the dump as the applets take it: its path, or its URL on a server. Not for raw. */
void target_file(const struct attempt *a, const char *file, char *out, size_t size);

/* Where a file of the dump is, in words: "/var/crash/.../vmcore on /dev/vda1", "/dev/vdb". */
void target_place(const struct attempt *a, const char *file, char *out, size_t size);

#endif
