/* SPDX-License-Identifier: Apache-2.0
 * Typed reading of nodes, and the words for what is wrong with them.
 * profile: may include base and core.
 */
#include "profile/reader.h"

#include "base/clock.h"
#include "base/text.h"
#include <assert.h>
#include <stdio.h>

#define WHAT_ROOM 512
#define SHOW_MAX 60
#define KEYS_MAX 32
#define BASE_MAX 200
#define TEXTS_MAX 4096 /* in one list; equal ones are looked for one by one */

void reader_mistake(struct reader *r, const struct node *at, const char *suggestion, const char *format, ...)
{
	char what[WHAT_ROOM];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	mistakes_add(r->mistakes, r->file, at->line, at->column, suggestion, "%s", what);
}

const char *reader_show(struct reader *r, struct str text)
{
	struct str part = text;
	while (part.n > SHOW_MAX || (part.n < text.n && ((unsigned char)part.p[part.n] & 0xc0) == 0x80))
		part.n--;
	char *shown =
		arena_printf(&r->mistakes->arena, "\"%.*s%s\"", STR_FMT(part), part.n < text.n ? "…" : "");
	for (char *p = shown; p && *p; p++) {
		if (*p == '\n' || *p == '\t')
			*p = ' ';
	}
	return shown ? shown : "a text";
}

static const char *show_kind(struct reader *r, const struct node *node)
{
	if (node->kind == NODE_MAP)
		return node->count > 0 ? "a map" : "an empty map";
	if (node->kind == NODE_LIST)
		return node->count > 0 ? "a list" : "an empty list";
	return node_is_nothing(node) ? "nothing" : reader_show(r, node->text);
}

void reader_expected(struct reader *r, const struct node *at, const char *what)
{
	reader_mistake(r, at, NULL, "expected %s, got %s", what, show_kind(r, at));
}

void *reader_alloc(struct reader *r, const struct node *at, size_t count, size_t size)
{
	void *p = size == 0 || count <= SIZE_MAX / size ? arena_alloc(r->arena, count * size) : NULL;
	if (!p)
		reader_mistake(r, at, NULL, "not enough memory to read the file");
	return p;
}

static bool is_word(const struct node *node)
{
	return node->kind == NODE_TEXT && !node_is_nothing(node);
}

bool reader_text(struct reader *r, const struct node *node, const char *what, const char **ret)
{
	if (!is_word(node) || node->text.n == 0 || memchr(node->text.p, '\n', node->text.n)) {
		reader_expected(r, node, what);
		return false;
	}
	*ret = node->text.p;
	return true;
}

static bool is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool alnum = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		if (!alnum && (c != '-' || i == 0))
			return false;
	}
	return s.n > 0 && s.n <= READER_NAME_MAX;
}

bool reader_name(struct reader *r, const struct node *node, const char *what)
{
	if (node->kind == NODE_TEXT && is_name(node->text))
		return true;
	if (!is_word(node))
		reader_expected(r, node, what);
	else
		reader_mistake(r, node, "write a-z, 0-9 and -, at most 40 characters, the first no -",
			"%s cannot be %s", what, reader_show(r, node->text));
	return false;
}

/* "granted, askable or all" */
static const char *list_words(struct reader *r, const char *const *words, size_t count)
{
	const char *text = words[0];
	for (size_t i = 1; i < count && text; i++)
		text = arena_printf(
			&r->mistakes->arena, "%s%s%s", text, i + 1 < count ? ", " : " or ", words[i]);
	return text ? text : "another word";
}

bool reader_word(
	struct reader *r, const struct node *node, const char *const *words, size_t count, size_t *ret)
{
	for (size_t i = 0; is_word(node) && i < count; i++) {
		if (str_is(node->text, words[i])) {
			*ret = i;
			return true;
		}
	}
	const char *near = is_word(node) ? mistakes_suggest(r->mistakes, node->text, words, count) : NULL;
	reader_mistake(r, node, near, "expected %s, got %s", list_words(r, words, count), show_kind(r, node));
	return false;
}

bool reader_flag(struct reader *r, const struct node *node, bool *ret)
{
	static const char *const words[] = { "false", "true" };
	size_t word;
	if (!reader_word(r, node, words, 2, &word))
		return false;
	*ret = word == 1;
	return true;
}

bool reader_number(struct reader *r, const struct node *node, uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t v;
	if (!is_word(node) || !str_to_u64(node->text, max, &v) || v < min) {
		reader_mistake(r, node, NULL, "expected a number from %llu to %llu, got %s",
			(unsigned long long)min, (unsigned long long)max, show_kind(r, node));
		return false;
	}
	*ret = v;
	return true;
}

struct unit {
	const char *name;
	uint64_t worth;
};

static const struct unit times[] = { { "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 },
	{ "ms", 1 } };
static const struct unit sizes[] = { { "GB", 1000000000 }, { "MB", 1000000 }, { "kB", 1000 },
	{ " bytes", 1 } };

/* Shows the bound in the largest unit that it is a multiple of; the last unit is worth 1. */
static void refuse_range(
	struct reader *r, const struct node *node, bool small, uint64_t bound, const struct unit *unit)
{
	while (bound % unit->worth != 0)
		unit++;
	reader_mistake(r, node, NULL, "%s is too %s: at %s %llu%s", reader_show(r, node->text),
		small ? "small" : "large", small ? "least" : "most",
		(unsigned long long)(bound / unit->worth), unit->name);
}

bool reader_duration(
	struct reader *r, const struct node *node, int64_t min_ms, int64_t max_ms, int64_t *ret_ms)
{
	int64_t ms;
	if (!is_word(node) || !duration_from_text(node->text, &ms)) {
		reader_expected(r, node, "a time such as 90d, 24h, 15m, 30s or 500ms");
		return false;
	}
	if (ms < min_ms || ms > max_ms) {
		refuse_range(r, node, ms < min_ms, (uint64_t)(ms < min_ms ? min_ms : max_ms), times);
		return false;
	}
	*ret_ms = ms;
	return true;
}

bool reader_size(struct reader *r, const struct node *node, uint64_t min, uint64_t max, uint64_t *ret_bytes)
{
	uint64_t bytes;
	if (!is_word(node) || !size_from_text(node->text, &bytes)) {
		reader_expected(r, node, "a size such as 10GB, 4MB, 16kB or 512");
		return false;
	}
	if (bytes < min || bytes > max) {
		refuse_range(r, node, bytes < min, bytes < min ? min : max, sizes);
		return false;
	}
	*ret_bytes = bytes;
	return true;
}

static bool is_among(const char *text, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(list[i], text) == 0)
			return true;
	}
	return false;
}

bool reader_texts(struct reader *r, const struct node *node, const char *what, const char *const **ret,
	size_t *ret_count)
{
	if (node->kind != NODE_LIST) {
		reader_expected(r, node, what);
		return false;
	}
	if (node->count > TEXTS_MAX) {
		reader_mistake(r, node, NULL, "a list of more than %d", TEXTS_MAX);
		return false;
	}
	const char **list = reader_alloc(r, node, node->count, sizeof(*list));
	size_t n = 0, wrong = 0;
	for (const struct node *item = node->first; list && item; item = item->next) {
		const char *text;
		if (!reader_text(r, item, "a text", &text)) {
			wrong++;
		} else if (is_among(text, list, n)) {
			reader_mistake(r, item, NULL, "%s stands twice", reader_show(r, item->text));
			wrong++;
		} else {
			list[n++] = text;
		}
	}
	if (!list || wrong > 0)
		return false;
	*ret = list;
	*ret_count = n;
	return true;
}

static bool is_base_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
	       || strchr("-._~/", c);
}

bool reader_base(struct reader *r, const struct node *node, const char **ret)
{
	const char *text;
	if (!reader_text(r, node, "a path such as /api/v1", &text))
		return false;
	bool plain = text[0] == '/' && node->text.n <= BASE_MAX;
	for (const char *p = text; *p && plain; p++)
		plain = is_base_char(*p);
	if (!plain || strstr(text, "//") || strstr(text, "/.") || text[node->text.n - 1] == '/') {
		reader_mistake(r, node, "start with /, no / at the end, plain segments as in /api/v1",
			"%s is no absolute path", reader_show(r, node->text));
		return false;
	}
	*ret = text;
	return true;
}

/* ---- Maps ---- */

static void refuse_key(struct reader *r, const struct node *key, const char *what,
	const struct reader_key *keys, size_t count)
{
	const char *names[KEYS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (keys[i].read)
			names[n++] = keys[i].name;
	}
	const char *near = mistakes_suggest(r->mistakes, key->text, names, n);
	reader_mistake(r, key, near, "unknown key %s in %s", reader_show(r, key->text), what);
}

static void check_keys(struct reader *r, const struct node *node, const char *what,
	const struct reader_key *keys, size_t count)
{
	for (const struct node *value = node->first; value; value = value->next) {
		size_t i = 0;
		while (i < count && !str_is(value->key->text, keys[i].name))
			i++;
		if (i == count)
			refuse_key(r, value->key, what, keys, count);
		else if (!keys[i].read)
			reader_mistake(r, value->key, NULL, "this version does not have %s",
				reader_show(r, value->key->text));
	}
}

/* Whether a missing key is there but for a slip of the pen, which was told already. */
static bool is_misspelt(
	const struct node *node, const char *name, const struct reader_key *keys, size_t count)
{
	for (const struct node *value = node->first; value; value = value->next) {
		size_t i = 0;
		while (i < count && !str_is(value->key->text, keys[i].name))
			i++;
		if (i == count && str_distance(value->key->text, str_of(name), 2) <= 2)
			return true;
	}
	return false;
}

bool reader_map(struct reader *r, const struct node *node, const char *what, const struct reader_key *keys,
	size_t count, void *into)
{
	assert(count <= KEYS_MAX);
	if (node->kind != NODE_MAP) {
		reader_mistake(r, node, NULL, "expected a map for %s, got %s", what, show_kind(r, node));
		return false;
	}
	check_keys(r, node, what, keys, count);
	for (size_t i = 0; i < count; i++) {
		const struct node *value = node_get(node, keys[i].name);
		if (value && keys[i].read)
			keys[i].read(r, value, into);
		else if (!value && keys[i].required && !is_misspelt(node, keys[i].name, keys, count))
			reader_mistake(r, node, NULL, "%s lacks the key \"%s\"", what, keys[i].name);
	}
	return true;
}
