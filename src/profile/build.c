/* SPDX-License-Identifier: Apache-2.0
 * From a draft without mistakes to the policy. The library checks again all that it can: what it
 * refuses although the draft found no fault is a mistake as well, so nothing is dropped silently.
 * profile: may include base and core.
 */
#include "profile/draft.h"

#include <stdlib.h>

/* ---- Two operations of one shape ---- */

static int compare_shapes(const void *left, const void *right)
{
	const struct draft_operation *a = *(const struct draft_operation *const *)left;
	const struct draft_operation *b = *(const struct draft_operation *const *)right;
	int order = strcmp(a->shape, b->shape);
	if (order != 0)
		return order;
	if (a->at->line != b->at->line)
		return a->at->line < b->at->line ? -1 : 1;
	return a->at->column < b->at->column ? -1 : a->at->column > b->at->column;
}

void draft_check_shapes(struct draft *d)
{
	size_t n = 0;
	if (d->operation_count == 0)
		return;
	struct draft_operation **sorted = calloc(d->operation_count, sizeof(*sorted));
	if (!sorted) {
		reader_mistake(&d->r, d->first->at, NULL, "not enough memory to read the file");
		return;
	}
	for (struct draft_operation *operation = d->first; operation; operation = operation->next) {
		if (operation->shape)
			sorted[n++] = operation;
	}
	qsort(sorted, n, sizeof(*sorted), compare_shapes);
	for (size_t i = 1, first = 0; i < n; i++) {
		if (strcmp(sorted[i]->shape, sorted[first]->shape) != 0) {
			first = i;
			continue;
		}
		reader_mistake(&d->r, sorted[i]->at, NULL, "%s matches the same as line %u",
			reader_show(&d->r, sorted[i]->at->text), sorted[first]->at->line);
	}
	free(sorted);
}

/* ---- The policy ---- */

static bool built(struct draft *d, const struct node *at, enum remit_status status)
{
	if (status != REMIT_OK)
		reader_mistake(&d->r, at, NULL, "this cannot be used: %s", remit_status_text(status));
	return status == REMIT_OK;
}

static bool build_vocabulary(struct draft *d, struct remit_builder *builder, const struct node *root)
{
	for (size_t i = 0; i < d->profile->scope_count; i++) {
		if (!built(d, root, remit_builder_scope(builder, d->profile->scopes[i].name)))
			return false;
	}
	for (const struct node *umbrella = d->implies ? d->implies->first : NULL; umbrella;
		umbrella = umbrella->next) {
		for (const struct node *item = umbrella->first; item; item = item->next) {
			if (!built(d, item,
				    remit_builder_implies(builder, umbrella->key->text.p, item->text.p)))
				return false;
		}
	}
	return true;
}

static enum remit_status add_rule(
	struct remit_builder *builder, const struct draft_operation *o, uint32_t *ret)
{
	const struct remit_rule rule = {
		.method = o->method,
		.path = o->name,
		.need = o->demand.need,
		.whens = o->demand.whens,
		.when_count = o->demand.when_count,
		.project = o->demand.project,
		.project_source = o->demand.project_source,
		.project_name = o->demand.project_name,
	};
	return remit_builder_rule(builder, &rule, ret);
}

static enum remit_status add_tool(
	struct remit_builder *builder, const struct draft_operation *o, uint32_t *ret)
{
	const struct remit_tool tool = {
		.name = o->name,
		.select = o->select,
		.value = o->value,
		.need = o->demand.need,
		.whens = o->demand.whens,
		.when_count = o->demand.when_count,
		.project = o->demand.project,
		.project_source = o->demand.project_source,
		.project_name = o->demand.project_name,
	};
	return remit_builder_tool(builder, &tool, ret);
}

static enum remit_status add_operation(
	struct remit_builder *builder, const struct draft_operation *o, uint32_t *ret)
{
	switch (o->kind) {
	case DRAFT_RULE:
		return add_rule(builder, o, ret);
	case DRAFT_TOOL:
		return add_tool(builder, o, ret);
	case DRAFT_RESOURCE:
		return remit_builder_resource(builder, o->name, &o->demand.need, ret);
	case DRAFT_PROMPT:
		return remit_builder_prompt(builder, o->name, &o->demand.need, ret);
	}
	return REMIT_INVALID;
}

static bool build_operations(struct draft *d, struct remit_builder *builder, const struct node *root)
{
	uint32_t *lines = reader_alloc(&d->r, root, d->operation_count, sizeof(*lines));
	bool ok = lines != NULL;

	for (const struct draft_operation *o = d->first; lines && o; o = o->next) {
		uint32_t number;
		if (!built(d, o->at, add_operation(builder, o, &number)))
			ok = false;
		else if (number < d->operation_count)
			lines[number] = o->at->line;
	}
	d->profile->operation_lines = lines;
	return ok;
}

static bool fill_presets(struct draft *d, const struct node *root)
{
	const struct profile *profile = d->profile;
	for (size_t i = 0; i < profile->preset_count; i++) {
		struct profile_preset *preset = &d->profile->presets[i];
		if (!built(d, root, remit_scopes_from_names(profile->policy, preset->scopes, preset->scope_count,
			&preset->set, NULL)))
			return false;
		for (size_t k = 0; k < profile->scope_count; k++)
			preset->covered += remit_scopes_cover(profile->policy, &preset->set, k);
	}
	return true;
}

bool draft_build(struct draft *d, const struct node *root)
{
	struct remit_builder *builder = remit_builder_new();

	if (!builder)
		return built(d, root, REMIT_NO_MEMORY);
	if (!build_vocabulary(d, builder, root) || !build_operations(d, builder, root)) {
		remit_builder_free(builder);
		return false;
	}
	return built(d, root, remit_policy_build(builder, &d->profile->policy)) && fill_presets(d, root);
}
