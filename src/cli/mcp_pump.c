/* SPDX-License-Identifier: Apache-2.0
 * A few threads take turns at stdin, so that a slow call holds up nothing else. Each carries the message that it has
 * read, with the header fields that a client of HTTP would have sent, and prints the answer.
 * cli: may include every room.
 */
#include "cli/mcp_pump.h"

#include "cli/mcp_reply.h"
#include "wire/jsonrpc.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define THREADS 16 /* messages at once; one that listens keeps its own */
#define READ_BYTES 65536
#define VALUE_MAX 1024 /* of a field */

struct carrier_thread {
	struct pump *pump;
	pthread_t thread;
	struct buf line, request, answer;
	struct jsonrpc_value id; /* of what it carries; a view into `line` */
	bool cancelled;          /* its client wants no answer any more */
	int fd;                  /* what carries it; -1 */
	bool lasts;              /* until its client leaves */
	bool opens;              /* it is `initialize` */
	bool answered;
};

struct pump {
	struct pump_options options;
	int stop; /* an eventfd: readable when nothing more is to be read */
	pthread_mutex_t reading; /* over what follows, and each thread's `line` while it reads */
	struct buf ahead;        /* read from stdin, and not yet a line */
	size_t seen;             /* bytes of it without a line's end */
	bool passing_over;       /* the rest of a line that is too long */
	bool ended;
	pthread_mutex_t talking; /* over stdout, the threads' `id`, `cancelled` and `fd`, and what follows */
	bool over;               /* stdin has ended */
	char session[VALUE_MAX]; /* of an older client, as the gate showed it; "" */
	char version[32];        /* that was agreed on in it; "" */
	unsigned running;
	unsigned started;
	struct carrier_thread threads[THREADS];
};

/* ---- stdout ---- */

static void print(struct pump *p, struct str text)
{
	pthread_mutex_lock(&p->talking);
	while (text.n > 0) {
		ssize_t n = write(STDOUT_FILENO, text.p, text.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break; /* nobody listens: stdin ends as well */
		text = (struct str){ text.p + n, text.n - (size_t)n };
	}
	pthread_mutex_unlock(&p->talking);
}

static void add_id(struct buf *out, const struct jsonrpc_value *id)
{
	bool quoted = id->kind == JSON_KIND_STRING;
	if (!quoted && id->kind != JSON_KIND_NUMBER) {
		buf_add_text(out, "null");
		return;
	}
	buf_add_text(out, quoted ? "\"" : "");
	buf_add_str(out, id->raw);
	buf_add_text(out, quoted ? "\"" : "");
}

static void print_error(struct carrier_thread *t, int code, const char *message)
{
	struct buf *out = &t->request;
	buf_reset(out);
	buf_add_text(out, "{\"jsonrpc\":\"2.0\",\"id\":");
	add_id(out, &t->id);
	buf_printf(out, ",\"error\":{\"code\":%d,\"message\":", code);
	buf_add_json(out, str_of(message));
	buf_add_text(out, "}}\n");
	if (!out->failed)
		print(t->pump, buf_str(out));
}

/* Whether its client wants no answer any more. */
static bool is_cancelled(struct carrier_thread *t)
{
	pthread_mutex_lock(&t->pump->talking);
	bool cancelled = t->cancelled;
	pthread_mutex_unlock(&t->pump->talking);
	return cancelled;
}

/* ---- stdin ---- */

/* More bytes, or false at the end. */
static bool read_more(struct pump *p)
{
	struct pollfd fds[2] = { { STDIN_FILENO, POLLIN, 0 }, { p->stop, POLLIN, 0 } };
	if (!buf_reserve(&p->ahead, READ_BYTES))
		return false;
	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno == EINTR)
			continue;
		if (fds[1].revents)
			return false;
		ssize_t n = read(STDIN_FILENO, p->ahead.p + p->ahead.n, READ_BYTES);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return false;
		p->ahead.n += (size_t)n;
		return true;
	}
}

static void drop(struct pump *p, size_t n)
{
	memmove(p->ahead.p, p->ahead.p + n, p->ahead.n - n);
	p->ahead.n -= n;
	p->seen = 0;
}

/* The next line without its end. False where there is none; *ret_long: it was too long, and is passed over. */
static bool take_line(struct pump *p, struct buf *line, bool *ret_long)
{
	*ret_long = false;
	for (;;) {
		char *end = p->ahead.n > p->seen ? memchr(p->ahead.p + p->seen, '\n', p->ahead.n - p->seen) : NULL;
		size_t n = end ? (size_t)(end - p->ahead.p) : p->ahead.n;
		if (p->passing_over) {
			drop(p, end ? n + 1 : n);
			p->passing_over = !end;
		} else if (n > p->options.message_max) {
			drop(p, end ? n + 1 : n);
			p->passing_over = !end;
			*ret_long = true;
			return true;
		} else if (end) {
			buf_reset(line);
			bool good = buf_add(line, p->ahead.p, n);
			drop(p, n + 1);
			return good;
		} else {
			p->seen = n;
		}
		if (!memchr(p->ahead.p ? p->ahead.p : "", '\n', p->ahead.n) && !read_more(p))
			return false;
	}
}

/* ---- The request ---- */

/* What a field can hold as it is: visible, and not in the form of what is coded. */
static bool is_plain(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] <= ' ' || (unsigned char)text.p[i] >= 0x7f)
			return false;
	return text.n > 0 && !str_starts(text, STR("=?"));
}

/* A field that mirrors a value of the body, as clients of 2026-07-28 send it over HTTP. */
static void add_mirror(struct buf *out, const char *field, const struct jsonrpc_value *value)
{
	char text[1024], coded[sizeof(text) / 3 * 4 + 8];
	size_t n;
	if (value->kind != JSON_KIND_STRING || !json_decode(value->raw, text, sizeof(text), &n))
		return;
	buf_printf(out, "%s: ", field);
	if (is_plain((struct str){ text, n }))
		buf_add(out, text, n);
	else
		buf_printf(out, "=?base64?%s?=", sodium_bin2base64(coded, sizeof(coded), (const uint8_t *)text, n,
			sodium_base64_VARIANT_ORIGINAL));
	buf_add_text(out, "\r\n");
}

static bool is_method(const struct jsonrpc_message *message, const char *name)
{
	return jsonrpc_is(&message->field[JSONRPC_METHOD], str_of(name));
}

/* What a session of an older client is known by. */
static void add_session(struct carrier_thread *t, struct buf *out)
{
	struct pump *p = t->pump;
	pthread_mutex_lock(&p->talking);
	if (*p->session)
		buf_printf(out, "Mcp-Session-Id: %s\r\n", p->session);
	if (*p->version)
		buf_printf(out, "MCP-Protocol-Version: %s\r\n", p->version);
	pthread_mutex_unlock(&p->talking);
}

static void write_request(struct carrier_thread *t, const struct jsonrpc_message *message)
{
	const struct pump_options *options = &t->pump->options;
	struct buf *out = &t->request;
	buf_reset(out);
	buf_printf(out, "POST %s HTTP/1.1\r\nHost: %.*s\r\nAuthorization: Bearer %s\r\n", options->endpoint,
		STR_FMT(options->host), options->token);
	buf_printf(out, "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"
		"Connection: close\r\nContent-Length: %zu\r\n", t->line.n);
	if (message && message->field[JSONRPC_PROTOCOL].kind != JSON_KIND_NONE) {
		add_mirror(out, "MCP-Protocol-Version", &message->field[JSONRPC_PROTOCOL]);
		add_mirror(out, "Mcp-Method", &message->field[JSONRPC_METHOD]);
		if (is_method(message, "tools/call") || is_method(message, "prompts/get"))
			add_mirror(out, "Mcp-Name", &message->field[JSONRPC_NAME]);
		else if (is_method(message, "resources/read"))
			add_mirror(out, "Mcp-Name", &message->field[JSONRPC_URI]);
	} else {
		add_session(t, out);
	}
	buf_add_text(out, "\r\n");
	buf_add_str(out, buf_str(&t->line));
}

static bool send_all(int fd, struct str text)
{
	while (text.n > 0) {
		ssize_t n = send(fd, text.p, text.n, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		text = (struct str){ text.p + n, text.n - (size_t)n };
	}
	return true;
}

/* ---- The answer ---- */

/* stdout has one message a line: what ends lines between the parts of a message is a space there. */
static void print_line(struct carrier_thread *t, struct str start, struct str rest)
{
	struct buf *out = &t->answer;
	buf_reset(out);
	buf_add_str(out, start);
	buf_add_str(out, rest);
	for (size_t i = 0; i < out->n; i++)
		if (out->p[i] == '\n' || out->p[i] == '\r')
			out->p[i] = ' ';
	buf_add_char(out, '\n');
	if (!out->failed)
		print(t->pump, buf_str(out));
}

static bool is_own(const struct carrier_thread *t, const struct jsonrpc_message *message)
{
	const struct jsonrpc_value *id = &message->field[JSONRPC_ID];
	return message->kind == JSONRPC_RESPONSE && id->kind == t->id.kind && str_eq(id->raw, t->id.raw);
}

/* The version that a session of older clients speaks is told in a field from then on. */
static void keep_version(struct carrier_thread *t, struct str body)
{
	struct json_wanted wanted = { .pointer = STR("/result/protocolVersion") };
	struct pump *p = t->pump;
	const char *what;
	size_t at;
	if (json_select(body, &wanted, 1, &at, &what) != JSON_SELECT_OK || wanted.kind != JSON_KIND_STRING
		|| wanted.raw.n >= sizeof(p->version) || !is_plain(wanted.raw) || memchr(wanted.raw.p, '\\', wanted.raw.n))
		return;
	pthread_mutex_lock(&p->talking);
	memcpy(p->version, wanted.raw.p, wanted.raw.n);
	p->version[wanted.raw.n] = '\0';
	pthread_mutex_unlock(&p->talking);
}

/* An answer to what was refused by its head alone bears no id: here it must, for nothing else tells whose it is. */
static void on_message(void *ctx, struct str body)
{
	static const char unknown[] = "{\"jsonrpc\":\"2.0\",\"id\":null,";
	struct carrier_thread *t = ctx;
	struct jsonrpc_message message;
	struct str rest = { body.p + sizeof(unknown) - 1, body.n - (sizeof(unknown) - 1) };
	const char *what;
	if (is_cancelled(t))
		return;
	if (str_starts(body, STR(unknown))) {
		buf_reset(&t->request);
		buf_add_text(&t->request, "{\"jsonrpc\":\"2.0\",\"id\":");
		add_id(&t->request, &t->id);
		buf_add_char(&t->request, ',');
		t->answered = true;
		print_line(t, buf_str(&t->request), rest);
		return;
	}
	if (jsonrpc_read(body, &message, &what) != JSONRPC_OK)
		return; /* only MCP may stand on stdout */
	t->answered |= is_own(t, &message);
	if (t->opens)
		keep_version(t, body);
	print_line(t, body, STR(""));
}

static void on_session(void *ctx, struct str id)
{
	struct carrier_thread *t = ctx;
	struct pump *p = t->pump;
	if (!t->opens || id.n >= sizeof(p->session) || !is_plain(id))
		return;
	pthread_mutex_lock(&p->talking);
	memcpy(p->session, id.p, id.n);
	p->session[id.n] = '\0';
	pthread_mutex_unlock(&p->talking);
}

/* False where it is too late: what lasts as long as its client does not begin when stdin has ended. */
static bool set_socket(struct carrier_thread *t, int fd)
{
	pthread_mutex_lock(&t->pump->talking);
	bool good = fd < 0 || !(t->lasts && t->pump->over);
	t->fd = good ? fd : -1;
	pthread_mutex_unlock(&t->pump->talking);
	return good;
}

/* False where the server cannot be reached. */
static bool exchange(struct carrier_thread *t)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", t->pump->options.socket);
	bool good = fd >= 0 && !t->request.failed && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0
		&& set_socket(t, fd);
	/* What is refused before it was read whole is answered all the same. */
	if (good) {
		const struct mcp_reply reply = { .fd = fd, .session = on_session, .message = on_message, .ctx = t };
		(void)send_all(fd, buf_str(&t->request));
		good = mcp_reply_read(&reply);
	}
	(void)set_socket(t, -1);
	if (fd >= 0)
		close(fd);
	return good;
}

/* ---- Whose it is ---- */

static bool is_same_id(const struct jsonrpc_value *a, const struct json_wanted *b)
{
	return a->kind == b->kind && a->kind != JSON_KIND_NONE && str_eq(a->raw, b->raw);
}

/* Nobody waits for that answer any more. */
static void note_cancelled(struct pump *p, const struct jsonrpc_message *message)
{
	struct json_wanted wanted = { .pointer = STR("/requestId") };
	const struct jsonrpc_value *params = &message->field[JSONRPC_PARAMS];
	const char *what;
	size_t at;
	if (params->kind != JSON_KIND_OBJECT || json_select(params->raw, &wanted, 1, &at, &what) != JSON_SELECT_OK)
		return;
	pthread_mutex_lock(&p->talking);
	for (unsigned i = 0; i < THREADS; i++)
		if (is_same_id(&p->threads[i].id, &wanted)) {
			p->threads[i].cancelled = true;
			if (p->threads[i].fd >= 0) /* leaving is how a client of HTTP says so */
				shutdown(p->threads[i].fd, SHUT_RDWR);
		}
	pthread_mutex_unlock(&p->talking);
}

static void set_id(struct carrier_thread *t, struct jsonrpc_value id)
{
	pthread_mutex_lock(&t->pump->talking);
	t->id = id;
	t->cancelled = false;
	pthread_mutex_unlock(&t->pump->talking);
}

/* `reading`: nothing more is read before this is carried, so that what a client says before it goes on, as that it
 * is initialized, comes before what it says then. */
static void give_turn(struct carrier_thread *t, bool *reading)
{
	if (*reading)
		pthread_mutex_unlock(&t->pump->reading);
	*reading = false;
}

static void carry(struct carrier_thread *t, bool *reading)
{
	struct jsonrpc_message message = { 0 };
	const char *what;
	const bool read = jsonrpc_read(buf_str(&t->line), &message, &what) == JSONRPC_OK;
	const bool wants_answer = !read || message.kind == JSONRPC_REQUEST;
	set_id(t, message.field[JSONRPC_ID]);
	t->answered = false;
	t->opens = read && message.kind == JSONRPC_REQUEST && is_method(&message, "initialize");
	t->lasts = read && message.kind == JSONRPC_REQUEST && is_method(&message, "subscriptions/listen");
	if (wants_answer && !t->opens)
		give_turn(t, reading);
	if (read && message.kind == JSONRPC_NOTIFICATION && is_method(&message, "notifications/cancelled"))
		note_cancelled(t->pump, &message);
	write_request(t, read ? &message : NULL);
	bool came = exchange(t);
	if (wants_answer && !t->answered && !t->lasts && !is_cancelled(t))
		print_error(t, came ? -31500 : -31503, came ? "The server gave no answer that MCP knows"
			: "The server is ending, or broke its answer off");
	set_id(t, (struct jsonrpc_value){ JSON_KIND_NONE, { NULL, 0 } });
}

/* ---- Threads ---- */

/* stdin has ended: so does what would last as long as its client. */
static void end_lasting(struct pump *p)
{
	pthread_mutex_lock(&p->talking);
	p->over = true;
	for (unsigned i = 0; i < THREADS; i++)
		if (p->threads[i].lasts && p->threads[i].fd >= 0)
			shutdown(p->threads[i].fd, SHUT_RDWR);
	pthread_mutex_unlock(&p->talking);
}

/* Whose turn it is reads one line, and keeps the turn. False at the end. */
static bool take_turn(struct carrier_thread *t, bool *ret_long)
{
	struct pump *p = t->pump;
	pthread_mutex_lock(&p->reading);
	if (p->ended || !take_line(p, &t->line, ret_long)) {
		p->ended = true;
		end_lasting(p);
		pthread_mutex_unlock(&p->reading);
		return false;
	}
	return true;
}

static void *run_thread(void *arg)
{
	struct carrier_thread *t = arg;
	struct pump *p = t->pump;
	bool too_long;
	while (take_turn(t, &too_long)) {
		bool reading = true;
		if (too_long)
			print_error(t, -31413, "The message is too large");
		else if (str_trim(buf_str(&t->line)).n > 0)
			carry(t, &reading);
		give_turn(t, &reading);
	}
	pthread_mutex_lock(&p->talking);
	bool last = --p->running == 0;
	pthread_mutex_unlock(&p->talking);
	if (last)
		p->options.over(p->options.ctx);
	return NULL;
}

static bool start_threads(struct pump *p)
{
	p->running = THREADS;
	for (unsigned i = 0; i < THREADS; i++) {
		struct carrier_thread *t = &p->threads[i];
		t->pump = p;
		t->fd = -1;
		buf_init(&t->line, p->options.message_max + READ_BYTES);
		buf_init(&t->request, p->options.message_max + READ_BYTES);
		buf_init(&t->answer, MCP_REPLY_MAX + READ_BYTES);
	}
	for (; p->started < THREADS; p->started++)
		if (pthread_create(&p->threads[p->started].thread, NULL, run_thread, &p->threads[p->started]) != 0)
			return false;
	return true;
}

struct pump *pump_start(const struct pump_options *options)
{
	struct pump *p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->options = *options;
	buf_init(&p->ahead, options->message_max + 2 * READ_BYTES);
	pthread_mutex_init(&p->reading, NULL);
	pthread_mutex_init(&p->talking, NULL);
	p->stop = eventfd(0, EFD_CLOEXEC);
	if (p->stop >= 0 && start_threads(p))
		return p;
	pump_stop(p);
	return NULL;
}

void pump_stop(struct pump *p)
{
	const uint64_t one = 1;
	if (!p)
		return;
	if (p->stop >= 0 && write(p->stop, &one, sizeof(one)) < 0)
		assert(!"an eventfd takes one");
	for (unsigned i = 0; i < p->started; i++)
		pthread_join(p->threads[i].thread, NULL);
	for (unsigned i = 0; i < THREADS; i++) {
		buf_done(&p->threads[i].line);
		buf_done_secret(&p->threads[i].request);
		buf_done(&p->threads[i].answer);
	}
	if (p->stop >= 0)
		close(p->stop);
	buf_done(&p->ahead);
	pthread_mutex_destroy(&p->reading);
	pthread_mutex_destroy(&p->talking);
	free(p);
}
