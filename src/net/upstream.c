/* SPDX-License-Identifier: Apache-2.0
 * The connections to an upstream: made, pooled, watched by deadlines, closed. What is said on them is
 * in upstream_call.c.
 * net: may include base, core and wire.
 */
#include "net/upstream_internal.h"

#include <stdlib.h>

#define TICK_MS 100
#define HOST_ASKED_S 60

/* ---- Life of the pool ---- */

static void free_parts(struct upstream *up)
{
	buf_done(&up->head);
	free(up->places);
	tls_context_unref(up->tls.context);
	buf_done(&up->ciphertext_out);
	free(up->ciphertext_in);
	free(up);
}

struct upstream *upstream_new(const struct upstream_address *addresses, size_t count,
			      const struct upstream_limits *limits, const struct upstream_tls *tls)
{
	struct upstream *up = calloc(1, sizeof(*up));

	assert(count > 0 && count <= UPSTREAM_ADDRESSES_MAX);
	if (!up)
		return NULL;
	up->places = calloc(count, sizeof(*up->places));
	buf_init(&up->head, UPSTREAM_HEAD_BYTES);
	/* All at once: growing would leave copies of what is secret behind. */
	if (!up->places || !buf_reserve(&up->head, UPSTREAM_HEAD_BYTES)) {
		free_parts(up);
		return NULL;
	}
	up->magic = UPSTREAM_MAGIC;
	up->count = count;
	for (size_t i = 0; i < count; i++)
		up->places[i].address = &addresses[i];
	up->limits = *limits;
	if (tls) {
		up->tls = *tls;
		tls_context_ref(tls->context);
	}
	buf_init(&up->ciphertext_out, 2 * LIMIT_JSON_BODY_BYTES);
	const uint32_t after_ms[DEADLINE_PHASES] = {
		[DEADLINE_WRITE] = limits->connect_ms ? limits->connect_ms : LIMIT_UPSTREAM_CONNECT_MS,
		[DEADLINE_HEAD] = limits->head_ms ? limits->head_ms : LIMIT_UPSTREAM_HEAD_MS,
		[DEADLINE_BODY] = limits->body_ms ? limits->body_ms : LIMIT_UPSTREAM_BODY_MS,
		[DEADLINE_IDLE] = LIMIT_UPSTREAM_IDLE_MS,
	};
	deadlines_init(&up->deadlines, after_ms);
	return up;
}

static void free_if_over(struct upstream *up)
{
	if (!up->freed || up->links > 0)
		return;
	up->magic = 0;
	free_parts(up);
}

static void on_tick_closed(uv_handle_t *handle)
{
	struct upstream *up = handle->data;
	up->links--;
	free_if_over(up);
}

void upstream_free(struct upstream *up)
{
	if (!up)
		return;
	assert(up->magic == UPSTREAM_MAGIC);
	for (size_t i = 0; i < up->count; i++)
		while (up->places[i].idle)
			link_close(up->places[i].idle);
	up->freed = true;
	if (up->ticking)
		uv_close((uv_handle_t *)&up->tick, on_tick_closed);
	free_if_over(up);
}

static void expire(struct upstream_link *link, enum deadline_phase phase)
{
	if (phase == DEADLINE_IDLE)
		link_close(link);
	else if (phase == DEADLINE_WRITE)
		call_unconnected(link->call, UPSTREAM_TIMEOUT);
	else
		call_fail(link->call, UPSTREAM_TIMEOUT);
}

static void on_tick(uv_timer_t *timer)
{
	struct upstream *up = timer->data;
	enum deadline_phase phase;
	struct deadline *one;

	loop_enter(up->loop);
	while ((one = deadlines_take(&up->deadlines, up->loop->now_ns, &phase)) != NULL)
		expire((struct upstream_link *)((char *)one - offsetof(struct upstream_link, deadline)),
		       phase);
}

/* An idle pool keeps no loop from ending. */
static bool start_ticking(struct upstream *up, struct loop *loop)
{
	if (up->ticking)
		return true;
	up->loop = loop;
	if (uv_timer_init(&loop->uv, &up->tick) != 0)
		return false;
	up->tick.data = up;
	up->links++;
	up->ticking = true;
	uv_unref((uv_handle_t *)&up->tick);
	return uv_timer_start(&up->tick, on_tick, TICK_MS, TICK_MS) == 0;
}

/* ---- Closing and pooling ---- */

static void on_closed(uv_handle_t *handle)
{
	struct upstream_link *link = handle->data;
	struct upstream *up = link->up;

	link->magic = 0;
	link_tls_free(link);
	free(link->kept);
	free(link);
	up->links--;
	free_if_over(up);
}

static void leave_pool(struct upstream_link *link)
{
	struct upstream_link **at = &link->place->idle;
	while (*at != link)
		at = &(*at)->next;
	*at = link->next;
	link->place->idle_count--;
	uv_ref(&link->uv.handle);
}

void link_close(struct upstream_link *link)
{
	assert(link->magic == LINK_MAGIC);
	if (link->state == LINK_CLOSING)
		return;
	if (link->state == LINK_IDLE)
		leave_pool(link);
	else
		link->place->busy--;
	if (link->tls)
		link_tls_end(link);
	link->state = LINK_CLOSING;
	link->call = NULL;
	deadline_disarm(&link->deadline);
	uv_close(&link->uv.handle, on_closed);
}

void link_release(struct upstream_link *link)
{
	struct upstream_place *place = link->place;

	if (place->idle_count >= LIMIT_UPSTREAM_IDLE || link->up->loop->draining != DRAIN_NOT) {
		link_close(link);
		return;
	}
	free(link->kept);
	link->kept = NULL;
	link->kept_n = link->kept_room = 0;
	link->call = NULL;
	link->state = LINK_IDLE;
	place->busy--;
	place->idle_count++;
	link->next = place->idle;
	place->idle = link;
	link_set_reading(link, true); /* to see it end */
	uv_unref(&link->uv.handle);
	link_arm(link, DEADLINE_IDLE);
}

void link_watch_host(struct upstream_link *link)
{
	if (link->place->address->address.any.sa_family != AF_UNIX)
		uv_tcp_keepalive(&link->uv.tcp, 1, HOST_ASKED_S);
}

void link_arm(struct upstream_link *link, enum deadline_phase phase)
{
	if (phase == DEADLINE_PHASES)
		deadline_disarm(&link->deadline);
	else
		deadline_arm(&link->up->deadlines, &link->deadline, phase, link->up->loop->now_ns);
}

/* ---- Reading and writing ---- */

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
	struct upstream_link *link = handle->data;
	(void)suggested;
	*ret = link->tls ? link_tls_room(link) : uv_buf_init(link->up->read, UPSTREAM_READ_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct upstream_link *link = stream->data;

	assert(link->magic == LINK_MAGIC);
	loop_enter(link->up->loop);
	if (n == 0 || link->state == LINK_CLOSING)
		return;
	if (link->tls)
		link_tls_came(link, n);
	else if (link->state == LINK_IDLE) /* it ended, or speaks unasked */
		link_close(link);
	else if (n == UV_EOF)
		call_eof(link->call);
	else if (n < 0)
		call_fail(link->call, UPSTREAM_CLOSED);
	else
		call_read(link->call, buf->base, (size_t)n);
}

void link_set_reading(struct upstream_link *link, bool reading)
{
	if (link->reading == reading)
		return;
	link->reading = reading;
	if (!reading)
		uv_read_stop(&link->uv.stream);
	else if (uv_read_start(&link->uv.stream, on_room, on_read) != 0)
		link->reading = false; /* a deadline ends it */
}

bool link_keep(struct upstream_link *link, const char *bytes, size_t n)
{
	if (link->kept_n + n > link->kept_room) {
		char *p = realloc(link->kept, link->kept_n + n);
		if (!p)
			return false;
		link->kept = p;
		link->kept_room = link->kept_n + n;
	}
	memcpy(link->kept + link->kept_n, bytes, n);
	link->kept_n += n;
	return true;
}

struct parcel { /* bytes that the kernel did not take at once */
	uv_write_t request;
	struct upstream_link *link;
	size_t n;
	char data[];
};

static void on_written(uv_write_t *request, int status)
{
	struct parcel *parcel = request->data;
	struct upstream_link *link = parcel->link;

	loop_enter(link->up->loop);
	link->unsent -= parcel->n;
	explicit_bzero(parcel->data, parcel->n); /* a credential may stand in it */
	free(parcel);
	/* Where it failed, reading tells why; perhaps an answer came first. */
	if (link->state == LINK_BUSY && status == 0)
		call_written(link->call);
}

bool link_write(struct upstream_link *link, struct str bytes)
{
	return link->tls ? link_tls_write(link, bytes) : link_write_raw(link, bytes);
}

bool link_write_raw(struct upstream_link *link, struct str bytes)
{
	uv_buf_t now = { .base = (char *)(uintptr_t)bytes.p, .len = bytes.n };
	int written = link->unsent > 0 || bytes.n == 0 ? 0 : uv_try_write(&link->uv.stream, &now, 1);

	if (written == UV_EAGAIN)
		written = 0;
	if (written < 0)
		return false;
	if ((size_t)written == bytes.n)
		return true;
	struct parcel *parcel = malloc(sizeof(*parcel) + bytes.n - (size_t)written);
	if (!parcel)
		return false;
	parcel->link = link;
	parcel->n = bytes.n - (size_t)written;
	parcel->request.data = parcel;
	memcpy(parcel->data, bytes.p + written, parcel->n);
	uv_buf_t rest = uv_buf_init(parcel->data, (unsigned)parcel->n);
	if (uv_write(&parcel->request, &link->uv.stream, &rest, 1, on_written) != 0) {
		free(parcel);
		return false;
	}
	link->unsent += parcel->n;
	return true;
}

/* ---- Connecting ---- */

static void on_connected(uv_connect_t *request, int status)
{
	struct upstream_link *link = request->data;

	loop_enter(link->up->loop);
	if (link->state != LINK_CONNECTING)
		return;
	if (status < 0) {
		call_unconnected(link->call, UPSTREAM_UNREACHABLE);
		return;
	}
	if (link->place->address->address.any.sa_family != AF_UNIX)
		uv_tcp_nodelay(&link->uv.tcp, 1);
	if (link->tls) {
		link_tls_start(link);
		return;
	}
	link->place->down_until_ns = 0;
	link->state = LINK_BUSY;
	call_connected(link->call);
}

/* Less is better. */
static unsigned rank(const struct upstream *up, const struct upstream_place *place)
{
	if (place->down_until_ns > up->loop->now_ns)
		return 2;
	return place->address->spare ? 1 : 0;
}

/* Fewest running calls among those of the best rank that were not tried. */
static struct upstream_place *choose(struct upstream *up, uint64_t tried)
{
	struct upstream_place *best = NULL;

	for (size_t i = 0; i < up->count; i++) {
		struct upstream_place *one = &up->places[i];
		if (tried & UINT64_C(1) << i)
			continue;
		if (!best || rank(up, one) < rank(up, best) ||
		    (rank(up, one) == rank(up, best) && one->busy < best->busy))
			best = one;
	}
	return best;
}

/* False where not even a socket could be had. */
static bool dial(struct upstream_link *link)
{
	const struct upstream_address *to = link->place->address;
	bool is_unix = to->address.any.sa_family == AF_UNIX;

	link->connect.data = link;
	if (!is_unix)
		return uv_tcp_connect(&link->connect, &link->uv.tcp, &to->address.any, on_connected) == 0;
	uv_pipe_connect(&link->connect, &link->uv.pipe, to->address.un.sun_path, on_connected);
	return true;
}

static struct upstream_link *new_link(struct upstream *up, struct upstream_place *place)
{
	struct upstream_link *link = calloc(1, sizeof(*link));
	bool is_unix = place->address->address.any.sa_family == AF_UNIX;

	if (!link)
		return NULL;
	link->magic = LINK_MAGIC;
	link->up = up;
	link->place = place;
	deadline_init(&link->deadline);
	if (place->address->tls && !link_tls_open(link)) {
		free(link);
		return NULL;
	}
	int made = is_unix ? uv_pipe_init(&up->loop->uv, &link->uv.pipe, 0) :
			     uv_tcp_init(&up->loop->uv, &link->uv.tcp);
	if (made != 0) {
		link_tls_free(link);
		free(link);
		return NULL;
	}
	link->uv.handle.data = link;
	up->links++;
	place->busy++;
	return link;
}

bool upstream_take_link(struct upstream_call *call, bool pooled)
{
	struct upstream *up = call->up;
	struct upstream_place *place = NULL;

	if (!start_ticking(up, exchange_loop(call->request.x)))
		return false;
	while ((place = choose(up, call->tried)) != NULL) {
		struct upstream_link *link = pooled ? place->idle : NULL;
		if (link) {
			leave_pool(link);
			place->busy++;
			link->state = LINK_BUSY;
			link->reused = true;
			link->heard = false;
		} else {
			link = new_link(up, place);
			if (!link)
				return false;
		}
		link->call = call;
		call->link = link;
		if (link->state == LINK_BUSY)
			return true;
		link_arm(link, DEADLINE_WRITE);
		if (dial(link))
			return true;
		place->down_until_ns = up->loop->now_ns + (int64_t)LIMIT_UPSTREAM_DOWN_MS * 1000000;
		call->tried |= UINT64_C(1) << (place - up->places);
		call->link = NULL;
		link_close(link);
	}
	return false;
}
