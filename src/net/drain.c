/* SPDX-License-Identifier: Apache-2.0
 * Stopping without losing a request: first what the kernel has accepted is taken, then who was just
 * about to ask may do so, then only running exchanges are waited for, then all is closed. From the
 * start each answer says that the connection closes.
 * net: may include base, core and wire.
 */
#include "net/exchange.h"

#define LAST_ACCEPTS_MS 10
#define LAST_REQUESTS_MS 250 /* a client that keeps a connection busy asks again within this */

/* Where a stage's time is over, the loop looks once more at what has come before it goes on: one that was busy
 * just then has not seen it yet, and timers run before that look. */
#define LAST_LOOK_MS 1

static void on_drain(uv_timer_t *timer);

static void set_timer(struct loop *loop, uint64_t ms)
{
	uv_timer_start(&loop->drain, on_drain, ms, 0);
}

static void for_each_connection(struct loop *loop, void (*action)(struct connection *c))
{
	for (struct connection *c = loop->connections; c;) {
		struct connection *next = c->next;
		action(c);
		c = next;
	}
}

static void on_drain(uv_timer_t *timer)
{
	struct loop *loop = timer->data;
	uint64_t drain_ms = loop->server->limits.drain_ms;
	uint64_t grace_ms = drain_ms / 4 < LAST_REQUESTS_MS ? drain_ms / 4 : LAST_REQUESTS_MS;

	loop_enter(loop);
	if (!loop->drain_looked) {
		loop->drain_looked = true;
		set_timer(loop, LAST_LOOK_MS);
		return;
	}
	loop->drain_looked = false;
	switch (loop->draining) {
	case DRAIN_NOT:
		break;
	case DRAIN_LAST_ACCEPTS:
		loop->draining = DRAIN_LAST_REQUESTS;
		loop_close_listening(loop);
		set_timer(loop, grace_ms);
		for_each_connection(loop, connection_run); /* those of HTTP/2 say it to their clients */
		loop_end_if_drained(loop);
		break;
	case DRAIN_LAST_REQUESTS:
		loop->draining = DRAIN_EXCHANGES;
		set_timer(loop, drain_ms - grace_ms);
		for_each_connection(loop, connection_run);
		break;
	case DRAIN_EXCHANGES:
		for_each_connection(loop, connection_lose);
		break;
	}
}

void drain_start(struct loop *loop)
{
	if (loop->draining != DRAIN_NOT)
		return;
	loop->draining = DRAIN_LAST_ACCEPTS;
	set_timer(loop, LAST_ACCEPTS_MS);
}
