/* SPDX-License-Identifier: Apache-2.0
 * Requests of HTTP/2 (RFC 9113 section 8) as the same struct that HTTP/1.1 fills, under the same rules:
 * what judges a request cannot tell which of them brought it. Frames and HPACK are not here.
 * wire: may include base, and nothing else of ours.
 */
#ifndef REMIT_WIRE_HTTP2_H
#define REMIT_WIRE_HTTP2_H

#include "base/arena.h"
#include "wire/http1.h"

/* The fields whose names begin with a colon; {NULL, 0} where one is missing. */
struct http2_pseudo {
	struct str method, scheme, authority, path;
};

/* Where a pseudo-field of this name goes; NULL where there is none, or it stands there already. */
struct str *http2_pseudo_field(struct http2_pseudo *pseudo, struct str name);

/* A request of the arena's, with views of the texts given; the other fields are as they came. `ended`: no
 * body follows. Fields of Cookie become one (RFC 9113 section 8.2.3), and where Host is missing it stands
 * there with :authority's value. A body without a length counts as `chunked`. NULL, with what to answer
 * (400, 413, 414, 417, 431; 503 without memory), where it breaks a rule. */
struct http_request *http2_read_request(const struct http2_pseudo *pseudo, const struct http_header *fields,
	size_t field_count, bool ended, struct arena *arena, struct http1_error *reterr);

/* Whether a field is about a connection, and so must not stand in any message of HTTP/2. The name is in
 * lower case, or in any with a handler's answer. */
bool http2_is_of_connection(struct str name);

#endif
