/* SPDX-License-Identifier: Apache-2.0
 * Random documents in every style that a hand writes, and random changes: what is written reads back as what was
 * asked, and lines of what was not asked for are there as they were.
 */
#include "services/content/site/document.h"

#include "../../unit/test.h"
#include "base/limits.h"
#include "random.h"
#include <string.h>

#define ROUNDS 3000

struct maker {
	struct random *random;
	struct buf *out;
	const char *newline;
	unsigned named; /* keys so far, so that none stands twice */
};

static size_t below(struct maker *m, size_t n)
{
	return random_below(m->random, n);
}

static const char *const texts[] = { "x", "two words", "it's", "\"quoted\"", "a: b", "# c", "- d", "ü ö", "yes", "12",
	"2024-01-01", "", "a\\b", "[x", "{y", "100%", "*z", "&z", "!t", "tab\there", "~", "null", "x#y", "x:y", ": ", "'",
	"\xe2\x80\xa8", "\xc2\xa0", "\x7f", "@at", "`tick", "%p", "|", ">", "?", "-", "---", "...", "=", "<<" };
static const char *const plain[] = { "x", "some words", "12", "1.5", "true", "~", "", "2024-01-01", "ü", "it's", "a#b",
	"http://x.example/y?z", "0x1f", "007" };

static void line(struct maker *m, unsigned column)
{
	buf_add_text(m->out, m->newline);
	for (unsigned i = 0; i < column; i++)
		buf_add_char(m->out, ' ');
}

static void comments(struct maker *m, unsigned column)
{
	while (below(m, 6) == 0) {
		if (below(m, 3) == 0)
			buf_add_text(m->out, m->newline);
		line(m, column);
		buf_printf(m->out, "# note %u", m->named++);
	}
}

static void trailing(struct maker *m)
{
	if (below(m, 8) == 0)
		buf_printf(m->out, "  # beside %u", m->named++);
}

static void write_map(struct maker *m, unsigned column, unsigned depth, bool first_here);

static void write_list(struct maker *m, unsigned column, unsigned depth)
{
	for (size_t n = 1 + below(m, 3); n > 0; n--) {
		comments(m, column);
		line(m, column);
		buf_add_char(m->out, '-');
		switch (below(m, depth > 0 ? 5 : 2)) {
		case 0:
			buf_printf(m->out, " item %u", m->named++);
			trailing(m);
			break;
		case 1:
			buf_printf(m->out, " 'item %u'", m->named++);
			break;
		case 2:
			write_map(m, column + 2, depth - 1, false);
			break;
		case 3:
			buf_add_char(m->out, ' ');
			write_map(m, column + 2, depth - 1, true);
			break;
		default:
			write_list(m, column + 2, depth - 1);
		}
	}
}

static void write_block_text(struct maker *m, unsigned column)
{
	static const char *const heads[] = { " |", " |-", " >", " >-", " |+" };
	size_t head = below(m, 5);
	buf_add_text(m->out, heads[head]);
	for (size_t n = 1 + below(m, 3); n > 0; n--) {
		line(m, column + 2);
		buf_printf(m->out, "line %u # no comment", m->named++);
		if (below(m, 3) == 0)
			buf_add_text(m->out, m->newline);
	}
	if (head == 4)
		buf_add_text(m->out, m->newline);
}

static void write_value(struct maker *m, unsigned column, unsigned depth)
{
	switch (below(m, depth > 0 ? 8 : 5)) {
	case 0:
		buf_printf(m->out, " %s", plain[below(m, TEST_COUNT(plain))]);
		trailing(m);
		break;
	case 1:
		buf_printf(m->out, "  'it''s %u'", m->named++);
		trailing(m);
		break;
	case 2:
		buf_printf(m->out, " \"a \\\" \\u00e9 %u\"", m->named++);
		break;
	case 3:
		write_block_text(m, column);
		break;
	case 4:
		buf_printf(m->out, " [a, 'b c', { d: %u }]", m->named++);
		trailing(m);
		break;
	case 5:
		write_list(m, column + (below(m, 2) ? 2 : 0), depth - 1);
		break;
	default:
		trailing(m);
		write_map(m, column + 1 + (unsigned)below(m, 4), depth - 1, false);
	}
}

static void write_map(struct maker *m, unsigned column, unsigned depth, bool first_here)
{
	for (size_t n = 1 + below(m, 4), i = 0; i < n; i++) {
		if (i > 0 || !first_here) {
			comments(m, column);
			line(m, column);
		}
		buf_printf(m->out, below(m, 5) ? "k%u:" : below(m, 2) ? "'k %u':" : "ü%u:", m->named++);
		write_value(m, column, depth);
	}
}

static void make_document(struct maker *m, enum document_kind kind)
{
	struct buf inner;
	buf_init(&inner, 1 << 20);
	struct maker in = *m;
	in.out = &inner;
	write_map(&in, 0, 3, false);
	m->named = in.named;
	if (kind == DOCUMENT_ENTRY)
		buf_printf(m->out, "---%s", m->newline);
	buf_add(m->out, inner.p + strlen(m->newline), inner.n - strlen(m->newline));
	if (kind == DOCUMENT_ENTRY)
		buf_printf(m->out, "%s---%sBody %u%s---%s", m->newline, m->newline, m->named++, m->newline, m->newline);
	else
		buf_add_text(m->out, m->newline);
	buf_done(&inner);
}

/* ---- Changes ---- */

static json_t *random_json(struct maker *m, unsigned depth)
{
	switch (below(m, depth > 0 ? 9 : 6)) {
	case 0:
		return json_integer((json_int_t)random_u64(m->random));
	case 1:
		return json_real((double)below(m, 1000000) / 1024);
	case 2:
		return below(m, 2) ? json_null() : json_boolean(below(m, 2));
	case 3:
	case 4:
		return json_string(texts[below(m, TEST_COUNT(texts))]);
	case 5:
		return json_sprintf("%s\n%s%s", texts[below(m, TEST_COUNT(texts))], texts[below(m, TEST_COUNT(texts))],
			below(m, 2) ? "\n" : "");
	case 6: {
		json_t *list = json_array();
		for (size_t n = below(m, 4); n > 0; n--)
			json_array_append_new(list, random_json(m, depth - 1));
		return list;
	}
	default: {
		json_t *map = json_object();
		for (size_t n = below(m, 4); n > 0; n--)
			json_object_set_new(map, below(m, 2) ? texts[below(m, TEST_COUNT(texts))] : "key", random_json(m, depth - 1));
		return map;
	}
	}
}

static void change(struct maker *m, json_t *json, unsigned depth)
{
	const char *key;
	json_t *value;
	void *next;
	if (json_is_array(json)) {
		for (size_t i = json_array_size(json); i-- > 0;) {
			if (below(m, 6) == 0)
				json_array_remove(json, i);
			else if (below(m, 8) == 0)
				json_array_set_new(json, i, random_json(m, 2));
			else if (below(m, 8) == 0)
				json_array_insert_new(json, i, random_json(m, 2));
			else
				change(m, json_array_get(json, i), depth + 1);
		}
		if (below(m, 4) == 0)
			json_array_append_new(json, random_json(m, 2));
		return;
	}
	if (!json_is_object(json))
		return;
	json_object_foreach_safe(json, next, key, value) {
		if (below(m, 8) == 0)
			json_object_del(json, key);
		else if (below(m, 8) == 0)
			json_object_set_new(json, key, random_json(m, 2));
		else
			change(m, value, depth + 1);
	}
	if (below(m, 4) == 0) {
		char name[32];
		snprintf(name, sizeof(name), "new %u", m->named++);
		json_object_set_new(json, name, random_json(m, 3));
	}
}

/* Lines of keys at the top whose value is what it was, with what stands beside them. */
static void check_lines(const struct document *d, const json_t *wanted, struct str after)
{
	for (const struct value *v = d->root->first; v; v = v->next) {
		const json_t *now = json_object_getn(wanted, v->key.p, v->key.n);
		json_t *was = value_to_json(v);
		bool keeps = v->style == STYLE_LINES && memchr(d->text.p + v->start, '+', 2);
		if (now && json_equal(now, was) && !keeps) {
			struct str lines = { d->text.p + v->key_start, v->end - v->key_start };
			while (lines.p + lines.n < d->text.p + d->yaml_end && lines.p[lines.n] != '\n')
				lines.n++;
			if (!memmem(after.p, after.n, lines.p, lines.n))
				fail_msg("these lines are not as they were:\n%.*s\nbut:\n%.*s", STR_FMT(lines), STR_FMT(after));
		}
		json_decref(was);
	}
}

static void one_round(struct random *random, unsigned *refused)
{
	struct arena arena;
	struct buf text, out;
	struct document d;
	struct value_problem problem;
	struct maker m = { random, &text, random_below(random, 5) ? "\n" : "\r\n", 0 };
	const enum document_kind kind = random_below(random, 2) ? DOCUMENT_ENTRY : DOCUMENT_YAML;
	arena_init(&arena, 0);
	buf_init(&text, 1 << 20);
	buf_init(&out, 1 << 20);
	make_document(&m, kind);
	if (!document_parse(buf_str(&text), kind, &arena, &d, &problem))
		fail_msg("%u:%u %s:\n%.*s", problem.line, problem.column, problem.text, STR_FMT(buf_str(&text)));
	json_t *wanted = document_json(&d);
	assert_true(document_change(&d, wanted, &out, &problem));
	assert_true(str_eq(buf_str(&out), buf_str(&text)));
	buf_reset(&out);
	change(&m, wanted, 0);
	if (document_change(&d, wanted, &out, &problem)) {
		check_lines(&d, wanted, buf_str(&out));
	} else {
		if (getenv("REMIT_SEED") && ++*refused < 4)
			printf("# %s\n%.*s\n# to %s\n%.*s\n", problem.text, STR_FMT(buf_str(&text)),
				json_dumps(wanted, 0), STR_FMT(buf_str(&out)));
		++*refused;
	}
	json_decref(wanted);
	buf_done(&text);
	buf_done(&out);
	arena_done(&arena);
}

static void test_what_is_written_reads_back(void **state)
{
	(void)state;
	struct random random = random_start();
	unsigned refused = 0;
	for (unsigned i = 0; i < ROUNDS; i++)
		one_round(&random, &refused);
	printf("# %u of %u changes were refused\n", refused, ROUNDS);
	assert_int_equal(refused, 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_what_is_written_reads_back),
};

TEST_MAIN(tests)
