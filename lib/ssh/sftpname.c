/* sftpname - what does the server know of a name, and how is a name given, made, taken away? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "ssh/sftpwire.h"

enum { ATTR_SIZE = 1, ATTR_OWNER = 2, ATTR_MODE = 4 };	/* section 5 */

void sftp_read_attr(struct wire *w, struct sftp_attr *out)
{
	uint32_t flags = wire_u32(w);

	*out = (struct sftp_attr){ .has_size = flags & ATTR_SIZE, .has_mode = flags & ATTR_MODE };
	if (flags & ATTR_SIZE)
		out->size = wire_u64(w);
	if (flags & ATTR_OWNER)
		wire_u64(w);
	if (flags & ATTR_MODE)
		out->mode = wire_u32(w);
}

int sftp_stat(struct sftp *s, const char *path, struct sftp_attr *out, struct err *e)
{
	struct sftp_request r;
	struct wire w;
	int rc;

	sftp_begin(s, &r, FXP_STAT);
	wire_put_text(&r.o, path);
	rc = sftp_ask(s, &r, FXP_ATTRS, 0, &w, "stat", path, e);
	if (rc)
		return rc;
	sftp_read_attr(&w, out);
	return w.bad ? sftp_violation(s, "attributes that are cut", e) : 0;
}

int sftp_space(struct sftp *s, const char *path, uint64_t *out, struct err *e)
{
	struct sftp_request r;
	struct wire w;
	uint64_t unit, free_units;
	int rc;

	if (!(s->ext & SFTP_STATVFS))
		return err_set(e, -EOPNOTSUPP, "ask for the space below %s", path);
	sftp_begin_extended(s, &r, "statvfs@openssh.com");
	wire_put_text(&r.o, path);
	rc = sftp_ask(s, &r, FXP_EXTENDED_REPLY, 0, &w, "ask for the space below", path, e);
	if (rc)
		return rc;
	wire_u64(&w);				/* f_bsize */
	unit = wire_u64(&w);			/* f_frsize */
	wire_u64(&w);
	wire_u64(&w);
	free_units = wire_u64(&w);		/* f_bavail */
	if (w.bad)
		return sftp_violation(s, "a statvfs that is cut", e);
	if (__builtin_mul_overflow(unit, free_units, out))
		*out = UINT64_MAX;
	return 0;
}

/* A request that has paths and no more, answered with a status. */
static int ask_paths(struct sftp *s, struct sftp_request *r, const char *path, const char *second,
		     const char *act, struct err *e)
{
	struct wire w;

	wire_put_text(&r->o, path);
	if (second)
		wire_put_text(&r->o, second);
	return sftp_ask(s, r, FXP_STATUS, 0, &w, act, path, e);
}

static int make_dir(struct sftp *s, const char *path, struct err *e)
{
	struct sftp_request r;
	struct wire w;

	sftp_begin(s, &r, FXP_MKDIR);
	wire_put_text(&r.o, path);
	wire_put_u32(&r.o, 0);			/* no attributes: the server's umask */
	return sftp_ask(s, &r, FXP_STATUS, 0, &w, "make directory", path, e);
}

int sftp_mkdirs(struct sftp *s, const char *path, struct err *e)
{
	struct sftp_attr attr;
	char part[4096];
	int rc = sftp_stat(s, path, &attr, NULL), made = 0;

	if (s->broken || snprintf(part, sizeof(part), "%s", path) >= (int)sizeof(part))
		return err_set(e, s->broken ? s->why.code : -ENAMETOOLONG, "make directory %.80s", path);
	for (char *at = part + 1; rc && *part && at; ) {
		at = strchr(at, '/');
		if (at)
			*at = 0;
		made = make_dir(s, part, e);	/* -EIO may be that it is there: the last stat tells */
		if (s->broken)
			return made;
		if (at)
			*at++ = '/';
	}
	if (rc && sftp_stat(s, path, &attr, made ? NULL : e))
		return made ? made : -ENOENT;
	if (attr.has_mode && !S_ISDIR(attr.mode))
		return err_set(e, -ENOTDIR, "%s on the server", path);
	return 0;
}

int sftp_rename(struct sftp *s, const char *from, const char *to, struct err *e)
{
	struct sftp_request r;

	if (s->ext & SFTP_POSIX_RENAME)
		sftp_begin_extended(s, &r, "posix-rename@openssh.com");
	else
		sftp_begin(s, &r, FXP_RENAME);
	return ask_paths(s, &r, from, to, "rename", e);
}

int sftp_remove(struct sftp *s, const char *path, struct err *e)
{
	struct sftp_request r;

	sftp_begin(s, &r, FXP_REMOVE);
	return ask_paths(s, &r, path, NULL, "remove", e);
}
