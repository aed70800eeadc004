/* SPDX-License-Identifier: Apache-2.0
 * Reading what a call brings, strictly: what is not known is refused, never passed over.
 * admin: may include base, core, wire, store, authority, profile, net, gate and services/service.h.
 */
#include "admin/internal.h"

#include "base/clock.h"
#include "base/limits.h"

#include <stdarg.h>
#include <stdio.h>

/* ---- The body ---- */

static bool wrong(struct admin_call *c, const struct member *m, const char *what)
{
	admin_invalid(c, "\"%s\" must be %s.", m->name, what);
	return false;
}

/* A text with a NUL in it would be another one to whoever reads it as far as that. */
static const char *text_of(const json_t *value)
{
	const char *text = json_string_value(value);
	return text && strlen(text) == json_string_length(value) ? text : NULL;
}

static bool take_text(struct admin_call *c, const struct member *m, const json_t *value)
{
	const char *text = text_of(value);
	if (!text)
		return wrong(c, m, "a text");
	*(const char **)m->into = text;
	return true;
}

static bool take_texts(struct admin_call *c, const struct member *m, const json_t *value)
{
	const size_t count = json_array_size(value);
	const char **list = arena_alloc(c->arena, (count + 1) * sizeof(*list));

	for (size_t i = 0; list && i < count; i++)
		if (!(list[i] = text_of(json_array_get(value, i))))
			return wrong(c, m, "a list of texts");
	if (!list || !json_is_array(value))
		return wrong(c, m, "a list of texts");
	*(struct texts *)m->into = (struct texts){ list, count };
	return true;
}

static bool take_rate(struct admin_call *c, const struct member *m, const json_t *value)
{
	struct member_rate *rate = m->into;
	const char *text = text_of(value);
	const json_int_t number = json_integer_value(value);

	rate->is_set = true;
	if (text && strcmp(text, "off") == 0)
		rate->rate = REMIT_RATE_OFF;
	else if (text && strcmp(text, "default") == 0)
		rate->rate = REMIT_RATE_DEFAULT;
	else if (number >= 1 && number <= LIMIT_RATE_PER_MINUTE)
		rate->rate = (uint16_t)number;
	else
		return wrong(c, m, "requests a minute, \"off\" or \"default\"");
	return true;
}

static bool take_member(struct admin_call *c, const struct member *m, json_t *value)
{
	switch (m->type) {
	case MEMBER_TEXT:
		return take_text(c, m, value);
	case MEMBER_TEXTS:
		return take_texts(c, m, value);
	case MEMBER_RATE:
		return take_rate(c, m, value);
	case MEMBER_FLAG:
		if (!json_is_boolean(value))
			return wrong(c, m, "true or false");
		*(bool *)m->into = json_is_true(value);
		return true;
	case MEMBER_ANY:
		break;
	}
	*(json_t **)m->into = value;
	return true;
}

bool admin_members(struct admin_call *c, const struct member *members, size_t count)
{
	json_t *body = c->call->json, *value;
	const char *key;

	json_object_foreach(body, key, value) {
		size_t i = 0;
		while (i < count && strcmp(members[i].name, key) != 0)
			i++;
		if (i == count) {
			admin_invalid(c, "There is no member \"%.80s\" here.", key);
			return false;
		}
		if (!json_is_null(value) && !take_member(c, &members[i], value))
			return false;
	}
	for (size_t i = 0; i < count; i++)
		if (members[i].required && (!(value = json_object_get(body, members[i].name)) || json_is_null(value))) {
			admin_invalid(c, "\"%s\" is missing.", members[i].name);
			return false;
		}
	return true;
}

/* ---- Path and query ---- */

const char *admin_path(struct admin_call *c, size_t n)
{
	const char *text = arena_copy(c->arena, c->call->params[n]);
	if (!text)
		admin_refuse_stored(c, STORE_NO_MEMORY);
	return text;
}

bool admin_query(struct admin_call *c, const char *name, const char **ret)
{
	size_t count;
	struct str value = query_get(c->call->query, name, &count);

	if (count == 0)
		return true;
	if (count > 1 || !value.p) {
		admin_invalid(c, "The query parameter \"%s\" must stand once, as it is written here.", name);
		return false;
	}
	*ret = arena_copy(c->arena, value);
	if (!*ret)
		admin_refuse_stored(c, STORE_NO_MEMORY);
	return *ret;
}

bool admin_query_flag(struct admin_call *c, const char *name, bool *ret)
{
	const char *text = NULL;
	if (!admin_query(c, name, &text))
		return false;
	if (text && strcmp(text, "true") != 0 && strcmp(text, "false") != 0) {
		admin_invalid(c, "The query parameter \"%s\" is true or false.", name);
		return false;
	}
	*ret = text && strcmp(text, "true") == 0;
	return true;
}

bool admin_query_number(struct admin_call *c, const char *name, uint64_t max, uint64_t *ret)
{
	const char *text = NULL;
	if (!admin_query(c, name, &text))
		return false;
	if (text && !str_to_u64(str_of(text), max, ret)) {
		admin_invalid(c, "The query parameter \"%s\" is a number up to %llu.", name, (unsigned long long)max);
		return false;
	}
	return true;
}

bool admin_query_time(struct admin_call *c, const char *name, int64_t *ret_ms)
{
	const char *text = NULL;
	if (!admin_query(c, name, &text))
		return false;
	if (text && !time_from_text(str_of(text), ret_ms)) {
		admin_invalid(c, "The query parameter \"%s\" is a time (RFC 3339).", name);
		return false;
	}
	return true;
}

bool admin_query_id(struct admin_call *c, const char *name, struct id_bytes *ret)
{
	const char *text = NULL;
	struct id id;
	if (!admin_query(c, name, &text))
		return false;
	if (text && (!id_parse(str_of(text), &id) || !id_to_bytes(&id, ret))) {
		admin_invalid(c, "The query parameter \"%s\" is an id.", name);
		return false;
	}
	return true;
}

const struct authority_api *admin_api(struct admin_call *c, const char *name)
{
	const struct authority *a = c->authority;
	struct authority_error error;

	if (!name && a->api_count == 2)
		return &a->apis[0]; /* the last one is Remit's own */
	if (!name) {
		admin_invalid(c, "There are %zu APIs: say which one by \"api\".", a->api_count - 1);
		return NULL;
	}
	const struct authority_api *api = authority_api(a, name, &error);
	if (!api)
		admin_refuse(c, AUTHORITY_NOT_FOUND, &error);
	return api;
}

bool admin_user(struct admin_call *c, const char *who, struct user_row *ret)
{
	struct authority_error error;
	enum authority_status status = authority_user_find(c->authority, who, c->arena, ret, &error);
	if (status != AUTHORITY_OK)
		admin_refuse(c, status, &error);
	return status == AUTHORITY_OK;
}

/* ---- Answers ---- */

void admin_answer(struct admin_call *c, int status, json_t *json)
{
	service_answer_json(c->call, status, json);
}

void admin_invalid(struct admin_call *c, const char *format, ...)
{
	char text[600];
	va_list args;
	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);
	service_fail(c->call, 422, "validation_failed", "%s", text);
}

void admin_refuse(struct admin_call *c, enum authority_status status, const struct authority_error *error)
{
	static const struct {
		int status;
		const char *code;
	} answers[] = {
		[AUTHORITY_INVALID] = { 422, "validation_failed" },
		[AUTHORITY_NOT_FOUND] = { 404, "not_found" },
		[AUTHORITY_EXISTS] = { 409, "exists" },
		[AUTHORITY_CONFLICT] = { 409, "conflict" },
		[AUTHORITY_UNAVAILABLE] = { 503, "unavailable" },
	};
	service_fail(c->call, answers[status].status, answers[status].code, "%s", error->text);
}

void admin_refuse_stored(struct admin_call *c, enum store_status status)
{
	service_fail(c->call, 503, "unavailable", "Nothing was done: %s.", store_status_text(status));
}

/* As the command line waits: see there. */
static enum authority_status wait_applied(struct admin_call *c, int64_t revision, struct authority_error *reterr)
{
	const uint32_t staleness_ms = c->admin->config->max_staleness_ms;
	struct authority_lagging lagging;
	return authority_wait_applied(c->authority, revision, staleness_ms + staleness_ms / 2 + AUTHORITY_WAIT_MARGIN_MS,
		&lagging, reterr);
}

bool admin_settle(struct admin_call *c, int64_t revision)
{
	struct authority_error error;
	enum authority_status status = wait_applied(c, revision, &error);
	if (status != AUTHORITY_OK)
		admin_refuse(c, status, &error);
	return status == AUTHORITY_OK;
}

void admin_settle_beside(struct admin_call *c, int64_t revision)
{
	struct authority_error error;
	if (wait_applied(c, revision, &error) != AUTHORITY_OK)
		(void)service_answer_header(c->call, "Remit-Not-Applied", error.text);
}

void admin_done(struct admin_call *c, int64_t revision, const char *key, const char *value, const char *done)
{
	if (admin_settle(c, revision))
		admin_answer(c, 200, json_pack("{s:s, s:b}", key, value, done, 1));
}
