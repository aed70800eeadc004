/* SPDX-License-Identifier: Apache-2.0
 * What a text must be before it is taken for YAML, keys that stand twice, and looking up.
 * profile: may include base and core.
 */
#include "profile/tree.h"

#include "base/limits.h"
#include "base/text.h"
#include <assert.h>
#include <stdlib.h>

/* ---- The text ---- */

struct place {
	unsigned line, column;
};

static struct place place_of(struct str text, size_t offset)
{
	struct place at = { 1, 1 };
	for (size_t i = 0; i < offset; i++) {
		if (text.p[i] == '\n')
			at = (struct place){ at.line + 1, 1 };
		else if (((unsigned char)text.p[i] & 0xc0) != 0x80)
			at.column++;
	}
	return at;
}

bool tree_is_control(char ch)
{
	unsigned char c = (unsigned char)ch;
	return (c < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7f;
}

static bool check_characters(struct str text, const char *file, struct mistakes *mistakes)
{
	for (size_t i = 0; i < text.n;) {
		struct str rest = { text.p + i, text.n - i };
		size_t step = utf8_next(rest);
		if (step > 0 && !tree_is_control(*rest.p)) {
			i += step;
			continue;
		}
		struct place at = place_of(text, i);
		mistakes_add(mistakes, file, at.line, at.column, "save the file as UTF-8 text",
			step == 0 ? "byte 0x%02x is not UTF-8" : "control character 0x%02x",
			(unsigned)(unsigned char)*rest.p);
		return false;
	}
	return true;
}

bool tree_check_text(struct str text, const char *file, size_t bytes_max, struct mistakes *mistakes)
{
	if (text.n > bytes_max) {
		mistakes_add(mistakes, file, 0, 0, NULL, "the file is too large: %zu bytes, at most %zu",
			text.n, bytes_max);
		return false;
	}
	if (str_starts(text, STR("\xef\xbb\xbf")) || str_starts(text, STR("\xff\xfe"))
		|| str_starts(text, STR("\xfe\xff"))) {
		mistakes_add(mistakes, file, 1, 1, "save the file as UTF-8 without a byte order mark",
			"the file starts with a byte order mark");
		return false;
	}
	return check_characters(text, file, mistakes);
}

/* ---- Keys that stand twice ---- */

/* By key, and equal ones by where they stand. */
static int compare_keys(const void *left, const void *right)
{
	const struct node *a = *(struct node *const *)left, *b = *(struct node *const *)right;
	int order = strcmp(a->key->text.p, b->key->text.p);
	if (order != 0)
		return order;
	if (a->key->line != b->key->line)
		return a->key->line < b->key->line ? -1 : 1;
	return a->key->column < b->key->column ? -1 : a->key->column > b->key->column;
}

/* Takes out of the map what was marked as a duplicate by its key's being taken off. */
static void drop_unkeyed(struct node *map)
{
	struct node **link = &map->first;
	while (*link) {
		if ((*link)->key) {
			link = &(*link)->next;
			continue;
		}
		*link = (*link)->next;
		map->count--;
	}
}

/* Sorting keeps a map of 100,000 keys cheap. */
bool tree_drop_duplicates(struct node *map, const char *file, struct mistakes *mistakes)
{
	if (map->count < 2)
		return true;
	struct node **sorted = calloc(map->count, sizeof(struct node *));
	if (!sorted) {
		mistakes_add(
			mistakes, file, map->line, map->column, NULL, "not enough memory to read the file");
		return false;
	}
	size_t n = 0;
	for (struct node *value = map->first; value; value = value->next)
		sorted[n++] = value;
	assert(n == map->count);
	qsort(sorted, n, sizeof(struct node *), compare_keys);
	for (size_t i = 1, first = 0; i < n; i++) {
		const struct node *key = sorted[i]->key;
		if (!str_eq(key->text, sorted[first]->key->text)) {
			first = i;
			continue;
		}
		mistakes_add(mistakes, file, key->line, key->column, NULL,
			"the key \"%.60s\" stands twice; first in line %u", key->text.p,
			sorted[first]->key->line);
		sorted[i]->key = NULL;
	}
	free(sorted);
	drop_unkeyed(map);
	return true;
}

/* ---- Looking up ---- */

const struct node *node_get(const struct node *map, const char *key)
{
	assert(map->kind == NODE_MAP);
	for (const struct node *value = map->first; value; value = value->next) {
		if (str_is(value->key->text, key))
			return value;
	}
	return NULL;
}

bool node_is_nothing(const struct node *node)
{
	return node->kind == NODE_TEXT && !node->quoted
	       && (node->text.n == 0 || str_is(node->text, "~") || str_is(node->text, "null"));
}
