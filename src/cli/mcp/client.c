/* SPDX-License-Identifier: Apache-2.0
 * Enough of a client to read a list: a request of 2026-07-28 first, and where that is not understood, a session
 * of an older version.
 * cli: may include every room.
 */
#include "cli/mcp/mcp.h"

#include "outbound/outbound.h"

#include <sodium.h>

#define ANSWER_MAX (16u << 20)
#define PAGES_MAX 200
#define VERSION "2026-07-28"
#define OLDER_VERSION "2025-06-18"
#define HEADERS_MAX 8

struct client {
	struct cli *cli;
	struct outbound *outbound;
	const char *url;
	bool older;
	char *session; /* NULL: none */
	int status;
	char reason[OUTBOUND_REASON_ROOM];
};

/* ---- One request ---- */

/* The message with this id among events, or the text itself. NULL where there is none. */
static json_t *find_answer(struct str text, bool events)
{
	if (!events)
		return json_loadb(text.p ? text.p : "", text.n, 0, NULL);
	struct str line;
	for (bool more = true; more;) {
		more = str_cut(&text, '\n', &line);
		if (!str_starts(line, STR("data:")))
			continue;
		json_t *message = json_loadb(line.p + 5, line.n - 5, 0, NULL);
		if (json_object_get(message, "id"))
			return message;
		json_decref(message);
	}
	return NULL;
}

static void keep_session(struct client *c, const struct outbound_call *call)
{
	struct str id = outbound_header(call, "Mcp-Session-Id");
	if (id.p && !c->session)
		c->session = arena_copy(&c->cli->arena, id);
}

/* Takes the message over; the answer, or NULL where none came. */
static json_t *ask(struct client *c, json_t *message)
{
	char *text = json_dumps(message, JSON_COMPACT);
	const char *method = json_string_value(json_object_get(message, "method"));
	struct http_header headers[HEADERS_MAX] = { { STR("Content-Type"), STR("application/json") },
		{ STR("Accept"), STR("application/json, text/event-stream") },
		{ STR("MCP-Protocol-Version"), str_of(c->older ? OLDER_VERSION : VERSION) },
		{ STR("Mcp-Method"), str_of(method) } };
	size_t count = c->older ? 3 : 4;
	if (c->session)
		headers[count++] = (struct http_header){ STR("Mcp-Session-Id"), str_of(c->session) };
	const struct outbound_part part = { .text = str_of(text) };
	struct outbound_call call = { .method = "POST", .url = str_of(c->url), .headers = headers,
		.header_count = count, .parts = &part, .part_count = 1, .connect_ms = 5000, .total_ms = 30000,
		.answer_max = ANSWER_MAX };
	json_t *answer = NULL;
	if (text)
		outbound_run(c->outbound, &call);
	c->status = call.status;
	memcpy(c->reason, call.reason, sizeof(c->reason));
	if (text && call.result == OUTBOUND_ANSWERED) {
		struct str type = outbound_header(&call, "Content-Type");
		keep_session(c, &call);
		answer = find_answer(buf_str(&call.body), type.p && str_starts(type, STR("text/event-stream")));
	}
	outbound_call_done(&call);
	free(text);
	json_decref(message);
	return answer;
}

static json_t *list_request(const struct client *c, const char *cursor)
{
	json_t *params = json_object();
	if (cursor)
		json_object_set_new(params, "cursor", json_string(cursor));
	if (!c->older)
		json_object_set_new(params, "_meta", json_pack("{s:s, s:{}, s:{s:s, s:s}}",
			"io.modelcontextprotocol/protocolVersion", VERSION,
			"io.modelcontextprotocol/clientCapabilities", "io.modelcontextprotocol/clientInfo", "name",
			"remit", "version", REMIT_VERSION));
	return json_pack("{s:s, s:i, s:s, s:o}", "jsonrpc", "2.0", "id", 1, "method", "tools/list", "params", params);
}

/* ---- The whole list ---- */

static void keep_name(struct client *c, const json_t *info, struct mcp_server *ret)
{
	const char *name = json_string_value(json_object_get(info, "name"));
	if (name && !*ret->name)
		ret->name = arena_copy(&c->cli->arena, str_of(name));
	if (!ret->name)
		ret->name = "";
}

static bool open_session(struct client *c, struct mcp_server *ret)
{
	c->older = true;
	json_t *answer = ask(c, json_pack("{s:s, s:i, s:s, s:{s:s, s:{}, s:{s:s, s:s}}}", "jsonrpc", "2.0", "id", 1,
		"method", "initialize", "params", "protocolVersion", OLDER_VERSION, "capabilities", "clientInfo", "name",
		"remit", "version", REMIT_VERSION));
	const json_t *result = json_object_get(answer, "result");
	keep_name(c, json_object_get(result, "serverInfo"), ret);
	bool good = result != NULL;
	json_decref(answer);
	if (good)
		json_decref(ask(c, json_pack("{s:s, s:s}", "jsonrpc", "2.0", "method", "notifications/initialized")));
	return good;
}

/* Adds a page. False where it is none. */
static bool take_page(struct client *c, const json_t *answer, struct mcp_server *ret, const char **ret_cursor)
{
	const json_t *result = json_object_get(answer, "result"), *tools = json_object_get(result, "tools");
	json_t *tool;
	size_t i;
	if (!json_is_array(tools))
		return false;
	json_array_foreach((json_t *)(uintptr_t)tools, i, tool)
		if (json_is_string(json_object_get(tool, "name")))
			json_array_append(ret->tools, tool);
	keep_name(c, json_object_get(json_object_get(result, "_meta"), "io.modelcontextprotocol/serverInfo"), ret);
	const char *cursor = json_string_value(json_object_get(result, "nextCursor"));
	*ret_cursor = cursor ? arena_copy(&c->cli->arena, str_of(cursor)) : NULL;
	return true;
}

static bool read_pages(struct client *c, struct mcp_server *ret)
{
	const char *cursor = NULL;
	for (size_t page = 0; page < PAGES_MAX; page++) {
		json_t *answer = ask(c, list_request(c, cursor));
		bool good = take_page(c, answer, ret, &cursor);
		json_decref(answer);
		if (!good && page == 0 && !c->older && open_session(c, ret)) {
			page--;
			continue;
		}
		if (!good || !cursor)
			return good;
	}
	return false;
}

/* "http://127.0.0.1:3001/mcp" in two. */
static bool cut_url(struct cli *cli, const char *url, struct mcp_server *ret)
{
	const char *host = strstr(url, "://"), *path = host ? strchr(host + 3, '/') : NULL;
	if (!path || path[1] == '\0' || strpbrk(path, "?#"))
		return false;
	ret->origin = arena_copy(&cli->arena, (struct str){ url, (size_t)(path - url) });
	ret->path = path;
	return ret->origin != NULL;
}

enum cli_exit mcp_server_read(struct cli *cli, const char *url, struct mcp_server *ret)
{
	/* Whoever runs the command has named it. */
	static const char *const allow[] = { "loopback", "private", "link-local" };
	const struct outbound_options options = { .allow = allow, .allow_count = 3 };
	struct client c = { .cli = cli, .url = url };
	char text[256];
	*ret = (struct mcp_server){ .name = "" };
	if (!cut_url(cli, url, ret))
		return cli_misused(cli, "--mcp takes the URL of an endpoint, as http://127.0.0.1:3001/mcp.");
	if (!outbound_new(&options, &c.outbound, text))
		return cli_fail(cli, CLI_REFUSED, "%s.", text);
	ret->tools = json_array();
	bool good = read_pages(&c, ret);
	outbound_free(c.outbound);
	if (good)
		return CLI_DONE;
	mcp_server_done(ret);
	return c.status ? cli_fail(cli, CLI_REFUSED, "%s does not tell its tools (status %d).", url, c.status)
			: cli_fail(cli, CLI_REFUSED, "%s cannot be asked: %s.", url, c.reason);
}

void mcp_server_done(struct mcp_server *server)
{
	json_decref(server->tools);
	server->tools = NULL;
}

/* ---- Its tools ---- */

bool mcp_tool_hash(const json_t *tool, char ret_text[static MCP_HASH_CHARS + 1])
{
	uint8_t digest[crypto_hash_sha256_BYTES];
	char *text = json_dumps(tool, JSON_COMPACT | JSON_SORT_KEYS);
	if (!text)
		return false;
	crypto_hash_sha256(digest, (const uint8_t *)text, strlen(text));
	free(text);
	sodium_bin2hex(ret_text, MCP_HASH_CHARS + 1, digest, MCP_HASH_CHARS / 2);
	return true;
}

const json_t *mcp_tool_values(const json_t *tool, const char *argument)
{
	const json_t *properties = json_object_get(json_object_get(tool, "inputSchema"), "properties");
	const json_t *values = json_object_get(json_object_get(properties, argument), "enum");
	return json_is_array(values) && json_array_size(values) > 0 ? values : NULL;
}

const char *mcp_tool_select(const json_t *tool, const json_t **ret_values)
{
	static const char *const names[] = { "action", "operation", "command", "method", "op" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		*ret_values = mcp_tool_values(tool, names[i]);
		if (*ret_values)
			return names[i];
	}
	return NULL;
}
