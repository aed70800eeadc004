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

struct feed {
	struct replica *replica;
	struct store *store;
	struct keeper *keeper;
	int64_t max_staleness_ns;
	_Atomic int64_t seen_ns; /* when it was last asked for what was then all applied */
	_Atomic int64_t revision;
	_Atomic bool stop;
	bool started, failing, load_again;
	pthread_t thread;
};

bool feed_new(struct replica *replica, struct store *store, uint32_t max_staleness_ms, struct feed **ret,
	char reterr_text[512])
{
	struct feed *feed = calloc(1, sizeof(*feed));
	if (!feed) {
		snprintf(reterr_text, 512, "out of memory");
		return false;
	}
	*feed = (struct feed){ .replica = replica, .store = store,
		.max_staleness_ns = (int64_t)max_staleness_ms * 1000000 };
	int64_t asked = clock_monotonic_ns();
	enum store_status status = replica_load(replica, store);
	if (status != STORE_OK) {
		snprintf(reterr_text, 512, "the tokens cannot be read from the store: %s", store_status_text(status));
		free(feed);
		return false;
	}
	atomic_store(&feed->seen_ns, asked);
	atomic_store(&feed->revision, replica_revision(replica));
	*ret = feed;
	return true;
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

/* One look at the store. What it answers was true at some moment after `asked`. */
static enum store_status look(struct feed *feed, int64_t asked)
{
	uint64_t changes = 0;
	enum store_status status = STORE_CONFLICT;
	if (!feed->load_again)
		status = replica_follow(feed->replica, feed->store, &changes);
	if (status == STORE_CONFLICT) { /* the feed does not reach back to us, or it is another store */
		feed->load_again = true;
		status = replica_load(feed->replica, feed->store);
		changes = 1;
	}
	if (status != STORE_OK)
		return status;
	feed->load_again = false;
	atomic_store_explicit(&feed->seen_ns, asked, memory_order_release);
	int64_t revision = replica_revision(feed->replica);
	if (changes > 0 || revision != atomic_load_explicit(&feed->revision, memory_order_relaxed)) {
		atomic_store_explicit(&feed->revision, revision, memory_order_release);
		keeper_applied(feed->keeper, revision);
	}
	return STORE_OK;
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
			status = look(feed, asked);
			changed = false;
		} else if (status == STORE_OK) {
			atomic_store_explicit(&feed->seen_ns, asked, memory_order_release);
		}
		note(feed, status);
		replica_tend(feed->replica, clock_monotonic_ns());
		if (status != STORE_OK)
			nanosleep(&(struct timespec){ .tv_nsec = RETRY_NS }, NULL);
	}
	return NULL;
}

bool feed_start(struct feed *feed, struct keeper *keeper)
{
	feed->keeper = keeper;
	feed->failing = false;
	feed->started = pthread_create(&feed->thread, NULL, run, feed) == 0;
	return feed->started;
}

void feed_free(struct feed *feed)
{
	if (!feed)
		return;
	atomic_store(&feed->stop, true);
	if (feed->started) {
		store_wake(feed->store);
		pthread_join(feed->thread, NULL);
	}
	free(feed);
}

int64_t feed_age_ns(const struct feed *feed, int64_t now_ns)
{
	return now_ns - atomic_load_explicit(&feed->seen_ns, memory_order_acquire);
}

bool feed_is_fresh(const struct feed *feed, int64_t now_ns)
{
	return feed_age_ns(feed, now_ns) <= feed->max_staleness_ns;
}

int64_t feed_revision(const struct feed *feed)
{
	return atomic_load_explicit(&feed->revision, memory_order_acquire);
}
