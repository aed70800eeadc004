/* SPDX-License-Identifier: Apache-2.0
 * Threads that ask the system's resolver. They start when there is something to ask. They are not
 * waited for at the end (a look-up may take as long as the name servers like): the last one that leaves
 * frees what they share.
 * outbound: may include base and wire.
 */
#include "outbound/resolver.h"

#include "base/text.h"

#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

struct resolver {
	pthread_mutex_t lock;
	pthread_cond_t some; /* there is a name, or `ending` */
	struct lookup *first, **end;
	struct lookup *answered;
	size_t waiting;
	unsigned threads, idle;
	bool ending;
	void (*wake)(void *arg);
	void *arg;
};

static void free_all(struct lookup *lookup)
{
	while (lookup) {
		struct lookup *next = lookup->next;
		free(lookup);
		lookup = next;
	}
}

static void destroy(struct resolver *r)
{
	free_all(r->first);
	free_all(r->answered);
	pthread_cond_destroy(&r->some);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static void ask_for(struct lookup *lookup, const char *host)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;

	if (getaddrinfo(host, NULL, &hints, &found) != 0)
		return;
	for (struct addrinfo *a = found; a && lookup->count < LIMIT_OUTBOUND_ADDRESSES; a = a->ai_next)
		if (a->ai_addrlen <= sizeof(lookup->addresses[0]))
			memcpy(&lookup->addresses[lookup->count++], a->ai_addr, a->ai_addrlen);
	freeaddrinfo(found);
}

static void look_up(struct lookup *lookup)
{
	if (!host_is_localhost(str_of(lookup->host))) {
		ask_for(lookup, lookup->host);
		return;
	}
	ask_for(lookup, "127.0.0.1");
	ask_for(lookup, "::1");
}

/* The next name, under the lock; NULL at the end. */
static struct lookup *next_lookup(struct resolver *r)
{
	r->idle++;
	while (!r->first && !r->ending)
		pthread_cond_wait(&r->some, &r->lock);
	r->idle--;
	if (r->ending)
		return NULL;
	struct lookup *lookup = r->first;
	r->first = lookup->next;
	if (!r->first)
		r->end = &r->first;
	r->waiting--;
	return lookup;
}

/* Under the lock. */
static void give_back(struct resolver *r, struct lookup *lookup)
{
	if (!lookup->owner || r->ending) {
		free(lookup);
		return;
	}
	lookup->next = r->answered;
	r->answered = lookup;
	r->wake(r->arg);
}

static void *resolve_forever(void *arg)
{
	struct resolver *r = arg;
	struct lookup *lookup;

	pthread_mutex_lock(&r->lock);
	while ((lookup = next_lookup(r)) != NULL) {
		pthread_mutex_unlock(&r->lock);
		look_up(lookup);
		pthread_mutex_lock(&r->lock);
		give_back(r, lookup);
	}
	const bool last = --r->threads == 0;
	pthread_mutex_unlock(&r->lock);
	if (last)
		destroy(r);
	return NULL;
}

struct resolver *resolver_new(void (*wake)(void *arg), void *arg)
{
	struct resolver *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->wake = wake;
	r->arg = arg;
	r->end = &r->first;
	if (pthread_mutex_init(&r->lock, NULL) != 0) {
		free(r);
		return NULL;
	}
	if (pthread_cond_init(&r->some, NULL) == 0)
		return r;
	pthread_mutex_destroy(&r->lock);
	free(r);
	return NULL;
}

void resolver_free(struct resolver *r)
{
	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	r->ending = true;
	pthread_cond_broadcast(&r->some);
	const bool last = r->threads == 0;
	pthread_mutex_unlock(&r->lock);
	if (last)
		destroy(r);
}

/* Under the lock. Signals are for others' threads. */
static bool start_thread(struct resolver *r)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	pthread_t thread;

	if (pthread_attr_init(&attributes) != 0)
		return false;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	const bool started = pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0 &&
			     pthread_create(&thread, &attributes, resolve_forever, r) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	r->threads += started;
	return started;
}

struct lookup *resolver_ask(struct resolver *r, const char *host, void *owner)
{
	struct lookup *lookup = calloc(1, sizeof(*lookup));

	if (!lookup)
		return NULL;
	snprintf(lookup->host, sizeof(lookup->host), "%s", host);
	lookup->owner = owner;
	pthread_mutex_lock(&r->lock);
	bool taken = r->waiting < LIMIT_OUTBOUND_LOOKUPS;
	if (taken && r->idle <= r->waiting && r->threads < LIMIT_OUTBOUND_RESOLVERS)
		taken = start_thread(r) || r->threads > 0;
	if (taken) {
		*r->end = lookup;
		r->end = &lookup->next;
		r->waiting++;
		pthread_cond_signal(&r->some);
	}
	pthread_mutex_unlock(&r->lock);
	if (taken)
		return lookup;
	free(lookup);
	return NULL;
}

/* Takes it out of a list where it is in it. */
static bool unlink_from(struct lookup **at, struct lookup *lookup)
{
	for (; *at; at = &(*at)->next)
		if (*at == lookup) {
			*at = lookup->next;
			return true;
		}
	return false;
}

void resolver_forget(struct resolver *r, struct lookup *lookup)
{
	pthread_mutex_lock(&r->lock);
	lookup->owner = NULL;
	const bool queued = unlink_from(&r->first, lookup);
	if (queued) {
		r->waiting--;
		for (r->end = &r->first; *r->end;)
			r->end = &(*r->end)->next;
	}
	const bool answered = !queued && unlink_from(&r->answered, lookup);
	pthread_mutex_unlock(&r->lock);
	if (queued || answered)
		free(lookup);
}

struct lookup *resolver_take(struct resolver *r)
{
	pthread_mutex_lock(&r->lock);
	struct lookup *first = r->answered;
	r->answered = NULL;
	pthread_mutex_unlock(&r->lock);
	return first;
}
