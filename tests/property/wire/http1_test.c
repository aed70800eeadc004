/* SPDX-License-Identifier: Apache-2.0
 * Random requests: what is well-formed reads as the model that it was written from, however it is
 * cut; what is broken by a random edit is refused, or reads the same again when it is written out.
 * REMIT_SEED repeats a run.
 */
#include "../../unit/wire/exchange.h"
#include "../../unit/test.h"

#include <stdio.h>
#include <time.h>

#define ROUNDS 3000
#define EDITS 20

static uint64_t seed;

static uint32_t random_below(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)((seed >> 16) % n);
}

static void add_from(struct buf *out, const char *set, size_t least, size_t most)
{
	size_t set_n = strlen(set), n = least + random_below((uint32_t)(most - least + 1));
	for (size_t i = 0; i < n; i++)
		buf_add_char(out, set[random_below((uint32_t)set_n)]);
}

static const char *one_of(const char *const *set, size_t n)
{
	return set[random_below((uint32_t)n)];
}

/* A request as it was meant, and as it stands on the wire. */
struct model {
	struct exchange meant; /* only what exchange_print shows */
	struct buf target, values, wire;
};

static void write_target(struct model *m)
{
	struct http_request *r = &m->meant.request;
	buf_add_char(&m->target, '/');
	add_from(&m->target, "abz09-._~!$&'()*+,;=:@%/", 0, 40);
	size_t path = m->target.n;
	bool query = random_below(2);
	if (query) {
		buf_add_char(&m->target, '?');
		add_from(&m->target, "abz09&=%?/[]{}|^`", 0, 40);
	}
	r->target = buf_str(&m->target);
	r->path = (struct str){ r->target.p, path };
	if (query)
		r->query = (struct str){ r->target.p + path + 1, r->target.n - path - 1 };
}

static void write_field(struct model *m, struct str name, struct str value)
{
	static const char *const before[] = { "", " ", "\t", "  \t" };
	struct http_request *r = &m->meant.request;
	buf_printf(&m->wire, "%.*s:%s", STR_FMT(name), one_of(before, TEST_COUNT(before)));
	buf_add_str(&m->wire, value);
	buf_printf(&m->wire, "%s\r\n", one_of(before, TEST_COUNT(before)));
	r->headers[r->header_count++] = (struct http_header){ name, value };
}

/* Fields that mean nothing to the codec; `values` is reserved and so never moves. */
static void write_noise(struct model *m)
{
	for (size_t i = random_below(5); i > 0; i--) {
		size_t start = m->values.n;
		buf_add_text(&m->values, "X-");
		add_from(&m->values, "abcXYZ019!#$%&'*+-.^_`|~", 1, 20);
		struct str name = { m->values.p + start, m->values.n - start };
		start = m->values.n;
		if (random_below(5) > 0) {
			add_from(&m->values, "abc019;,=\"()[]\xc3\xa4", 1, 1);
			add_from(&m->values, "abc 019;,=\t:\"()[]\xc3\xa4", 0, 60);
			add_from(&m->values, "abc019;,=\"()[]\xc3\xa4", 1, 1);
		}
		write_field(m, name, (struct str){ m->values.p + start, m->values.n - start });
	}
}

static void write_chunks(struct model *m)
{
	struct str body = buf_str(&m->meant.body);
	for (size_t at = 0; at < body.n;) {
		size_t n = 1 + random_below((uint32_t)(body.n - at));
		switch (random_below(3)) {
		case 0:
			buf_printf(&m->wire, "%zx\r\n", n);
			break;
		case 1:
			buf_printf(&m->wire, "00%zX;a=\"b\"\r\n", n);
			break;
		default:
			buf_printf(&m->wire, "%zX;\r\n", n);
			break;
		}
		buf_add(&m->wire, body.p + at, n);
		buf_add(&m->wire, "\r\n", 2);
		at += n;
	}
	buf_add_text(&m->wire, random_below(2) ? "0\r\n\r\n" : "000;x\r\nX-Sum: 1\r\nY:\r\n\r\n");
}

static void write_framing(struct model *m)
{
	struct http_request *r = &m->meant.request;
	unsigned kind = random_below(r->minor == 1 ? 3 : 2);
	if (kind == 0)
		return;
	add_from(&m->meant.body, "abc\r\n0;: \x01\xff", 0, 200);
	if (kind == 2) {
		r->chunked = true;
		write_field(m, STR("Transfer-Encoding"), random_below(2) ? STR("chunked") : STR("CHUNKED"));
		return;
	}
	size_t start = m->values.n;
	buf_add_u64(&m->values, m->meant.body.n);
	r->has_length = true;
	r->length = m->meant.body.n;
	write_field(m, STR("content-length"), (struct str){ m->values.p + start, m->values.n - start });
}

static void write_connection(struct model *m)
{
	struct http_request *r = &m->meant.request;
	r->keep_alive = r->minor == 1;
	switch (random_below(4)) {
	case 0:
		r->keep_alive = false;
		write_field(m, STR("Connection"), STR("x, Close"));
		break;
	case 1:
		r->keep_alive = true;
		write_field(m, STR("connection"), STR("Keep-Alive,TE"));
		break;
	default:
		break;
	}
	if (random_below(8) > 0)
		return;
	r->expect_continue = r->minor == 1 && (r->chunked || r->length > 0);
	write_field(m, STR("Expect"), STR("100-continue"));
}

static void write_request(struct model *m)
{
	static const char *const methods[] = {
		"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND",
	};
	struct http_request *r = &m->meant.request;
	unsigned method = random_below(TEST_COUNT(methods));
	r->method = (enum http_method)method;
	r->method_text = str_of(methods[method]);
	r->minor = random_below(4) > 0;
	r->authority = STR("a.example:8080");
	write_target(m);
	if (random_below(8) == 0)
		buf_add_text(&m->wire, "\r\n");
	buf_printf(&m->wire, "%s %s%.*s HTTP/1.%u\r\n", methods[method],
		random_below(8) == 0 ? "http://A.example:8080" : "", STR_FMT(r->target), r->minor);
	write_noise(m);
	write_field(m, STR("Host"), r->authority);
	write_framing(m);
	write_noise(m);
	write_connection(m);
	buf_add_text(&m->wire, "\r\n");
	if (r->chunked)
		write_chunks(m);
	else
		buf_add_str(&m->wire, buf_str(&m->meant.body));
	m->meant.left = random_below(3);
	add_from(&m->wire, "G\r\n\x16", m->meant.left, m->meant.left);
}

static void make_model(struct model *m)
{
	memset(m, 0, sizeof(*m));
	m->meant.result = HTTP1_DONE;
	buf_init(&m->target, 1024);
	buf_init(&m->values, 8192);
	buf_init(&m->wire, 16384);
	buf_init(&m->meant.body, 1024);
	assert_true(buf_reserve(&m->values, 8192));
	write_request(m);
	assert_false(m->target.failed || m->values.failed || m->wire.failed || m->meant.body.failed);
}

static void drop_model(struct model *m)
{
	buf_done(&m->target);
	buf_done(&m->values);
	buf_done(&m->wire);
	exchange_done(&m->meant);
}

static void print_seed(uint64_t at)
{
	fprintf(stderr, "# REMIT_SEED=%ju repeats it\n", (uintmax_t)at);
}

static void assert_same(struct buf *a, struct buf *b, uint64_t at)
{
	if (!str_eq(buf_str(a), buf_str(b))) {
		print_seed(at);
		fprintf(stderr, "# %.*s\n# %.*s\n", STR_FMT(buf_str(a)), STR_FMT(buf_str(b)));
	}
	assert_true(!a->failed && !b->failed && str_eq(buf_str(a), buf_str(b)));
}

static struct cuts random_cuts(void)
{
	return (struct cuts){ 1 + random_below(100), ((uint64_t)random_below(UINT32_MAX) << 8) + 1 };
}

static void test_requests_read_as_they_were_meant(void **state)
{
	(void)state;
	struct buf meant, got;
	buf_init(&meant, 1 << 16);
	buf_init(&got, 1 << 16);
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t at = seed;
		static struct model m;
		make_model(&m);
		struct exchange e = exchange_read_cut(buf_str(&m.wire), random_cuts());
		buf_reset(&meant);
		buf_reset(&got);
		exchange_print(&m.meant, &meant);
		exchange_print(&e, &got);
		assert_same(&meant, &got, at);
		exchange_done(&e);
		drop_model(&m);
	}
	buf_done(&meant);
	buf_done(&got);
}

/* One byte changed, put in, taken out, or a stretch said twice: mostly among framing characters. */
static void edit(struct buf *wire)
{
	static const char bytes[] = "\r\n\0 \t:;,0123456789abcxX\x7f\xff/?#*+-";
	size_t at = random_below((uint32_t)wire->n), n = 1 + random_below(8);
	char byte = bytes[random_below(sizeof(bytes) - 1)];
	n = n < wire->n - at ? n : wire->n - at;
	switch (random_below(4)) {
	case 0:
		wire->p[at] = byte;
		break;
	case 1:
		memmove(wire->p + at, wire->p + at + n, wire->n - at - n);
		wire->n -= n;
		break;
	default:
		if (!buf_reserve(wire, n))
			return;
		memmove(wire->p + at + n, wire->p + at, wire->n - at);
		wire->n += n;
		if (random_below(2))
			wire->p[at + n - 1] = byte;
		break;
	}
}

static void write_again(const struct exchange *e, struct buf *out)
{
	const struct http_request *r = &e->request;
	buf_reset(out);
	buf_printf(out, "%.*s %.*s HTTP/1.%u\r\n", STR_FMT(r->method_text), STR_FMT(r->target), r->minor);
	for (size_t i = 0; i < r->header_count; i++)
		assert_true(http1_write_header(out, r->headers[i].name, r->headers[i].value));
	buf_add_text(out, "\r\n");
	if (r->chunked) {
		http1_write_chunk(out, buf_str(&e->body));
		http1_write_last_chunk(out);
	} else {
		buf_add_str(out, buf_str(&e->body));
	}
}

static void check_edited(struct str wire, struct buf *a, struct buf *b, struct buf *out, uint64_t at)
{
	struct exchange whole = exchange_read(wire, wire.n + 1);
	struct exchange cut = exchange_read_cut(wire, random_cuts());
	buf_reset(a);
	buf_reset(b);
	exchange_print(&whole, a);
	exchange_print(&cut, b);
	assert_same(a, b, at);
	if (whole.result == HTTP1_DONE) {
		write_again(&whole, out);
		struct exchange again = exchange_read(buf_str(out), out->n);
		again.left = whole.left;
		buf_reset(b);
		exchange_print(&again, b);
		assert_same(a, b, at);
		exchange_done(&again);
	}
	exchange_done(&whole);
	exchange_done(&cut);
}

static void test_edited_requests_read_one_way(void **state)
{
	(void)state;
	struct buf a, b, out;
	buf_init(&a, 1 << 16);
	buf_init(&b, 1 << 16);
	buf_init(&out, 1 << 16);
	for (int i = 0; i < ROUNDS / 10; i++) {
		uint64_t at = seed;
		static struct model m;
		make_model(&m);
		for (int k = 0; k < EDITS && m.wire.n > 0; k++) {
			edit(&m.wire);
			check_edited(buf_str(&m.wire), &a, &b, &out, at);
			if (k % 3 == 2) { /* few edits at a time, or nothing would be taken */
				drop_model(&m);
				make_model(&m);
			}
		}
		drop_model(&m);
	}
	buf_done(&a);
	buf_done(&b);
	buf_done(&out);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_requests_read_as_they_were_meant),
	cmocka_unit_test(test_edited_requests_read_one_way),
};

int main(void)
{
	const char *given = getenv("REMIT_SEED");
	seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL) * 1000003;
	seed += seed == 0;
	printf("# REMIT_SEED=%ju\n", (uintmax_t)seed);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
