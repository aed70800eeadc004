/* SPDX-License-Identifier: Apache-2.0
 * Tools of MCP that do what a rule of REST does: said once, in the rule, so that no token can do by one what it
 * cannot do by the other.
 * profile: may include base and core.
 */
#include "profile/draft.h"

/* A JSON pointer (RFC 6901) to the argument of this name. */
static const char *pointer_to(struct draft *d, const struct node *at, const char *name)
{
	char *text = reader_alloc(&d->r, at, 2 * strlen(name) + 2, 1), *p = text;
	if (!text)
		return NULL;
	*p++ = '/';
	for (; *name; name++) {
		*p++ = *name == '~' || *name == '/' ? '~' : *name;
		if (*name == '~' || *name == '/')
			*p++ = *name == '~' ? '0' : '1';
	}
	*p = '\0';
	return text;
}

/* Where a tool has what the rule reads from there. False without memory, as told. */
static bool translate(struct draft *d, const struct node *at, enum remit_source *source, const char **name)
{
	switch (*source) {
	case REMIT_SOURCE_PATH:
	case REMIT_SOURCE_QUERY:
		*name = pointer_to(d, at, *name);
		break;
	case REMIT_SOURCE_BODY:
		break; /* a pointer already */
	case REMIT_SOURCE_HEADER:
	case REMIT_SOURCE_ARGUMENT:
		return true;
	}
	*source = REMIT_SOURCE_ARGUMENT;
	return *name != NULL;
}

static bool translate_demand(struct draft *d, const struct node *at, const struct draft_demand *rule,
	struct draft_demand *ret)
{
	struct remit_when *whens = reader_alloc(&d->r, at, rule->when_count + 1, sizeof(*whens));
	bool ok = whens != NULL;

	*ret = *rule;
	for (size_t i = 0; ok && i < rule->when_count; i++) {
		whens[i] = rule->whens[i];
		ok = !whens[i].name || translate(d, at, &whens[i].source, &whens[i].name);
	}
	if (ok && rule->project_name)
		ok = translate(d, at, &ret->project_source, &ret->project_name);
	ret->whens = whens;
	return ok;
}

static void add_one(struct draft *d, const struct node *name, const struct draft_demand *rule)
{
	if (name->kind != NODE_TEXT) {
		reader_expected(&d->r, name, "the name of a tool, or a list of them");
		return;
	}
	if (rule->need.kind == REMIT_NEED_PUBLIC) {
		reader_mistake(&d->r, name, "leave it out", "a public operation is no tool: every tool needs a token");
		return;
	}
	struct draft_operation *operation = draft_check_tool_name(d, name) ? draft_add(d, name, DRAFT_TOOL) : NULL;
	if (!operation)
		return;
	operation->name = name->text.p;
	operation->shape = arena_printf(d->r.arena, "tool %s", operation->name);
	(void)translate_demand(d, name, rule, &operation->demand);
}

void draft_add_rule_tools(struct draft *d, const struct node *names, const struct draft_demand *rule)
{
	if (names->kind != NODE_LIST) {
		add_one(d, names, rule);
		return;
	}
	if (names->count == 0)
		reader_expected(&d->r, names, "the name of a tool, or a list of them");
	for (const struct node *item = names->first; item; item = item->next)
		add_one(d, item, rule);
}
