/* SPDX-License-Identifier: Apache-2.0
 * The sections `scopes` and `implies`, and looking scopes up by name.
 * profile: may include base and core.
 */
#include "profile/draft.h"

#include <stdlib.h>

static int compare_names(const void *left, const void *right)
{
	const struct draft_scope *a = left, *b = right;
	return strcmp(a->name, b->name);
}

static struct draft_scope *find(const struct draft *d, const char *name)
{
	struct draft_scope wanted = { .name = name };
	if (d->scope_count == 0)
		return NULL;
	return bsearch(&wanted, d->scopes, d->scope_count, sizeof(wanted), compare_names);
}

/* RFC 6749 section 3.3: %x21 / %x23-5B / %x5D-7E. */
static bool is_scope_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c < 0x21 || c > 0x7e || c == '"' || c == '\\')
			return false;
	}
	return s.n > 0 && s.n <= LIMIT_SCOPE_NAME;
}

/* A name that cannot be used is kept all the same: a rule that uses it is then no second mistake. */
static void check_name(struct reader *r, const struct node *key)
{
	if (!is_scope_token(key->text))
		reader_mistake(r, key, "write visible ASCII characters but \" and \\, at most 128",
			"a scope cannot be %s", reader_show(r, key->text));
	else if (str_is(key->text, "token") || str_is(key->text, "public"))
		reader_mistake(r, key, NULL, "a scope cannot be %s: a requirement means something else by it",
			reader_show(r, key->text));
}

void draft_read_scopes(struct reader *r, const struct node *node, void *draft)
{
	struct draft *d = draft;

	if (node->kind != NODE_MAP || node->count == 0) {
		reader_expected(r, node, "a map of scopes to what each grants");
		return;
	}
	if (node->count > LIMIT_SCOPES) {
		reader_mistake(r, node, NULL, "%zu scopes, at most %d", node->count, LIMIT_SCOPES);
		return;
	}
	d->profile->scopes = reader_alloc(r, node, node->count, sizeof(struct profile_scope));
	d->scopes = reader_alloc(r, node, node->count, sizeof(struct draft_scope));
	if (!d->profile->scopes || !d->scopes)
		return;
	size_t n = 0;
	for (const struct node *value = node->first; value; value = value->next, n++) {
		struct profile_scope *scope = &d->profile->scopes[n];
		check_name(r, value->key);
		scope->name = value->key->text.p;
		reader_text(r, value, "what the scope grants", &scope->meaning);
		d->scopes[n] = (struct draft_scope){ .name = scope->name, .place = n };
	}
	d->scope_count = d->profile->scope_count = n;
	qsort(d->scopes, n, sizeof(struct draft_scope), compare_names);
	d->vocabulary_known = true;
}

static const char *suggest_scope(struct draft *d, struct str name)
{
	if (d->r.mistakes->count >= MISTAKES_MAX)
		return NULL;
	const char **names = calloc(d->scope_count, sizeof(*names));
	if (!names)
		return NULL;
	for (size_t i = 0; i < d->scope_count; i++)
		names[i] = d->profile->scopes[i].name;
	const char *near = mistakes_suggest(d->r.mistakes, name, names, d->scope_count);
	free(names);
	return near;
}

struct draft_scope *draft_scope(struct draft *d, const struct node *node)
{
	if (node->kind != NODE_TEXT || node_is_nothing(node)) {
		reader_expected(&d->r, node, "a scope");
		return NULL;
	}
	if (!d->vocabulary_known)
		return NULL;
	struct draft_scope *scope = find(d, node->text.p);
	if (!scope)
		reader_mistake(&d->r, node, suggest_scope(d, node->text), "unknown scope %s",
			reader_show(&d->r, node->text));
	return scope;
}

bool draft_scope_is_new(struct draft *d, const struct node *node, struct draft_scope *scope)
{
	if (scope->mark == d->mark) {
		reader_mistake(&d->r, node, NULL, "the scope \"%s\" stands twice", scope->name);
		return false;
	}
	scope->mark = d->mark;
	return true;
}

bool draft_scope_list(struct draft *d, const struct node *node, const char *what, struct draft_scope ***ret,
	size_t *ret_count)
{
	if (node->kind != NODE_LIST || node->count == 0) {
		reader_expected(&d->r, node, what);
		return false;
	}
	struct draft_scope **list = reader_alloc(&d->r, node, node->count, sizeof(*list));
	size_t n = 0;
	d->mark++;
	for (const struct node *item = node->first; list && item; item = item->next) {
		struct draft_scope *scope = draft_scope(d, item);
		if (scope && draft_scope_is_new(d, item, scope))
			list[n++] = scope;
	}
	if (!list || n < node->count)
		return false;
	*ret = list;
	*ret_count = n;
	return true;
}

/* ---- implies ---- */

static void mark_umbrella(struct draft *d, const struct node *value)
{
	struct draft_scope *scope = draft_scope(d, value->key);
	if (!scope)
		return;
	if (strcmp(scope->name, "*") == 0) {
		reader_mistake(&d->r, value->key, "leave the line out", "\"*\" covers every scope by itself");
		return;
	}
	scope->implies = value;
}

static void check_umbrella(struct draft *d, const struct node *value)
{
	struct draft_scope **list;
	size_t count;

	if (!draft_scope_list(d, value, "a list of scopes", &list, &count))
		return;
	for (const struct node *item = value->first; item; item = item->next) {
		const struct draft_scope *scope = find(d, item->text.p);
		if (scope && strcmp(scope->name, "*") == 0)
			reader_mistake(&d->r, item, NULL, "no scope can imply \"*\"");
		else if (scope && scope->implies == value)
			reader_mistake(&d->r, item, "leave it out", "\"%s\" implies itself", scope->name);
		else if (scope && scope->implies)
			reader_mistake(&d->r, item, "name what it implies instead",
				"\"%s\" implies others itself; one level is all there is", scope->name);
	}
}

void draft_read_implies(struct reader *r, const struct node *node, void *draft)
{
	struct draft *d = draft;

	if (node->kind != NODE_MAP) {
		reader_expected(r, node, "a map of umbrellas to the scopes that each implies");
		return;
	}
	for (const struct node *value = node->first; value; value = value->next)
		mark_umbrella(d, value);
	for (const struct node *value = node->first; value; value = value->next)
		check_umbrella(d, value);
	d->implies = node;
}
