/* s3call - one request to a store and its answer: the parts of s3, for each other. */
/* SPDX-License-Identifier: MIT */
#ifndef HTTP_S3CALL_H
#define HTTP_S3CALL_H

#include "http/s3.h"
#include "http/s3keys.h"
#include "http/session.h"

enum { S3_BODY_MAX = 64 << 10, S3_COMPLETE_MS = 600000 };

struct s3 {
	struct http    *http;
	struct http_options ho;
	struct s3_keys  keys;
	char            region[S3_REGION];
	bool            region_told, skew_told;	/* by the store, which is believed once */
	int64_t         skew_s;		/* the store's clock minus ours */
	bool            virtual_host;
	struct url      endpoint;
	struct exchange x;		/* a connection that may serve the next request, x.s NULL: none; */
	struct url      x_url;		/* where it leads */
};

/* What is asked. */
struct s3_request {
	const char *method;
	const struct s3_object *object;
	const char *query;		/* "" or parameters in rising order, encoded */
	const void *body;
	size_t      len;
	bool        has_body;
	bool        crc32c;		/* body goes with this sum, not signed; https only */
	uint32_t    sum;
	bool        wants_crc32c;	/* of the upload that begins */
	bool        if_none;
	bool        quick;		/* one try */
	uint64_t    total;		/* x-amz-mp-object-size; 0: not said */
};

struct s3_answer {
	struct http_head head;
	char   *body;			/* S3_BODY_MAX + 1 bytes, owned */
	size_t  len;
	char    code[64], message[160];	/* of an <Error>; "" if there is none */
	bool    lost;			/* an earlier try may have been done all the same */
	bool    resent;			/* likewise, on a connection that had ended */
	bool    early;			/* it came before all of the request was sent */
};

/* No connection is kept any more. */
void s3_hang_up(struct s3 *s);

/* Until it is answered with a success or cannot be. The caller frees a->body after 0. */
int s3_call(struct s3 *s, struct s3_request *rq, struct s3_answer *a, struct err *e);

/*
 * s3body.c: the body behind a head, all of it, without white space in front. -EBADMSG above S3_BODY_MAX. x->have
 * counts what came behind it.
 */
int s3_body(struct exchange *x, const struct http_head *head, char *out, size_t *len, struct err *e);

/*
 * s3word.c: an answer that is no success as an error in words; says to h whether it may pass by itself.
 * what: "part 7 of KEY" and so on.
 */
int s3_refuse(struct http *h, const char *what, const struct s3_answer *a, struct err *e);

/* s3word.c: fill code and message from an <Error> in the body, if there is one. */
void s3_read_error(struct s3_answer *a);

/* s3word.c: the region that an <Error> names, "" if it names none. */
void s3_error_region(const struct s3_answer *a, char *out, size_t size);

/* CRC-32C (RFC 3720 appendix B.4) of more bytes; begin with 0. */
uint32_t s3_crc32c(uint32_t crc, const void *data, size_t len);

/* A CRC as stores write it: big endian in Base64. */
void s3_sum_text(char out[12], uint32_t crc);

#endif
