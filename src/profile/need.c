/* SPDX-License-Identifier: Apache-2.0
 * Requirements (D6): a scope, [all, of], {any: […]}, `token` or `public`.
 * profile: may include base and core.
 */
#include "profile/draft.h"

#define NEED_FORMS "a scope, [all, of], {any: [...]}, token or public"

/* "name entries:read, terms:read": what to write in an umbrella's place. */
static const char *suggest_implied(struct draft *d, const struct draft_scope *scope)
{
	if (scope->implies->kind != NODE_LIST)
		return NULL;
	char *text = arena_printf(&d->r.mistakes->arena, "name what it implies:");
	for (const struct node *item = scope->implies->first; text && item; item = item->next) {
		if (item->kind == NODE_TEXT)
			text = arena_printf(&d->r.mistakes->arena, "%s %.*s%s", text, STR_FMT(item->text),
				item->next ? "," : "");
	}
	return text;
}

/* A token must be able to lack what a rule asks for, and be told its name (D8). */
static bool check_needed(struct draft *d, const struct node *node, const struct draft_scope *scope)
{
	if (strcmp(scope->name, "*") == 0) {
		reader_mistake(&d->r, node, "declare a scope for it", "no rule can ask for \"*\"");
		return false;
	}
	if (scope->implies) {
		reader_mistake(&d->r, node, suggest_implied(d, scope),
			"no rule can ask for the umbrella \"%s\"", scope->name);
		return false;
	}
	return true;
}

static bool is_keyword(const struct node *node)
{
	return node->kind == NODE_TEXT && (str_is(node->text, "token") || str_is(node->text, "public"));
}

static bool read_one(struct draft *d, const struct node *node, const char **ret)
{
	if (is_keyword(node)) {
		reader_mistake(&d->r, node, NULL, "\"%s\" stands alone, never among scopes", node->text.p);
		return false;
	}
	struct draft_scope *scope = draft_scope(d, node);
	if (!scope || !check_needed(d, node, scope) || !draft_scope_is_new(d, node, scope))
		return false;
	*ret = scope->name;
	return true;
}

/* The scopes of one alternative: a scope or a list of them. */
static bool read_alternative(struct draft *d, const struct node *node, struct remit_alternative *ret)
{
	size_t count = node->kind == NODE_LIST ? node->count : 1, n = 0;
	const struct node *item = node->kind == NODE_LIST ? node->first : node;

	if (node->kind == NODE_MAP || count == 0) {
		reader_expected(&d->r, node, "a scope or a list of scopes");
		return false;
	}
	if (count > LIMIT_SCOPES) {
		reader_mistake(&d->r, node, NULL, "a list of more than %d scopes", LIMIT_SCOPES);
		return false;
	}
	const char **names = reader_alloc(&d->r, node, count, sizeof(*names));
	if (!names)
		return false;
	d->mark++;
	for (size_t i = 0; i < count; i++, item = item->next)
		n += read_one(d, item, &names[n]);
	*ret = (struct remit_alternative){ names, n };
	return n == count;
}

static bool read_any(struct draft *d, const struct node *list, struct remit_need *ret)
{
	bool ok = true;
	size_t n = 0;

	if (list->kind != NODE_LIST || list->count == 0) {
		reader_expected(&d->r, list, "a list of alternatives");
		return false;
	}
	if (list->count > LIMIT_ALTERNATIVES) {
		reader_mistake(
			&d->r, list, NULL, "%zu alternatives, at most %d", list->count, LIMIT_ALTERNATIVES);
		return false;
	}
	struct remit_alternative *alternatives =
		reader_alloc(&d->r, list, list->count, sizeof(*alternatives));
	if (!alternatives)
		return false;
	for (const struct node *item = list->first; item; item = item->next)
		ok &= read_alternative(d, item, &alternatives[n++]);
	*ret = (struct remit_need){ REMIT_NEED_SCOPES, alternatives, n };
	return ok;
}

static bool read_keyword(const struct node *node, struct remit_need *ret)
{
	if (!is_keyword(node))
		return false;
	ret->kind = str_is(node->text, "token") ? REMIT_NEED_TOKEN : REMIT_NEED_PUBLIC;
	return true;
}

bool draft_read_need(struct draft *d, const struct node *node, struct remit_need *ret)
{
	struct remit_need need = { 0 };
	bool ok;

	if (node->kind == NODE_MAP) {
		const struct node *any = node_get(node, "any");
		if (!any || node->count != 1) {
			reader_expected(&d->r, node, NEED_FORMS);
			return false;
		}
		ok = read_any(d, any, &need);
	} else if (node_is_nothing(node)) {
		reader_expected(&d->r, node, NEED_FORMS);
		return false;
	} else if (read_keyword(node, &need)) {
		ok = true;
	} else {
		struct remit_alternative *alternative = reader_alloc(&d->r, node, 1, sizeof(*alternative));
		ok = alternative && read_alternative(d, node, alternative);
		need = (struct remit_need){ REMIT_NEED_SCOPES, alternative, 1 };
	}
	if (ok)
		*ret = need;
	return ok;
}
