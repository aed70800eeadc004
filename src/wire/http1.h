/* SPDX-License-Identifier: Apache-2.0
 * HTTP/1.1 (RFC 9110, RFC 9112): bytes to views and back, without I/O. As strict as two parsers
 * that must never disagree: what could be read in two ways is refused (spec ids Y01 to Y35, H08).
 * wire: may include base, and nothing else of ours.
 */
#ifndef REMIT_WIRE_HTTP1_H
#define REMIT_WIRE_HTTP1_H

#include "base/buf.h"
#include "base/limits.h"
#include "base/str.h"

enum http_method {
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
	HTTP_PUT,
	HTTP_PATCH,
	HTTP_DELETE,
	HTTP_OPTIONS,
	HTTP_OTHER, /* TRACE and CONNECT among them; these are never served */
};

struct http_header {
	struct str name;  /* as sent; compare with str_eq_ignore_case */
	struct str value; /* without space at either end */
};

/* A request's head. All views point into the bytes that were parsed, and live as long. */
struct http_request {
	struct str method_text;
	enum http_method method;
	struct str target; /* as sent: a path, or "*"; the authority of an absolute URL is taken off */
	struct str path;   /* of target, raw; none for CONNECT */
	struct str query;  /* of target, raw, without '?'; {NULL, 0} where there is none */
	struct str authority; /* Host's value, which an absolute URL must repeat; HTTP/1.0 may have none */
	uint8_t minor;     /* of HTTP/1.x: 0 or 1 */
	bool keep_alive;
	bool expect_continue; /* asked for, and there is a body to ask for */
	bool chunked;
	bool has_length;
	uint64_t length;   /* of the body, where has_length */
	size_t header_count;
	struct http_header headers[LIMIT_HEADERS];
};

/* How many of its bytes are in use: a copy needs no more. */
static inline size_t http_request_size(const struct http_request *request)
{
	return offsetof(struct http_request, headers) + request->header_count * sizeof(request->headers[0]);
}

enum http1_result {
	HTTP1_DONE = 0,
	HTTP1_MORE,  /* the bytes end too early: come back with more, from the same start */
	HTTP1_ERROR, /* `error` says what to answer; the connection is then closed */
};

struct http1_error {
	int status;       /* 400, 413, 414, 417, 431, 501, 505 */
	const char *what; /* one constant sentence for the client */
};

/* Parses a request's head from the first byte of a message (at most one empty line before it).
 * *ret_size is the number of bytes that the head takes. `seen` is how many of these bytes an earlier
 * call has looked at already (0 at first), so that a slow sender costs no more than a fast one.
 * On DONE the body, if any, starts at bytes[*ret_size]. *ret is worked in: it means something on DONE only.
 * Errors come in the order of the bytes, so that how they were cut into reads never shows. */
enum http1_result http1_parse_request(const char *bytes, size_t n, size_t seen, struct http_request *ret,
	size_t *ret_size, struct http1_error *reterr);

/* A response's head, as an upstream sends it. */
struct http_response {
	int status;    /* 100 to 599, but 101 */
	uint8_t minor; /* of HTTP/1.x */
	bool keep_alive; /* only HTTP/1.1 is believed */
	bool chunked;
	bool has_length;
	uint64_t length;
	size_t header_count;
	struct http_header headers[LIMIT_HEADERS];
};

enum http1_body { HTTP1_BODY_NONE, HTTP1_BODY_LENGTH, HTTP1_BODY_CHUNKED, HTTP1_BODY_UNTIL_CLOSE };

/* The same for a response, by the same rules; every error has the status 502. What was not asked for is
 * refused: 101 and a protocol of its own, an interim response or a 204 with a body. An interim response
 * (1xx) is DONE as any other: the next one follows behind it. */
enum http1_result http1_parse_response(const char *bytes, size_t n, size_t seen, struct http_response *ret,
	size_t *ret_size, struct http1_error *reterr);
/* Where its body ends (RFC 9112 section 6.3). `to_head`: it answers a HEAD. */
enum http1_body http1_response_body(const struct http_response *response, bool to_head);

/* Sets method, target, path and query of a head from texts that came by another way, under the rules of
 * a request line; a target begins with '/'. False, with the same errors, where they do not follow them. */
bool http1_set_target(struct http_request *request, struct str method, struct str target,
	struct http1_error *reterr);

/* The value of a header by name in any case; {NULL, 0} where it is not there. *ret_count (may be
 * NULL) is how often it stands. */
struct str http_request_header(const struct http_request *request, struct str name, size_t *ret_count);

/* A chunked body being read (RFC 9112 section 7.1). Zeroed at its start. Trailers are checked, limited
 * and dropped; of extensions there may be LIMIT_CHUNK_EXTENSION_BYTES in the whole body. */
struct http1_chunked {
	uint8_t state;
	uint8_t digits;
	uint16_t extension; /* bytes of it seen */
	uint16_t trailer;   /* bytes of it seen */
	uint64_t left;      /* of this chunk */
};

/* Reads on. *ret_used is how many of the bytes were consumed, *ret_data the body bytes among them
 * (one view; call again while used < n). DONE after the last chunk and trailers; MORE otherwise. */
enum http1_result http1_chunked_read(struct http1_chunked *c, const char *bytes, size_t n, size_t *ret_used,
	struct str *ret_data, struct http1_error *reterr);

/* The reason phrase of a status, "" where we know none. */
const char *http_status_text(int status);

/* "HTTP/1.1 200 OK\r\n". */
bool http1_write_status(struct buf *out, int status);
/* "Name: value\r\n". False, and nothing written, where the name is no token or the value holds CR,
 * LF, NUL or another control character: nothing a caller passes can split an answer. */
bool http1_write_header(struct buf *out, struct str name, struct str value);
/* One chunk with its size line; nothing for an empty one. */
bool http1_write_chunk(struct buf *out, struct str data);
/* "0\r\n\r\n". */
bool http1_write_last_chunk(struct buf *out);

/* Whether it is a token of RFC 9110 section 5.6.2. */
bool http_is_token(struct str s);

/* The media type of a Content-Type value without its parameters, and one parameter (quotes taken
 * off; {NULL, 0} where it is not there). False for a value that is not well-formed. */
bool http_media_type(struct str value, struct str *ret_type);
bool http_media_parameter(struct str value, struct str name, struct str *ret_value);

#endif
