/* SPDX-License-Identifier: Apache-2.0
 * A loop's turn: what happens around each wait, what other threads send, and the clock.
 * net: may include base, core and wire.
 */
#include "base/text.h"
#include "net/http2.h"

#include <stdlib.h>
#include <sys/random.h>

#define TICK_MS_LEAST 5
#define TICK_MS_MOST 250

/* ---- The clock ---- */

/* "Date: Sun, 22 Nov 2026 06:18:00 GMT\r\nRemit-Request-Id: 0123456789abcdef" */
static void make_stamp(struct loop *loop)
{
	char date[TIME_TEXT_ROOM];
	char *at = loop->stamp;

	time_to_http(loop->wall_ms, date);
	at = mempcpy(at, "Date: ", 6);
	at = mempcpy(at, date, 29);
	at = mempcpy(at, "\r\nRemit-Request-Id: ", 20);
	hex_encode(loop->id, sizeof(loop->id), at);
	loop->stamp_size = (size_t)(at - loop->stamp) + 2 * sizeof(loop->id);
	loop->stamp_second = loop->wall_ms / 1000;
}

static void read_clocks(struct loop *loop)
{
	loop->now_ns = clock_monotonic_ns();
	loop->wall_ms = clock_wall_ms();
	if (loop->wall_ms / 1000 != loop->stamp_second)
		make_stamp(loop);
}

/* ---- Around each wait ---- */

void loop_leave_wait(struct loop *loop)
{
	loop->waiting = false;
	read_clocks(loop);
	if (loop->server->handler.loop_after_wait)
		loop->server->handler.loop_after_wait(loop->state);
}

static void before_wait(uv_prepare_t *prepare)
{
	struct loop *loop = prepare->data;

	assert(loop->magic == LOOP_MAGIC);
	if (loop->waiting)
		return;
	if (loop->server->handler.loop_before_wait)
		loop->server->handler.loop_before_wait(loop->state);
	loop->waiting = true;
}

/* ---- Connections that can go on ---- */

/* Those that are there now; what they schedule waits for the next time. */
static void run_ready(struct loop *loop)
{
	struct connection *c = loop->ready_first;

	loop->ready_first = loop->ready_last = NULL;
	uv_idle_stop(&loop->again);
	while (c) {
		struct connection *next = c->ready_next;
		c->ready = false;
		connection_run(c);
		c = next;
	}
}

/* Before the next wait, which an idle handle would turn into a look without waiting. */
static void after_wait(uv_check_t *check)
{
	struct loop *loop = check->data;

	loop_enter(loop);
	if (loop->ready_first)
		run_ready(loop);
}

static void on_again(uv_idle_t *idle)
{
	struct loop *loop = idle->data;

	loop_enter(loop);
	run_ready(loop);
}

void loop_schedule(struct loop *loop, struct connection *c)
{
	if (c->ready)
		return;
	c->ready = true;
	c->ready_next = NULL;
	if (loop->ready_last)
		loop->ready_last->ready_next = c;
	else
		loop->ready_first = c;
	loop->ready_last = c;
	uv_idle_start(&loop->again, on_again);
}

/* ---- From other threads ---- */

void loop_wake(struct loop *loop)
{
	uv_async_send(&loop->wake);
}

static void on_wake(uv_async_t *async)
{
	struct loop *loop = async->data;

	loop_enter(loop);
	for (struct job *job = job_results_take(&loop->results); job;) {
		struct job *next = job->next;
		exchange_job_done((struct exchange *)((char *)job - offsetof(struct exchange, job)));
		job = next;
	}
	if (loop->server->handler.woken)
		loop->server->handler.woken(loop->state);
	if (atomic_load(&loop->server->stopping))
		drain_start(loop);
}

/* ---- Deadlines ---- */

static void on_tick(uv_timer_t *timer)
{
	struct loop *loop = timer->data;
	enum deadline_phase phase;
	struct deadline *one;

	loop_enter(loop);
	while ((one = deadlines_take(&loop->deadlines, loop->now_ns, &phase)) != NULL) {
		if (phase >= DEADLINE_STREAM_BODY) {
			http2_expire(one, phase);
			continue;
		}
		size_t offset = phase == DEADLINE_WRITE ? offsetof(struct connection, write_deadline) :
							  offsetof(struct connection, read_deadline);
		connection_expire((struct connection *)((char *)one - offset), phase);
	}
}

static uint32_t tick_ms(const struct server_limits *limits)
{
	const uint32_t all[] = { limits->head_ms, limits->idle_ms, limits->body_ms, limits->write_ms };
	uint32_t least = TICK_MS_MOST * 8;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i] < least)
			least = all[i];
	return least / 8 < TICK_MS_LEAST ? TICK_MS_LEAST : least / 8;
}

/* ---- Life ---- */

static bool init_listening(struct loop *loop, size_t i)
{
	struct listening *one = &loop->listening[i];
	bool is_unix = one->listener->address.any.sa_family == AF_UNIX;

	one->loop = loop;
	if ((is_unix ? uv_pipe_init(&loop->uv, &one->uv.pipe, 0) : uv_tcp_init(&loop->uv, &one->uv.tcp)) != 0)
		return false;
	one->uv.stream.data = one;
	one->open = true;
	if ((is_unix ? uv_pipe_open(&one->uv.pipe, one->fd) : uv_tcp_open(&one->uv.tcp, one->fd)) != 0)
		return false;
	one->fd = -1;
	return true;
}

static void init_handles(struct loop *loop)
{
	uv_prepare_init(&loop->uv, &loop->prepare);
	uv_check_init(&loop->uv, &loop->check);
	uv_idle_init(&loop->uv, &loop->again);
	uv_timer_init(&loop->uv, &loop->tick);
	uv_timer_init(&loop->uv, &loop->drain);
	loop->wake.data = loop->prepare.data = loop->check.data = loop->again.data = loop;
	loop->tick.data = loop->drain.data = loop;
}

bool loop_init(struct loop *loop, struct server *server, unsigned index)
{
	const struct server_limits *limits = &server->limits;
	const uint32_t after_ms[DEADLINE_PHASES] = {
		[DEADLINE_HEAD] = limits->head_ms,   [DEADLINE_IDLE] = limits->idle_ms,
		[DEADLINE_BODY] = limits->body_ms,   [DEADLINE_WRITE] = limits->write_ms,
		[DEADLINE_LINGER] = LOOP_LINGER_MS,   [DEADLINE_STREAM_BODY] = limits->body_ms,
		[DEADLINE_STREAM_WRITE] = limits->write_ms, [DEADLINE_STREAM_LINGER] = LOOP_LINGER_MS,
	};

	loop->server = server;
	loop->index = index;
	loop->stamp_second = -1;
	deadlines_init(&loop->deadlines, after_ms);
	buf_init(&loop->output.gathered, OUTPUT_GATHERED_MAX);
	buf_init(&loop->ciphertext_out, OUTPUT_GATHERED_MAX);
	if (getrandom(loop->id, sizeof(loop->id), 0) != sizeof(loop->id) || uv_loop_init(&loop->uv) != 0)
		return false;
	if (uv_async_init(&loop->uv, &loop->wake, on_wake) != 0) {
		uv_loop_close(&loop->uv);
		return false;
	}
	init_handles(loop);
	read_clocks(loop);
	bool good = job_results_init(&loop->results, &loop->wake);
	assert(good); /* a plain mutex cannot fail on Linux */
	loop->magic = LOOP_MAGIC;
	for (size_t i = 0; i < server->listener_count; i++)
		if (!init_listening(loop, i)) {
			loop_done(loop);
			return false;
		}
	return true;
}

static void close_handle(uv_handle_t *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

void loop_close_listening(struct loop *loop)
{
	for (size_t i = 0; i < loop->server->listener_count; i++) {
		if (loop->listening[i].open)
			close_handle((uv_handle_t *)&loop->listening[i].uv);
		loop->listening[i].open = false;
	}
}

static void close_handles(struct loop *loop)
{
	loop_close_listening(loop);
	close_handle((uv_handle_t *)&loop->wake);
	close_handle((uv_handle_t *)&loop->prepare);
	close_handle((uv_handle_t *)&loop->check);
	close_handle((uv_handle_t *)&loop->again);
	close_handle((uv_handle_t *)&loop->tick);
	close_handle((uv_handle_t *)&loop->drain);
}

void loop_end_if_drained(struct loop *loop)
{
	if (loop->draining >= DRAIN_LAST_REQUESTS && loop->connection_count == 0)
		close_handles(loop);
}

void loop_done(struct loop *loop)
{
	if (loop->magic != LOOP_MAGIC)
		return;
	close_handles(loop);
	uv_run(&loop->uv, UV_RUN_DEFAULT);
	assert(loop->connection_count == 0);
	input_free_all(loop);
	exchange_free_all(loop);
	buf_done(&loop->output.gathered);
	http2_memory_done(&loop->http2_memory);
	transport_free_buffers(loop);
	job_results_done(&loop->results);
	int result = uv_loop_close(&loop->uv);
	assert(result == 0);
	(void)result;
	loop->magic = 0;
}

static bool start_handles(struct loop *loop)
{
	uint32_t tick = tick_ms(&loop->server->limits);

	for (size_t i = 0; i < loop->server->listener_count; i++)
		if (uv_listen(&loop->listening[i].uv.stream, LISTENER_BACKLOG, connection_accept) != 0)
			return false;
	return uv_prepare_start(&loop->prepare, before_wait) == 0 &&
	       uv_check_start(&loop->check, after_wait) == 0 &&
	       uv_timer_start(&loop->tick, on_tick, tick, tick) == 0;
}

/* No thread is ever cancelled here. Said in this way, the C library does without two atomic operations
 * around each system call. */
static void never_cancel(void)
{
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
}

void loop_run(struct loop *loop)
{
	struct server *server = loop->server;
	const struct server_handler *handler = &server->handler;

	never_cancel();
	loop->state = handler->loop_start ? handler->loop_start(handler->ctx, loop->index) : loop;
	if (!server_wait_for_loops(server, loop->state != NULL)) {
		close_handles(loop);
	} else if (!start_handles(loop)) {
		atomic_store(&server->failed, true);
		server_stop(server);
	}
	if (atomic_load(&server->stopping))
		loop_wake(loop);
	uv_run(&loop->uv, UV_RUN_DEFAULT);
	if (loop->state && handler->loop_stop)
		handler->loop_stop(handler->ctx, loop->state);
}
