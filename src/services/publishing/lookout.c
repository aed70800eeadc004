/* SPDX-License-Identifier: Apache-2.0
 * The lookout's thread: rounds of claiming what is due, having it fetched, and judging what came; and now
 * and then of forgetting what is old.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/lookout.h"

#include "base/clock.h"
#include "base/log.h"
#include "services/publishing/detectors.h"
#include "services/publishing/media.h"
#include "services/publishing/prune.h"
#include "services/publishing/threshold.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUND_MS 1000        /* how soon is seen what became due */
#define LOOKS_MAX 16         /* at once */
#define LOOK_MS 15000        /* one, with its redirects */
#define LOOK_REDIRECTS 3
#define CLAIM_MS 60000       /* a look that never came back is done again after it */
#define PRUNES_A_ROUND 20
#define SWEEPS_A_PRUNE 16    /* folders of media: each is swept some sixteen hours after the last time */
#define PRUNE_NS (INT64_C(3600) * 1000 * 1000 * 1000)
#define LOOK_BYTES_MAX (16u * 1024 * 1024) /* of what one look holds beside the answer */

struct look {
	struct look *next;
	struct lookout *lookout;
	struct arena arena;
	struct detector detector;
	struct http_header headers[3];
	struct outbound_call call;
	bool done; /* under the lookout's lock */
};

struct lookout {
	struct publishing *p;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t some; /* a look is done, or `stopping` */
	bool poked, stopping;
	/* The thread's own. */
	struct look *looks;
	size_t count;
	int64_t next_prune_ns; /* monotonic */
	unsigned folder;       /* of media, that is swept next */
	bool store_failed; /* and it was logged */
};

/* ---- One look ---- */

static void free_look(struct look *look)
{
	outbound_call_done(&look->call);
	arena_done(&look->arena);
	free(look);
}

/* On the thread that carries calls. Once the lock is given back, neither the look nor the lookout may be there
 * any more. */
static void call_is_done(struct outbound_call *call)
{
	struct look *look = call->arg;
	struct lookout *l = look->lookout;

	pthread_mutex_lock(&l->lock);
	look->done = true;
	l->poked = true;
	pthread_cond_signal(&l->some);
	pthread_mutex_unlock(&l->lock);
}

static bool is_done(struct look *look)
{
	pthread_mutex_lock(&look->lookout->lock);
	const bool done = look->done;
	pthread_mutex_unlock(&look->lookout->lock);
	return done;
}

static void start_look(struct lookout *l, struct look *look)
{
	const struct detector *d = &look->detector;
	size_t n = 0;

	look->headers[n++] = (struct http_header){ STR("Accept"), str_is(d->kind, "rss")
		? STR("application/rss+xml, application/atom+xml, application/xml;q=0.9, text/xml;q=0.8")
		: STR("application/json") };
	if (d->etag.n > 0)
		look->headers[n++] = (struct http_header){ STR("If-None-Match"), d->etag };
	if (d->modified.n > 0)
		look->headers[n++] = (struct http_header){ STR("If-Modified-Since"), d->modified };
	look->call = (struct outbound_call){
		.method = "GET", .url = d->url, .headers = look->headers, .header_count = n,
		.connect_ms = LIMIT_UPSTREAM_CONNECT_MS, .total_ms = LOOK_MS, .answer_max = RSS_BYTES_MAX,
		.redirects = LOOK_REDIRECTS, .done = call_is_done, .arg = look,
	};
	look->next = l->looks;
	l->looks = look;
	l->count++;
	outbound_send(l->p->outbound, &look->call);
}

/* A header that can be sent back as it is. */
static struct str kept_header(const struct outbound_call *call, const char *name)
{
	struct str value = outbound_header(call, name);
	for (size_t i = 0; i < value.n; i++)
		if ((uint8_t)value.p[i] < 0x20 || (uint8_t)value.p[i] >= 0x7f)
			return (struct str){ NULL, 0 };
	return value.n <= DETECTOR_TAG_MAX ? value : (struct str){ NULL, 0 };
}

static void read_body(struct look *look, struct detection *found)
{
	struct rss_feed *feed = ARENA_NEW(&look->arena, struct rss_feed);
	const char *what = "there is no memory";
	const struct detector *d = &look->detector;
	bool rss = str_is(d->kind, "rss");
	struct str body = buf_str(&look->call.body);

	bool ok = rss ? feed && rss_parse(body, &look->arena, feed, &what)
		      : threshold_read(body, d->pointer, &found->value, &what);
	if (!ok)
		snprintf(found->error, sizeof(found->error), "What came is not what was looked for: %s", what);
	else if (rss)
		found->feed = feed;
}

static void judge(struct look *look, struct detection *found)
{
	const struct outbound_call *call = &look->call;

	if (call->result != OUTBOUND_ANSWERED) {
		snprintf(found->error, sizeof(found->error), "It could not be fetched: %s", call->reason);
	} else if (call->status == 304 && (look->detector.etag.n > 0 || look->detector.modified.n > 0)) {
		found->unchanged = true;
	} else if (call->status != 200) {
		snprintf(found->error, sizeof(found->error), "Its server answered %d", call->status);
	} else {
		found->etag = kept_header(call, "ETag");
		found->modified = kept_header(call, "Last-Modified");
		read_body(look, found);
	}
}

struct record_work {
	struct lookout *lookout;
	struct look *look;
	const struct detection *found;
	int64_t now_ms;
};

static enum store_status record(struct sql *sql, void *arg)
{
	struct record_work *w = arg;
	return record_detection(
		sql, w->lookout->p, &w->look->detector, w->found, &w->look->arena, w->now_ms);
}

static enum store_status finish(struct lookout *l, struct look *look)
{
	struct detection found = { .unchanged = false };
	struct record_work w = { l, look, &found, clock_wall_ms() };

	judge(look, &found);
	enum store_status status = database_write(l->p->database, record, &w);
	/* Where it cannot be written down it is done again when the claim is over. */
	return status == STORE_CONFLICT ? STORE_OK : status;
}

/* ---- Rounds ---- */

static enum store_status finish_done(struct lookout *l)
{
	enum store_status status = STORE_OK;

	for (struct look **at = &l->looks; *at;) {
		struct look *look = *at;
		if (!is_done(look)) {
			at = &look->next;
			continue;
		}
		*at = look->next;
		l->count--;
		enum store_status one = look->call.result == OUTBOUND_CANCELLED ? STORE_OK : finish(l, look);
		status = one == STORE_OK ? status : one;
		free_look(look);
	}
	return status;
}

struct claim_work {
	struct lookout *lookout;
	struct look *look;
	int64_t now_ms;
	size_t count;
};

static enum store_status is_due(struct sql *sql, void *arg)
{
	const struct claim_work *w = arg;
	return find_due_detector(sql, w->lookout->p, w->now_ms);
}

static enum store_status claim(struct sql *sql, void *arg)
{
	struct claim_work *w = arg;
	return claim_detectors(sql, w->lookout->p, w->now_ms, w->now_ms + CLAIM_MS, &w->look->arena,
		&w->look->detector, 1, &w->count);
}

/* NOT_FOUND where nothing is due. */
static enum store_status claim_one(struct lookout *l)
{
	struct claim_work w = { .lookout = l, .now_ms = clock_wall_ms() };
	enum store_status status = database_read(l->p->database, is_due, &w);

	if (status != STORE_OK)
		return status;
	w.look = calloc(1, sizeof(*w.look));
	if (!w.look)
		return STORE_NO_MEMORY;
	w.look->lookout = l;
	arena_init(&w.look->arena, LOOK_BYTES_MAX);
	status = database_write(l->p->database, claim, &w);
	if (status == STORE_OK && w.count > 0) {
		start_look(l, w.look);
		return STORE_OK;
	}
	free_look(w.look);
	return status == STORE_OK ? STORE_NOT_FOUND : status;
}

/* Hourly, in portions; what is left after some of them waits for the next round. */
static enum store_status forget_old(struct lookout *l)
{
	const int64_t now_ns = clock_monotonic_ns();
	bool more = true;

	if (now_ns < l->next_prune_ns)
		return STORE_OK;
	for (unsigned i = 0; more && i < PRUNES_A_ROUND; i++) {
		enum store_status status = prune_some(l->p, clock_wall_ms(), &more);
		if (status != STORE_OK)
			return status;
	}
	for (unsigned i = 0; !more && i < SWEEPS_A_PRUNE; i++) {
		enum store_status status = media_sweep(l->p, l->folder++, clock_wall_ms());
		if (status != STORE_OK)
			return status;
	}
	l->next_prune_ns = more ? 0 : now_ns + PRUNE_NS;
	return STORE_OK;
}

static void do_round(struct lookout *l)
{
	enum store_status status = finish_done(l);

	if (status == STORE_OK)
		status = forget_old(l);

	while (status == STORE_OK && l->count < LOOKS_MAX)
		status = claim_one(l);
	bool failed = status != STORE_OK && status != STORE_NOT_FOUND;
	if (failed && !l->store_failed)
		log_error("API %s: nothing is looked at while the store cannot be used: %s", l->p->api,
			store_status_text(status));
	l->store_failed = failed;
}

/* Waits for a look that is done, an order to stop, or a round's time. Returns whether that order was given. */
static bool wait_for_some(struct lookout *l)
{
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += ROUND_MS / 1000;
	pthread_mutex_lock(&l->lock);
	while (!l->poked && !l->stopping)
		if (pthread_cond_timedwait(&l->some, &l->lock, &end) != 0)
			break;
	l->poked = false;
	const bool stopping = l->stopping;
	pthread_mutex_unlock(&l->lock);
	return stopping;
}

static void *run(void *arg)
{
	struct lookout *l = arg;

	while (!wait_for_some(l))
		do_round(l);
	for (struct look *look = l->looks; look; look = look->next)
		outbound_cancel(l->p->outbound, &look->call);
	while (l->looks) {
		struct look *look = l->looks;
		l->looks = look->next;
		while (!is_done(look))
			nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
		free_look(look);
	}
	return NULL;
}

/* ---- From outside ---- */

static bool init_locks(struct lookout *l)
{
	pthread_condattr_t attributes;

	if (pthread_mutex_init(&l->lock, NULL) != 0 || pthread_condattr_init(&attributes) != 0)
		return false;
	const bool good = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
			  pthread_cond_init(&l->some, &attributes) == 0;
	pthread_condattr_destroy(&attributes);
	return good;
}

/* Signals are for others' threads. */
static bool start_thread(struct lookout *l)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	const bool started = pthread_create(&l->thread, NULL, run, l) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

struct lookout *lookout_start(struct publishing *p)
{
	struct lookout *l = calloc(1, sizeof(*l));

	if (l)
		l->p = p;
	if (l && init_locks(l) && start_thread(l))
		return l;
	free(l);
	return NULL;
}

void lookout_stop(struct lookout *l)
{
	if (!l)
		return;
	pthread_mutex_lock(&l->lock);
	l->stopping = true;
	pthread_cond_signal(&l->some);
	pthread_mutex_unlock(&l->lock);
	pthread_join(l->thread, NULL);
	pthread_cond_destroy(&l->some);
	pthread_mutex_destroy(&l->lock);
	free(l);
}
