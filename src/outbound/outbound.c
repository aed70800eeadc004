/* SPDX-License-Identifier: Apache-2.0
 * The thread that carries calls: takes them from a queue, has names looked up, and lets libcurl run all
 * that go at once.
 * outbound: may include base and wire.
 */
#include "outbound/outbound.h"

#include "base/clock.h"
#include "outbound/transfer.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define IDLE_MS 60000
#define EASY_KEPT 32 /* handles kept for the next calls */

struct outbound {
	struct guard guard;
	char *ca;
	CURLM *multi;
	struct resolver *resolver;
	pthread_t thread;
	bool started;

	pthread_mutex_t lock;
	struct outbound_call *first, **end; /* given, in order */
	size_t waiting;
	bool stopping, cancelling;

	/* The thread's own. */
	struct transfer *running;
	size_t running_count;
	CURL *kept[EASY_KEPT];
	size_t kept_count;
};

/* ---- One call ---- */

static void report(struct outbound_call *call)
{
	struct transfer *t = call->transfer;

	if (t) {
		call->transfer = NULL;
		transfer_done(t);
		free(t);
	}
	call->done(call);
}

static void refuse(struct outbound_call *call, enum outbound_result result, const char *why)
{
	call->result = result;
	snprintf(call->reason, sizeof(call->reason), "%s", why);
	report(call);
}

static CURL *take_easy(struct outbound *o)
{
	return o->kept_count > 0 ? o->kept[--o->kept_count] : curl_easy_init();
}

/* What was set is forgotten: headers with credentials above all. */
static void give_easy(struct outbound *o, CURL *easy)
{
	if (!easy)
		return;
	curl_easy_reset(easy);
	if (o->kept_count < EASY_KEPT)
		o->kept[o->kept_count++] = easy;
	else
		curl_easy_cleanup(easy);
}

static void enlist(struct outbound *o, struct transfer *t)
{
	t->next = o->running;
	t->at = &o->running;
	if (t->next)
		t->next->at = &t->next;
	o->running = t;
	o->running_count++;
}

/* Takes a transfer off everything and tells its caller. */
static void end(struct outbound *o, struct transfer *t)
{
	*t->at = t->next;
	if (t->next)
		t->next->at = t->at;
	o->running_count--;
	if (t->lookup)
		resolver_forget(o->resolver, t->lookup);
	t->lookup = NULL;
	give_easy(o, t->easy);
	t->easy = NULL;
	report(t->call);
}

/* With the addresses known. */
static void start_hop(struct outbound *o, struct transfer *t, const struct lookup *lookup)
{
	if (!transfer_check(t, lookup) || !transfer_prepare(t)) {
		end(o, t);
		return;
	}
	if (curl_multi_add_handle(o->multi, t->easy) == CURLM_OK)
		return;
	transfer_fail(t, OUTBOUND_BUSY, "there is no memory");
	end(o, t);
}

/* The first step to where t->url says. */
static void go(struct outbound *o, struct transfer *t)
{
	if (t->url.address.any.sa_family != AF_UNSPEC) {
		start_hop(o, t, NULL);
		return;
	}
	t->lookup = resolver_ask(o->resolver, t->url.host, t);
	if (t->lookup)
		return;
	transfer_fail(t, OUTBOUND_BUSY, "too many names wait to be looked up");
	end(o, t);
}

static void start(struct outbound *o, struct outbound_call *call)
{
	struct transfer *t = calloc(1, sizeof(*t));

	if (!t) {
		refuse(call, OUTBOUND_BUSY, "there is no memory");
		return;
	}
	const bool good = transfer_init(t, call, &o->guard, o->ca);
	enlist(o, t);
	t->easy = good ? take_easy(o) : NULL;
	if (good && t->easy) {
		go(o, t);
		return;
	}
	if (good)
		transfer_fail(t, OUTBOUND_BUSY, "there is no memory");
	end(o, t);
}

/* ---- The thread ---- */

/* Takes as many as may run. *ret_stopping: whether all is to end; *ret_cancelling: whether some are. */
static struct outbound_call *take_calls(struct outbound *o, bool *ret_stopping, bool *ret_cancelling)
{
	struct outbound_call *first = NULL, **last = &first;

	pthread_mutex_lock(&o->lock);
	*ret_stopping = o->stopping;
	*ret_cancelling = o->cancelling;
	o->cancelling = o->cancelling && o->waiting > 0; /* one of those that wait may be meant */
	for (size_t n = o->running_count; o->first && (n < LIMIT_OUTBOUND_RUNNING || o->stopping); n++) {
		struct outbound_call *call = o->first;
		o->first = call->next;
		call->next = NULL;
		*last = call;
		last = &call->next;
		o->waiting--;
	}
	if (!o->first)
		o->end = &o->first;
	pthread_mutex_unlock(&o->lock);
	return first;
}

static void start_calls(struct outbound *o, struct outbound_call *call)
{
	while (call) {
		struct outbound_call *next = call->next; /* gone once it is done */
		start(o, call);
		call = next;
	}
}

static void take_lookups(struct outbound *o)
{
	struct lookup *lookup = resolver_take(o->resolver);

	while (lookup) {
		struct lookup *next = lookup->next;
		struct transfer *t = lookup->owner;
		t->lookup = NULL;
		start_hop(o, t, lookup);
		free(lookup);
		lookup = next;
	}
}

static void take_finished(struct outbound *o)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(o->multi, &left)) != NULL) {
		struct transfer *t = NULL;
		if (message->msg != CURLMSG_DONE)
			continue;
		const CURLcode code = message->data.result;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&t);
		curl_multi_remove_handle(o->multi, t->easy);
		if (transfer_finish(t, code))
			go(o, t);
		else
			end(o, t);
	}
}

/* Ends those whose names took too long. Returns how long the rest may still take. */
static int expire_lookups(struct outbound *o)
{
	int wait_ms = IDLE_MS;

	for (struct transfer *t = o->running, *next; t; t = next) {
		next = t->next;
		if (!t->lookup)
			continue;
		const int left = (int)transfer_left_ms(t);
		if (left == 0) {
			transfer_fail(t, OUTBOUND_TIMED_OUT, "the name %.100s was not found in time",
				t->url.host);
			end(o, t);
		} else if (left < wait_ms) {
			wait_ms = left;
		}
	}
	return wait_ms;
}

static void cancel_all(struct outbound *o, struct outbound_call *call)
{
	while (call) {
		struct outbound_call *next = call->next;
		refuse(call, OUTBOUND_CANCELLED, "the server stops");
		call = next;
	}
	while (o->running) {
		struct transfer *t = o->running;
		curl_multi_remove_handle(o->multi, t->easy);
		transfer_fail(t, OUTBOUND_CANCELLED, "the server stops");
		end(o, t);
	}
}

static void cancel_some(struct outbound *o)
{
	for (struct transfer *t = o->running, *next; t; t = next) {
		next = t->next;
		if (!atomic_load(&t->call->cancel))
			continue;
		curl_multi_remove_handle(o->multi, t->easy);
		transfer_fail(t, OUTBOUND_CANCELLED, "it was given up");
		end(o, t);
	}
}

static void *carry(void *arg)
{
	struct outbound *o = arg;
	bool stopping, cancelling;
	int running;

	for (;;) {
		struct outbound_call *calls = take_calls(o, &stopping, &cancelling);
		if (stopping) {
			cancel_all(o, calls);
			return NULL;
		}
		start_calls(o, calls);
		if (cancelling)
			cancel_some(o);
		take_lookups(o);
		curl_multi_perform(o->multi, &running);
		take_finished(o);
		const int wait_ms = expire_lookups(o);
		curl_multi_poll(o->multi, NULL, 0, wait_ms, NULL);
	}
}

/* ---- From outside ---- */

static void wake(void *arg)
{
	struct outbound *o = arg;

	curl_multi_wakeup(o->multi);
}

/* Signals are for others' threads. */
static bool start_thread(struct outbound *o)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	o->started = pthread_create(&o->thread, NULL, carry, o) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return o->started;
}

static bool open_all(struct outbound *o)
{
	o->multi = curl_multi_init();
	o->resolver = o->multi ? resolver_new(wake, o) : NULL;
	if (!o->resolver)
		return false;
	curl_multi_setopt(o->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	curl_multi_setopt(o->multi, CURLMOPT_MAXCONNECTS, (long)LIMIT_OUTBOUND_IDLE);
	return start_thread(o);
}

bool outbound_new(const struct outbound_options *options, struct outbound **ret, char reterr_text[256])
{
	struct outbound *o = calloc(1, sizeof(*o));

	if (!o || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		snprintf(reterr_text, 256, "Calls to other servers cannot be made: out of memory");
		free(o);
		return false;
	}
	o->end = &o->first;
	pthread_mutex_init(&o->lock, NULL);
	if (!guard_init(&o->guard, options->allow, options->allow_count))
		snprintf(reterr_text, 256, "outbound.allow holds what is no address, or there is no memory");
	else if (options->ca && access(options->ca, R_OK) != 0)
		snprintf(reterr_text, 256, "The certificates in %.150s cannot be read: %s", options->ca,
			strerror(errno));
	else if ((options->ca && !(o->ca = strdup(options->ca))) || !open_all(o))
		snprintf(reterr_text, 256, "Calls to other servers cannot be made: out of memory or threads");
	else {
		*ret = o;
		return true;
	}
	outbound_free(o);
	return false;
}

void outbound_stop(struct outbound *o)
{
	pthread_mutex_lock(&o->lock);
	o->stopping = true;
	pthread_mutex_unlock(&o->lock);
	wake(o);
}

void outbound_free(struct outbound *o)
{
	if (!o)
		return;
	if (o->started) {
		outbound_stop(o);
		pthread_join(o->thread, NULL);
	}
	resolver_free(o->resolver);
	while (o->kept_count > 0)
		curl_easy_cleanup(o->kept[--o->kept_count]);
	if (o->multi)
		curl_multi_cleanup(o->multi);
	assert(!o->running && !o->first);
	guard_done(&o->guard);
	pthread_mutex_destroy(&o->lock);
	free(o->ca);
	free(o);
	curl_global_cleanup();
}

void outbound_cancel(struct outbound *o, struct outbound_call *call)
{
	atomic_store(&call->cancel, true);
	pthread_mutex_lock(&o->lock);
	o->cancelling = true;
	pthread_mutex_unlock(&o->lock);
	wake(o);
}

static void clear(struct outbound_call *call)
{
	atomic_store(&call->cancel, false);
	call->next = NULL;
	call->transfer = NULL;
	call->result = OUTBOUND_CANCELLED;
	call->reason[0] = '\0';
	call->status = 0;
	call->sent = call->was_cut = false;
	call->head = call->body = (struct buf){ .p = NULL };
	call->took_ms = 0;
}

void outbound_send(struct outbound *o, struct outbound_call *call)
{
	clear(call);
	assert(call->redirects == 0 || strcmp(call->method, "GET") == 0);
	pthread_mutex_lock(&o->lock);
	const bool stopping = o->stopping;
	const bool taken = !stopping && o->waiting < LIMIT_OUTBOUND_WAITING;
	if (taken) {
		*o->end = call;
		o->end = &call->next;
		o->waiting++;
	}
	pthread_mutex_unlock(&o->lock);
	if (taken)
		wake(o);
	else if (stopping)
		refuse(call, OUTBOUND_CANCELLED, "the server stops");
	else
		refuse(call, OUTBOUND_BUSY, "too many calls wait already");
}

static void post(struct outbound_call *call)
{
	sem_post(call->arg);
}

void outbound_run(struct outbound *o, struct outbound_call *call)
{
	sem_t done;

	sem_init(&done, 0, 0);
	call->done = post;
	call->arg = &done;
	outbound_send(o, call);
	while (sem_wait(&done) != 0)
		assert(errno == EINTR);
	sem_destroy(&done);
}

void outbound_call_done(struct outbound_call *call)
{
	buf_done(&call->head);
	buf_done(&call->body);
}

struct str outbound_header(const struct outbound_call *call, const char *name)
{
	struct str rest = buf_str(&call->head), line;

	while (rest.n > 0) {
		str_cut(&rest, '\n', &line);
		struct str value = line, key;
		if (str_cut(&value, ':', &key) && str_eq_ignore_case(key, str_of(name))) {
			if (value.n > 0 && value.p[value.n - 1] == '\r')
				value.n--;
			return str_trim(value);
		}
	}
	return (struct str){ NULL, 0 };
}

bool outbound_may_call(const struct outbound *o, struct str text, char reterr_reason[OUTBOUND_REASON_ROOM])
{
	struct url url;
	const char *wrong;

	if (!url_read(text, &url, &wrong)) {
		snprintf(reterr_reason, OUTBOUND_REASON_ROOM, "%s", wrong);
		return false;
	}
	if (url.address.any.sa_family == AF_UNSPEC || guard_allows(&o->guard, &url.address.any))
		return true;
	snprintf(reterr_reason, OUTBOUND_REASON_ROOM,
		"is an address that only this machine's own networks have (outbound.allow permits such)");
	return false;
}
