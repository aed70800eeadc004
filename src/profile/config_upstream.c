/* SPDX-License-Identifier: Apache-2.0
 * An API's `upstream` and `authorization`: somebody else's server behind the gate.
 * profile: may include base and core.
 */
#include "profile/config_draft.h"

#include "profile/address.h"

#define HTTP_UNIX "http://unix:"
#define UPSTREAM_FORM "http://HOST:PORT or http://unix:/PATH"

static void check_address(struct reader *r, const struct node *at, const char *text)
{
	struct str rest = str_of(text);

	if (str_starts(rest, STR("https://"))) {
		reader_mistake(r, at, "write http:// and keep the way to it private",
			"this version does not speak TLS to an upstream");
		return;
	}
	if (str_starts(rest, STR(HTTP_UNIX))) {
		if (text[strlen(HTTP_UNIX)] != '/')
			reader_mistake(r, at, NULL, "the path of an upstream's socket must be absolute");
		return;
	}
	bool http = str_starts(rest, STR("http://"));
	rest = (struct str){ text + strlen("http://"), rest.n - (http ? strlen("http://") : 0) };
	if (http && memchr(rest.p, '/', rest.n))
		reader_mistake(r, at, "leave it away: a request's path goes upstream as it is",
			"an upstream has no path");
	else if (!http || !address_is_host(rest))
		reader_mistake(r, at, "write " UPSTREAM_FORM, "%s is no upstream",
			reader_show(r, str_of(text)));
}

void config_read_upstream(struct reader *r, const struct node *node, struct config_api *api)
{
	const char **one;

	if (node->kind == NODE_LIST) {
		if (!reader_texts(r, node, "a list of upstreams", &api->upstreams, &api->upstream_count))
			return;
		if (api->upstream_count == 0 || api->upstream_count > CONFIG_UPSTREAMS_MAX)
			reader_expected(r, node, "1 to 64 upstreams");
		const struct node *item = node->first;
		for (size_t i = 0; item && i < api->upstream_count; i++, item = item->next)
			check_address(r, item, api->upstreams[i]);
		return;
	}
	one = reader_alloc(r, node, 1, sizeof(*one));
	if (!one || !reader_text(r, node, UPSTREAM_FORM, one))
		return;
	check_address(r, node, *one);
	api->upstreams = one;
	api->upstream_count = 1;
}
