/* SPDX-License-Identifier: Apache-2.0
 * What anybody may read: the protected resources' metadata (RFC 9728), and an index of the APIs.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/mcp.h"

static const char ROOT[] = "/.well-known/oauth-protected-resource";

static bool has_star(const struct profile_preset *preset)
{
	for (size_t i = 0; i < preset->scope_count; i++)
		if (strcmp(preset->scopes[i], "*") == 0)
			return true;
	return false;
}

/* What a client should ask for when it knows no better: little, and never everything. */
static const struct profile_preset *modest_preset(const struct profile *profile)
{
	const struct profile_preset *modest = NULL;
	for (size_t i = 0; i < profile->preset_count; i++) {
		const struct profile_preset *preset = &profile->presets[i];
		if (has_star(preset))
			continue;
		if (preset->is_default)
			return preset;
		if (!modest && strcmp(preset->handle, "read-only") == 0)
			modest = preset;
	}
	return modest;
}

static void write_metadata(struct edition *e, const struct api *api, const char *path, struct buf *out)
{
	const struct profile_preset *preset = modest_preset(api->profile);
	buf_add_text(out, "{\"resource\":");
	buf_add_json(out, str_of(arena_printf(&e->arena, "%s%s", e->config->public_url, path)));
	for (size_t i = 0; preset && i < preset->scope_count; i++) {
		buf_add_text(out, i == 0 ? ",\"scopes_supported\":[" : ",");
		buf_add_json(out, str_of(preset->scopes[i]));
	}
	buf_add_text(out, preset && preset->scope_count > 0 ? "]" : "");
	buf_add_text(out, ",\"bearer_methods_supported\":[\"header\"],\"resource_name\":");
	buf_add_json(out, str_of(api->profile->title));
	buf_add_text(out, "}");
}

static const char *openapi_path(const struct service *service)
{
	for (size_t i = 0; service && i < service->operation_count; i++)
		if (strcmp(service->operations[i].path, "/openapi.json") == 0)
			return service->operations[i].path;
	return NULL;
}

static void write_index(const struct edition *e, struct buf *out)
{
	buf_add_text(out, "{\"name\":\"remit\",\"version\":\"" REMIT_VERSION "\",\"apis\":[");
	for (size_t i = 0; i < e->api_count; i++) {
		const struct api *api = &e->apis[i];
		const char *openapi = openapi_path(api->service);
		buf_add_text(out, i > 0 ? ",{\"name\":" : "{\"name\":");
		buf_add_json(out, str_of(api->config->name));
		buf_add_text(out, ",\"base\":");
		buf_add_json(out, api->base);
		if (openapi) {
			buf_add_text(out, ",\"openapi\":\"");
			buf_add_str(out, api->base);
			buf_add_text(out, openapi);
			buf_add_text(out, "\"");
		}
		buf_add_text(out, "}");
	}
	buf_add_text(out, "]}");
}

bool wellknown_prepare(struct edition *e)
{
	struct buf out;
	buf_init(&out, 1024 * 1024);
	write_index(e, &out);
	e->index = arena_copy_str(&e->arena, buf_str(&out));
	bool ok = !out.failed && e->index.p;
	for (size_t i = 0; ok && i < e->api_count; i++) {
		struct api *api = &e->apis[i];
		buf_reset(&out);
		write_metadata(e, api, api->base.p ? api->profile->rest_base : "", &out);
		api->resource = arena_copy_str(&e->arena, buf_str(&out));
		if (api->mcp.endpoint.p) {
			buf_reset(&out);
			write_metadata(e, api, api->profile->mcp_endpoint, &out);
			api->mcp.resource = arena_copy_str(&e->arena, buf_str(&out));
		}
		buf_reset(&out);
		write_metadata(e, api, "", &out);
		api->root_resource = arena_copy_str(&e->arena, buf_str(&out));
		ok = !out.failed && api->resource.p && api->root_resource.p
			&& (!api->mcp.endpoint.p || api->mcp.resource.p);
	}
	buf_done(&out);
	return ok;
}

/* The metadata of what has this path; {NULL, 0} where nothing has. */
static struct str resource_at(const struct visit *v, struct str below)
{
	const struct edition *e = v->edition;
	if (below.n == 0)
		return e->api_count > 0 ? e->apis[0].root_resource : (struct str){ NULL, 0 };
	for (size_t i = 0; i < e->api_count; i++) {
		const struct api *api = &e->apis[i];
		if (str_eq(below, api->base))
			return api->resource;
		if (mcp_is_endpoint(api, below))
			return api->mcp.resource;
	}
	return (struct str){ NULL, 0 };
}

static void send_public(struct visit *v, struct str body)
{
	struct reply reply;
	reply_init(&reply, v, 200, body);
	reply_header(&reply, STR("Content-Type"), STR("application/json"));
	reply_header(&reply, STR("Access-Control-Allow-Origin"), STR("*"));
	reply_send(&reply, -1, 0, 0);
}

bool wellknown_request(struct visit *v)
{
	bool reads = v->request->method == HTTP_GET || v->request->method == HTTP_HEAD;
	if (!reads || exchange_listener(v->x) == GATE_LISTENER_OPERATIONS)
		return false;
	/* An API at "" has every path that is not ours: its front page, but not what says how to get a token. */
	if (v->api && v->api->base.n > 0)
		return false;
	if (!v->api && str_eq(v->path, STR("/"))) {
		send_public(v, v->edition->index);
		return true;
	}
	if (!str_starts(v->path, STR(ROOT)))
		return false;
	struct str below = { v->path.p + sizeof(ROOT) - 1, v->path.n - (sizeof(ROOT) - 1) };
	struct str resource = resource_at(v, below);
	if (!resource.p)
		return false;
	send_public(v, resource);
	return true;
}
