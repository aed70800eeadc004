/* SPDX-License-Identifier: Apache-2.0
 * What the files of the HTTP/1.1 codec share among themselves.
 * wire: may include base, and nothing else of ours.
 */
#ifndef REMIT_WIRE_HTTP1_INTERNAL_H
#define REMIT_WIRE_HTTP1_INTERNAL_H

#include "wire/http1.h"
#include "wire/http_class.h"

static inline enum http1_result http1_fail(struct http1_error *reterr, int status, const char *what)
{
	*reterr = (struct http1_error){ status, what };
	return HTTP1_ERROR;
}

/* What is kept of the fields that decide framing, until all of them are known. */
struct http1_fields {
	bool host, transfer_encoding, authorization, content_type, expect;
	bool close, keep_alive;
	struct str host_value;
};

/* Takes note of one field. */
enum http1_result http1_note_field(struct http1_fields *fields, const struct http_header *header,
	struct http_request *r, struct http1_error *reterr);
/* Judges all of them together, and fills in what follows from them. */
enum http1_result http1_judge_fields(const struct http1_fields *fields, struct http_request *r,
	struct http1_error *reterr);

/* Of one field each, for both kinds of message. */
enum http1_result http1_note_length(struct str value, bool *has_length, uint64_t *ret_length,
	struct http1_error *reterr);
enum http1_result http1_note_coding(struct http1_fields *fields, struct str value, bool *ret_chunked,
	struct http1_error *reterr);
enum http1_result http1_note_connection(struct http1_fields *fields, struct str value,
	struct http1_error *reterr);
enum http1_result http1_note_once(bool *seen, const char *twice, struct http1_error *reterr);

enum http_method http1_find_method(struct str text);

/* uri-host [":" port], in the forms that every reader takes alike: a name, an IPv4 or an IPv6 address. */
bool http1_host_is_valid(struct str host);

#endif
