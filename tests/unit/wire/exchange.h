/* SPDX-License-Identifier: Apache-2.0
 * Reads one request, head and body, as a connection would: in steps of any size, from memory that
 * ends where the bytes end. What came of it is one line of text, so that two ways can be compared.
 */
#ifndef REMIT_TESTS_UNIT_WIRE_EXCHANGE_H
#define REMIT_TESTS_UNIT_WIRE_EXCHANGE_H

#include "wire/http1.h"

#include <stdlib.h>

struct exchange {
	enum http1_result result; /* of the whole: MORE where the bytes end too early */
	struct http1_error error;
	struct http_request request; /* its views are into `bytes` */
	char *bytes;                 /* owned: the bytes of the head */
	size_t head_size;
	struct buf body;             /* owned */
	size_t left;                 /* bytes behind the message */
};

/* How bytes come: `step` at a time, or, where `random` is not 0, up to `step`. */
struct cuts {
	size_t step;
	uint64_t random; /* xorshift64 */
};

static inline size_t cuts_next(struct cuts *cuts, size_t left)
{
	size_t n = cuts->step;
	if (cuts->random) {
		cuts->random ^= cuts->random << 13;
		cuts->random ^= cuts->random >> 7;
		cuts->random ^= cuts->random << 17;
		n = 1 + (size_t)(cuts->random % cuts->step);
	}
	return n < left ? n : left;
}

static inline void exchange_done(struct exchange *e)
{
	free(e->bytes);
	buf_done(&e->body);
}

/* A copy that ends where its bytes end. */
static inline char *exact_copy(const char *bytes, size_t n)
{
	char *copy = malloc(n > 0 ? n : 1);
	if (!copy)
		abort();
	memcpy(copy, bytes, n);
	return copy;
}

static inline void exchange_read_head(struct exchange *e, struct str all, struct cuts *cuts)
{
	size_t n = 0;
	do {
		size_t seen = n;
		n += cuts_next(cuts, all.n - n);
		free(e->bytes);
		e->bytes = exact_copy(all.p, n);
		e->result = http1_parse_request(e->bytes, n, seen, &e->request, &e->head_size, &e->error);
	} while (e->result == HTTP1_MORE && n < all.n);
}

static inline void exchange_read_chunks(struct exchange *e, struct str rest, struct cuts *cuts)
{
	struct http1_chunked chunked = { 0 };
	size_t at = 0;
	do {
		size_t n = cuts_next(cuts, rest.n - at), used = 0;
		struct str data = { NULL, 0 };
		char *bytes = exact_copy(rest.p + at, n);
		e->result = http1_chunked_read(&chunked, bytes, n, &used, &data, &e->error);
		if (e->result != HTTP1_ERROR) {
			buf_add_str(&e->body, data);
			at += used;
		}
		free(bytes);
	} while (e->result == HTTP1_MORE && at < rest.n);
	e->left = rest.n - at;
}

static inline struct exchange exchange_read_cut(struct str all, struct cuts cuts)
{
	struct exchange e = { 0 };
	buf_init(&e.body, 1 << 20);
	exchange_read_head(&e, all, &cuts);
	if (e.result != HTTP1_DONE)
		return e;
	struct str rest = { all.p + e.head_size, all.n - e.head_size };
	if (e.request.chunked) {
		exchange_read_chunks(&e, rest, &cuts);
		return e;
	}
	if (rest.n < e.request.length) {
		e.result = HTTP1_MORE;
		return e;
	}
	buf_add(&e.body, rest.p, e.request.length);
	e.left = rest.n - e.request.length;
	return e;
}

static inline struct exchange exchange_read(struct str all, size_t step)
{
	return exchange_read_cut(all, (struct cuts){ step, 0 });
}

static inline void exchange_print_view(struct buf *out, const char *name, struct str value)
{
	buf_printf(out, " %s=", name);
	if (value.p)
		buf_add_json(out, value);
}

/* Everything that a caller can see of it. */
static inline void exchange_print(const struct exchange *e, struct buf *out)
{
	if (e->result == HTTP1_ERROR)
		buf_printf(out, "error %d %s", e->error.status, e->error.what);
	if (e->result == HTTP1_MORE)
		buf_add_text(out, "more");
	if (e->result != HTTP1_DONE)
		return;
	const struct http_request *r = &e->request;
	buf_printf(out, "done %d minor=%u keep=%d expect=%d chunked=%d length=%d:%ju left=%zu",
		(int)r->method, r->minor, r->keep_alive, r->expect_continue, r->chunked, r->has_length,
		(uintmax_t)r->length, e->left);
	exchange_print_view(out, "method", r->method_text);
	exchange_print_view(out, "target", r->target);
	exchange_print_view(out, "path", r->path);
	exchange_print_view(out, "query", r->query);
	exchange_print_view(out, "authority", r->authority);
	for (size_t i = 0; i < r->header_count; i++) {
		exchange_print_view(out, "name", r->headers[i].name);
		exchange_print_view(out, "value", r->headers[i].value);
	}
	exchange_print_view(out, "body", buf_str(&e->body));
}

#endif
