/* SPDX-License-Identifier: Apache-2.0
 * Calls to a server in this process: what goes out, what comes back, and everything that a server or a
 * name may do to whoever calls it. The resolver is replaced: names are what a case says.
 */
#include "../test.h"

#include "base/clock.h"
#include "outbound/outbound.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- Names ---- */

static _Atomic unsigned looked_up;

/* Takes the C library's place, for libcurl too. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **ret)
{
	static const char *const ips[][3] = {
		{ "good.example", "127.0.0.1", NULL }, { "private.example", "10.0.0.1", NULL },
		{ "both.example", "127.0.0.1", "169.254.169.254" },
	};
	const char *first = NULL, *second = NULL;
	const unsigned count = atomic_fetch_add(&looked_up, 1);

	(void)service, (void)hints;
	for (size_t i = 0; i < TEST_COUNT(ips); i++)
		if (strcmp(name, ips[i][0]) == 0) {
			first = ips[i][1];
			second = ips[i][2];
		}
	if (strcmp(name, "turning.example") == 0)
		first = count == 0 ? "127.0.0.1" : "127.0.0.2";
	if (strcmp(name, "hanging.example") == 0)
		sleep(2);
	if (!first)
		return EAI_NONAME;
	struct addrinfo **at = ret;
	for (const char *ip = first; ip; ip = ip == first ? second : NULL) {
		struct addrinfo *a = calloc(1, sizeof(*a) + sizeof(struct sockaddr_in));
		struct sockaddr_in *in = (struct sockaddr_in *)(void *)(a + 1);
		in->sin_family = AF_INET;
		inet_pton(AF_INET, ip, &in->sin_addr);
		*a = (struct addrinfo){ .ai_family = AF_INET, .ai_socktype = SOCK_STREAM, .ai_addrlen = sizeof(*in),
					.ai_addr = (struct sockaddr *)in };
		*at = a;
		at = &a->ai_next;
	}
	*at = NULL;
	return 0;
}

void freeaddrinfo(struct addrinfo *a)
{
	while (a) {
		struct addrinfo *next = a->ai_next;
		free(a);
		a = next;
	}
}

/* ---- A server that answers by the path ---- */

static int listener = -1;
static uint16_t port;
static char seen[65536]; /* the last request, whole */
static _Atomic unsigned requests;
static _Atomic bool ending;

static void say(int fd, const char *text)
{
	(void)!write(fd, text, strlen(text));
}

static void flood(int fd, const char *head, const char *filler)
{
	char block[65536];

	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = filler[i % strlen(filler)];
	say(fd, head);
	while (send(fd, block, sizeof(block), MSG_NOSIGNAL) > 0)
		;
}

static void redirect(int fd, const char *to)
{
	char text[512];

	snprintf(text, sizeof(text), "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n"
		"Connection: close\r\n\r\n", to);
	say(fd, text);
}

static void answer(int fd, const char *path)
{
	char to[128];

	if (strncmp(path, "/hang", 5) == 0) {
		while (!atomic_load(&ending))
			usleep(10000);
	} else if (strncmp(path, "/flood", 6) == 0) {
		flood(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n", "x");
	} else if (strncmp(path, "/endless-head", 13) == 0) {
		flood(fd, "HTTP/1.1 200 OK\r\n", "X-Y: zzzzzzzzzzzzzzz\r\n");
	} else if (strncmp(path, "/endless-chunks", 15) == 0) {
		flood(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n");
	} else if (strncmp(path, "/endless-interim", 16) == 0) {
		flood(fd, "", "HTTP/1.1 100 Continue\r\n\r\n");
	} else if (strncmp(path, "/drip", 5) == 0) {
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n");
		while (!atomic_load(&ending) && send(fd, "x", 1, MSG_NOSIGNAL) == 1)
			usleep(10000);
	} else if (strncmp(path, "/packed", 7) == 0) {
		say(fd, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08?");
	} else if (strncmp(path, "/early-end", 10) == 0) {
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nxxx");
	} else if (strncmp(path, "/garbage", 8) == 0) {
		say(fd, "220 mail.example ESMTP\r\n");
	} else if (strncmp(path, "/to-turning", 11) == 0) {
		snprintf(to, sizeof(to), "http://turning.example:%u/", port);
		redirect(fd, to);
	} else if (strncmp(path, "/to-metadata", 12) == 0) {
		redirect(fd, "http://169.254.169.254/latest/meta-data/");
	} else if (strncmp(path, "/to-file", 8) == 0) {
		redirect(fd, "file:///etc/passwd");
	} else if (strncmp(path, "/to-other", 9) == 0) {
		snprintf(to, sizeof(to), "http://good.example:%u/", port);
		redirect(fd, to);
	} else if (strncmp(path, "/round", 6) == 0) {
		redirect(fd, "/round");
	} else if (strncmp(path, "/to-good", 8) == 0) {
		redirect(fd, "good?x");
	} else {
		say(fd, "HTTP/1.1 201 Made\r\nX-Word:  word \r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody");
	}
}

/* Reads a whole request into `seen`; false at its early end. */
static bool read_request(int fd)
{
	size_t n = 0, want = SIZE_MAX;

	while (n < want && n < sizeof(seen) - 1) {
		const ssize_t got = read(fd, seen + n, sizeof(seen) - 1 - n);
		if (got <= 0)
			return false;
		n += (size_t)got;
		seen[n] = '\0';
		const char *end = strstr(seen, "\r\n\r\n"), *length = strcasestr(seen, "Content-Length: ");
		if (end)
			want = (size_t)(end + 4 - seen) + (length && length < end ? strtoul(length + 16, NULL, 10) : 0);
	}
	return true;
}

static void *serve_one(void *arg)
{
	const int fd = (int)(intptr_t)arg;
	char path[64] = "";

	if (read_request(fd)) {
		atomic_fetch_add(&requests, 1);
		sscanf(seen, "%*s %63s", path);
		answer(fd, path);
	}
	close(fd);
	return NULL;
}

static void *serve(void *arg)
{
	int fd;

	(void)arg;
	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		pthread_t thread;
		pthread_create(&thread, NULL, serve_one, (void *)(intptr_t)fd);
		pthread_detach(thread);
	}
	return NULL;
}

static int start_server(void **state)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t n = sizeof(in);
	pthread_t thread;

	(void)state;
	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *)&in, n) != 0 || listen(listener, 64) != 0 ||
	    getsockname(listener, (struct sockaddr *)&in, &n) != 0)
		return -1;
	port = ntohs(in.sin_port);
	/* What the environment says of proxies must not count: nobody listens there. */
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	return pthread_create(&thread, NULL, serve, NULL) == 0 ? pthread_detach(thread) : -1;
}

static int stop_server(void **state)
{
	(void)state;
	atomic_store(&ending, true);
	shutdown(listener, SHUT_RDWR);
	close(listener);
	return 0;
}

/* ---- Calling it ---- */

static struct outbound *outbound;

static int open_outbound(void **state)
{
	static const char *const allow[] = { "127.0.0.1" };
	const struct outbound_options options = { .allow = allow, .allow_count = 1 };
	char text[256];

	(void)state;
	atomic_store(&looked_up, 0);
	atomic_store(&requests, 0);
	return outbound_new(&options, &outbound, text) ? 0 : -1;
}

static int close_outbound(void **state)
{
	(void)state;
	outbound_free(outbound);
	return 0;
}

static char url_text[256];

/* A GET of a path at a host of the test's server. */
static struct outbound_call call_to(const char *host, const char *path)
{
	const int n = snprintf(url_text, sizeof(url_text), "http://%s:%u%s", host, port, path);

	return (struct outbound_call){
		.method = "GET", .url = { url_text, (size_t)n }, .connect_ms = 5000, .total_ms = 10000,
		.answer_max = 1000,
	};
}

static void expect(const char *host, const char *path, unsigned redirects, enum outbound_result result)
{
	struct outbound_call call = call_to(host, path);

	call.redirects = redirects;
	outbound_run(outbound, &call);
	if (call.result != result)
		fail_msg("%s%s: %d (%s)", host, path, call.result, call.reason);
	assert_true((call.result == OUTBOUND_ANSWERED) == (call.reason[0] == '\0'));
	outbound_call_done(&call);
}

static void test_a_call_goes_out_and_its_answer_comes_back(void **state)
{
	struct outbound_call call = call_to("127.0.0.1", "/good?x=1");
	const struct http_header headers[] = { { STR("Accept"), STR("text/plain") }, { STR("X-Empty"), STR("") } };

	(void)state;
	call.headers = headers;
	call.header_count = 2;
	outbound_run(outbound, &call);
	assert_int_equal(call.result, OUTBOUND_ANSWERED);
	assert_int_equal(call.status, 201);
	assert_true(call.sent && !call.was_cut);
	assert_true(str_is(buf_str(&call.body), "body"));
	assert_true(str_is(outbound_header(&call, "x-word"), "word"));
	assert_null(outbound_header(&call, "word").p);
	assert_non_null(strstr(seen, "GET /good?x=1 HTTP/1.1\r\n"));
	assert_non_null(strstr(seen, "Accept: text/plain\r\nX-Empty:\r\n"));
	assert_non_null(strstr(seen, "User-Agent: Remit/"));
	assert_null(strstr(seen, "Expect"));
	outbound_call_done(&call);
}

static void test_a_body_of_texts_and_files_is_sent_whole(void **state)
{
	struct outbound_call call = call_to("127.0.0.1", "/good");
	char name[] = "outbound-XXXXXX";
	const int fd = mkstemp(name);
	const struct outbound_part parts[] = {
		{ .text = STR("[") }, { .fd = fd, .offset = 2, .length = 5 }, { .text = STR("") }, { .text = STR("]") },
	};

	(void)state;
	assert_true(fd >= 0 && write(fd, "0123456789", 10) == 10);
	unlink(name);
	call.method = "PUT";
	call.parts = parts;
	call.part_count = 4;
	outbound_run(outbound, &call);
	assert_int_equal(call.result, OUTBOUND_ANSWERED);
	assert_non_null(strstr(seen, "PUT /good HTTP/1.1\r\n"));
	assert_non_null(strstr(seen, "\r\n\r\n[23456]"));
	outbound_call_done(&call);
	close(fd);
}

static void test_a_header_cannot_hold_another(void **state)
{
	struct outbound_call call = call_to("127.0.0.1", "/good");
	const struct http_header header = { STR("X"), STR("a\r\nY: b") };

	(void)state;
	call.headers = &header;
	call.header_count = 1;
	outbound_run(outbound, &call);
	assert_int_equal(call.result, OUTBOUND_BUSY);
	assert_int_equal(atomic_load(&requests), 0);
	outbound_call_done(&call);
}

static void test_S01_special_addresses_and_names_that_have_them_are_not_called(void **state)
{
	(void)state;
	expect("127.0.0.2", "/good", 0, OUTBOUND_FORBIDDEN);
	expect("[::1]", "/good", 0, OUTBOUND_FORBIDDEN);
	expect("[::ffff:127.0.0.1]", "/good", 0, OUTBOUND_FORBIDDEN);
	expect("0x7f.1", "/good", 0, OUTBOUND_BAD_URL);
	expect("private.example", "/good", 0, OUTBOUND_FORBIDDEN);
	expect("both.example", "/good", 0, OUTBOUND_FORBIDDEN);
	expect("unknown.example", "/good", 0, OUTBOUND_NO_NAME);
	assert_int_equal(atomic_load(&requests), 0);
}

static void test_S01_a_name_is_looked_up_once_and_what_was_judged_is_called(void **state)
{
	(void)state;
	expect("turning.example", "/good", 0, OUTBOUND_ANSWERED);
	assert_int_equal(atomic_load(&looked_up), 1);
	assert_int_equal(atomic_load(&requests), 1);
}

static void test_S01_a_name_that_turns_into_another_address_is_refused_then(void **state)
{
	(void)state;
	expect("turning.example", "/to-turning", 5, OUTBOUND_FORBIDDEN);
	assert_int_equal(atomic_load(&looked_up), 2);
	assert_int_equal(atomic_load(&requests), 1);
}

static void test_S01_redirects_are_judged_like_the_first(void **state)
{
	(void)state;
	expect("127.0.0.1", "/to-metadata", 5, OUTBOUND_FORBIDDEN);
	expect("127.0.0.1", "/to-file", 5, OUTBOUND_BAD_URL);
	expect("127.0.0.1", "/round", 3, OUTBOUND_REDIRECTED);
	assert_int_equal(atomic_load(&requests), 6);
	expect("127.0.0.1", "/to-good", 1, OUTBOUND_ANSWERED);
	assert_non_null(strstr(seen, "GET /good?x HTTP/1.1"));
}

static void test_S06_a_redirect_is_an_answer_where_none_is_followed(void **state)
{
	struct outbound_call call = call_to("127.0.0.1", "/to-other");

	(void)state;
	outbound_run(outbound, &call);
	assert_int_equal(call.result, OUTBOUND_ANSWERED);
	assert_int_equal(call.status, 302);
	assert_int_equal(atomic_load(&requests), 1);
	outbound_call_done(&call);
}

static void test_headers_do_not_follow_to_another_origin(void **state)
{
	struct outbound_call call = call_to("127.0.0.1", "/to-other");
	const struct http_header header = { STR("Authorization"), STR("Bearer secret") };

	(void)state;
	call.headers = &header;
	call.header_count = 1;
	call.redirects = 1;
	outbound_run(outbound, &call);
	assert_int_equal(call.status, 201);
	assert_null(strstr(seen, "secret"));
	outbound_call_done(&call);
}

static void test_S06_an_answer_without_end_is_cut(void **state)
{
	struct outbound_call call = call_to("127.0.0.1", "/flood");

	(void)state;
	expect("127.0.0.1", "/flood", 0, OUTBOUND_TOO_LARGE);
	expect("127.0.0.1", "/endless-head", 0, OUTBOUND_BROKEN);
	call = call_to("127.0.0.1", "/flood");
	call.cut = true;
	outbound_run(outbound, &call);
	assert_int_equal(call.result, OUTBOUND_ANSWERED);
	assert_int_equal(call.status, 200);
	assert_true(call.was_cut && call.body.n == 1000);
	outbound_call_done(&call);
}

static void test_S06_a_server_that_hangs_or_breaks_off(void **state)
{
	struct outbound_call call = call_to("127.0.0.1", "/hang");

	(void)state;
	call.total_ms = 100;
	outbound_run(outbound, &call);
	assert_int_equal(call.result, OUTBOUND_TIMED_OUT);
	assert_true(call.sent);
	outbound_call_done(&call);
	expect("127.0.0.1", "/early-end", 0, OUTBOUND_BROKEN);
	expect("127.0.0.1", "/garbage", 0, OUTBOUND_BROKEN);
}

static void test_S06_an_answer_in_drops_or_without_a_head_ends_in_time(void **state)
{
	static const char *const paths[] = { "/drip", "/endless-interim" };

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(paths); i++) {
		struct outbound_call call = call_to("127.0.0.1", paths[i]);
		const int64_t start = clock_monotonic_ns();
		call.total_ms = 300;
		outbound_run(outbound, &call);
		assert_true(call.result == OUTBOUND_TIMED_OUT || call.result == OUTBOUND_BROKEN);
		assert_true(clock_monotonic_ns() - start < INT64_C(3000000000));
		assert_true(call.head.n <= LIMIT_OUTBOUND_HEAD_BYTES && call.body.n <= 1000);
		outbound_call_done(&call);
	}
	expect("127.0.0.1", "/endless-chunks", 0, OUTBOUND_TOO_LARGE);
}

/* Nothing is asked for packed, and nothing is unpacked: a few bytes cannot become many. */
static void test_S06_a_packed_answer_stays_packed(void **state)
{
	struct outbound_call call = call_to("127.0.0.1", "/packed");

	(void)state;
	outbound_run(outbound, &call);
	assert_int_equal(call.result, OUTBOUND_ANSWERED);
	assert_int_equal(call.body.n, 4);
	assert_memory_equal(call.body.p, "\x1f\x8b\x08?", 4);
	assert_null(strcasestr(seen, "Accept-Encoding"));
	outbound_call_done(&call);
}

static void test_nobody_there_means_that_nothing_was_sent(void **state)
{
	struct outbound_call call = call_to("127.0.0.1", "");

	(void)state;
	call.url = STR("http://127.0.0.1:1/");
	outbound_run(outbound, &call);
	assert_int_equal(call.result, OUTBOUND_NO_CONNECT);
	assert_false(call.sent);
	outbound_call_done(&call);
}

static void test_S06_names_that_hang_hold_nobody_up(void **state)
{
	struct outbound_call call = call_to("hanging.example", "/");
	const int64_t start = clock_monotonic_ns();

	(void)state;
	call.total_ms = 100;
	outbound_run(outbound, &call);
	assert_int_equal(call.result, OUTBOUND_TIMED_OUT);
	outbound_call_done(&call);
	expect("127.0.0.1", "/good", 0, OUTBOUND_ANSWERED);
	assert_true(clock_monotonic_ns() - start < INT64_C(1500) * 1000 * 1000);
}

#define MANY 40

static _Atomic unsigned ended;

static void count_end(struct outbound_call *call)
{
	(void)call;
	atomic_fetch_add(&ended, 1);
}

static void test_stopping_ends_every_call_at_once(void **state)
{
	struct outbound_call calls[MANY];
	char hang[256], no_name[256]; /* texts of their own: they are read while the late call is made */
	const int64_t start = clock_monotonic_ns();

	(void)state;
	snprintf(hang, sizeof(hang), "http://127.0.0.1:%u/hang", port);
	snprintf(no_name, sizeof(no_name), "http://hanging.example:%u/hang", port);
	for (size_t i = 0; i < MANY; i++) {
		calls[i] = call_to("127.0.0.1", "/hang");
		calls[i].url = str_of(i % 10 == 9 ? no_name : hang);
		calls[i].done = count_end;
		outbound_send(outbound, &calls[i]);
	}
	outbound_stop(outbound);
	struct outbound_call late = call_to("127.0.0.1", "/good");
	outbound_run(outbound, &late);
	assert_int_equal(late.result, OUTBOUND_CANCELLED);
	outbound_free(outbound);
	outbound = NULL;
	assert_int_equal(atomic_load(&ended), MANY);
	for (size_t i = 0; i < MANY; i++) {
		assert_int_equal(calls[i].result, OUTBOUND_CANCELLED);
		outbound_call_done(&calls[i]);
	}
	outbound_call_done(&late);
	assert_true(clock_monotonic_ns() - start < INT64_C(1500) * 1000 * 1000);
}

static void test_a_url_is_judged_early_by_its_form(void **state)
{
	char reason[OUTBOUND_REASON_ROOM];

	(void)state;
	assert_true(outbound_may_call(outbound, STR("https://hooks.example/x"), reason));
	assert_true(outbound_may_call(outbound, STR("http://127.0.0.1:8/"), reason));
	assert_false(outbound_may_call(outbound, STR("https://10.0.0.1/"), reason));
	assert_false(outbound_may_call(outbound, STR("https://u@hooks.example/"), reason));
	assert_int_equal(atomic_load(&looked_up), 0);
}

static void test_S06_hanging_servers_leave_room_for_others(void **state)
{
	struct outbound_call calls[MANY];
	char text[256];

	(void)state;
	atomic_store(&ended, 0);
	snprintf(text, sizeof(text), "http://127.0.0.1:%u/hang", port);
	for (size_t i = 0; i < MANY; i++) {
		calls[i] = call_to("127.0.0.1", "/hang");
		calls[i].url = str_of(text);
		calls[i].done = count_end;
		outbound_send(outbound, &calls[i]);
	}
	expect("good.example", "/good", 0, OUTBOUND_ANSWERED);
	outbound_free(outbound);
	outbound = NULL;
	for (size_t i = 0; i < MANY; i++)
		outbound_call_done(&calls[i]);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_outbound, close_outbound)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_a_call_goes_out_and_its_answer_comes_back),
		CASE(test_a_body_of_texts_and_files_is_sent_whole),
		CASE(test_a_header_cannot_hold_another),
		CASE(test_S01_special_addresses_and_names_that_have_them_are_not_called),
		CASE(test_S01_a_name_is_looked_up_once_and_what_was_judged_is_called),
		CASE(test_S01_a_name_that_turns_into_another_address_is_refused_then),
		CASE(test_S01_redirects_are_judged_like_the_first),
		CASE(test_S06_a_redirect_is_an_answer_where_none_is_followed),
		CASE(test_headers_do_not_follow_to_another_origin),
		CASE(test_S06_an_answer_without_end_is_cut),
		CASE(test_S06_a_server_that_hangs_or_breaks_off),
		CASE(test_S06_an_answer_in_drops_or_without_a_head_ends_in_time),
		CASE(test_S06_a_packed_answer_stays_packed),
		CASE(test_nobody_there_means_that_nothing_was_sent),
		CASE(test_S06_names_that_hang_hold_nobody_up),
		CASE(test_stopping_ends_every_call_at_once),
		CASE(test_a_url_is_judged_early_by_its_form),
		CASE(test_S06_hanging_servers_leave_room_for_others),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, start_server, stop_server) == 0 ? 0 : 1;
}
