/* SPDX-License-Identifier: Apache-2.0
 * Whose request it is: the other end of the connection or, where that is a proxy that we trust, the
 * last hop before our proxies (H05, H09).
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_CLIENT_ADDRESS_H
#define REMIT_GATE_CLIENT_ADDRESS_H

#include "profile/config.h"
#include "wire/http1.h"

#include <sys/socket.h>

struct address {
	uint8_t b[16]; /* IPv4 as ::ffff:a.b.c.d; all zero: none (a unix socket) */
};

struct trusted_range {
	struct address address;
	uint8_t bits; /* of 128 */
};

struct trusted {
	bool loopback, unix_sockets;
	struct trusted_range *ranges; /* in the arena */
	size_t count;
};

/* "10.0.0.0/8", "::1", "192.0.2.7". */
bool trusted_range_from_text(struct str text, struct trusted_range *ret);
/* False with a sentence where a range is none. */
bool trusted_init(struct trusted *trusted, const struct config *config, struct arena *arena,
	char reterr_text[512]);

/* Whether the other end of a connection is a proxy that may speak for others. */
bool client_peer_is_trusted(const struct trusted *trusted, const struct sockaddr *peer);

/* The client's address. X-Forwarded-For counts from its end, past our own proxies; what is no
 * address ends the walk there. */
struct address client_address(const struct trusted *trusted, const struct sockaddr *peer,
	const struct http_request *request);

/* Whether the client spoke TLS to the first of us: `own` says whether this connection does, and a trusted
 * proxy's X-Forwarded-Proto, where it is one word and clear, says more. */
bool client_is_secure(const struct trusted *trusted, const struct sockaddr *peer,
	const struct http_request *request, bool own);

#endif
