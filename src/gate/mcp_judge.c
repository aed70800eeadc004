/* SPDX-License-Identifier: Apache-2.0
 * Which rule judges what. The body says it; the fields that mirror the body must say the same (M01), for
 * somebody behind us may go by them.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/mcp.h"

#include "gate/rest.h"
#include "wire/mcp_header.h"

#define MODERN "2026-07-28"
#define PROBLEM_MAX 512

static const struct mcp_method methods[] = {
	{ "initialize", MCP_ANY_TOKEN, JSONRPC_FIELDS },
	{ "ping", MCP_ANY_TOKEN, JSONRPC_FIELDS },
	{ "server/discover", MCP_ANY_TOKEN, JSONRPC_FIELDS },
	{ "logging/setLevel", MCP_ANY_TOKEN, JSONRPC_FIELDS },
	{ "tools/list", MCP_LIST, JSONRPC_FIELDS },
	{ "resources/list", MCP_LIST, JSONRPC_FIELDS },
	{ "resources/templates/list", MCP_LIST, JSONRPC_FIELDS },
	{ "prompts/list", MCP_LIST, JSONRPC_FIELDS },
	{ "tools/call", MCP_TOOL, JSONRPC_NAME },
	{ "prompts/get", MCP_PROMPT, JSONRPC_NAME },
	{ "resources/read", MCP_RESOURCE, JSONRPC_URI },
	{ "resources/subscribe", MCP_SUBSCRIBED, JSONRPC_FIELDS },
	{ "resources/unsubscribe", MCP_SUBSCRIBED, JSONRPC_FIELDS },
	{ "completion/complete", MCP_REF, JSONRPC_FIELDS },
	{ "subscriptions/listen", MCP_LISTEN, JSONRPC_FIELDS },
};
#define METHODS (sizeof(methods) / sizeof(methods[0]))

/* What has no name of its own. */
static const struct mcp_method notification = { "notification", MCP_ANY_TOKEN, JSONRPC_FIELDS };
static const struct mcp_method answer = { "answer", MCP_ANY_TOKEN, JSONRPC_FIELDS };

const char *mcp_audit_name(size_t index)
{
	static const char *const names[] = { "mcp notification", "mcp answer", "mcp session", "mcp initialize", "mcp ping",
		"mcp server/discover", "mcp logging/setLevel", "mcp tools/list", "mcp resources/list",
		"mcp resources/templates/list", "mcp prompts/list", "mcp tools/call", "mcp prompts/get",
		"mcp resources/read", "mcp resources/subscribe", "mcp resources/unsubscribe", "mcp completion/complete",
		"mcp subscriptions/listen" };
	const size_t count = sizeof(names) / sizeof(names[0]);
	_Static_assert(sizeof(names) / sizeof(names[0]) == METHODS + 3, "a name for each method");
	_Static_assert(sizeof(names) / sizeof(names[0]) <= API_MCP_NAMES, "room for each");
	return index < count ? names[index] : NULL;
}

uint32_t mcp_audit_number(const struct visit *v)
{
	const struct mcp *m = v->mcp;
	const uint32_t *names = v->api->mcp.names;
	if (m->method == &notification)
		return names[0];
	if (m->method == &answer)
		return names[1];
	if (m->method)
		return names[3 + (m->method - methods)];
	return m->session.p ? names[2] : v->api->unmapped_name;
}

/* ---- What stands in the head and in the body ---- */

static bool is_known_version(struct str version)
{
	static const char *const known[] = { MODERN, "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05",
		"2024-10-07" };
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (str_is(version, known[i]))
			return true;
	return false;
}

static bool mismatch(struct visit *v, const char *what)
{
	mcp_error(v, 400, MCP_HEADER_MISMATCH, what, NULL);
	return false;
}

/* For decoding a field. NULL where it is plain, or there is no memory: then it stands for nothing. */
static char *room_for(const struct visit *v, struct str value)
{
	return mcp_header_is_coded(value) ? arena_alloc(exchange_arena(v->x), value.n) : NULL;
}

/* One field beside the value that it mirrors. False, and answered, where they differ; a modern request has it
 * (`needed`). */
static bool mirrors(struct visit *v, const char *field, const struct jsonrpc_value *value, bool needed)
{
	char text[PROBLEM_MAX];
	size_t count;
	struct str said = http_request_header(v->request, str_of(field), &count);
	if (count == 0 && !needed)
		return true;
	if (count == 1 && value->kind == JSON_KIND_STRING
		&& mcp_header_is(said, value->kind, value->raw, room_for(v, said)))
		return true;
	snprintf(text, sizeof(text), count == 0 ? "The field %s is missing" :
		count > 1 ? "The field %s stands twice" : "The field %s and the body disagree", field);
	return mismatch(v, text);
}

static bool is_version_field(struct visit *v)
{
	static const char field[] = "MCP-Protocol-Version";
	const struct jsonrpc_value *claim = &v->mcp->message.field[JSONRPC_PROTOCOL];
	size_t count;
	struct str said = http_request_header(v->request, STR(field), &count);
	v->mcp->modern = claim->kind != JSON_KIND_NONE;
	if (v->mcp->modern && !mirrors(v, field, claim, true))
		return false;
	if (count > 1)
		return mismatch(v, "The field MCP-Protocol-Version stands twice");
	if (count == 0 || (is_known_version(said) && (!v->mcp->modern || str_is(said, MODERN))))
		return true;
	struct buf data;
	buf_init(&data, 4096 + 8 * LIMIT_HEAD_BYTES);
	buf_add_text(&data, "\"supported\":[\"" MODERN "\"");
	if (!v->mcp->modern)
		buf_add_text(&data, ",\"2025-11-25\",\"2025-06-18\",\"2025-03-26\"");
	buf_add_text(&data, "],\"requested\":");
	buf_add_json(&data, said);
	buf_add_char(&data, '\0');
	mcp_error(v, 400, MCP_UNSUPPORTED_VERSION, "Unsupported protocol version", data.failed ? NULL : data.p);
	buf_done(&data);
	return false;
}

static const struct mcp_method *find_method(const struct jsonrpc_message *message)
{
	if (message->kind == JSONRPC_RESPONSE)
		return &answer;
	const struct str raw = message->field[JSONRPC_METHOD].raw;
	bool plain = !memchr(raw.p, '\\', raw.n);
	for (size_t i = 0; message->kind == JSONRPC_REQUEST && i < METHODS; i++)
		if (plain ? str_is(raw, methods[i].name) : json_raw_eq(raw, str_of(methods[i].name)))
			return &methods[i];
	bool tells = message->kind == JSONRPC_NOTIFICATION && str_starts(raw, STR("notifications/"));
	return tells ? &notification : NULL;
}

/* Which argument a Mcp-Param field mirrors, only the tool's own schema says; here it must mirror one of them. */
static bool check_params(struct visit *v)
{
	const struct http_request *r = v->request;
	const struct str prefix = STR("mcp-param-");
	for (size_t i = 0; i < r->header_count; i++) {
		struct str name = r->headers[i].name;
		size_t count;
		if (name.n <= prefix.n || !str_eq_ignore_case((struct str){ name.p, prefix.n }, prefix))
			continue;
		struct str value = http_request_header(r, name, &count);
		if (count > 1)
			return mismatch(v, "A Mcp-Param field stands twice");
		if (!mcp_header_is_within(value, v->mcp->arguments, room_for(v, value)))
			return mismatch(v, "A Mcp-Param field and the arguments disagree");
	}
	return true;
}

static bool check_fields(struct visit *v)
{
	struct mcp *m = v->mcp;
	const struct jsonrpc_value *list = m->message.field;
	bool request = m->modern && m->message.kind == JSONRPC_REQUEST;
	if (m->message.kind == JSONRPC_RESPONSE)
		return true;
	if (!mirrors(v, "Mcp-Method", &list[JSONRPC_METHOD], request))
		return false;
	if (m->method && m->method->named < JSONRPC_FIELDS
		&& !mirrors(v, "Mcp-Name", &list[m->method->named], request))
		return false;
	return !m->method || m->method->kind != MCP_TOOL || !m->modern || check_params(v);
}

bool mcp_read(struct visit *v)
{
	struct mcp *m = v->mcp;
	const char *what;
	char text[PROBLEM_MAX];
	enum jsonrpc_result result = jsonrpc_read(v->body, &m->message, &what);
	if (result != JSONRPC_OK) {
		enum mcp_code code = result == JSONRPC_NOT_JSON ? MCP_PARSE_ERROR : MCP_INVALID_REQUEST;
		snprintf(text, sizeof(text), "This is no message of MCP: %s", what);
		mcp_error(v, 400, code, text, NULL);
		return false;
	}
	m->method = find_method(&m->message);
	if (m->message.field[JSONRPC_ARGUMENTS].kind == JSON_KIND_OBJECT)
		m->arguments = m->message.field[JSONRPC_ARGUMENTS].raw;
	return is_version_field(v) && check_fields(v);
}

/* ---- Rules ---- */

static bool bad_params(struct visit *v, int status, const char *what)
{
	mcp_error(v, status, MCP_INVALID_PARAMS, what, NULL);
	return false;
}

/* What no rule maps is not there, for anybody (D7, M12). */
static bool unknown(struct visit *v, const char *what, struct str name)
{
	char text[PROBLEM_MAX];
	struct str shown = { name.p, name.n < 200 ? name.n : 200 };
	while (shown.n > 0 && shown.n < name.n && ((unsigned char)name.p[shown.n] & 0xc0) == 0x80)
		shown.n--;
	snprintf(text, sizeof(text), "Unknown %s: %.*s", what, STR_FMT(shown));
	visit_judge(v, REMIT_UNMAPPED);
	return bad_params(v, 200, text);
}

/* A string, decoded. False, and answered, where it is none. */
static bool take_text(struct visit *v, const struct jsonrpc_value *value, const char *what, struct str *ret)
{
	char text[PROBLEM_MAX];
	if (value->kind != JSON_KIND_STRING) {
		snprintf(text, sizeof(text), "%s must be a string", what);
		return bad_params(v, 400, text);
	}
	*ret = value->raw;
	if (!memchr(value->raw.p, '\\', value->raw.n))
		return true;
	char *room = arena_alloc(exchange_arena(v->x), value->raw.n);
	size_t n;
	if (!room || !json_decode(value->raw, room, value->raw.n, &n)) {
		reply_error(v, 503, "unavailable", "Out of memory");
		return false;
	}
	*ret = (struct str){ room, n };
	return true;
}

static bool judge_operation(struct visit *v, uint32_t operation)
{
	v->match.operation = operation;
	v->rule = &v->api->rules[operation];
	v->mcp->operations = &v->match.operation;
	v->mcp->operation_count = 1;
	return rest_decide(v);
}

static bool unknown_value(struct visit *v, struct str name, const char *select)
{
	struct buf out;
	const char *value;
	buf_init(&out, 64 * 1024);
	buf_printf(&out, "The tool's \"%s\" must be one of:", select);
	for (size_t i = 0; (value = remit_policy_tool_value(v->api->policy, name.p, name.n, i)) != NULL; i++) {
		buf_add_text(&out, i > 0 ? ", " : " ");
		buf_add_text(&out, value);
	}
	buf_add_char(&out, '\0');
	visit_judge(v, REMIT_UNMAPPED);
	(void)bad_params(v, 200, out.failed ? "The tool has no such action" : out.p);
	buf_done(&out);
	return false;
}

/* The argument that selects among a tool's operations. False, and answered, where it stands twice. */
static bool find_value(struct visit *v, const char *select, struct json_wanted *ret)
{
	size_t at;
	const char *what;
	char *pointer = arena_alloc(exchange_arena(v->x), 2 * strlen(select) + 2), *p = pointer;
	if (!pointer) {
		reply_error(v, 503, "unavailable", "Out of memory");
		return false;
	}
	*p++ = '/';
	for (; *select; select++) {
		*p++ = *select == '~' || *select == '/' ? '~' : *select;
		if (*select == '~' || *select == '/')
			*p++ = *select == '~' ? '0' : '1';
	}
	*ret = (struct json_wanted){ .pointer = { pointer, (size_t)(p - pointer) } };
	if (!v->mcp->arguments.p || json_select(v->mcp->arguments, ret, 1, &at, &what) == JSON_SELECT_OK)
		return true;
	mcp_error(v, 400, MCP_INVALID_REQUEST, "An argument that is judged stands twice, or in another case", NULL);
	return false;
}

static bool judge_tool(struct visit *v)
{
	const struct jsonrpc_value *list = v->mcp->message.field;
	const struct remit_policy *policy = v->api->policy;
	const char *select = NULL;
	struct json_wanted wanted;
	struct str name, value = { NULL, 0 };
	uint32_t operation;
	enum json_kind arguments = list[JSONRPC_ARGUMENTS].kind;
	if (!take_text(v, &list[JSONRPC_NAME], "params.name", &name))
		return false;
	if (arguments != JSON_KIND_NONE && arguments != JSON_KIND_OBJECT)
		return bad_params(v, 400, "params.arguments must be an object");
	if (remit_policy_tool_select(policy, name.p, name.n, &select) != REMIT_OK)
		return unknown(v, "tool", name);
	if (select) {
		if (!find_value(v, select, &wanted))
			return false;
		if (wanted.found != 1 || wanted.kind != JSON_KIND_STRING)
			return unknown_value(v, name, select);
		const struct jsonrpc_value one = { wanted.kind, wanted.raw };
		if (!take_text(v, &one, select, &value))
			return false;
	}
	if (remit_policy_tool(policy, name.p, name.n, value.p, value.n, &operation) != REMIT_OK)
		return select ? unknown_value(v, name, select) : unknown(v, "tool", name);
	return judge_operation(v, operation);
}

static bool judge_prompt(struct visit *v, const struct jsonrpc_value *value, const char *what)
{
	struct str name;
	uint32_t operation;
	if (!take_text(v, value, what, &name))
		return false;
	if (remit_policy_prompt(v->api->policy, name.p, name.n, &operation) != REMIT_OK)
		return unknown(v, "prompt", name);
	return judge_operation(v, operation);
}

static bool judge_resource(struct visit *v, const struct jsonrpc_value *value, const char *what, bool template)
{
	struct str uri, filled;
	uint32_t operation;
	if (!take_text(v, value, what, &uri))
		return false;
	filled = template ? mcp_fill_template(uri, exchange_arena(v->x)) : uri;
	if (!filled.p || remit_policy_resource(v->api->policy, filled.p, filled.n, &operation) != REMIT_OK)
		return unknown(v, "resource", uri);
	return judge_operation(v, operation);
}

static bool judge_ref(struct visit *v)
{
	const struct jsonrpc_value *list = v->mcp->message.field;
	if (jsonrpc_is(&list[JSONRPC_REF_TYPE], STR("ref/prompt")))
		return judge_prompt(v, &list[JSONRPC_REF_NAME], "params.ref.name");
	if (jsonrpc_is(&list[JSONRPC_REF_TYPE], STR("ref/resource")))
		return judge_resource(v, &list[JSONRPC_REF_URI], "params.ref.uri", true);
	return bad_params(v, 400, "params.ref.type must be ref/prompt or ref/resource");
}

/* Every resource that is to be heard of. */
static bool judge_subscriptions(struct visit *v, struct str list)
{
	struct json_scanner s;
	size_t count = 0;
	uint32_t *operations = arena_alloc(exchange_arena(v->x), LIMIT_MCP_SUBSCRIPTIONS * sizeof(*operations));
	if (!operations) {
		reply_error(v, 503, "unavailable", "Out of memory");
		return false;
	}
	json_scanner_init(&s, list);
	(void)json_next(&s);
	for (enum json_event event = json_next(&s); event != JSON_EVENT_ARRAY_END; event = json_next(&s)) {
		const struct jsonrpc_value one = { event == JSON_EVENT_VALUE ? s.kind : JSON_KIND_NONE, s.raw };
		if (count == LIMIT_MCP_SUBSCRIPTIONS)
			return bad_params(v, 400, "Too many resources to listen to");
		if (!judge_resource(v, &one, "Each of resourceSubscriptions", false))
			return false;
		operations[count++] = v->match.operation;
	}
	v->mcp->operations = operations;
	v->mcp->operation_count = count;
	return count > 0 || rest_decide_token(v);
}

static bool judge_listen(struct visit *v)
{
	const struct jsonrpc_value *list = v->mcp->message.field;
	const struct jsonrpc_value *uris = &list[JSONRPC_SUBSCRIPTIONS];
	if (uris->kind != JSON_KIND_NONE && uris->kind != JSON_KIND_ARRAY)
		return bad_params(v, 400, "resourceSubscriptions must be an array");
	return uris->kind == JSON_KIND_NONE ? rest_decide_token(v) : judge_subscriptions(v, uris->raw);
}

/* No method of this name, or an answer to nobody's question. */
static bool refuse_unknown(struct visit *v)
{
	if (!v->mcp->modern || v->mcp->message.kind != JSONRPC_REQUEST)
		return rest_decide(v); /* without a rule: 403 */
	visit_judge(v, REMIT_UNMAPPED);
	mcp_error(v, 404, MCP_METHOD_NOT_FOUND, "Method not found", NULL);
	return false;
}

bool mcp_judge(struct visit *v)
{
	const struct mcp *m = v->mcp;
	const struct jsonrpc_value *list = m->message.field;
	if (!m->method || (m->method == &answer && !m->session.p))
		return refuse_unknown(v);
	switch (m->method->kind) {
	case MCP_ANY_TOKEN:
	case MCP_LIST:
		return rest_decide_token(v);
	case MCP_TOOL:
		return judge_tool(v);
	case MCP_PROMPT:
		return judge_prompt(v, &list[JSONRPC_NAME], "params.name");
	case MCP_SUBSCRIBED: /* gone since 2026-07-28 */
		if (m->modern)
			return refuse_unknown(v);
		__attribute__((fallthrough));
	case MCP_RESOURCE:
		return judge_resource(v, &list[JSONRPC_URI], "params.uri", false);
	case MCP_REF:
		return judge_ref(v);
	case MCP_LISTEN:
		return judge_listen(v);
	}
	return refuse_unknown(v);
}

const struct api_rule *mcp_hint(const struct visit *v)
{
	const struct remit_policy *policy = v->api->policy;
	const char *select = NULL;
	uint32_t operation;
	size_t methods_count, names;
	struct str method = http_request_header(v->request, STR("Mcp-Method"), &methods_count);
	struct str name = http_request_header(v->request, STR("Mcp-Name"), &names);
	if (methods_count != 1 || names != 1
		|| !mcp_header_decode(name, room_for(v, name), &name))
		return NULL;
	enum remit_status status = REMIT_NOT_FOUND;
	if (str_is(method, "tools/call") && remit_policy_tool_select(policy, name.p, name.n, &select) == REMIT_OK
		&& !select)
		status = remit_policy_tool(policy, name.p, name.n, NULL, 0, &operation);
	else if (str_is(method, "prompts/get"))
		status = remit_policy_prompt(policy, name.p, name.n, &operation);
	else if (str_is(method, "resources/read"))
		status = remit_policy_resource(policy, name.p, name.n, &operation);
	return status == REMIT_OK ? &v->api->rules[operation] : NULL;
}
