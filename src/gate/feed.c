/* SPDX-License-Identifier: Apache-2.0
 * A copy that cannot be compared with the store grows old; past max_staleness it is not believed
 * (L05, T12).
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/feed.h"

#include "base/clock.h"
#include "base/log.h"
#include "gate/keeper.h"

#include <stdio.h>

#define WAIT_MS 15 /* so that a change is known well within 100 ms */
#define RETRY_NS 50000000L

struct copy {
	struct replica *replica;
	bool load_again;
};

struct feed {
	struct store *store;
	struct keeper *keeper;
	_Atomic int64_t max_staleness_ns;
	_Atomic int64_t seen_ns; /* when it was last asked for what was then all applied */
	_Atomic int64_t revision;
	_Atomic bool stop;
	bool started, failing;
	pthread_t thread;
	pthread_mutex_t lock; /* over the copies: one writer at a time */
	struct copy copies[FEED_COPIES_MAX];
	size_t copy_count;
};

bool feed_new(struct store *store, uint32_t max_staleness_ms, struct feed **ret)
{
	struct feed *feed = calloc(1, sizeof(*feed));
	if (!feed)
		return false;
	feed->store = store;
	feed_set_max_staleness(feed, max_staleness_ms);
	pthread_mutex_init(&feed->lock, NULL);
	*ret = feed;
	return true;
}

void feed_set_max_staleness(struct feed *feed, uint32_t max_staleness_ms)
{
	atomic_store(&feed->max_staleness_ns, (int64_t)max_staleness_ms * 1000000);
}

static void note(struct feed *feed, enum store_status status)
{
	bool failing = status != STORE_OK;
	if (failing && !feed->failing)
		log_error("the store cannot be followed: %s; without it no token is accepted for long",
			store_status_text(status));
	else if (!failing && feed->failing)
		log_info("the store is followed again");
	feed->failing = failing;
}

static enum store_status follow(struct feed *feed, struct copy *copy, uint64_t *changes)
{
	uint64_t more = 0;
	enum store_status status = STORE_CONFLICT;
	if (!copy->load_again)
		status = replica_follow(copy->replica, feed->store, &more);
	if (status == STORE_CONFLICT) { /* the feed does not reach back to us, or it is another store */
		copy->load_again = true;
		status = replica_load(copy->replica, feed->store);
		more = 1;
	}
	if (status != STORE_OK)
		return status;
	copy->load_again = false;
	*changes += more;
	return STORE_OK;
}

/* One look at the store, by each copy. What it answers was true at some moment after `asked`. Under the lock. */
static enum store_status look(struct feed *feed, int64_t asked)
{
	uint64_t changes = 0;
	int64_t revision = INT64_MAX; /* what all have come to */
	for (size_t i = 0; i < feed->copy_count; i++) {
		enum store_status status = follow(feed, &feed->copies[i], &changes);
		if (status != STORE_OK)
			return status;
		if (replica_revision(feed->copies[i].replica) < revision)
			revision = replica_revision(feed->copies[i].replica);
	}
	atomic_store_explicit(&feed->seen_ns, asked, memory_order_release);
	if (changes > 0 || revision != atomic_load_explicit(&feed->revision, memory_order_relaxed)) {
		atomic_store_explicit(&feed->revision, revision, memory_order_release);
		if (feed->keeper)
			keeper_applied(feed->keeper, revision);
	}
	return STORE_OK;
}

static enum store_status look_locked(struct feed *feed, int64_t asked)
{
	pthread_mutex_lock(&feed->lock);
	enum store_status status = look(feed, asked);
	pthread_mutex_unlock(&feed->lock);
	return status;
}

static void tend(struct feed *feed)
{
	pthread_mutex_lock(&feed->lock);
	for (size_t i = 0; i < feed->copy_count; i++)
		replica_tend(feed->copies[i].replica);
	pthread_mutex_unlock(&feed->lock);
}

static void *run(void *arg)
{
	struct feed *feed = arg;
	bool changed = true;
	while (!atomic_load_explicit(&feed->stop, memory_order_acquire)) {
		int64_t asked = clock_monotonic_ns();
		enum store_status status = store_wait(feed->store, changed ? 0 : WAIT_MS, &changed);
		if (status == STORE_OK && (changed || feed->failing)) {
			asked = clock_monotonic_ns();
			status = look_locked(feed, asked);
			changed = false;
		} else if (status == STORE_OK) {
			atomic_store_explicit(&feed->seen_ns, asked, memory_order_release);
		}
		note(feed, status);
		tend(feed);
		if (status != STORE_OK)
			nanosleep(&(struct timespec){ .tv_nsec = RETRY_NS }, NULL);
	}
	return NULL;
}

/* While it is loaded the others go on; then all look at the store, so that it is not behind them. */
static enum store_status load(struct feed *feed, struct replica *replica)
{
	bool first = feed->copy_count == 0;
	enum store_status status =
		first ? replica_load(replica, feed->store) : replica_load_beside(replica, feed->store);
	if (status != STORE_OK)
		return status;
	pthread_mutex_lock(&feed->lock);
	int64_t asked = clock_monotonic_ns();
	status = first ? STORE_OK : look(feed, asked);
	feed->copies[feed->copy_count++] = (struct copy){ .replica = replica };
	if (status == STORE_OK)
		status = look(feed, asked);
	if (status != STORE_OK)
		feed->copy_count--;
	pthread_mutex_unlock(&feed->lock);
	return status;
}

bool feed_join(struct feed *feed, struct replica *replica, char reterr_text[512])
{
	assert(feed->copy_count < FEED_COPIES_MAX);
	enum store_status status = load(feed, replica);
	if (status != STORE_OK)
		snprintf(reterr_text, 512, "the tokens cannot be read from the store: %s", store_status_text(status));
	return status == STORE_OK;
}

void feed_set_apis(struct feed *feed, struct replica *replica, const struct replica_api *apis, size_t api_count)
{
	pthread_mutex_lock(&feed->lock);
	replica_set_apis(replica, apis, api_count);
	pthread_mutex_unlock(&feed->lock);
}

void feed_leave(struct feed *feed, const struct replica *replica)
{
	pthread_mutex_lock(&feed->lock);
	for (size_t i = 0; i < feed->copy_count; i++) {
		if (feed->copies[i].replica != replica)
			continue;
		memmove(&feed->copies[i], &feed->copies[i + 1], (feed->copy_count - i - 1) * sizeof(feed->copies[0]));
		feed->copy_count--;
		break;
	}
	pthread_mutex_unlock(&feed->lock);
}

bool feed_start(struct feed *feed, struct keeper *keeper)
{
	feed->keeper = keeper;
	feed->failing = false;
	feed->started = pthread_create(&feed->thread, NULL, run, feed) == 0;
	return feed->started;
}

void feed_stop(struct feed *feed)
{
	if (!feed || !feed->started)
		return;
	atomic_store(&feed->stop, true);
	store_wake(feed->store);
	pthread_join(feed->thread, NULL);
	feed->started = false;
}

void feed_free(struct feed *feed)
{
	if (!feed)
		return;
	assert(!feed->started && feed->copy_count == 0);
	pthread_mutex_destroy(&feed->lock);
	free(feed);
}

int64_t feed_age_ns(const struct feed *feed, int64_t now_ns)
{
	return now_ns - atomic_load_explicit(&feed->seen_ns, memory_order_acquire);
}

bool feed_is_fresh(const struct feed *feed, int64_t now_ns)
{
	return feed_age_ns(feed, now_ns) <= atomic_load_explicit(&feed->max_staleness_ns, memory_order_relaxed);
}

int64_t feed_revision(const struct feed *feed)
{
	return atomic_load_explicit(&feed->revision, memory_order_acquire);
}
