/* s3 - objects of a store that speaks S3: whole at once, or in parts. */
/* SPDX-License-Identifier: MIT */
#ifndef HTTP_S3_H
#define HTTP_S3_H

#include "http/http.h"

/*
 * Every request is signed (sigv4.h) and has its body in memory, so that it can be sent again as it is. The
 * body's checksum: over http its SHA-256 is signed; over https a store that takes CRC32C (it
 * says so when an upload in parts begins) gets that beside UNSIGNED-PAYLOAD, which costs the CPU
 * a third of it, every other one the signed SHA-256. So a store never takes bytes that we did not send.
 */
struct s3_options {
	const char *credentials;	/* file, see s3keys.h; NULL: ~/.aws/credentials */
	const char *region;		/* NULL: of that file, of the host's name, us-east-1 */
	bool        virtual_host;	/* the bucket stands in front of the host, not of the path */
};

/* Parts: "Amazon S3 multipart upload limits" of its user guide. */
enum { S3_PARTS_MAX = 10000, S3_PART_MIN = 5 << 20, S3_UPLOAD_ID = 1024, S3_ETAG = 80 };
#define S3_PART_MAX (5ull << 30)

/* "s3+https://ENDPOINT/BUCKET/KEY", s3+http:// */
bool s3_is_url(const char *text);

struct s3;

/*
 * Read keys and certificates for the endpoint of text; nothing is connected. Of h user, bearer_file and
 * headers do not count. Returns 0 and *out for s3_free, or -EINVAL and so on with a message.
 */
int s3_new(struct s3 **out, const struct http_options *h, const struct s3_options *o, const char *text,
	   struct err *e);
void s3_free(struct s3 *s);

/* An object: its URL, as it is asked for. */
struct s3_object {
	struct url url;
};

/*
 * The object that text names. -EINVAL with a message without a bucket and a key, with a query, or if its
 * endpoint is not that of s.
 */
int s3_object(const struct s3 *s, struct s3_object *o, const char *text, struct err *e);

/*
 * All calls below try again what may pass by itself (as http_again; "SlowDown", a body that arrived
 * damaged), take the store's clock once if it finds ours wrong (15 minutes), the region that it names
 * once, and follow a 307 five times, never from https to http; each of these is told by one line. Errors are as
 * those of http_put, with what the store's code means in words; -ENOSPC also for a quota.
 */

/* All of it in one request. replace false: -EEXIST if it is there, where the store can tell. */
int s3_put(struct s3 *s, const struct s3_object *o, const void *buf, size_t len, bool replace, struct err *e);

/* An upload in parts, which may come in any order. Zero-initialise it; s3_upload_free in any case. */
struct s3_part {
	char     etag[S3_ETAG];	/* "": it did not come yet */
	uint32_t crc32c;
};
struct s3_upload {
	char            id[S3_UPLOAD_ID];	/* for queries; "": not begun */
	char            told[S3_UPLOAD_ID];	/* the same as the store has it, for messages */
	bool            crc32c;			/* the store takes it */
	struct s3_part *parts;			/* of number i + 1; owned */
	size_t          nr, room;
};
int s3_begin(struct s3 *s, const struct s3_object *o, struct s3_upload *u, struct err *e);

/* Part number 1 to S3_PARTS_MAX; again: takes the place of the one before. */
int s3_part(struct s3 *s, const struct s3_object *o, struct s3_upload *u, unsigned number, const void *buf, size_t len,
	    struct err *e);

/*
 * Make the object of parts 1 to u->nr, len bytes in all. 0 only if the store's answer, read to its end, says
 * that the object is there; a 200 with an error in it is the error. If an answer was lost, the
 * object's size decides.
 */
int s3_complete(struct s3 *s, const struct s3_object *o, struct s3_upload *u, uint64_t len, bool replace,
		struct err *e);

/* Forget the parts; tried once. */
int s3_abort(struct s3 *s, const struct s3_object *o, struct s3_upload *u, struct err *e);
void s3_upload_free(struct s3_upload *u);

/* HEAD: 1 and *len if the object is there, 0 if not, -EACCES if the keys may not look; or an error. */
int s3_size(struct s3 *s, const struct s3_object *o, uint64_t *len, struct err *e);

/* Remove the object; 0 also if it is not there, -EACCES if the keys may not. */
int s3_delete(struct s3 *s, const struct s3_object *o, struct err *e);

/*
 * Does the store know the keys and the bucket? Asks it to end an upload that there is not, which changes
 * nothing and needs no right that an upload does not. 0, or an error; -EOPNOTSUPP from stores that end none.
 */
int s3_probe(struct s3 *s, const struct s3_object *o, struct err *e);

/* As http_options.say. */
void s3_say(const struct s3 *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
