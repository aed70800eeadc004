/* SPDX-License-Identifier: Apache-2.0
 * Files of a site read, and changed in place.
 */
#include "services/content/site/document.h"

#include "base/limits.h"
#include "test.h"
#include <stdlib.h>

/* ---- What is refused ---- */

struct bad {
	const char *what, *text, *said;
	enum document_kind kind;
};

static const struct bad bad_texts[] = {
	{ "an anchor", "a: &x 1\n", "anchors", DOCUMENT_YAML },
	{ "an alias bomb", "a: &a [x, x]\nb: [*a, *a]\n", "anchors", DOCUMENT_YAML },
	{ "an alias", "a: *x\n", "aliases", DOCUMENT_YAML },
	{ "a tag", "a: !!str 1\n", "tags", DOCUMENT_YAML },
	{ "a tag of a map", "a: !php/object {}\n", "tags", DOCUMENT_YAML },
	{ "a tag that means none", "a: ! x\n", "tags", DOCUMENT_YAML },
	{ "a key twice", "title: a\nb: 1\ntitle: b\n", "\"title\" stands twice", DOCUMENT_YAML },
	{ "a key twice in flow", "a: { b: 1, 'b': 2 }\n", "\"b\" stands twice", DOCUMENT_YAML },
	{ "a merge key", "<<: { a: 1 }\n", "merge keys", DOCUMENT_YAML },
	{ "a tab", "a:\n\tb: 1\n", "tab", DOCUMENT_YAML },
	{ "a byte order mark", "\xef\xbb\xbf" "a: 1\n", "byte order mark", DOCUMENT_YAML },
	{ "bytes that are not UTF-8", "a: \xff\n", "UTF-8", DOCUMENT_YAML },
	{ "another document", "a: 1\n---\nb: 2\n", "second document", DOCUMENT_YAML },
	{ "a directive", "%YAML 1.1\n---\na: 1\n", "directives", DOCUMENT_YAML },
	{ "a list for a key", "? [a]\n: 1\n", "a key must be a text", DOCUMENT_YAML },
	{ "no map", "- a\n- b\n", "no map", DOCUMENT_YAML },
	{ "a text alone", "hello\n", "no map", DOCUMENT_YAML },
	{ "front matter without an end", "---\ntitle: a\n", "no end", DOCUMENT_ENTRY },
	{ "a body and a key for it", "---\ncontent: a\n---\nb\n", "while there is a body", DOCUMENT_ENTRY },
};

static bool reads(struct str text, enum document_kind kind, struct value_problem *problem)
{
	struct arena arena;
	struct document d;
	arena_init(&arena, 0);
	bool good = document_parse(text, kind, &arena, &d, problem);
	arena_done(&arena);
	return good;
}

static void test_S03_bad_yaml_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(bad_texts); i++) {
		struct value_problem problem;
		assert_false(reads(str_of(bad_texts[i].text), bad_texts[i].kind, &problem));
		if (!strstr(problem.text, bad_texts[i].said))
			fail_msg("%s: %s", bad_texts[i].what, problem.text);
	}
}

static void test_S03_too_much_of_anything_is_told(void **state)
{
	(void)state;
	struct value_problem problem;
	struct buf text;
	buf_init(&text, 16 * 1024 * 1024);
	buf_add_text(&text, "a: ");
	for (size_t i = 0; i < 1024 * 1024; i++)
		buf_add_char(&text, 'x');
	assert_false(reads(buf_str(&text), DOCUMENT_YAML, &problem));
	assert_non_null(strstr(problem.text, "512 kB"));
	for (size_t i = text.n; i < 10 * 1024 * 1024; i++)
		buf_add_char(&text, 'x');
	assert_false(reads(buf_str(&text), DOCUMENT_ENTRY, &problem));
	assert_non_null(strstr(problem.text, "4 MB"));
	buf_reset(&text);
	for (size_t i = 0; i < 100; i++)
		buf_add_text(&text, i > 0 ? "[" : "a: [");
	assert_false(reads(buf_str(&text), DOCUMENT_YAML, &problem));
	assert_non_null(strstr(problem.text, "too deep"));
	buf_reset(&text);
	for (size_t i = 0; i < LIMIT_CONTENT_NODES; i++)
		buf_add_text(&text, i > 0 ? "\n- x" : "a:\n- x");
	assert_false(reads(buf_str(&text), DOCUMENT_YAML, &problem));
	assert_non_null(strstr(problem.text, "too many values"));
	buf_done(&text);
}

/* ---- What it says ---- */

static json_t *json_of(const char *text)
{
	json_error_t error;
	json_t *json = json_loads(text, 0, &error);
	if (!json)
		fail_msg("%s: %s", text, error.text);
	return json;
}

static const struct { const char *yaml, *json; } scalars[] = {
	{ "", "null" }, { "~", "null" }, { "null", "null" }, { "NULL", "null" }, { "true", "true" }, { "False", "false" },
	{ "yes", "\"yes\"" }, { "on", "\"on\"" }, { "n", "\"n\"" }, { "1", "1" }, { "-12", "-12" }, { "1_000", "1000" },
	{ "007", "\"007\"" }, { "-0", "\"-0\"" }, { "+5", "5.0" }, { "0x1F", "31" }, { "0o17", "15" }, { "-0o17", "-15" },
	{ "017", "\"017\"" }, { "1.5", "1.5" }, { "1.", "1.0" }, { ".5", "0.5" }, { "1e3", "1000.0" }, { "1_0.5", "10.5" },
	{ "1.2.3", "\"1.2.3\"" }, { "12:30", "\"12:30\"" }, { "1:30:00", "\"1:30:00\"" }, { ".", "\".\"" }, { "-", "null" },
	{ "9223372036854775807", "9223372036854775807" }, { "9223372036854775808", "\"9223372036854775808\"" },
	{ "2024-01-01", "1704067200" }, { "2024-01-01T10:00:00Z", "1704103200" }, { "2024-01-01 10:00:00", "1704103200" },
	{ "2024-01-01 10:00:00.5 +02:00", "1704096000.5" }, { "2024-1-1", "1704067200" }, { "2024-01", "\"2024-01\"" },
	{ "2024-13-01", "\"2024-13-01\"" }, { "'2024-01-01'", "\"2024-01-01\"" }, { "\"1\"", "\"1\"" }, { ".inf", "null" },
	{ "[a, 1, yes]", "[\"a\", 1, \"yes\"]" }, { "{ a: }", "{\"a\": null}" }, { "{  }", "{}" }, { "[]", "[]" },
};

static void test_scalars_are_as_symfony_reads_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(scalars); i++) {
		struct arena arena;
		struct document d;
		struct value_problem problem;
		char text[128];
		if (strcmp(scalars[i].yaml, "-") == 0)
			continue; /* a list */
		arena_init(&arena, 0);
		snprintf(text, sizeof(text), "k: %s\n", scalars[i].yaml);
		assert_true(document_parse(str_of(text), DOCUMENT_YAML, &arena, &d, &problem));
		json_t *json = document_json(&d);
		char wrapped[160];
		snprintf(wrapped, sizeof(wrapped), "{\"k\":%s}", scalars[i].json);
		json_t *wanted = json_of(wrapped);
		if (!json_equal(json, wanted))
			fail_msg("%s is %s", scalars[i].yaml, json_dumps(json, JSON_ENCODE_ANY));
		json_decref(json);
		json_decref(wanted);
		arena_done(&arena);
	}
}

/* ---- Changes ---- */

struct change {
	const char *what, *before;
	const char *set; /* members to be set; the key "-" names those to be taken out, by one space */
	const char *after;
	enum document_kind kind;
};

static const struct change changes[] = {
	{ "nothing", "# c\na:   'x' # d\nb: [1,2]\n", "{\"a\":\"x\"}", "# c\na:   'x' # d\nb: [1,2]\n" },
	{ "a scalar", "# c\na:   'x' # d\nb: [1,2]\n", "{\"a\":\"z\"}", "# c\na:   z # d\nb: [1,2]\n" },
	{ "a quoted one", "a: x\n", "{\"a\":\"two words\"}", "a: 'two words'\n" },
	{ "one that looks otherwise", "a: x\nb: x\nc: x\nd: x\n", "{\"a\":\"true\",\"b\":\"12\",\"c\":\"2024-01-01\",\"d\":\"\"}",
		"a: 'true'\nb: '12'\nc: '2024-01-01'\nd: ''\n" },
	{ "a new key", "a: 1\nb: 2\n# end\n", "{\"c\":3}", "a: 1\nb: 2\nc: 3\n# end\n" },
	{ "a new key without a line end", "a: 1", "{\"c\":3}", "a: 1\nc: 3" },
	{ "a new key behind nothing", "a:\n", "{\"c\":3}", "a:\nc: 3\n" },
	{ "a key for nothing", "a: # none\nb: 1\n", "{\"a\":\"x\"}", "a: x # none\nb: 1\n" },
	{ "a key taken out", "a: 1\nb: 2 # b\nc: 3\n", "{\"-\":\"b\"}", "a: 1\nc: 3\n" },
	{ "the first key", "a: 1\nb: 2\n", "{\"-\":\"a\"}", "b: 2\n" },
	{ "the last key, and a new one", "a: 1\nb: 2\n", "{\"-\":\"b\",\"c\":3}", "a: 1\nc: 3\n" },
	{ "all keys", "# c\na: 1\n", "{\"-\":\"a\",\"b\":3}", "# c\nb: 3\n" },
	{ "in an empty file", "", "{\"b\":3}", "b: 3\n" },
	{ "in an empty map", "{  }\n", "{\"b\":3}", "b: 3\n" },
	{ "a block for a scalar", "a: 1 # one\nb: 2\n", "{\"a\":{\"x\":[1]}}", "a: # one\n  x:\n    - 1\nb: 2\n" },
	{ "a scalar for a block", "a: # one\n  x: 1\n  y: 2\nb: 2\n", "{\"a\":5}", "a: 5 # one\nb: 2\n" },
	{ "lines for a scalar", "a: 1 # one\nb: 2\n", "{\"a\":\"x\\n\\ny\"}", "a: |- # one\n  x\n\n  y\nb: 2\n" },
	{ "lines for lines", "a: |\n  x\n  y\n\nb: 2\n", "{\"a\":\"z\\n\"}", "a: |\n  z\n\nb: 2\n" },
	{ "in a map", "a:\n  x: 1\n  # y\n  y: 2\nb: 2\n", "{\"a\":{\"x\":7,\"y\":2,\"z\":3}}",
		"a:\n  x: 7\n  # y\n  y: 2\n  z: 3\nb: 2\n" },
	{ "at the end of a list", "a:\n  - x # x\n  - y\nb: 2\n", "{\"a\":[\"x\",\"y\",\"z\"]}",
		"a:\n  - x # x\n  - y\n  - z\nb: 2\n" },
	{ "at the start of a list", "a:\n- x # x\n- y\nb: 2\n", "{\"a\":[\"z\",\"x\",\"y\"]}", "a:\n- z\n- x # x\n- y\nb: 2\n" },
	{ "out of a list", "a:\n  - x\n  - y # y\n  - z\nb: 2\n", "{\"a\":[\"x\",\"z\"]}", "a:\n  - x\n  - z\nb: 2\n" },
	{ "a list of maps", "a:\n  -\n    id: 1\n  -\n    id: 2\n", "{\"a\":[{\"id\":1},{\"id\":2,\"x\":{\"z\":[]}},{\"id\":3}]}",
		"a:\n  -\n    id: 1\n  -\n    id: 2\n    x:\n      z: []\n  -\n    id: 3\n" },
	{ "a list of maps on their dashes", "a:\n  - id: 1\n    t: x\n", "{\"a\":[{\"id\":1,\"t\":\"w\"},{\"id\":3,\"t\":\"z\"}]}",
		"a:\n  - id: 1\n    t: w\n  - id: 3\n    t: z\n" },
	{ "in flow", "a: [x, w] # c\nb: { c: 1 }\n", "{\"a\":[\"x\",\"w\",\"z w\"],\"b\":{\"c\":2}}",
		"a: [x, w, 'z w'] # c\nb: { c: 2 }\n" },
	{ "an emptied list", "a:\n  - x\nb: 1\n", "{\"a\":[]}", "a: []\nb: 1\n" },
	{ "beside letters of two bytes", "ä: 'ü' # ö\nb: 1\n", "{\"b\":\"é\"}", "ä: 'ü' # ö\nb: é\n" },
	{ "with CRLF", "a: 1\r\nb: 2\r\n", "{\"b\":{\"x\":1},\"c\":3}", "a: 1\r\nb:\r\n  x: 1\r\nc: 3\r\n" },
	{ "control characters", "a: 1\n", "{\"a\":\"\\u0007\\u0085 \\u2028\"}", "a: \"\\a\\N \\L\"\n" },
	{ "reals", "a: 1\nb: 1\n", "{\"a\":0.1,\"b\":5.0}", "a: 0.1\nb: 5.0\n" },
	{ "beside a body", "---\na: 1\n---\n\n# Body\n--- \n", "{\"a\":2}", "---\na: 2\n---\n\n# Body\n--- \n", DOCUMENT_ENTRY },
	{ "a key before a body", "---\na: 1\n# end\n---\nBody", "{\"b\":2}", "---\na: 1\nb: 2\n# end\n---\nBody", DOCUMENT_ENTRY },
	{ "a body", "---\na: 1\n---\nold\n", "{\"content\":\"new\\n\"}", "---\na: 1\n---\nnew\n", DOCUMENT_ENTRY },
	{ "no body", "---\na: 1\n---\nold\n", "{\"-\":\"content\"}", "---\na: 1\n---\n", DOCUMENT_ENTRY },
	{ "a first body", "---\na: 1\n---", "{\"content\":\"x\"}", "---\na: 1\n---\nx", DOCUMENT_ENTRY },
	{ "a body for what had no fences", "a: 1\n", "{\"content\":\"x\"}", "---\na: 1\n---\nx", DOCUMENT_ENTRY },
	{ "a list for a body", "---\na: 1\n---\nold\n", "{\"content\":[1]}", "---\na: 1\ncontent:\n  - 1\n---\n", DOCUMENT_ENTRY },
	{ "a body of dashes", "---\na: 1\n---\nold\n", "{\"content\":\"a\\n---\\nb\"}", "---\na: 1\n---\na\n---\nb", DOCUMENT_ENTRY },
};

static json_t *wanted_of(const struct document *d, const char *set)
{
	json_t *json = document_json(d), *members = json_of(set);
	const json_t *out = json_object_get(members, "-");
	if (out) {
		(void)json_object_del(json, json_string_value(out));
		(void)json_object_del(members, "-");
	}
	assert_int_equal(json_object_update(json, members), 0);
	json_decref(members);
	return json;
}

static void test_a_change_touches_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(changes); i++) {
		const struct change *c = &changes[i];
		struct arena arena;
		struct document d;
		struct value_problem problem;
		struct buf out;
		arena_init(&arena, 0);
		buf_init(&out, LIMIT_CONTENT_FILE_BYTES);
		if (!document_parse(str_of(c->before), c->kind, &arena, &d, &problem))
			fail_msg("%s: %s", c->what, problem.text);
		json_t *wanted = wanted_of(&d, c->set);
		if (!document_change(&d, wanted, &out, &problem))
			fail_msg("%s: %s\n%.*s", c->what, problem.text, STR_FMT(buf_str(&out)));
		if (!str_is(buf_str(&out), c->after))
			fail_msg("%s:\n%.*s", c->what, STR_FMT(buf_str(&out)));
		json_decref(wanted);
		buf_done(&out);
		arena_done(&arena);
	}
}

static void test_a_new_file(void **state)
{
	(void)state;
	struct buf out;
	struct value_problem problem;
	json_t *json = json_of("{\"id\":\"1\",\"title\":\"A b\",\"tags\":[\"x\"],\"content\":\" Body\\n\"}");
	buf_init(&out, 4096);
	assert_true(document_make(json, DOCUMENT_ENTRY, &out, &problem));
	assert_true(str_is(buf_str(&out), "---\nid: '1'\ntitle: 'A b'\ntags:\n  - x\n---\nBody\n"));
	buf_reset(&out);
	(void)json_object_del(json, "content");
	assert_true(document_make(json, DOCUMENT_YAML, &out, &problem));
	assert_true(str_is(buf_str(&out), "id: '1'\ntitle: 'A b'\ntags:\n  - x\n"));
	buf_done(&out);
	json_decref(json);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_S03_bad_yaml_is_told),
	cmocka_unit_test(test_S03_too_much_of_anything_is_told),
	cmocka_unit_test(test_scalars_are_as_symfony_reads_them),
	cmocka_unit_test(test_a_change_touches_nothing_else),
	cmocka_unit_test(test_a_new_file),
};

TEST_MAIN(tests)
