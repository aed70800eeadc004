/* SPDX-License-Identifier: Apache-2.0
 * An API's `upstream` and `authorization`: somebody else's server behind the gate.
 * profile: may include base and core.
 */
#include "profile/config_draft.h"

#include "profile/address.h"

#define HTTP_UNIX "http://unix:"
#define UPSTREAM_FORM "http://HOST:PORT, https://HOST or http://unix:/PATH"

static void check_address(struct reader *r, const struct node *at, const char *text)
{
	struct str rest = str_of(text), scheme = STR("http://");

	if (str_starts(rest, STR(HTTP_UNIX))) {
		if (text[strlen(HTTP_UNIX)] != '/')
			reader_mistake(r, at, NULL, "the path of an upstream's socket must be absolute");
		return;
	}
	if (str_starts(rest, STR("https://")))
		scheme = STR("https://");
	bool known = str_starts(rest, scheme);
	rest = (struct str){ text + (known ? scheme.n : 0), rest.n - (known ? scheme.n : 0) };
	if (known && memchr(rest.p, '/', rest.n))
		reader_mistake(r, at, "leave it away: a request's path goes upstream as it is",
			"an upstream has no path");
	else if (!known || !address_is_host(rest))
		reader_mistake(r, at, "write " UPSTREAM_FORM, "%s is no upstream",
			reader_show(r, str_of(text)));
}

static bool is_tls(const char *upstream)
{
	return str_starts(str_of(upstream), STR("https://"));
}

/* What goes to one of them encrypted must not go to another as it is. */
static void check_alike(struct reader *r, const struct node *node, const struct config_api *api)
{
	for (size_t i = 1; i < api->upstream_count; i++)
		if (is_tls(api->upstreams[i]) != is_tls(api->upstreams[0])) {
			reader_mistake(r, node, NULL, "the upstreams of an API are all https:// or none is");
			return;
		}
}

bool config_upstream_is_tls(const struct config_api *api)
{
	return api->upstream_count > 0 && is_tls(api->upstreams[0]);
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
		check_alike(r, node, api);
		return;
	}
	one = reader_alloc(r, node, 1, sizeof(*one));
	if (!one || !reader_text(r, node, UPSTREAM_FORM, one))
		return;
	check_address(r, node, *one);
	api->upstreams = one;
	api->upstream_count = 1;
}

/* ---- upstream_tls ---- */

struct tls_reader {
	struct config_draft *d;
	struct config_upstream_tls *tls;
};

static void read_ca(struct reader *r, const struct node *node, void *into)
{
	struct tls_reader *t = into;
	(void)r;
	t->tls->ca = config_read_path(t->d, node, "the file of an authority's certificate");
}

static void read_cert(struct reader *r, const struct node *node, void *into)
{
	struct tls_reader *t = into;
	(void)r;
	t->tls->cert = config_read_path(t->d, node, "the file of a certificate");
}

static void read_key(struct reader *r, const struct node *node, void *into)
{
	struct tls_reader *t = into;
	(void)r;
	t->tls->key = config_read_path(t->d, node, "the file of a private key");
}

static const struct reader_key tls_keys[] = {
	{ "ca", read_ca, false },
	{ "cert", read_cert, false },
	{ "key", read_key, false },
};

void config_read_upstream_tls(struct config_draft *d, const struct node *node, struct config_api *api)
{
	struct tls_reader t = { d, &api->upstream_tls };

	t.tls->line = node->key->line;
	t.tls->column = node->key->column;
	if (!READER_MAP(&d->r, node, "\"upstream_tls\"", tls_keys, &t))
		return;
	if (!node_get(node, "cert") != !node_get(node, "key"))
		reader_mistake(&d->r, node, NULL, "\"cert\" and \"key\" belong together");
	if (!config_upstream_is_tls(api))
		reader_mistake(&d->r, node->key, NULL, "only an upstream with https:// has \"upstream_tls\"");
}
