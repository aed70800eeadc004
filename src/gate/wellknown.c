/* SPDX-License-Identifier: Apache-2.0
 * What anybody may read: the protected resources' metadata (RFC 9728), and an index of the APIs.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/mcp.h"
#include "gate/oauth.h"

static const char ROOT[] = "/.well-known/oauth-protected-resource";

struct resource {
	const struct api *api;
	const char *path; /* below the server's base */
};

/* Those of proofs, where tokens may be bound to a key (RFC 9728 section 2). */
static void add_algorithms(struct buf *out)
{
	struct str rest = STR(PROOF_ALGORITHMS), name;
	buf_add_text(out, ",\"dpop_signing_alg_values_supported\":[");
	for (bool more = true, first = true; more; first = false) {
		more = str_cut(&rest, ' ', &name);
		buf_add_text(out, first ? "" : ",");
		buf_add_json(out, name);
	}
	buf_add_char(out, ']');
}

static void write_metadata(const struct visit *v, const char *base, const struct resource *resource, struct buf *out)
{
	const struct api *api = resource->api;
	const struct profile_preset *preset = oauth_default_preset(api->profile);
	buf_add_text(out, "{\"resource\":");
	buf_add_json(out, str_of(arena_printf(exchange_arena(v->x), "%s%s", base, resource->path)));
	if (v->gate->secrets && !edition_is_own(v->edition, api)) {
		buf_add_text(out, ",\"authorization_servers\":[");
		buf_add_json(out, str_of(base));
		buf_add_char(out, ']');
		add_algorithms(out);
	}
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
		if (edition_is_own(e, api))
			continue; /* the last; whoever looks after the server knows of it */
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
	buf_done(&out);
	return ok;
}

/* What has this path; false where nothing has. */
static bool resource_at(const struct visit *v, struct str below, struct resource *ret)
{
	const struct edition *e = v->edition;
	if (below.n == 0) {
		size_t root = oauth_root_api(&e->authority);
		*ret = (struct resource){ e->apis + root, "" };
		return root < e->authority.api_count; /* the same places, without Remit's own */
	}
	for (size_t i = 0; i < e->api_count; i++) {
		const struct api *api = &e->apis[i];
		if (str_eq(below, api->base)) {
			*ret = (struct resource){ api, api->profile->rest_base };
			return true;
		}
		if (mcp_is_endpoint(api, below)) {
			*ret = (struct resource){ api, api->profile->mcp_endpoint };
			return true;
		}
	}
	return false;
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
	struct resource resource;
	if (!resource_at(v, below, &resource))
		return false;
	const char *base = oauth_base(v);
	struct buf out;
	buf_init(&out, 1024 * 1024);
	if (base)
		write_metadata(v, base, &resource, &out);
	if (base && !out.failed)
		send_public(v, buf_str(&out));
	else
		reply_error(v, 503, "unavailable", "Out of memory");
	buf_done(&out);
	return true;
}
