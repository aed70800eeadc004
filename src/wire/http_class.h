/* SPDX-License-Identifier: Apache-2.0
 * Which bytes may stand where in HTTP: one table of bits, shared by the codecs of this room.
 * wire: may include base, and nothing else of ours.
 */
#ifndef REMIT_WIRE_HTTP_CLASS_H
#define REMIT_WIRE_HTTP_CLASS_H

#include "base/str.h"

enum {
	CLASS_TOKEN = 1 << 0, /* RFC 9110 section 5.6.2 */
	CLASS_PATH = 1 << 1,  /* pchar of RFC 3986, '%' and '/' */
	CLASS_QUERY = 1 << 2, /* the same, '?', and what browsers leave bare: [ ] { } | ^ ` */
	CLASS_HOST = 1 << 3,  /* letters, digits, - . _ */
	CLASS_TEXT = 1 << 4,  /* a field value: tab, space, visible, and bytes from 0x80 up */
};

extern const uint8_t http_class[256];

static inline bool http_is(char c, unsigned classes)
{
	return (http_class[(uint8_t)c] & classes) != 0;
}

/* How many of the first bytes belong to the classes. */
static inline size_t http_span(const char *p, size_t n, unsigned classes)
{
	size_t i = 0;
	while (i < n && http_is(p[i], classes))
		i++;
	return i;
}

#endif
