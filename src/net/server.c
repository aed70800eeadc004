/* SPDX-License-Identifier: Apache-2.0
 * The server: options and their defaults, what is bound, the loops' threads, the counters.
 * net: may include base, core and wire.
 */
#include "net/loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define LOOPS_MAX 256
#define ERROR_ROOM 256

static void default_to(uint32_t *value, uint32_t by_default)
{
	if (*value == 0)
		*value = by_default;
}

static struct server_limits complete_limits(struct server_limits limits)
{
	default_to(&limits.head_ms, LIMIT_HEAD_MS);
	default_to(&limits.idle_ms, LIMIT_IDLE_MS);
	default_to(&limits.body_ms, LIMIT_BODY_MS);
	default_to(&limits.body_total_ms, LIMIT_BODY_TOTAL_MS);
	default_to(&limits.write_ms, LIMIT_WRITE_MS);
	default_to(&limits.drain_ms, LIMIT_DRAIN_MS);
	default_to(&limits.connections, LIMIT_CONNECTIONS);
	if (limits.body_memory_bytes == 0)
		limits.body_memory_bytes = LIMIT_BODY_MEMORY_BYTES;
	return limits;
}

static unsigned choose_loops(unsigned wanted)
{
	if (wanted == 0)
		wanted = uv_available_parallelism();
	return wanted < LOOPS_MAX ? wanted : LOOPS_MAX;
}

/* Each connection is a file: the soft limit of 1024 is for programs that use select(). */
static void raise_file_limit(void)
{
	struct rlimit files;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

static bool open_listener(struct server *server, size_t i, unsigned loops,
			  char reterr_text[static ERROR_ROOM])
{
	int fds[LOOPS_MAX];
	struct listener *one = &server->listeners[i];

	if (!listener_open(one, loops, fds, reterr_text))
		return false;
	for (unsigned k = 0; k < loops; k++) {
		server->loops[k].listening[i].listener = one;
		server->loops[k].listening[i].fd = fds[k];
	}
	return true;
}

static bool parse_listeners(struct server *server, const struct server_options *options,
			    char reterr_text[static ERROR_ROOM])
{
	for (size_t i = 0; i < server->listener_count; i++) {
		if (!listener_parse(options->listeners[i].address, &server->listeners[i], reterr_text))
			return false;
		server->listeners[i].tag = options->listeners[i].tag;
	}
	return true;
}

static bool open_tls(struct server *server, const struct server_options *options,
		     char reterr_text[static ERROR_ROOM])
{
	for (size_t i = 0; i < server->listener_count; i++) {
		if (!options->listeners[i].tls)
			continue;
		struct tls_context *context = tls_context_new_server(options->listeners[i].tls, reterr_text);
		if (!context)
			return false;
		server->listeners[i].tls = tls_slot_new(context);
		if (!server->listeners[i].tls) {
			tls_context_unref(context);
			return false;
		}
	}
	return true;
}

static bool allocate(struct server *server, unsigned loops)
{
	server->listeners = calloc(server->listener_count, sizeof(*server->listeners));
	server->loops = calloc(loops, sizeof(*server->loops));
	if (!server->listeners || !server->loops)
		return false;
	server->loop_count = loops;
	for (unsigned k = 0; k < loops; k++) {
		struct loop *loop = &server->loops[k];
		loop->server = server;
		loop->listening = calloc(server->listener_count, sizeof(*loop->listening));
		if (!loop->listening)
			return false;
		for (size_t i = 0; i < server->listener_count; i++)
			loop->listening[i].fd = -1;
	}
	return true;
}

static bool set_up(struct server *server, const struct server_options *options,
		   char reterr_text[static ERROR_ROOM])
{
	unsigned loops = choose_loops(options->loops);

	snprintf(reterr_text, ERROR_ROOM, "not enough memory or threads to start the server");
	unsigned workers = options->workers ? options->workers : LIMIT_WORKERS;
	server->pool = worker_pool_new(workers, LIMIT_WORKER_QUEUE);
	if (!server->pool || !allocate(server, loops) || !parse_listeners(server, options, reterr_text) ||
	    !open_tls(server, options, reterr_text))
		return false;
	for (size_t i = 0; i < server->listener_count; i++)
		if (!open_listener(server, i, loops, reterr_text))
			return false;
	for (unsigned k = 0; k < loops; k++)
		if (!loop_init(&server->loops[k], server, k)) {
			snprintf(reterr_text, ERROR_ROOM, "an event loop cannot be made");
			return false;
		}
	return true;
}

bool server_new(const struct server_options *options, const struct server_handler *handler,
		struct server **ret, char reterr_text[256])
{
	assert(options->listener_count > 0 && handler->request);
	struct server *server = calloc(1, sizeof(*server));
	if (!server) {
		snprintf(reterr_text, ERROR_ROOM, "out of memory");
		return false;
	}
	server->magic = SERVER_MAGIC;
	server->handler = *handler;
	server->limits = complete_limits(options->limits);
	server->listener_count = options->listener_count;
	pthread_mutex_init(&server->lock, NULL);
	pthread_cond_init(&server->all_started, NULL);
	raise_file_limit();
	if (!set_up(server, options, reterr_text)) {
		server_free(server);
		return false;
	}
	*ret = server;
	return true;
}

void server_free(struct server *server)
{
	if (!server)
		return;
	assert(server->magic == SERVER_MAGIC);
	for (unsigned k = 0; k < server->loop_count; k++) {
		struct loop *loop = &server->loops[k];
		loop_done(loop);
		for (size_t i = 0; loop->listening && i < server->listener_count; i++)
			if (loop->listening[i].fd >= 0)
				close(loop->listening[i].fd);
		free(loop->listening);
	}
	for (size_t i = 0; server->listeners && i < server->listener_count; i++) {
		listener_remove(&server->listeners[i]);
		tls_slot_free(server->listeners[i].tls);
	}
	worker_pool_free(server->pool);
	pthread_cond_destroy(&server->all_started);
	pthread_mutex_destroy(&server->lock);
	free(server->listeners);
	free(server->loops);
	server->magic = 0;
	free(server);
}

unsigned server_port(const struct server *server, size_t listener)
{
	assert(server->magic == SERVER_MAGIC && listener < server->listener_count);
	return server->listeners[listener].port;
}

/* ---- Certificates read again ---- */

struct server_tls {
	size_t count;
	struct tls_context *contexts[]; /* of each listener; NULL where there is none */
};

void server_tls_drop(struct server_tls *fresh)
{
	for (size_t i = 0; fresh && i < fresh->count; i++)
		tls_context_unref(fresh->contexts[i]);
	free(fresh);
}

bool server_tls_load(const struct server *server, const struct server_listener *listeners,
		     struct server_tls **ret, char reterr_text[256])
{
	const size_t count = server->listener_count;
	struct server_tls *fresh = calloc(1, sizeof(*fresh) + count * sizeof(struct tls_context *));
	bool good = fresh != NULL;

	assert(server->magic == SERVER_MAGIC);
	snprintf(reterr_text, ERROR_ROOM, "out of memory");
	for (size_t i = 0; good && i < count; i++) {
		fresh->count = i + 1;
		good = !server->listeners[i].tls == !listeners[i].tls;
		if (!good)
			snprintf(reterr_text, ERROR_ROOM, "%.150s: TLS cannot be turned on or off while it runs",
				 listeners[i].address);
		else if (listeners[i].tls)
			good = (fresh->contexts[i] = tls_context_new_server(listeners[i].tls, reterr_text)) != NULL;
	}
	if (good)
		*ret = fresh;
	else
		server_tls_drop(fresh);
	return good;
}

void server_tls_use(struct server *server, struct server_tls *fresh)
{
	assert(server->magic == SERVER_MAGIC && fresh->count == server->listener_count);
	for (size_t i = 0; i < fresh->count; i++)
		if (fresh->contexts[i])
			tls_slot_put(server->listeners[i].tls, fresh->contexts[i]);
	free(fresh);
}

/* ---- Running ---- */

bool server_wait_for_loops(struct server *server, bool good)
{
	pthread_mutex_lock(&server->lock);
	if (!good)
		atomic_store(&server->failed, true);
	if (++server->loops_started == server->loop_count)
		pthread_cond_broadcast(&server->all_started);
	while (server->loops_started < server->loop_count)
		pthread_cond_wait(&server->all_started, &server->lock);
	pthread_mutex_unlock(&server->lock);
	return !atomic_load(&server->failed);
}

/* Loops without a thread count as started, so that the others do not wait for them, and as failed. */
static void miss_loops(struct server *server, unsigned missing)
{
	pthread_mutex_lock(&server->lock);
	atomic_store(&server->failed, true);
	server->loops_started += missing;
	pthread_cond_broadcast(&server->all_started);
	pthread_mutex_unlock(&server->lock);
}

static void *run_loop(void *arg)
{
	loop_run(arg);
	return NULL;
}

bool server_run(struct server *server)
{
	pthread_t threads[LOOPS_MAX];
	unsigned started = 1;

	assert(server->magic == SERVER_MAGIC && server->loops_started == 0);
	while (started < server->loop_count &&
	       pthread_create(&threads[started], NULL, run_loop, &server->loops[started]) == 0)
		started++;
	if (started < server->loop_count)
		miss_loops(server, server->loop_count - started);
	loop_run(&server->loops[0]);
	for (unsigned k = 1; k < started; k++)
		pthread_join(threads[k], NULL);
	return !atomic_load(&server->failed);
}

/* Only what a signal handler may do: an atomic store, and libuv's write to an eventfd. */
void server_stop(struct server *server)
{
	atomic_store(&server->stopping, true);
	for (unsigned k = 0; k < server->loop_count; k++)
		loop_wake(&server->loops[k]);
}

void server_wake(struct server *server)
{
	assert(server->magic == SERVER_MAGIC);
	for (unsigned k = 0; k < server->loop_count; k++)
		loop_wake(&server->loops[k]);
}

void server_count(const struct server *server, struct server_counts *ret)
{
	struct server *s = (struct server *)(uintptr_t)server;

	assert(server->magic == SERVER_MAGIC);
	*ret = (struct server_counts){
		.connections_open = atomic_load(&s->connections_open),
		.connections_total = atomic_load(&s->connections_total),
		.connections_refused = atomic_load(&s->connections_refused),
		.requests_malformed = atomic_load(&s->malformed),
		.timeouts = atomic_load(&s->timeouts),
		.tls_failures = atomic_load(&s->tls_failures),
		.body_bytes_held = atomic_load(&s->body_bytes),
		.worker_queue = worker_pool_waiting(s->pool),
	};
}
