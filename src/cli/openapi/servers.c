/* SPDX-License-Identifier: Apache-2.0
 * Where a document says that it is served: origin and path of the first server's URL.
 * cli: may include every room.
 */
#include "cli/openapi/openapi.h"

#define URL_MAX_BYTES 2048

/* "{name}" becomes the variable's default; one without stays, and is then a parameter. */
static void add_url(struct buf *url, struct str text, const json_t *variables)
{
	while (text.n > 0) {
		const char *end = text.p[0] == '{' ? memchr(text.p, '}', text.n) : NULL;
		const size_t n = end ? (size_t)(end - text.p) + 1 : 1;
		const json_t *variable =
			end ? json_object_getn(variables, text.p + 1, n - 2) : NULL;
		const json_t *value = json_object_get(variable, "default");
		if (json_is_string(value))
			buf_add(url, json_string_value(value), json_string_length(value));
		else
			buf_add(url, text.p, n);
		text.p += n;
		text.n -= n;
	}
}

/* Cuts "https://host" off the front of a URL. What is not http has no origin that we could call. */
static struct str take_origin(struct str *url)
{
	static const char *const schemes[] = { "https://", "http://" };
	for (size_t i = 0; i < 2; i++) {
		const size_t n = strlen(schemes[i]);
		if (url->n <= n || !str_eq_ignore_case((struct str){ url->p, n }, str_of(schemes[i])))
			continue;
		const char *slash = memchr(url->p + n, '/', url->n - n);
		struct str origin = { url->p, slash ? (size_t)(slash - url->p) : url->n };
		url->p += origin.n;
		url->n -= origin.n;
		return origin;
	}
	return (struct str){ NULL, 0 };
}

static bool set_place(struct str url, struct arena *arena, struct openapi_operation *ret)
{
	for (size_t i = 0; i < url.n; i++)
		if (url.p[i] == '?' || url.p[i] == '#')
			url.n = i;
	const struct str origin = take_origin(&url);
	while (url.n > 0 && url.p[url.n - 1] == '/')
		url.n--;
	if (str_starts(url, STR("./")))
		url = (struct str){ url.p + 1, url.n - 1 };
	const bool slash = url.n > 0 && url.p[0] != '/';
	const char *base = arena_printf(arena, "%s%.*s", slash ? "/" : "", STR_FMT(url));
	const char *from = origin.p ? line_of(origin, 200, arena) : NULL;
	if (!base || (origin.p && !from))
		return false;
	ret->base = base;
	ret->origin = from;
	return true;
}

bool openapi_place(const json_t *servers, struct arena *arena, struct openapi_operation *ret)
{
	const json_t *server = json_array_get(servers, 0), *text = json_object_get(server, "url");
	struct buf url;

	ret->base = "";
	ret->origin = NULL;
	if (!json_is_string(text))
		return true;
	buf_init(&url, URL_MAX_BYTES);
	add_url(&url, (struct str){ json_string_value(text), json_string_length(text) },
		json_object_get(server, "variables"));
	bool ok = url.failed || set_place(buf_str(&url), arena, ret);
	buf_done(&url);
	return ok;
}
