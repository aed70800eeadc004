/* SPDX-License-Identifier: Apache-2.0
 * Path and URI templates: segments that are literal, a {parameter}, or a last "**".
 * core: may include base and <remit/remit.h>.
 */
#include "core/policy.h"

#include "base/text.h"

/* A template is one of literal, parameter, rest; '*' and braces mean nothing elsewhere, and are
 * refused, so that "/{id}.json" is not silently a literal. */
static bool is_literal(struct str segment)
{
	for (size_t i = 0; i < segment.n; i++)
		if (segment.p[i] == '{' || segment.p[i] == '}' || segment.p[i] == '*')
			return false;
	return true;
}

static bool is_param_name(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!base62_is(name.p[i]) && name.p[i] != '_' && name.p[i] != '-')
			return false;
	return name.n > 0;
}

static enum remit_status add_param(struct arena *arena, struct str name, const char **params,
				   size_t *param_count)
{
	if (!is_param_name(name))
		return REMIT_INVALID;
	for (size_t i = 0; i < *param_count; i++)
		if (str_is(name, params[i]))
			return REMIT_INVALID;
	if (*param_count == REMIT_PARAMS_MAX)
		return REMIT_LIMIT;
	params[*param_count] = arena_copy(arena, name);
	if (!params[*param_count])
		return REMIT_NO_MEMORY;
	(*param_count)++;
	return REMIT_OK;
}

enum remit_status template_parse(struct arena *arena, struct str text, struct trie_step *steps, size_t room,
				 size_t *count, const char **params, size_t *param_count)
{
	struct str segment;
	bool more;

	do {
		more = str_cut(&text, '/', &segment);
		struct trie_step step = { TRIE_LITERAL, segment };
		if (str_is(segment, "**") && !more) {
			step.kind = TRIE_REST;
		} else if (segment.n > 2 && segment.p[0] == '{' && segment.p[segment.n - 1] == '}') {
			struct str name = { segment.p + 1, segment.n - 2 };
			enum remit_status status = add_param(arena, name, params, param_count);
			if (status != REMIT_OK)
				return status;
			step.kind = TRIE_PARAM;
		} else if (!is_literal(segment)) {
			return REMIT_INVALID;
		}
		if (*count == room)
			return REMIT_LIMIT;
		steps[(*count)++] = step;
	} while (more);
	return REMIT_OK;
}
