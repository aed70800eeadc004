/* SPDX-License-Identifier: Apache-2.0
 * The scalars at the top level of a configuration but for addresses, and `trusted_proxies`.
 * profile: may include base and core.
 */
#include "profile/config_draft.h"

#include "profile/address.h"
#include "profile/file.h"

#define WORKERS_MAX 256
#define STALENESS_MIN_MS 100
#define STALENESS_MAX_MS 3600000
#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define FILE_PREFIX "file:"
#define ENV_PREFIX "env:"
#define SQLITE_PREFIX "sqlite:"

const char *config_join(
	struct config_draft *d, const struct node *at, const char *prefix, const char *path)
{
	const char *joined = file_join(d->r.arena, d->folder, path);
	const char *text = joined ? arena_printf(d->r.arena, "%s%s", prefix, joined) : NULL;
	if (!text)
		reader_mistake(&d->r, at, NULL, "not enough memory to read the file");
	return text;
}

const char *config_after(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);
	return strncmp(text, prefix, n) == 0 && text[n] ? text + n : NULL;
}

const char *config_read_path(struct config_draft *d, const struct node *node, const char *what)
{
	const char *path;

	if (!reader_text(&d->r, node, what, &path))
		return NULL;
	return config_join(d, node, "", path);
}

/* ---- public_url ---- */

void config_read_public_url(struct reader *r, const struct node *node, void *draft)
{
	struct config_draft *d = draft;
	const char *url;

	if (!reader_text(r, node, "an address such as https://api.example.com", &url))
		return;
	d->config->public_url = url;
	if (!address_is_origin(node->text))
		reader_mistake(r, node,
			"write https://HOST or http://HOST, the host in lower case, with :PORT where needed",
			"%s cannot be the public address", reader_show(r, node->text));
}

void config_derive_url(struct config_draft *d, const struct node *root)
{
	const struct config *c = d->config;

	if (c->public_url || c->listen_count == 0)
		return;
	if (!address_is_socket(str_of(c->listen[0])) || address_is_wildcard(str_of(c->listen[0]))) {
		reader_mistake(&d->r, root,
			"name the address that clients use: public_url: https://api.example.com",
			"\"public_url\" is missing, and it does not follow from listening on \"%s\"",
			c->listen[0]);
		return;
	}
	d->config->public_url =
		arena_printf(d->r.arena, config_listen_tls(c, 0) ? "https://%s" : "http://%s", c->listen[0]);
	if (!d->config->public_url)
		reader_mistake(&d->r, root, NULL, "not enough memory to read the file");
}

/* ---- Where things are kept ---- */

static bool set_store(struct config_draft *d, const struct node *at, const char *path)
{
	const char *store = config_join(d, at, SQLITE_PREFIX, path);
	const char *folder =
		store ? arena_printf(d->r.arena, "%s.audit", store + strlen(SQLITE_PREFIX)) : NULL;
	if (store && !folder)
		reader_mistake(&d->r, at, NULL, "not enough memory to read the file");
	d->config->store = store;
	d->config->audit_folder = folder;
	return folder != NULL;
}

void config_read_store(struct reader *r, const struct node *node, void *draft)
{
	const char *text;

	if (!reader_text(r, node, "sqlite:PATH", &text))
		return;
	const char *path = config_after(text, SQLITE_PREFIX);
	if (path)
		(void)set_store(draft, node, path);
	else if (strncmp(text, "postgres", 8) == 0 || strncmp(text, "yaml:", 5) == 0)
		reader_mistake(r, node, "write sqlite:PATH", "this version does not have such a store: %s",
			reader_show(r, node->text));
	else
		reader_expected(r, node, "sqlite:PATH");
}

static bool is_variable(const char *name)
{
	for (const char *p = name; *p; p++) {
		bool alpha = (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z') || *p == '_';
		if (!alpha && (p == name || *p < '0' || *p > '9'))
			return false;
	}
	return true;
}

const char *config_read_source(struct config_draft *d, const struct node *node, const char *what)
{
	const char *text = node->kind == NODE_TEXT && !strchr(node->text.p, '\n') ? node->text.p : "";
	const char *path = config_after(text, FILE_PREFIX), *name = config_after(text, ENV_PREFIX);
	if (path)
		return config_join(d, node, FILE_PREFIX, path);
	if (name && is_variable(name))
		return text;
	/* What stands here may be the secret itself: it is not shown. */
	reader_mistake(&d->r, node, NULL, "expected file:PATH or env:NAME; %s itself never stands in this file",
		what);
	return NULL;
}

void config_read_secrets_key(struct reader *r, const struct node *node, void *draft)
{
	struct config_draft *d = draft;
	(void)r;
	const char *source = config_read_source(d, node, "the key");
	if (source)
		d->config->secrets_key = source;
}

/* ---- Numbers ---- */

void config_read_workers(struct reader *r, const struct node *node, void *draft)
{
	struct config_draft *d = draft;
	uint64_t workers;
	if (reader_number(r, node, 0, WORKERS_MAX, &workers))
		d->config->workers = (unsigned)workers;
}

void config_read_max_staleness(struct reader *r, const struct node *node, void *draft)
{
	struct config_draft *d = draft;
	int64_t ms;
	if (reader_duration(r, node, STALENESS_MIN_MS, STALENESS_MAX_MS, &ms))
		d->config->max_staleness_ms = (uint32_t)ms;
}

/* ---- trusted_proxies ---- */

static void read_trusted(struct config_draft *d, const struct node *node, const char **ranges, size_t *count)
{
	if (node->kind == NODE_TEXT && str_is(node->text, "loopback"))
		d->config->trust_loopback = true;
	else if (node->kind == NODE_TEXT && str_is(node->text, "unix"))
		d->config->trust_unix = true;
	else if (node->kind == NODE_TEXT && address_is_range(node->text))
		ranges[(*count)++] = node->text.p;
	else
		reader_expected(&d->r, node, "loopback, unix, an address or a range such as 10.0.0.0/8");
}

void config_read_trusted(struct reader *r, const struct node *node, void *draft)
{
	struct config_draft *d = draft;

	if (node->kind != NODE_LIST) {
		reader_expected(r, node, "a list of proxies");
		return;
	}
	const char **ranges = reader_alloc(r, node, node->count, sizeof(*ranges));
	for (const struct node *item = node->first; ranges && item; item = item->next)
		read_trusted(d, item, ranges, &d->config->trusted_count);
	d->config->trusted = ranges;
}

/* ---- Defaults ---- */

bool config_set_defaults(struct config_draft *d)
{
	static const char *const listen[] = { "127.0.0.1:8787" };
	static const struct node nowhere = { .kind = NODE_TEXT };
	struct config *c = d->config;

	c->listen = listen;
	c->listen_count = 1;
	c->max_staleness_ms = 1000;
	c->audit_keep_ms = 90 * DAY_MS;
	c->audit_max_bytes = UINT64_C(10) * 1000 * 1000 * 1000;
	c->secrets_key = config_join(d, &nowhere, FILE_PREFIX, "var/secrets.key");
	return c->secrets_key && set_store(d, &nowhere, "var/remit.db");
}
