/* SPDX-License-Identifier: Apache-2.0
 * Memory for the HTTP/2 sessions of one loop. libnghttp2 asks for a handful of small pieces with each request,
 * more at once than an allocator keeps at hand; here they are kept by size.
 * net: may include base, core and wire.
 */
#ifndef REMIT_NET_HTTP2_MEMORY_H
#define REMIT_NET_HTTP2_MEMORY_H

#include <nghttp2/nghttp2.h>

#define HTTP2_MEMORY_SIZES 8

struct http2_memory { /* zeroed at first; of one thread */
	struct http2_piece *pieces[HTTP2_MEMORY_SIZES]; /* free ones */
	unsigned kept[HTTP2_MEMORY_SIZES];
};

/* Frees what is kept. No session may use it any more. */
void http2_memory_done(struct http2_memory *memory);
/* What libnghttp2 takes it by; lives no longer than `memory`. */
nghttp2_mem http2_memory_functions(struct http2_memory *memory);

#endif
