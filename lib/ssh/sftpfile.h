/* sftpfile - the inside of a file that is written over SFTP. */
/* SPDX-License-Identifier: MIT */
#ifndef SSH_SFTPFILE_H
#define SSH_SFTPFILE_H

#include "ssh/sftpwire.h"

enum { SFTP_OPEN_READ = 1, SFTP_OPEN_WRITE = 2, SFTP_OPEN_CREAT = 8, SFTP_OPEN_TRUNC = 16 };	/* section 6.3 */

enum { SFTP_RECORDS = 2048 };	/* acknowledged writes between two syncs: 64 to 128 MiB */

/* A write: none, being filled, or sent and not acknowledged. */
struct sftp_slot {
	enum { SLOT_FREE, SLOT_FILLING, SLOT_SENT } state;
	uint32_t id, len;
	uint64_t at;
	unsigned lane;			/* that it was sent over */
};

/* The file as a session has it open. */
struct sftp_lane {
	struct sftp *s;
	uint8_t handle[SFTP_MAX_HANDLE];
	size_t  handle_len;
};

/* What was acknowledged and not synced: a server that was restarted may have lost it. */
struct sftp_record {
	uint64_t at, sum;
	uint32_t len;
};

struct sftp_file {
	struct sftp *s;			/* of the first lane; NULL: detached */
	struct sftp_file *next;
	char     *path;
	uint8_t  *mem;			/* per slot room for the head of its packet, then its data */
	struct sftp_record *records;
	struct sftp_slot slots[SFTP_SLOTS];
	unsigned nr_slots, lane_slots, nr_records;	/* lane_slots: of one lane */
	uint32_t chunk;
	bool     unsure;		/* more is not synced than records tell */
	bool     open;
	struct sftp_lane lanes[SFTP_LANES];
	unsigned nr_lanes, last_lane;
	uint64_t end, acked, acked_end;	/* offset behind the last byte; bytes; offset */
	uint64_t lost_from;		/* lowest offset that was refused */
	struct err failed;		/* the first write that the server refused */
};

/* The handle that the first lane has. */
void sftp_put_handle(struct sftp_file *f, struct sftp_request *r);

/* Open the file's path for a lane, whose session is set; how: SFTP_OPEN_ bits. */
int sftp_open_lane(struct sftp_file *f, struct sftp_lane *lane, uint32_t how, struct err *e);

/* Close what a lane has. */
/* What breaks a lane breaks the session. Returns rc. */
int sftp_lane_error(struct sftp_file *f, const struct sftp_lane *lane, int rc);
int sftp_close_lane(struct sftp_file *f, struct sftp_lane *lane, struct err *e);

/* The size that the server has. */
int sftp_ask_size(struct sftp_file *f, uint64_t *out, struct err *e);

/* Join a session, and leave it. */
void sftp_join(struct sftp_file *f, struct sftp *s);
void sftp_leave(struct sftp_file *f);

/* ---- sftplane.c */
uint8_t *sftp_slot_data(const struct sftp_file *f, const struct sftp_slot *slot);

/* The first slot in that state, or NULL. */
struct sftp_slot *sftp_find_slot(struct sftp_file *f, int state);

/* Send a slot that is filled, or was sent over another session, where the fewest are on their way. */
int sftp_send_slot(struct sftp_file *f, struct sftp_slot *slot, struct err *e);

/*
 * Take an answer to a write, waiting for that of the oldest one if wait is set. 1: taken; 0: there
 * is none; or the error of a session, which is then that of the first one.
 */
int sftp_take_answer(struct sftp_file *f, bool wait, struct err *e);

/* ---- sftpfile.c */

/* Tell the write that the server refused. Returns its code. */
int sftp_tell_failure(struct sftp_file *f, struct err *e);

#endif
