/* SPDX-License-Identifier: Apache-2.0
 * A walk down four objects at most: the message, params, and of those _meta, ref, notifications.
 * wire: may include base, and nothing else of ours.
 */
#include "wire/jsonrpc.h"

#include "wire/json_internal.h"

enum level { LEVEL_MESSAGE, LEVEL_PARAMS, LEVEL_META, LEVEL_REF, LEVEL_NOTIFICATIONS, LEVEL_NONE };

#define FIELD(at, text, below) { { text, sizeof(text) - 1 }, at, below }

static const struct {
	struct str name;
	enum level level, into; /* into: where its own members are looked at */
} fields[JSONRPC_FIELDS] = {
	[JSONRPC_VERSION] = FIELD(LEVEL_MESSAGE, "jsonrpc", LEVEL_NONE),
	[JSONRPC_ID] = FIELD(LEVEL_MESSAGE, "id", LEVEL_NONE),
	[JSONRPC_METHOD] = FIELD(LEVEL_MESSAGE, "method", LEVEL_NONE),
	[JSONRPC_PARAMS] = FIELD(LEVEL_MESSAGE, "params", LEVEL_PARAMS),
	[JSONRPC_RESULT] = FIELD(LEVEL_MESSAGE, "result", LEVEL_NONE),
	[JSONRPC_ERROR] = FIELD(LEVEL_MESSAGE, "error", LEVEL_NONE),
	[JSONRPC_NAME] = FIELD(LEVEL_PARAMS, "name", LEVEL_NONE),
	[JSONRPC_URI] = FIELD(LEVEL_PARAMS, "uri", LEVEL_NONE),
	[JSONRPC_ARGUMENTS] = FIELD(LEVEL_PARAMS, "arguments", LEVEL_NONE),
	[JSONRPC_META] = FIELD(LEVEL_PARAMS, "_meta", LEVEL_META),
	[JSONRPC_REF] = FIELD(LEVEL_PARAMS, "ref", LEVEL_REF),
	[JSONRPC_NOTIFICATIONS] = FIELD(LEVEL_PARAMS, "notifications", LEVEL_NOTIFICATIONS),
	[JSONRPC_PROTOCOL] = FIELD(LEVEL_META, "io.modelcontextprotocol/protocolVersion", LEVEL_NONE),
	[JSONRPC_REF_TYPE] = FIELD(LEVEL_REF, "type", LEVEL_NONE),
	[JSONRPC_REF_NAME] = FIELD(LEVEL_REF, "name", LEVEL_NONE),
	[JSONRPC_REF_URI] = FIELD(LEVEL_REF, "uri", LEVEL_NONE),
	[JSONRPC_SUBSCRIPTIONS] = FIELD(LEVEL_NOTIFICATIONS, "resourceSubscriptions", LEVEL_NONE),
};

struct walk {
	struct json_scanner scanner;
	struct jsonrpc_message *message;
	enum jsonrpc_result result;
};

static bool fail(struct walk *w, enum jsonrpc_result result)
{
	w->result = result;
	return false;
}

static bool walk_object(struct walk *w, enum level level);

/* The value that comes next, whole; a member of it may be looked at on the way. */
static bool take_value(struct walk *w, struct jsonrpc_value *ret, enum level into)
{
	struct json_scanner *s = &w->scanner;
	enum json_event event = json_next(s);
	if (event == JSON_EVENT_ERROR)
		return fail(w, JSONRPC_NOT_JSON);
	struct jsonrpc_value value = { s->kind, s->raw };
	const char *start = s->p - 1; /* of an object or array: behind its bracket now */
	if (event == JSON_EVENT_OBJECT && into != LEVEL_NONE) {
		if (!walk_object(w, into))
			return false;
	} else if (!json_skip(s)) {
		return fail(w, JSONRPC_NOT_JSON);
	}
	if (event != JSON_EVENT_VALUE)
		value.raw = (struct str){ start, (size_t)(s->p - start) };
	*ret = value;
	return true;
}

/* The field that a key of this level is; JSONRPC_FIELDS where it is none. False: in another case. */
static bool find_field(struct walk *w, enum level level, unsigned *ret)
{
	for (unsigned i = 0; i < JSONRPC_FIELDS; i++) {
		if (fields[i].level != level)
			continue;
		enum json_match match = json_match_key(w->scanner.raw, w->scanner.escaped, fields[i].name);
		if (match == JSON_MATCH_NO)
			continue;
		*ret = i;
		return match == JSON_MATCH_EXACT;
	}
	*ret = JSONRPC_FIELDS;
	return true;
}

/* The members of an object whose bracket was just read. */
static bool walk_object(struct walk *w, enum level level)
{
	struct jsonrpc_value passed, *list = w->message->field;
	for (;;) {
		enum json_event event = json_next(&w->scanner);
		unsigned field;
		if (event == JSON_EVENT_OBJECT_END)
			return true;
		if (event != JSON_EVENT_KEY)
			return fail(w, JSONRPC_NOT_JSON);
		if (!find_field(w, level, &field))
			return fail(w, JSONRPC_DUPLICATE);
		bool known = field < JSONRPC_FIELDS;
		if (known && list[field].kind != JSON_KIND_NONE)
			return fail(w, JSONRPC_DUPLICATE);
		if (!take_value(w, known ? &list[field] : &passed, known ? fields[field].into : LEVEL_NONE))
			return false;
	}
}

static enum jsonrpc_result walk_text(struct walk *w)
{
	enum json_event event = json_next(&w->scanner);
	if (event == JSON_EVENT_ARRAY) /* only whether it is JSON at all matters any more */
		return json_skip(&w->scanner) && json_next(&w->scanner) == JSON_EVENT_END ? JSONRPC_BATCH
											  : JSONRPC_NOT_JSON;
	if (event == JSON_EVENT_ERROR)
		return JSONRPC_NOT_JSON;
	if (event != JSON_EVENT_OBJECT)
		return JSONRPC_INVALID;
	if (!walk_object(w, LEVEL_MESSAGE))
		return w->result;
	return json_next(&w->scanner) == JSON_EVENT_END ? JSONRPC_OK : JSONRPC_NOT_JSON;
}

bool jsonrpc_is(const struct jsonrpc_value *value, struct str text)
{
	return value->kind == JSON_KIND_STRING && json_raw_eq(value->raw, text);
}

static bool is_object_or_none(const struct jsonrpc_value *value)
{
	return value->kind == JSON_KIND_OBJECT || value->kind == JSON_KIND_NONE;
}

/* What is wrong with the message; NULL where nothing is. */
static const char *judge_form(struct jsonrpc_message *m)
{
	const struct jsonrpc_value *list = m->field;
	enum json_kind id = list[JSONRPC_ID].kind;
	bool answers = list[JSONRPC_RESULT].kind != JSON_KIND_NONE || list[JSONRPC_ERROR].kind != JSON_KIND_NONE;
	if (!jsonrpc_is(&list[JSONRPC_VERSION], STR("2.0")))
		return "\"jsonrpc\" must be \"2.0\"";
	if (id != JSON_KIND_NONE && id != JSON_KIND_STRING && id != JSON_KIND_NUMBER)
		return "\"id\" must be a string or a number";
	if (list[JSONRPC_METHOD].kind == JSON_KIND_NONE) {
		if (!answers || id == JSON_KIND_NONE)
			return "It has neither a method nor an answer with its id";
		m->kind = JSONRPC_RESPONSE;
		return NULL;
	}
	if (list[JSONRPC_METHOD].kind != JSON_KIND_STRING || answers)
		return "It must be a request, with a method, or an answer, and not both";
	if (!is_object_or_none(&list[JSONRPC_PARAMS]) || !is_object_or_none(&list[JSONRPC_META]))
		return "\"params\" and \"_meta\" must be objects";
	m->kind = id == JSON_KIND_NONE ? JSONRPC_NOTIFICATION : JSONRPC_REQUEST;
	return NULL;
}

enum jsonrpc_result jsonrpc_read(struct str text, struct jsonrpc_message *ret, const char **ret_what)
{
	struct walk w = { .message = ret };
	*ret = (struct jsonrpc_message){ .kind = JSONRPC_REQUEST };
	json_scanner_init(&w.scanner, text);
	enum jsonrpc_result result = walk_text(&w);
	switch (result) {
	case JSONRPC_OK:
		*ret_what = judge_form(ret);
		return *ret_what ? JSONRPC_INVALID : JSONRPC_OK;
	case JSONRPC_NOT_JSON:
		*ret_what = w.scanner.error ? w.scanner.error : "It is not JSON";
		break;
	case JSONRPC_BATCH:
		*ret_what = "Batches are not taken: send one message at a time";
		break;
	case JSONRPC_DUPLICATE:
		*ret_what = "A key that is judged stands twice, or in another case";
		break;
	case JSONRPC_INVALID:
		*ret_what = "It is no JSON object";
		break;
	}
	return result;
}
