/* SPDX-License-Identifier: Apache-2.0
 * Two lists of uses: those to be written now, and those of tokens that were written less than a
 * minute ago, in the order in which their minute ends.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/keeper.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "store/oauth.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BATCH_MS 1000
#define PRUNE_MS 3600000 /* between two looks for old events */
#define QUIET_S 60           /* at most one row is written for a token in this time */
#define WAITING_MAX 1000000u /* uses; past it they are dropped */
#define BATCH_MAX 20000u

struct use {
	uint32_t token;
	uint32_t due_s;
};

struct uses { /* a queue */
	struct use *list;
	size_t count, first, room;
};

struct keeper {
	struct store *store;
	struct roster *roster;
	struct id id;
	char host[256];
	int64_t started_ms;
	_Atomic int64_t beat_every_ms;
	_Atomic int64_t keep_ms; /* of events; 0: for ever */
	pthread_t thread;
	pthread_mutex_t lock; /* over what follows */
	pthread_cond_t bell;
	bool started, stop, applied;
	int64_t revision;
	struct uses due, later;
	_Atomic bool heard;
};

static bool push(struct uses *uses, struct use use)
{
	if (uses->first > 0 && uses->first == uses->count)
		uses->first = uses->count = 0;
	if (uses->count == uses->room && uses->first > uses->room / 2) {
		uses->count -= uses->first;
		memmove(uses->list, uses->list + uses->first, uses->count * sizeof(*uses->list));
		uses->first = 0;
	}
	if (uses->count == uses->room) {
		size_t room = uses->room ? uses->room * 2 : 1024;
		if (uses->room >= WAITING_MAX)
			return false;
		struct use *list = realloc(uses->list, room * sizeof(*list));
		if (!list)
			return false;
		uses->list = list;
		uses->room = room;
	}
	uses->list[uses->count++] = use;
	return true;
}

void keeper_set_max_staleness(struct keeper *keeper, uint32_t max_staleness_ms)
{
	atomic_store(&keeper->beat_every_ms, max_staleness_ms / 2 > 50 ? max_staleness_ms / 2 : 50);
}

void keeper_set_keep(struct keeper *keeper, int64_t keep_ms)
{
	atomic_store(&keeper->keep_ms, keep_ms);
}

bool keeper_new(struct store *store, struct roster *roster, uint32_t max_staleness_ms, struct keeper **ret)
{
	struct keeper *keeper = calloc(1, sizeof(*keeper));
	uint8_t random[10];
	if (!keeper)
		return false;
	randombytes_buf(random, sizeof(random));
	keeper->store = store;
	keeper->roster = roster;
	keeper->started_ms = clock_wall_ms();
	keeper->id = id_make(keeper->started_ms, random);
	keeper_set_max_staleness(keeper, max_staleness_ms);
	if (gethostname(keeper->host, sizeof(keeper->host) - 1) != 0)
		memcpy(keeper->host, "unknown", sizeof("unknown"));
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&keeper->bell, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pthread_mutex_init(&keeper->lock, NULL);
	*ret = keeper;
	return true;
}

static bool beat(struct keeper *keeper, int64_t revision)
{
	struct node_row node = {
		.id = keeper->id,
		.started_ms = keeper->started_ms,
		.seen_ms = clock_wall_ms(),
		.revision = revision,
		.host = keeper->host,
		.pid = getpid(),
	};
	bool ok = store_node_beat(keeper->store, &node) == STORE_OK;
	atomic_store_explicit(&keeper->heard, ok, memory_order_relaxed);
	return ok;
}

/* Takes what is due into *batch. Under the lock. */
static size_t take_due(struct keeper *keeper, uint32_t now_s, bool all, struct token_use *batch)
{
	size_t count = 0;
	struct uses *lists[] = { &keeper->due, &keeper->later };
	for (size_t i = 0; i < 2; i++) {
		struct uses *uses = lists[i];
		while (count < BATCH_MAX && uses->first < uses->count
			&& (all || uses->list[uses->first].due_s <= now_s)) {
			struct roster_token *token = roster_token(keeper->roster, uses->list[uses->first++].token);
			token->use_waits = 0;
			batch[count++] = (struct token_use){ token->id, (int64_t)token->last_used_s * 1000,
				token->audit_place };
		}
	}
	return count;
}

/* Writes what is due. What the store does not take is lost, as after a crash (D17). */
static void write_uses(struct keeper *keeper, bool all)
{
	struct token_use *batch = malloc(BATCH_MAX * sizeof(*batch));
	size_t count = BATCH_MAX;
	while (batch && count == BATCH_MAX) {
		pthread_mutex_lock(&keeper->lock);
		count = take_due(keeper, (uint32_t)(clock_monotonic_ns() / 1000000000), all, batch);
		pthread_mutex_unlock(&keeper->lock);
		if (count > 0 && store_token_used(keeper->store, batch, count) != STORE_OK)
			break;
	}
	free(batch);
}

/* A portion, so that others get their turn to write between. Returns for how many ms there is nothing to do. */
static int64_t prune_events(struct keeper *keeper)
{
	const int64_t keep_ms = atomic_load(&keeper->keep_ms);
	int64_t count = 0;
	if (keep_ms > 0 && store_event_prune(keeper->store, clock_wall_ms() - keep_ms, &count) == STORE_OK &&
		count == STORE_EVENTS_AT_ONCE)
		return 0;
	return PRUNE_MS;
}

/* What ran out on the way to tokens; in portions too. */
static int64_t tidy_oauth(struct keeper *keeper)
{
	const int64_t now_ms = clock_wall_ms();
	const struct store_actor actor = { "server", now_ms };
	bool more = false;
	if (store_oauth_tidy(keeper->store, now_ms - LIMIT_OAUTH_ENDED_MS, now_ms - LIMIT_OAUTH_UNUSED_MS, &actor, &more)
		!= STORE_OK)
		return PRUNE_MS;
	return more ? 0 : PRUNE_MS;
}

/* Waits until a revision was applied, or it is time. Under the lock. */
static void wait_until(struct keeper *keeper, int64_t ns)
{
	struct timespec until = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };
	while (!keeper->applied && !keeper->stop)
		if (pthread_cond_timedwait(&keeper->bell, &keeper->lock, &until) != 0)
			return;
}

static void *run(void *arg)
{
	struct keeper *keeper = arg;
	int64_t next_beat = clock_monotonic_ns() + keeper->beat_every_ms * 1000000, next_uses = next_beat;
	int64_t next_prune = next_beat;
	bool stop = false;
	while (!stop) {
		pthread_mutex_lock(&keeper->lock);
		wait_until(keeper, next_beat < next_uses ? next_beat : next_uses);
		bool applied = keeper->applied;
		int64_t revision = keeper->revision;
		keeper->applied = false;
		stop = keeper->stop;
		pthread_mutex_unlock(&keeper->lock);

		int64_t now = clock_monotonic_ns();
		if (applied || now >= next_beat) {
			bool ok = beat(keeper, revision);
			next_beat = clock_monotonic_ns() + (ok ? keeper->beat_every_ms : 50) * 1000000;
		}
		if (now >= next_uses) {
			write_uses(keeper, false);
			next_uses = clock_monotonic_ns() + BATCH_MS * INT64_C(1000000);
		}
		if (now >= next_prune) {
			int64_t rest_ms = prune_events(keeper), oauth_ms = tidy_oauth(keeper);
			if (oauth_ms < rest_ms)
				rest_ms = oauth_ms;
			next_prune = clock_monotonic_ns() + rest_ms * 1000000;
		}
	}
	return NULL;
}

bool keeper_start(struct keeper *keeper, int64_t revision)
{
	keeper->revision = revision;
	if (!beat(keeper, revision))
		return false;
	keeper->started = pthread_create(&keeper->thread, NULL, run, keeper) == 0;
	return keeper->started;
}

static void ring(struct keeper *keeper)
{
	pthread_cond_signal(&keeper->bell);
	pthread_mutex_unlock(&keeper->lock);
}

void keeper_free(struct keeper *keeper)
{
	if (!keeper)
		return;
	if (keeper->started) {
		pthread_mutex_lock(&keeper->lock);
		keeper->stop = true;
		ring(keeper);
		pthread_join(keeper->thread, NULL);
		write_uses(keeper, true);
		(void)!store_node_gone(keeper->store, &keeper->id);
	}
	free(keeper->due.list);
	free(keeper->later.list);
	pthread_cond_destroy(&keeper->bell);
	pthread_mutex_destroy(&keeper->lock);
	free(keeper);
}

void keeper_applied(struct keeper *keeper, int64_t revision)
{
	pthread_mutex_lock(&keeper->lock);
	keeper->revision = revision;
	keeper->applied = true;
	ring(keeper);
}

/* It was written at most QUIET_S after the use before. */
static void note_use(struct keeper *keeper, struct roster_token *token, uint32_t number, uint32_t now_s)
{
	uint32_t before_s = token->last_used_s;
	token->last_used_s = now_s;
	if (token->use_waits)
		return;
	bool now = now_s < before_s || now_s - before_s >= 2 * QUIET_S;
	uint32_t due_s = now ? 0 : (uint32_t)(clock_monotonic_ns() / 1000000000) + QUIET_S;
	token->use_waits = push(now ? &keeper->due : &keeper->later, (struct use){ number, due_s });
}

uint64_t keeper_used(struct keeper *keeper, uint32_t number, uint64_t place, int64_t at_ms)
{
	struct roster_token *token = roster_token(keeper->roster, number);
	pthread_mutex_lock(&keeper->lock);
	uint64_t before = token->audit_place;
	token->audit_place = place;
	if (at_ms > 0)
		note_use(keeper, token, number, (uint32_t)(at_ms / 1000));
	pthread_mutex_unlock(&keeper->lock);
	return before;
}

bool keeper_is_heard(const struct keeper *keeper)
{
	return atomic_load_explicit(&keeper->heard, memory_order_relaxed);
}
