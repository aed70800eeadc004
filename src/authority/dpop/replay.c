/* SPDX-License-Identifier: Apache-2.0
 * A table of chains, and beside it a list for each second in which names end. Each call frees some of those that
 * have ended, more than it adds, so that no call has much to do.
 * authority: may include base, core, wire, store, profile and outbound.
 */
#include "authority/dpop/replay.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS (REPLAY_AHEAD_S + 1)
#define FREED_AT_ONCE 16

struct name { /* numbers of names count from 1; 0 is none */
	uint8_t bytes[REPLAY_NAME_BYTES];
	uint32_t until_s;
	uint32_t next;  /* of its chain; or the next free one */
	uint32_t later; /* of its second */
};

struct replay {
	pthread_mutex_t lock;
	uint32_t room, made; /* made: how many were ever in use at once */
	uint32_t free;
	struct name *names;  /* room + 1 */
	uint32_t *chains;    /* room */
	uint32_t ends[SECONDS];
	int64_t freed_s;     /* what ended before this second is free */
};

bool replay_new(uint32_t room, struct replay **ret)
{
	assert(room > 0 && (room & (room - 1)) == 0);
	struct replay *r = calloc(1, sizeof(*r));
	if (!r)
		return false;
	r->room = room;
	r->names = calloc((size_t)room + 1, sizeof(*r->names));
	r->chains = calloc(room, sizeof(*r->chains));
	pthread_mutex_init(&r->lock, NULL);
	if (!r->names || !r->chains) {
		replay_free(r);
		return false;
	}
	*ret = r;
	return true;
}

void replay_free(struct replay *r)
{
	if (!r)
		return;
	free(r->names);
	free(r->chains);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static uint32_t *chain_of(struct replay *r, const uint8_t *name)
{
	uint32_t at;
	memcpy(&at, name, sizeof(at));
	return &r->chains[at & (r->room - 1)];
}

static void forget(struct replay *r, uint32_t number)
{
	struct name *name = &r->names[number];
	uint32_t *at = chain_of(r, name->bytes);
	while (*at != number)
		at = &r->names[*at].next;
	*at = name->next;
	name->next = r->free;
	r->free = number;
}

/* Frees some of what has ended. A second's list may also hold names of a round later, where the clock has jumped:
 * they wait for their own time. */
static void free_ended(struct replay *r, int64_t now_s)
{
	if (r->freed_s < now_s - SECONDS || r->freed_s > now_s + SECONDS)
		r->freed_s = now_s - SECONDS;
	for (unsigned i = 0; i < FREED_AT_ONCE;) {
		if (r->freed_s >= now_s)
			return;
		uint32_t *first = &r->ends[(uint64_t)r->freed_s % SECONDS], number = *first;
		if (number == 0 || r->names[number].until_s >= now_s) {
			r->freed_s++;
			continue;
		}
		*first = r->names[number].later;
		forget(r, number);
		i++;
	}
}

static uint32_t unused(struct replay *r)
{
	uint32_t number = r->free;
	if (number)
		r->free = r->names[number].next;
	else if (r->made < r->room)
		number = ++r->made;
	return number;
}

static enum replay_result take(struct replay *r, const uint8_t *bytes, int64_t now_s, int64_t until_s)
{
	free_ended(r, now_s);
	uint32_t *chain = chain_of(r, bytes);
	for (uint32_t at = *chain; at; at = r->names[at].next)
		if (memcmp(r->names[at].bytes, bytes, REPLAY_NAME_BYTES) == 0)
			return REPLAY_USED;
	uint32_t number = unused(r);
	if (number == 0)
		return REPLAY_FULL;
	uint32_t *end = &r->ends[(uint64_t)until_s % SECONDS];
	struct name *name = &r->names[number];
	memcpy(name->bytes, bytes, REPLAY_NAME_BYTES);
	name->until_s = (uint32_t)until_s;
	name->next = *chain;
	name->later = *end;
	*chain = *end = number;
	return REPLAY_NEW;
}

enum replay_result replay_take(struct replay *r, const uint8_t bytes[static REPLAY_NAME_BYTES], int64_t now_s,
	int64_t until_s)
{
	assert(until_s >= now_s && until_s - now_s <= REPLAY_AHEAD_S);
	pthread_mutex_lock(&r->lock);
	enum replay_result result = take(r, bytes, now_s, until_s);
	pthread_mutex_unlock(&r->lock);
	return result;
}
