/* SPDX-License-Identifier: Apache-2.0
 * The courier's thread: rounds of taking what is due, stepping what was answered, and writing down what is
 * done.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/courier.h"

#include "base/clock.h"
#include "base/log.h"

#include <assert.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define ROUND_MS 200     /* how soon is seen what another process queued */
#define AFTER_FAILURE_MS 1000
#define GRACE_NS (INT64_C(3) * 1000 * 1000 * 1000) /* for calls that run when the service closes */
#define CLOCK_SET_MS 2000 /* a wall clock that moved so far from the other one was set */
#define JOB_BYTES_MAX (4 * 1024 * 1024)
#define SECRET_BYTES_MIN 8 /* what is shorter is in many words */
#define MS_NS INT64_C(1000000)

/* ---- Jobs ---- */

struct job *job_new(struct courier *c, enum job_kind kind)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->courier = c;
	job->kind = kind;
	job->p = c->p;
	job->file = -1;
	arena_init(&job->arena, JOB_BYTES_MAX);
	return job;
}

static void wipe(struct str text)
{
	if (text.p)
		explicit_bzero((void *)(uintptr_t)text.p, text.n);
}

void job_free(struct job *job)
{
	if (job->file >= 0)
		close(job->file);
	wipe(job->secret);
	wipe(job->old_secret);
	wipe(job->authorization);
	outbound_call_done(&job->call);
	arena_done(&job->arena);
	free(job);
}

bool job_end(struct job *job, enum outcome outcome, const char *format, ...)
{
	va_list args;

	job->outcome = outcome;
	va_start(args, format);
	vsnprintf(job->reason, sizeof(job->reason), format, args);
	va_end(args);
	return false;
}

bool job_is_secret(const struct job *job, struct str text)
{
	return job->secret.n >= SECRET_BYTES_MIN && text.n > 0 &&
	       memmem(text.p, text.n, job->secret.p, job->secret.n) != NULL;
}

/* Seconds, or a date (RFC 9110 section 10.2.3): only seconds are read, which is what everybody sends. */
static int64_t retry_after(const struct outbound_call *call)
{
	uint64_t seconds;
	const struct str value = outbound_header(call, "Retry-After");

	return value.p && str_to_u64(value, 24 * 3600, &seconds) ? (int64_t)seconds * 1000 : 0;
}

bool job_end_by_call(struct job *job)
{
	const struct outbound_call *call = &job->call;
	const int status = call->status;

	switch (call->result) {
	case OUTBOUND_BAD_URL:
	case OUTBOUND_FORBIDDEN:
		return job_end(job, OUTCOME_FAILED, "Not called: %s", call->reason);
	case OUTBOUND_NO_NAME:
	case OUTBOUND_NO_CONNECT:
	case OUTBOUND_NO_TRUST:
	case OUTBOUND_TIMED_OUT:
	case OUTBOUND_TOO_LARGE:
	case OUTBOUND_REDIRECTED:
	case OUTBOUND_BROKEN:
	case OUTBOUND_BUSY:
	case OUTBOUND_CANCELLED:
		job->maybe = job->maybe || call->sent;
		return job_end(job, OUTCOME_RETRY, "No answer: %s", call->reason);
	case OUTBOUND_ANSWERED:
		break;
	}
	job->retry_after_ms = retry_after(call);
	if (status == 410)
		return job_end(job, OUTCOME_GONE, "The receiver answered 410: it is gone for good");
	if (status == 408 || status == 425 || status == 429)
		return job_end(job, OUTCOME_RETRY, "The receiver answered %d: too early or too often", status);
	if (status >= 500) {
		job->maybe = true;
		return job_end(job, OUTCOME_RETRY, "The receiver answered %d: it has trouble of its own", status);
	}
	if (status >= 300 && status < 400)
		return job_end(job, OUTCOME_FAILED,
			"The receiver answered %d: it is elsewhere now, and no redirect is followed", status);
	return job_end(job, OUTCOME_FAILED, "The receiver refused it (%d)", status);
}

bool courier_has_job(const struct courier *c, const struct id_bytes *id)
{
	for (const struct job *job = c->running; job; job = job->next)
		if (memcmp(&job->id, id, sizeof(*id)) == 0)
			return true;
	for (const struct job *job = c->finished; job; job = job->next)
		if (memcmp(&job->id, id, sizeof(*id)) == 0)
			return true;
	return false;
}

size_t courier_lane_count(const struct courier *c, const struct id_bytes *lane)
{
	size_t count = 0;

	for (const struct job *job = c->running; job; job = job->next)
		count += memcmp(&job->lane, lane, sizeof(*lane)) == 0;
	return count;
}

/* ---- Calls ---- */

/* On the thread that carries calls. The job is on `running` still: it is found by its step being due. */
static void call_is_done(struct outbound_call *call)
{
	struct job *job = call->arg;
	struct courier *c = job->courier;

	pthread_mutex_lock(&c->lock);
	job->wait_until_ns = 1;
	c->poked = true;
	pthread_cond_signal(&c->some);
	pthread_mutex_unlock(&c->lock);
}

static void finish(struct courier *c, struct job *job)
{
	job->next = c->finished;
	c->finished = job;
}

/* One step: a call is made, or waited for, or the job is done. */
static void step(struct courier *c, struct job *job)
{
	bool goes_on = job->step(job);
	if (goes_on && job->cancelled)
		goes_on = job_end(job, OUTCOME_RETRY, "No answer: the server stops");
	if (!goes_on) {
		finish(c, job);
		return;
	}
	job->next = c->running;
	c->running = job;
	c->running_count++;
	if (job->wait_until_ns != 0)
		return; /* a pause, and then a step */
	job->call.done = call_is_done;
	job->call.arg = job;
	outbound_send(c->p->outbound, &job->call);
}

void courier_start_job(struct courier *c, struct job *job)
{
	step(c, job);
}

/* Steps those whose call is done or whose pause is over. Returns when the next pause is. */
static int64_t step_all(struct courier *c)
{
	const int64_t now = clock_monotonic_ns();
	struct job *ready = NULL, **at = &c->running;
	int64_t next = INT64_MAX;

	pthread_mutex_lock(&c->lock);
	while (*at) {
		struct job *job = *at;
		if (job->wait_until_ns == 0 || job->wait_until_ns > now) {
			if (job->wait_until_ns > now && job->wait_until_ns < next)
				next = job->wait_until_ns;
			at = &job->next;
			continue;
		}
		*at = job->next;
		job->next = ready;
		ready = job;
		c->running_count--;
	}
	pthread_mutex_unlock(&c->lock);
	while (ready) {
		struct job *job = ready;
		ready = job->next;
		job->wait_until_ns = 0;
		step(c, job);
	}
	return next;
}

/* ---- Rounds ---- */

/* Where the wall clock was set, what is counted in time-outs goes along; what people gave a time for follows
 * the clock (L08). A machine that slept set no clock: in that time a receiver forgets a key. */
static enum store_status follow_clock(struct courier *c, int64_t now_ms)
{
	const int64_t elapsed = clock_elapsed_ns();
	const int64_t by = (now_ms - c->wall_ms) - (elapsed - c->elapsed_ns) / MS_NS;
	const bool first = c->elapsed_ns == 0;

	c->wall_ms = now_ms;
	c->elapsed_ns = elapsed;
	if (first || (by < CLOCK_SET_MS && by > -CLOCK_SET_MS))
		return STORE_OK;
	log_warning("the clock was set %s by %lld s", by > 0 ? "forward" : "back",
		(long long)((by > 0 ? by : -by) / 1000));
	for (struct job *job = c->running; job; job = job->next) {
		job->began_ms += by;
		job->first_ms += job->first_ms != 0 ? by : 0;
		job->key_ms += job->key_ms != 0 ? by : 0;
	}
	return courier_shift_times(c, by);
}

static bool may_lead(struct courier *c)
{
	if (!c->leads && flock(c->leadership, LOCK_EX | LOCK_NB) == 0)
		c->leads = true;
	return c->leads;
}

/* One round. Returns for how long there is nothing to do, in ms. */
static int64_t do_round(struct courier *c)
{
	const int64_t next_step = step_all(c), now_ms = clock_wall_ms();
	enum store_status status = STORE_OK;

	c->next_due_ms = INT64_MAX;
	c->more = false;
	if (c->finished)
		status = courier_record(c, now_ms);
	if (status == STORE_OK && may_lead(c)) {
		status = follow_clock(c, now_ms);
		if (status == STORE_OK)
			status = courier_claim_posts(c, now_ms);
		if (status == STORE_OK)
			status = courier_pick_deliveries(c, now_ms);
	}
	if (status != STORE_OK) {
		if (!c->store_failed)
			log_error("API %s: nothing is sent while the store cannot be used: %s", c->p->api,
				store_status_text(status));
		c->store_failed = true;
		return AFTER_FAILURE_MS;
	}
	c->store_failed = false;
	if (c->more || c->finished)
		return c->running_count < COURIER_JOBS_MAX || c->finished ? 0 : ROUND_MS;
	int64_t wait = ROUND_MS;
	if (next_step != INT64_MAX && (next_step - clock_monotonic_ns()) / MS_NS + 1 < wait)
		wait = (next_step - clock_monotonic_ns()) / MS_NS + 1;
	if (c->next_due_ms - now_ms < wait)
		wait = c->next_due_ms - now_ms;
	return wait > 0 ? wait : 0;
}

/* Waits for a call that is done, a poke, or so long; where it does not drain, also for the order to stop.
 * Returns whether that was given. */
static bool wait_for_some(struct courier *c, int64_t ms, bool draining)
{
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += ms / 1000;
	end.tv_nsec += (long)(ms % 1000) * 1000000;
	if (end.tv_nsec >= 1000000000) {
		end.tv_sec++;
		end.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&c->lock);
	while (!c->poked && (draining || !c->stopping) && ms > 0)
		if (pthread_cond_timedwait(&c->some, &c->lock, &end) != 0)
			break;
	c->poked = false;
	const bool stopping = c->stopping;
	pthread_mutex_unlock(&c->lock);
	return stopping;
}

static void cancel_all(struct courier *c)
{
	for (struct job *job = c->running; job; job = job->next) {
		if (!job->cancelled)
			outbound_cancel(c->p->outbound, &job->call);
		job->cancelled = true;
		pthread_mutex_lock(&c->lock);
		if (job->wait_until_ns > 1)
			job->wait_until_ns = 1; /* a pause ends at once */
		pthread_mutex_unlock(&c->lock);
	}
}

static void free_finished(struct courier *c)
{
	while (c->finished) {
		struct job *job = c->finished;
		c->finished = job->next;
		job_free(job);
	}
}

/* Calls that run may end; then they are ended. What cannot be written down is queued still in the store: it is
 * sent again, under the same key. */
static void drain(struct courier *c)
{
	const int64_t end = clock_monotonic_ns() + GRACE_NS;

	for (;;) {
		step_all(c);
		if (c->finished && courier_record(c, clock_wall_ms()) != STORE_OK)
			free_finished(c);
		if (!c->running)
			return;
		if (clock_monotonic_ns() > end)
			cancel_all(c);
		wait_for_some(c, 50, true);
	}
}

static void *run_courier(void *arg)
{
	struct courier *c = arg;
	bool stopping = false;

	while (!stopping)
		stopping = wait_for_some(c, do_round(c), false);
	drain(c);
	return NULL;
}

/* ---- From outside ---- */

void courier_poke(const struct publishing *p)
{
	struct courier *c = p->courier;

	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	c->poked = true;
	pthread_cond_signal(&c->some);
	pthread_mutex_unlock(&c->lock);
}

static bool init_locks(struct courier *c)
{
	pthread_condattr_t attributes;

	if (pthread_mutex_init(&c->lock, NULL) != 0 || pthread_condattr_init(&attributes) != 0)
		return false;
	const bool good = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
			  pthread_cond_init(&c->some, &attributes) == 0;
	pthread_condattr_destroy(&attributes);
	return good;
}

/* Signals are for others' threads. */
static bool start_thread(struct courier *c)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	const bool started = pthread_create(&c->thread, NULL, run_courier, c) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

static struct courier *new_courier(struct publishing *p)
{
	struct courier *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->p = p;
	c->leadership = -1;
	if (init_locks(c))
		return c;
	free(c);
	return NULL;
}

bool courier_start(struct publishing *p, char reterr_text[256])
{

	assert(p->outbound);
	if (!p->courier)
		p->courier = new_courier(p);
	struct courier *c = p->courier;
	if (c) {
		assert(c->leadership < 0);
		c->stopping = c->leads = false;
		c->elapsed_ns = 0;
		c->leadership = openat(p->media_folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (c && c->leadership >= 0 && start_thread(c))
		return true;
	snprintf(reterr_text, 256, "The publishing service cannot send: out of memory, files or threads");
	if (c && c->leadership >= 0)
		close(c->leadership);
	if (c)
		c->leadership = -1;
	return false;
}

void courier_rest(struct publishing *p)
{
	struct courier *c = p->courier;

	if (!c || c->leadership < 0)
		return;
	pthread_mutex_lock(&c->lock);
	c->stopping = true;
	pthread_cond_signal(&c->some);
	pthread_mutex_unlock(&c->lock);
	pthread_join(c->thread, NULL);
	close(c->leadership);
	c->leadership = -1;
}

void courier_free(struct courier *c)
{
	if (!c)
		return;
	assert(c->leadership < 0 && !c->running && !c->finished);
	pthread_cond_destroy(&c->some);
	pthread_mutex_destroy(&c->lock);
	free(c);
}
