/* SPDX-License-Identifier: Apache-2.0
 * What an upstream sends, into a call without a socket. The first byte says what kind of request it is,
 * the second how the bytes are cut and when the client wants no more. What must hold: however they are
 * cut, the same head and body come out and the same end; nothing is called after the end; the body is
 * what its framing says; a connection with bytes left on it is not used again; and the request is sent
 * a second time only where nothing of an answer came and that does no harm.
 */
#include "net/upstream_internal.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition) do { if (!(condition)) abort(); } while (0)
#define INPUT_MAX (128 * 1024)

enum { TO_HEAD = 1, REUSED = 2, IDEMPOTENT = 4, STREAMED = 8, CANCELS = 16 };
enum outcome { OPEN, ENDED, FAILED, CANCELLED };

struct run {
	unsigned flags, random;
	struct upstream up;
	struct upstream_place place;
	struct upstream_address address;
	struct upstream_call call;
	struct upstream_link *link; /* the one there is; NULL: closed */
	bool pooled;
	unsigned links, heads_sent;
	enum outcome outcome;
	enum upstream_failure failure;
	bool has_head;
	int status;
	enum http1_body kind;
	uint64_t length;
	char body[INPUT_MAX];
	size_t n;
};

static struct run *now; /* whose links are asked for */

/* ---- In the place of sockets ---- */

bool upstream_take_link(struct upstream_call *call, bool pooled)
{
	struct upstream_link *link = calloc(1, sizeof(*link));
	REQUIRE(link && !now->link);
	link->magic = LINK_MAGIC;
	link->state = LINK_BUSY;
	link->reused = pooled && (now->flags & REUSED);
	link->up = &now->up;
	link->place = &now->place;
	link->call = call;
	call->link = now->link = link;
	now->links++;
	return true;
}

void link_close(struct upstream_link *link)
{
	REQUIRE(link == now->link);
	now->link = NULL;
	now->pooled = false;
	free(link->kept);
	free(link);
}

void link_release(struct upstream_link *link)
{
	REQUIRE(link == now->link && !link->call);
	free(link->kept); /* used up */
	link->kept = NULL;
	now->pooled = true;
	link->reading = true;
}

void link_set_reading(struct upstream_link *link, bool reading)
{
	link->reading = reading;
}

bool link_write(struct upstream_link *link, struct str bytes)
{
	REQUIRE(link == now->link && bytes.p);
	return true;
}

void link_tls_pump(struct upstream_link *link)
{
	REQUIRE(!link); /* none of these has TLS */
}

bool link_keep(struct upstream_link *link, const char *bytes, size_t n)
{
	char *p = realloc(link->kept, link->kept_n + n);
	REQUIRE(p);
	memcpy(p + link->kept_n, bytes, n);
	link->kept = p;
	link->kept_n = link->kept_room = link->kept_n + n;
	return true;
}

void link_arm(struct upstream_link *link, enum deadline_phase phase)
{
	REQUIRE(link == now->link && phase <= DEADLINE_PHASES);
}

void link_watch_host(struct upstream_link *link)
{
	REQUIRE(link == now->link);
}

/* ---- What the call tells ---- */

static unsigned draw(struct run *run)
{
	run->random = run->random * 1103515245u + 12345u;
	return run->random >> 16;
}

static bool write_head(void *ctx, struct str host, struct buf *out)
{
	struct run *run = ctx;
	run->heads_sent++;
	return buf_add_str(out, host);
}

static bool cancels(struct run *run)
{
	if (!(run->flags & CANCELS) || draw(run) % 4 != 0)
		return false;
	run->outcome = CANCELLED;
	upstream_cancel(&run->call);
	return true;
}

static void on_writable(void *ctx)
{
	struct run *run = ctx;
	REQUIRE(run->outcome == OPEN && (run->flags & STREAMED));
	upstream_write(&run->call, STR("body"));
	upstream_write_end(&run->call);
}

static void on_head(void *ctx, const struct http_response *response, enum http1_body body)
{
	struct run *run = ctx;
	REQUIRE(run->outcome == OPEN && !run->has_head && response->status >= 200);
	run->has_head = true;
	run->status = response->status;
	run->kind = body;
	run->length = response->length;
	(void)cancels(run);
}

static bool on_piece(void *ctx, struct str piece)
{
	struct run *run = ctx;
	REQUIRE(run->outcome == OPEN && run->has_head && piece.n > 0 && run->n + piece.n <= INPUT_MAX);
	memcpy(run->body + run->n, piece.p, piece.n);
	run->n += piece.n;
	return !cancels(run) && (run->random == 0 || draw(run) % 3 != 0);
}

static void on_end(void *ctx)
{
	struct run *run = ctx;
	REQUIRE(run->outcome == OPEN && run->has_head);
	run->outcome = ENDED;
}

static void on_failed(void *ctx, enum upstream_failure failure)
{
	struct run *run = ctx;
	REQUIRE(run->outcome == OPEN && (failure == UPSTREAM_MALFORMED || failure == UPSTREAM_CLOSED));
	run->outcome = FAILED;
	run->failure = failure;
}

/* ---- Runs ---- */

/* In memory of its own size, so that a read past the end is seen. */
static void deliver(struct run *run, const char *bytes, size_t n)
{
	char *exact = malloc(n);
	REQUIRE(exact);
	memcpy(exact, bytes, n);
	call_read(&run->call, exact, n);
	free(exact);
}

/* Until the call reads again, or is over. */
static void resume(struct run *run)
{
	while (run->link && !run->pooled && !run->link->reading) {
		REQUIRE(run->call.paused);
		upstream_resume(&run->call);
	}
}

static struct run *begin(unsigned flags, unsigned random)
{
	struct run *run = calloc(1, sizeof(*run));
	REQUIRE(run);
	now = run;
	run->flags = flags;
	run->random = random;
	run->up.magic = UPSTREAM_MAGIC;
	run->place.address = &run->address;
	memcpy(run->address.host, "h", 2);
	buf_init(&run->up.head, UPSTREAM_HEAD_BYTES);
	run->call.up = &run->up;
	run->call.request = (struct upstream_request){
		.streamed = flags & STREAMED, .idempotent = flags & IDEMPOTENT, .to_head = flags & TO_HEAD, .ctx = run,
		.write_head = write_head, .writable = on_writable, .head = on_head, .piece = on_piece, .end = on_end,
		.failed = on_failed,
	};
	upstream_go(&run->call);
	return run;
}

/* All bytes, and the end of the connection, once or (where it is used again) twice. */
static struct run *play(unsigned flags, unsigned random, const char *bytes, size_t size)
{
	struct run *run = begin(flags, random);
	size_t at = 0;
	while (at < size && run->link) {
		size_t n = random == 0 ? size : 1 + draw(run) % (draw(run) % 2 ? 7 : 4000);
		n = n < size - at ? n : size - at;
		if (run->pooled) { /* it speaks unasked */
			link_close(run->link);
			break;
		}
		deliver(run, bytes + at, n);
		at += n;
		resume(run);
	}
	for (int i = 0; i < 2 && run->link && !run->pooled; i++)
		call_eof(&run->call);
	REQUIRE(run->outcome != OPEN && run->heads_sent == run->links && run->links <= 2);
	REQUIRE(run->links == 1 || (size == 0 && (flags & REUSED) && (flags & IDEMPOTENT) && !(flags & STREAMED)));
	REQUIRE(!run->pooled || (run->outcome == ENDED && at == size));
	return run;
}

static void finish(struct run *run)
{
	now = run;
	if (run->link)
		link_close(run->link);
	buf_done(&run->up.head);
	free(run);
}

static void require_framed(const struct run *run, const char *bytes, size_t size)
{
	if (run->outcome != ENDED)
		return;
	REQUIRE(run->kind != HTTP1_BODY_NONE || run->n == 0);
	REQUIRE(run->kind != HTTP1_BODY_LENGTH || run->n == run->length);
	REQUIRE(run->n <= size);
	if (run->kind == HTTP1_BODY_UNTIL_CLOSE)
		REQUIRE(memcmp(run->body, bytes + size - run->n, run->n) == 0 && !run->pooled);
	if (run->kind == HTTP1_BODY_LENGTH)
		REQUIRE(run->n == 0 || memmem(bytes, size, run->body, run->n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size - 2 > INPUT_MAX)
		return 0;
	const char *bytes = (const char *)data + 2;
	size_t n = size - 2;
	struct run *cut = play(data[0], data[1] + 1u, bytes, n);
	require_framed(cut, bytes, n);
	if (!(data[0] & CANCELS)) {
		struct run *whole = play(data[0], 0, bytes, n);
		require_framed(whole, bytes, n);
		REQUIRE(whole->outcome == cut->outcome && whole->failure == cut->failure);
		REQUIRE(whole->has_head == cut->has_head && whole->status == cut->status);
		REQUIRE(whole->n == cut->n && memcmp(whole->body, cut->body, cut->n) == 0);
		REQUIRE(whole->pooled == cut->pooled);
		finish(whole);
	}
	finish(cut);
	return 0;
}
