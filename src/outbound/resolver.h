/* SPDX-License-Identifier: Apache-2.0
 * Names to addresses, by the system's resolver, on threads of their own: a name server that hangs holds
 * up nothing else.
 * outbound: may include base and wire.
 */
#ifndef REMIT_OUTBOUND_RESOLVER_H
#define REMIT_OUTBOUND_RESOLVER_H

#include "base/limits.h"
#include "outbound/url.h"

struct resolver;

struct lookup {
	struct lookup *next;
	char host[URL_HOST_ROOM];
	void *owner; /* who asked; NULL once nobody waits any more */
	/* out */
	struct sockaddr_storage addresses[LIMIT_OUTBOUND_ADDRESSES];
	size_t count; /* 0: the name is not known, or the name servers do not answer */
};

/* `wake` is called (on any thread) when there are answers to take. NULL without memory. */
struct resolver *resolver_new(void (*wake)(void *arg), void *arg);
/* Returns at once, also where a look-up hangs; `wake` is not called any more. */
void resolver_free(struct resolver *resolver);
/* Takes a name to look up for `owner`. NULL where too many wait, or without memory or a thread. */
struct lookup *resolver_ask(struct resolver *resolver, const char *host, void *owner);
/* Nobody waits for it any more: it is freed, now or when its thread comes back. */
void resolver_forget(struct resolver *resolver, struct lookup *lookup);
/* Those that are answered, linked by `next`: the caller's to free(). */
struct lookup *resolver_take(struct resolver *resolver);

#endif
