/* SPDX-License-Identifier: Apache-2.0
 * The section `mcp`: its endpoint, tools, resources and prompts.
 * profile: may include base and core.
 */
#include "profile/draft.h"

#define TOOL_NAME_MAX 128
#define VALUES_MAX 1024 /* of one tool; equal ones are looked for one by one */

struct tool_reader {
	struct draft *d;
	const struct node *select, *values, *need, *when, *project;
};

static void take_select(struct reader *r, const struct node *node, void *into)
{
	(void)r;
	((struct tool_reader *)into)->select = node;
}

static void take_values(struct reader *r, const struct node *node, void *into)
{
	(void)r;
	((struct tool_reader *)into)->values = node;
}

static void take_need(struct reader *r, const struct node *node, void *into)
{
	(void)r;
	((struct tool_reader *)into)->need = node;
}

static void take_when(struct reader *r, const struct node *node, void *into)
{
	(void)r;
	((struct tool_reader *)into)->when = node;
}

static void take_project(struct reader *r, const struct node *node, void *into)
{
	(void)r;
	((struct tool_reader *)into)->project = node;
}

static const struct reader_key tool_keys[] = {
	{ "select", take_select, false },
	{ "values", take_values, false },
	{ "need", take_need, false },
	{ "when", take_when, false },
	{ "project", take_project, false },
};

static const struct reader_key value_keys[] = {
	{ "need", take_need, true },
	{ "when", take_when, false },
	{ "project", take_project, false },
};

/* One operation: a tool, or one value of what selects among its operations. */
static void add_tool(struct draft *d, const struct node *key, const char *name, const char *select,
	const struct tool_reader *t)
{
	static const struct draft_place place = { NULL, NULL };
	struct draft_operation *operation = draft_add(d, key, DRAFT_TOOL);

	if (!operation)
		return;
	operation->name = name;
	operation->select = select;
	operation->value = select ? key->text.p : NULL;
	if (!select)
		operation->shape = arena_printf(d->r.arena, "tool %s", name);
	(void)draft_read_demand(d, t->need, t->when, t->project, &place, &operation->demand);
}

/* `project` of the tool stands for every value that names none itself. */
static void read_value(struct draft *d, const struct node *value, const char *name, const char *select,
	const struct node *project)
{
	struct tool_reader t = { .d = d, .need = value };

	if (!draft_is_need_alone(value)) {
		t.need = NULL;
		READER_MAP(&d->r, value, "a value of a tool", value_keys, &t);
		if (!t.need)
			return;
	}
	if (!t.project)
		t.project = project;
	add_tool(d, value->key, name, select, &t);
}

static void read_selecting(struct draft *d, const struct node *tool, const struct tool_reader *t)
{
	const char *select;

	if (!t->select || !t->values || t->need || t->when) {
		reader_mistake(&d->r, tool->key, NULL,
			"a tool has a `need`, or `select` and `values` with needs of their own");
		return;
	}
	if (str_is(tool->key->text, "*")) {
		reader_mistake(&d->r, tool->key, "give it a `need`",
			"\"*\" stands for tools that nothing is known of: it cannot select");
		return;
	}
	bool named = reader_text(&d->r, t->select, "the name of an argument", &select);
	if (t->values->kind != NODE_MAP || t->values->count == 0) {
		reader_expected(&d->r, t->values, "a map of values to what each needs");
		return;
	}
	if (t->values->count > VALUES_MAX) {
		reader_mistake(&d->r, t->values, NULL, "a tool with more than %d values", VALUES_MAX);
		return;
	}
	for (const struct node *value = t->values->first; named && value; value = value->next)
		read_value(d, value, tool->key->text.p, select, t->project);
}

bool draft_check_tool_name(struct draft *d, const struct node *key)
{
	bool ok = key->text.n > 0 && key->text.n <= TOOL_NAME_MAX;
	for (size_t i = 0; i < key->text.n; i++)
		ok = ok && (unsigned char)key->text.p[i] > ' ' && (unsigned char)key->text.p[i] < 0x7f;
	if (!ok)
		reader_mistake(&d->r, key, "write visible ASCII characters, at most 128",
			"a name cannot be %s", reader_show(&d->r, key->text));
	return ok;
}

static void read_tool(struct draft *d, const struct node *tool)
{
	struct tool_reader t = { .d = d };

	if (!draft_check_tool_name(d, tool->key))
		return;
	if (draft_is_need_alone(tool)) {
		t.need = tool;
		add_tool(d, tool->key, tool->key->text.p, NULL, &t);
		return;
	}
	READER_MAP(&d->r, tool, "a tool", tool_keys, &t);
	if (t.select || t.values)
		read_selecting(d, tool, &t);
	else if (t.need)
		add_tool(d, tool->key, tool->key->text.p, NULL, &t);
	else
		reader_mistake(&d->r, tool, NULL, "a tool lacks the key \"need\"");
}

/* ---- mcp ---- */

static void read_endpoint(struct reader *r, const struct node *node, void *into)
{
	struct draft *d = into;
	reader_base(r, node, &d->profile->mcp_endpoint);
}

static void read_tools(struct reader *r, const struct node *node, void *into)
{
	if (node->kind != NODE_MAP) {
		reader_expected(r, node, "a map of tools to what each needs");
		return;
	}
	for (const struct node *tool = node->first; tool; tool = tool->next)
		read_tool(into, tool);
}

static void read_resource(struct draft *d, const struct node *value)
{
	struct draft_operation *operation = draft_add(d, value->key, DRAFT_RESOURCE);
	const char *shape;

	if (!operation)
		return;
	operation->name = value->key->text.p;
	if (draft_read_uri(d, value->key, value->key->text, &shape))
		operation->shape = shape;
	(void)draft_read_need(d, value, &operation->demand.need);
}

static void read_resources(struct reader *r, const struct node *node, void *into)
{
	if (node->kind != NODE_MAP) {
		reader_expected(r, node, "a map of URIs to what each needs");
		return;
	}
	for (const struct node *value = node->first; value; value = value->next)
		read_resource(into, value);
}

static void read_prompts(struct reader *r, const struct node *node, void *into)
{
	struct draft *d = into;
	if (node->kind != NODE_MAP) {
		reader_expected(r, node, "a map of prompts to what each needs");
		return;
	}
	for (const struct node *value = node->first; value; value = value->next) {
		struct draft_operation *operation =
			draft_check_tool_name(d, value->key) ? draft_add(d, value->key, DRAFT_PROMPT) : NULL;
		if (!operation)
			continue;
		operation->name = value->key->text.p;
		(void)draft_read_need(d, value, &operation->demand.need);
	}
}

static void read_definitions(struct reader *r, const struct node *node, void *into)
{
	struct draft *d = into;
	if (node->kind != NODE_MAP) {
		reader_expected(r, node, "a map of tools to hashes");
		return;
	}
	d->profile->definitions = reader_alloc(r, node, node->count, sizeof(*d->profile->definitions));
	for (const struct node *one = node->first; d->profile->definitions && one; one = one->next) {
		struct profile_definition *definition = &d->profile->definitions[d->profile->definition_count];
		definition->tool = one->key->text.p;
		if (reader_text(r, one, "a hash, as `remit check-config --mcp` tells it", &definition->hash))
			d->profile->definition_count++;
	}
}

static const struct reader_key mcp_keys[] = {
	{ "endpoint", read_endpoint, true },
	{ "tools", read_tools, false },
	{ "resources", read_resources, false },
	{ "prompts", read_prompts, false },
	{ "definitions", read_definitions, false },
};

void draft_read_mcp(struct reader *r, const struct node *node, void *draft)
{
	READER_MAP(r, node, "\"mcp\"", mcp_keys, draft);
}
