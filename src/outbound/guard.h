/* SPDX-License-Identifier: Apache-2.0
 * Which addresses calls may go to: all that are for the public, and of the special ones (this machine,
 * private networks, a cloud's metadata) those that the configuration allows. Pure.
 * outbound: may include base and wire.
 */
#ifndef REMIT_OUTBOUND_GUARD_H
#define REMIT_OUTBOUND_GUARD_H

#include "base/str.h"

#include <netinet/in.h>

struct guard_range {
	int family;
	uint8_t bytes[16];
	unsigned bits; /* how many of them count */
};

struct guard {
	struct guard_range *ranges; /* owned */
	size_t count;
};

/* Each of `allow` is "loopback", "private", "link-local", an address or a range ("10.0.0.0/8"). False where
 * one is none of these, or without memory. */
bool guard_init(struct guard *guard, const char *const *allow, size_t count);
void guard_done(struct guard *guard);

/* Whether an address is not for the public, by the registries of special-purpose addresses (RFC 6890), or
 * carries an IPv4 address inside that is not (mapped, NAT64); 6to4 and Teredo always are. What is neither
 * IPv4 nor IPv6 is special. */
bool guard_is_special(const struct sockaddr *address);
bool guard_allows(const struct guard *guard, const struct sockaddr *address);

#endif
