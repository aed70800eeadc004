/* SPDX-License-Identifier: Apache-2.0
 * Addresses (URLs) that calls go to, read by one strict reading: what was judged is what is called, for
 * the text that libcurl gets is written anew from what was read. Pure.
 * outbound: may include base and wire.
 */
#ifndef REMIT_OUTBOUND_URL_H
#define REMIT_OUTBOUND_URL_H

#include "base/limits.h"
#include "base/str.h"

#include <netinet/in.h>

#define URL_HOST_ROOM 256
#define URL_TEXT_ROOM (LIMIT_OUTBOUND_URL_BYTES + 64) /* a short form of IPv6 may grow */

struct url {
	bool tls;
	uint16_t port;
	char host[URL_HOST_ROOM]; /* in lower case; an IPv6 address without its brackets */
	/* AF_INET or AF_INET6 where the host is an address; AF_UNSPEC where it is a name. */
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} address;
	char text[URL_TEXT_ROOM]; /* the whole, without a fragment */
};

/* http and https; a name, an IPv4 address of four decimal numbers or an IPv6 address in brackets; a port or
 * none; a path and a query of visible ASCII. Everything else is refused: user names, other spellings of
 * addresses, what is not ASCII, spaces, backslashes. False with a clause such as "holds a user name" in
 * *reterr. */
bool url_read(struct str text, struct url *ret, const char **reterr);
/* What a Location header means at `base` (RFC 3986 section 5.2, without dot segments: libcurl resolves
 * them). */
bool url_join(const struct url *base, struct str location, struct url *ret, const char **reterr);
/* Whether both have the same scheme, host and port. */
bool url_same_origin(const struct url *a, const struct url *b);

#endif
