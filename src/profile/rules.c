/* SPDX-License-Identifier: Apache-2.0
 * The section `rest`: its base and its rules.
 * profile: may include base and core.
 */
#include "profile/draft.h"

struct draft_operation *draft_add(struct draft *d, const struct node *at, enum draft_kind kind)
{
	if (d->operation_count >= LIMIT_RULES) {
		if (d->operation_count++ == LIMIT_RULES)
			reader_mistake(&d->r, at, NULL, "more than %d operations", LIMIT_RULES);
		return NULL;
	}
	struct draft_operation *operation = reader_alloc(&d->r, at, 1, sizeof(*operation));
	if (!operation)
		return NULL;
	operation->at = at;
	operation->kind = kind;
	if (d->last)
		d->last->next = operation;
	else
		d->first = operation;
	d->last = operation;
	d->operation_count++;
	return operation;
}

/* ---- on: "METHOD PATH" ---- */

static bool check_method(struct draft *d, const struct node *at, struct str method)
{
	static const char *const methods[] = { "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS" };
	const size_t count = sizeof(methods) / sizeof(methods[0]);

	for (size_t i = 0; i < count; i++) {
		if (str_is(method, methods[i]))
			return true;
		if (str_eq_ignore_case(method, str_of(methods[i]))) {
			reader_mistake(&d->r, at,
				arena_printf(&d->r.mistakes->arena, "write \"%s\"", methods[i]),
				"the method %s can never match: case matters", reader_show(&d->r, method));
			return false;
		}
	}
	if (str_is(method, "HEAD"))
		reader_mistake(&d->r, at, "leave it out", "HEAD is judged as GET, so this never matches");
	else if (str_is(method, "CONNECT") || str_is(method, "TRACE"))
		reader_mistake(
			&d->r, at, "leave it out", "%.*s is refused in every request", STR_FMT(method));
	else
		reader_mistake(&d->r, at, mistakes_suggest(d->r.mistakes, method, methods, count),
			"unknown method %s", reader_show(&d->r, method));
	return false;
}

struct rule_reader {
	struct draft *d;
	const struct node *on, *need, *when, *project, *tool;
};

static void take_on(struct reader *r, const struct node *node, void *into)
{
	(void)r;
	((struct rule_reader *)into)->on = node;
}

static void take_need(struct reader *r, const struct node *node, void *into)
{
	(void)r;
	((struct rule_reader *)into)->need = node;
}

static void take_when(struct reader *r, const struct node *node, void *into)
{
	(void)r;
	((struct rule_reader *)into)->when = node;
}

static void take_project(struct reader *r, const struct node *node, void *into)
{
	(void)r;
	((struct rule_reader *)into)->project = node;
}

static void take_tool(struct reader *r, const struct node *node, void *into)
{
	(void)r;
	((struct rule_reader *)into)->tool = node;
}

static const struct reader_key rule_keys[] = {
	{ "on", take_on, true },
	{ "need", take_need, true },
	{ "when", take_when, false },
	{ "project", take_project, false },
	{ "tool", take_tool, false },
};

static bool read_on(
	struct draft *d, struct draft_operation *operation, const struct node *on, struct draft_template *ret)
{
	struct str rest, method;

	if (on->kind != NODE_TEXT) {
		reader_expected(&d->r, on, "a method and a path, as in \"GET /notes/{id}\"");
		return false;
	}
	rest = on->text;
	if (!str_cut(&rest, ' ', &method)) {
		reader_expected(&d->r, on, "a method and a path, as in \"GET /notes/{id}\"");
		return false;
	}
	bool good = check_method(d, on, method);
	operation->method = arena_copy(d->r.arena, method);
	operation->name = rest.p;
	if (!draft_read_path(d, on, rest, ret) || !operation->method)
		return false;
	if (good)
		operation->shape = arena_printf(d->r.arena, "%s %s", operation->method, ret->shape);
	return true;
}

static void read_rule(struct draft *d, const struct node *node)
{
	struct rule_reader rule = { .d = d };
	struct draft_template template = { 0 };

	if (!READER_MAP(&d->r, node, "a rule", rule_keys, &rule) || !rule.on)
		return;
	struct draft_operation *operation = draft_add(d, rule.on, DRAFT_RULE);
	if (!operation)
		return;
	bool readable = read_on(d, operation, rule.on, &template);
	struct draft_place place = { operation->method ? operation->method : "",
		readable ? &template : NULL };
	bool good = rule.need
		&& draft_read_demand(d, rule.need, rule.when, rule.project, &place, &operation->demand);
	if (good && rule.tool)
		draft_add_rule_tools(d, rule.tool, &operation->demand);
}

/* ---- rest ---- */

static size_t count_segments(const char *path)
{
	size_t n = 0;
	for (; *path; path++)
		n += *path == '/';
	return n;
}

/* "/" stands for "everything": no base at all before the paths of the rules. */
static void read_base(struct reader *r, const struct node *node, void *into)
{
	struct draft *d = into;
	if (node->kind == NODE_TEXT && str_is(node->text, "/"))
		d->profile->rest_base = "";
	else if (reader_base(r, node, &d->profile->rest_base))
		d->base_segments = count_segments(d->profile->rest_base);
}

static void read_rules(struct reader *r, const struct node *node, void *into)
{
	struct draft *d = into;
	if (node->kind != NODE_LIST || node->count == 0) {
		reader_expected(r, node, "a list of rules");
		return;
	}
	for (const struct node *item = node->first; item; item = item->next)
		read_rule(d, item);
}

static const struct reader_key rest_keys[] = {
	{ "base", read_base, true },
	{ "rules", read_rules, true },
};

void draft_read_rest(struct reader *r, const struct node *node, void *draft)
{
	READER_MAP(r, node, "\"rest\"", rest_keys, draft);
}
