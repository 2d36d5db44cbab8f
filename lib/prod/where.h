/* where - in which directories of this machine are the dumps of a configuration, and which are not to be seen from it? */
/* SPDX-License-Identifier: MIT */
#ifndef PROD_WHERE_H
#define PROD_WHERE_H

#include "base/conf.h"
#include "prod/place.h"

struct where {
	char dirs[CONF_TARGETS_MAX][PATH_MAX];	/* whether they are there or not */
	int  n;
	char elsewhere[512];	/* the other targets in words, "ssh a@b /var/crash, ..."; "" if there are none */
};

/*
 * By the configuration of p, read leniently. A raw target counts as its path, where kdump fetch puts dumps, and as one that
 * is elsewhere, since it may hold one that nobody fetched; a filesystem that is not mounted is elsewhere, and so is a
 * directory on a server's share, where the newest dump may be another machine's.
 */
void where_read(struct where *w, const struct place *p);

#endif
