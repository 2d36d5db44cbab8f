/* s3 - objects of a store that speaks S3. */
/* SPDX-License-Identifier: MIT */
#ifndef SINK_S3_H
#define SINK_S3_H

#include "http/s3.h"
#include "sink/sink.h"

/*
 * A dump in its native format, though nothing in a store can be written twice: sink.expect tells which pieces of
 * it are written front to back (header, notes, bitmaps, descriptors, data), and an object's parts may
 * be sent in any order. A part is in memory until the store has acknowledged it, and is sent again from there: so
 * nothing is read or packed a second time, and a codec that is not deterministic does no harm.
 *
 * Parts in front of the data have 5 MiB, the least there is: one waits for the header, which comes last,
 * one each for bitmap2 and the descriptors. Those of the data have what s3_plan_make says. So at most four
 * are in memory, one of them is on its way: 20 MiB in a capture kernel of 96 MiB, where 37 MiB are free and
 * the plan of a dump takes 7 MiB; that does for dumps of 48 GiB. There is no room for several on their way
 * at once.
 *
 * What fits into the first part goes in one request. commit: the answer that ends the upload was read to its end and
 * says that the object is there; HEAD tells its name and length. S3 answers so only when the object is stored for
 * good and can be read by everybody at once ("if a PUT request is successful, your data is safely stored";
 * there is nothing like fsync to ask for, and a server on one's own must keep that promise): ACK_NAMED. If the keys may
 * not look: ACK_DURABLE, and a line says so.
 *
 * keep: all parts are sent, but the upload is not ended, so that no object has the name of a whole dump; a
 * line tells how it can be ended by hand. release without either: the upload is aborted.
 */
int s3_sink_open(struct sink **out, struct s3 *s, const char *to, uint64_t len, bool replace, struct err *e);

/* Where parts of an object of a shape begin. */
struct s3_plan {
	uint64_t head;			/* parts in front of the data, of S3_PART_MIN each */
	uint64_t data_part;		/* bytes of each part behind them; unshaped: of the first 1,000 */
	bool     grows;			/* unshaped: the next 1,000 have twice as many, and so on */
};

/*
 * data_at: where what has no end begins. most: see sink_shape. Parts get larger than 5 MiB only where 10,000 of them
 * would not do, and not so large that their buffers need more than memory; what is behind the last one does not
 * fit then (s3_plan_limit).
 */
struct s3_plan s3_plan_make(uint64_t data_at, uint64_t most, uint64_t memory);
/* Of a stream whose length nobody knows: parts of 8 MiB and more. */
struct s3_plan s3_plan_stream(uint64_t len);
uint64_t s3_plan_start(const struct s3_plan *p, uint64_t part);	/* offset; part counts from 0 */
uint64_t s3_plan_part(const struct s3_plan *p, uint64_t at);	/* whose offset that is */
uint64_t s3_plan_limit(const struct s3_plan *p);		/* bytes of 10,000 parts */

/* Where the files of a dump go. Zero-initialise it; options are the caller's. */
struct s3_place {
	struct s3_options options;
	struct s3 *s;
	char   origin[URL_HOST + 20];	/* of s */
};

/* As above. web: certificates, proxy and so on. stamp: as in http_place_open. */
int s3_place_open(struct s3_place *p, const struct http_options *web, struct sink **out, const char *to,
		  uint64_t stamp, uint64_t len, bool replace, struct err *e);
void s3_place_close(struct s3_place *p);

/* With the keys in ~/.aws/credentials and no other options. For sink_open. */
int s3_url_sink_open(struct sink **out, const char *url, uint64_t stamp, bool replace, struct err *e);

#endif
