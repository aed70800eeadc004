/* SPDX-License-Identifier: Apache-2.0
 * Only whether it is the token's own project matters.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/project.h"

#include <stdio.h>

#define ANOTHER UINT32_MAX /* no record has this number */

static bool is_text(const struct conditions_named *named, struct str text)
{
	if (!named->in_json)
		return str_eq(named->text, text);
	return named->kind == JSON_KIND_STRING && json_raw_eq(named->text, text);
}

void project_question(const struct conditions_named *named, const struct id_bytes *bound,
	struct remit_question *question)
{
	question->project = named->found ? REMIT_PROJECT_NAMED : REMIT_PROJECT_UNNAMED;
	question->project_named = ANOTHER;
	if (!named->found || !bound)
		return;
	struct id id;
	id_from_bytes(bound, &id);
	if (is_text(named, str_of(id.text)))
		question->project_named = question->record->project;
}

bool project_named_id(const struct conditions_named *named, struct id *ret)
{
	char text[ID_LENGTH];
	struct str plain = named->text;
	if (!named->found || (named->in_json && named->kind != JSON_KIND_STRING))
		return false;
	if (named->in_json) {
		size_t n;
		if (!json_decode(named->text, text, sizeof(text), &n))
			return false;
		plain = (struct str){ text, n };
	}
	return id_parse(str_trim(plain), ret);
}

static const char *place_of(enum remit_source source)
{
	static const char *const places[] = {
		[REMIT_SOURCE_PATH] = "path", [REMIT_SOURCE_QUERY] = "query", [REMIT_SOURCE_HEADER] = "header",
		[REMIT_SOURCE_BODY] = "body", [REMIT_SOURCE_ARGUMENT] = "arg",
	};
	return places[source];
}

void project_problem(const struct remit_operation *operation, enum remit_reason reason,
	char ret_text[static PROJECT_PROBLEM_ROOM])
{
	if (reason == REMIT_PROJECT_FORBIDDEN)
		snprintf(ret_text, PROJECT_PROBLEM_ROOM, "The token is bound to another project than the request names");
	else if (operation->project == REMIT_PROJECT_SELECT)
		snprintf(ret_text, PROJECT_PROBLEM_ROOM,
			"The token is bound to a project, and the request names none at %s.%.256s",
			place_of(operation->project_source), operation->project_name);
	else
		snprintf(ret_text, PROJECT_PROBLEM_ROOM,
			"The token is bound to a project, and no rule says where this operation names its own");
}
