/* SPDX-License-Identifier: Apache-2.0
 * What every kind of operation declares, checked and copied into the policy.
 * core: may include base and <remit/remit.h>.
 */
#include "core/array.h"
#include "core/policy.h"

/* "GET /stories", "tool entries list": the words with spaces between; NULL ones are left out. */
static const char *join(struct arena *arena, const char *const words[4])
{
	size_t room = 0, n = 0;
	for (size_t i = 0; i < 4; i++)
		room += words[i] ? strlen(words[i]) + 1 : 0;
	char *text = arena_alloc(arena, room + 1);
	for (size_t i = 0; text && i < 4; i++) {
		if (!words[i])
			continue;
		if (n > 0)
			text[n++] = ' ';
		size_t length = strlen(words[i]);
		memcpy(text + n, words[i], length);
		n += length;
	}
	return text;
}

static enum remit_status copy_when(struct remit_policy *policy, const struct operation *operation,
				   const struct remit_when *from, struct remit_when *ret,
				   struct need *ret_need)
{
	bool equals = from->test == REMIT_TEST_EQUALS;

	if ((unsigned)from->test > REMIT_TEST_EQUALS || equals != (from->value != NULL) ||
	    from->need.kind == REMIT_NEED_PUBLIC)
		return REMIT_INVALID;
	if (!check_source(operation->kind, from->source, from->name, operation->shown.params,
			  operation->shown.param_count))
		return REMIT_INVALID;
	if (equals && from->value[0] != '\0' && !check_text(from->value))
		return REMIT_INVALID;
	*ret = (struct remit_when){ .test = from->test, .source = from->source };
	ret->need.kind = from->need.kind;
	ret->name = arena_copy(&policy->arena, str_of(from->name));
	ret->value = equals ? arena_copy(&policy->arena, str_of(from->value)) : NULL;
	if (!ret->name || (equals && !ret->value))
		return REMIT_NO_MEMORY;
	return need_copy(policy, &from->need, ret_need);
}

static enum remit_status copy_whens(struct remit_policy *policy, const struct declaration *from,
				    struct operation *operation)
{
	if (from->when_count == 0)
		return REMIT_OK;
	if (from->when_count > LIMIT_WHENS)
		return REMIT_LIMIT;
	if (!from->whens || operation->base.kind == REMIT_NEED_PUBLIC)
		return REMIT_INVALID; /* a public operation reads no token that could lack anything */
	struct remit_when *whens = arena_alloc(&policy->arena, from->when_count * sizeof(*whens));
	operation->when_needs = arena_alloc(&policy->arena, from->when_count * sizeof(struct need));
	if (!whens || !operation->when_needs)
		return REMIT_NO_MEMORY;
	for (size_t i = 0; i < from->when_count; i++) {
		enum remit_status status =
			copy_when(policy, operation, &from->whens[i], &whens[i], &operation->when_needs[i]);
		if (status != REMIT_OK)
			return status;
	}
	operation->shown.whens = whens;
	operation->shown.when_count = from->when_count;
	return REMIT_OK;
}

static enum remit_status copy_project(struct remit_policy *policy, const struct declaration *from,
				      struct operation *operation)
{
	struct remit_operation *shown = &operation->shown;

	shown->project = from->project;
	if ((unsigned)from->project > REMIT_PROJECT_SELECT)
		return REMIT_INVALID;
	if (from->project == REMIT_PROJECT_UNSTATED || from->project == REMIT_PROJECT_NONE)
		return REMIT_OK;
	if (operation->base.kind == REMIT_NEED_PUBLIC)
		return REMIT_INVALID; /* no token, so no project that it is bound to */
	if (from->project == REMIT_PROJECT_INJECT)
		return REMIT_OK;
	if (!check_source(operation->kind, from->project_source, from->project_name, shown->params,
			  shown->param_count))
		return REMIT_INVALID;
	shown->project_source = from->project_source;
	shown->project_name = arena_copy(&policy->arena, str_of(from->project_name));
	return shown->project_name ? REMIT_OK : REMIT_NO_MEMORY;
}

enum remit_status operation_prepare(struct remit_policy *policy, const struct declaration *from,
				    struct operation *operation)
{
	static const char *const kinds[] = { NULL, "tool", "resource", "prompt" };
	enum remit_status status = need_copy(policy, from->need, &operation->base);

	operation->shown.need = operation->base.kind;
	if (status == REMIT_OK)
		status = copy_whens(policy, from, operation);
	if (status == REMIT_OK)
		status = copy_project(policy, from, operation);
	if (status != REMIT_OK)
		return status;
	if (policy->operation_count == LIMIT_RULES)
		return REMIT_LIMIT;
	bool is_tool = operation->kind == OPERATION_TOOL;
	const char *words[4] = { kinds[operation->kind], operation->key[0],
				 is_tool ? operation->key[2] : operation->key[1], NULL };
	operation->shown.text = join(&policy->arena, words);
	void *operations = array_grow(policy->operations, policy->operation_count, &policy->operation_room,
				      sizeof(*operation));
	if (!operations || !operation->shown.text)
		return REMIT_NO_MEMORY;
	policy->operations = operations;
	return REMIT_OK;
}

void operation_commit(struct remit_policy *policy, const struct operation *operation, uint32_t *ret_operation)
{
	need_mark(policy, &operation->base);
	for (size_t i = 0; i < operation->shown.when_count; i++)
		need_mark(policy, &operation->when_needs[i]);
	if (ret_operation)
		*ret_operation = (uint32_t)policy->operation_count;
	policy->operations[policy->operation_count++] = *operation;
}
