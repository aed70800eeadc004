/* SPDX-License-Identifier: Apache-2.0
 * A call of a tool from its arguments to the envelope.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/content/internal.h"

#include "base/clock.h"
#include <stdarg.h>
#include <stdio.h>

/* ---- Sentences ---- */

__attribute__((format(printf, 2, 0)))
static void add_sentence(json_t **list, const char *format, va_list args)
{
	char text[1024];
	vsnprintf(text, sizeof(text), format, args);
	if (!*list)
		*list = json_array();
	json_t *sentence = json_string(text);
	(void)json_array_append_new(*list, sentence ? sentence : json_string("Something that is no text"));
}

json_t *tool_fail(struct tool_call *t, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	add_sentence(&t->errors, format, args);
	va_end(args);
	t->failed = true;
	return NULL;
}

void tool_warn(struct tool_call *t, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	add_sentence(&t->warnings, format, args);
	va_end(args);
}

json_t *tool_fail_file(struct tool_call *t, const char *path, enum beneath_status status)
{
	return tool_fail(t, "%s: %s", path, beneath_status_text(status));
}

json_t *tool_no_memory(struct tool_call *t)
{
	return tool_fail(t, "There is not enough memory");
}

/* ---- Arguments ---- */

struct str tool_text(const struct tool_call *t, const char *name)
{
	const json_t *value = json_object_get(t->args, name);
	return json_is_string(value) ? (struct str){ json_string_value(value), json_string_length(value) }
				     : (struct str){ NULL, 0 };
}

bool tool_handle(struct tool_call *t, const char *name, struct str *ret)
{
	*ret = tool_text(t, name);
	if (ret->n == 0)
		tool_fail(t, "\"%s\" is required for the action %s", name, t->action);
	else if (!beneath_is_name(*ret))
		tool_fail(t, "\"%s\" is no name that a file can have", name);
	return !t->failed;
}

bool tool_flag(const struct tool_call *t, const char *name)
{
	return json_is_true(json_object_get(t->args, name));
}

int64_t tool_number(const struct tool_call *t, const char *name, int64_t otherwise, int64_t most)
{
	const json_t *value = json_object_get(t->args, name);
	int64_t number = json_is_integer(value) ? json_integer_value(value) : otherwise;
	return number < 0 ? 0 : number > most ? most : number;
}

const struct site_locale *tool_locale(struct tool_call *t)
{
	struct str handle = tool_text(t, "site");
	if (handle.n == 0)
		return &t->view->locales[0];
	const struct site_locale *locale = view_locale(t->view, handle);
	if (!locale)
		tool_fail(t, "There is no site \"%.*s\"", STR_FMT(handle));
	return locale;
}

/* ---- Who may ---- */

bool tool_is_permitted(const struct tool_call *t, const char *permission, struct str handle)
{
	return t->everything || (t->owner && owner_may(t->owner, permission, handle));
}

bool tool_may(struct tool_call *t, const char *permission, struct str handle)
{
	if (!tool_is_permitted(t, permission, handle))
		tool_fail(t, "owner_forbidden: the token's owner lacks the permission \"%s\" for \"%.*s\"", permission,
			STR_FMT(handle));
	return !t->failed;
}

bool tool_may_plain(struct tool_call *t, const char *permission)
{
	if (!t->everything && !(t->owner && owner_may_plain(t->owner, permission)))
		tool_fail(t, "owner_forbidden: the token's owner lacks the permission \"%s\"", permission);
	return !t->failed;
}

static void find_owner(struct tool_call *t)
{
	struct id_bytes number;
	t->everything = t->call->caller->admin;
	if (!t->everything && id_to_bytes(&t->call->caller->user, &number))
		t->owner = owners_get(t->content->owners, &number);
	t->everything |= t->owner && t->owner->super;
}

/* ---- Values ---- */

json_t *tool_json_str(struct str s)
{
	return s.p ? json_stringn(s.p, s.n) : json_null();
}

json_t *tool_json_time(int64_t ms)
{
	char text[TIME_TEXT_ROOM];
	time_to_text(ms, false, text);
	return json_string(text);
}

json_t *tool_pagination(size_t total, int64_t limit, int64_t offset)
{
	return json_pack("{s:I,s:I,s:I,s:b}", "total", (json_int_t)total, "limit", (json_int_t)limit, "offset",
		(json_int_t)offset, "has_more", (uint64_t)offset + (uint64_t)limit < total);
}

/* ---- The call ---- */

static const struct tool_action *find_action(const char *name, const struct tool_action *actions, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(actions[i].name, name) == 0)
			return &actions[i];
	return NULL;
}

static void answer(struct tool_call *t, json_t *data)
{
	json_t *json = json_pack("{s:b,s:o,s:{s:s,s:o}}", "success", !t->failed, "data", data ? data : json_null(), "meta",
		"tool", t->tool, "timestamp", tool_json_time(t->call->now_ms));
	if (json && t->errors)
		(void)json_object_set(json, "errors", t->errors);
	if (json && t->warnings)
		(void)json_object_set(json, "warnings", t->warnings);
	json_decref(t->errors);
	json_decref(t->warnings);
	service_tool_answer(t->call, json, t->failed);
}

void tool_run(struct service *service, struct service_call *call, const char *tool, const struct tool_action *actions,
	size_t count)
{
	struct tool_call t = { .content = content_of(service), .call = call, .args = call->json, .tool = tool,
		.arena = call->arena };
	const char *name = json_string_value(json_object_get(call->json, "action"));
	const struct tool_action *action = name ? find_action(name, actions, count) : NULL;
	json_t *data = NULL;

	t.action = action ? action->name : "";
	t.view = site_look(t.content->site);
	find_owner(&t);
	if (!action)
		tool_fail(&t, "There is no such action");
	else if (!t.view)
		tool_fail(&t, "The site's folder is not there");
	else
		data = action->run(&t);
	if (!data && !t.failed)
		tool_no_memory(&t);
	if (t.failed) {
		json_decref(data);
		data = NULL;
	}
	site_done(t.content->site, t.view);
	answer(&t, data);
}
