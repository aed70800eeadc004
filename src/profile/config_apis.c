/* SPDX-License-Identifier: Apache-2.0
 * The section `apis` of a configuration: each API's profile, service, hosts and origins.
 * profile: may include base and core.
 */
#include "profile/config_draft.h"

#include "profile/address.h"
#include "profile/file.h"
#include <strings.h>

#define TOKENS_PREFIX "yaml:" /* the Statamic package's layout */
#define KEEP_MIN_MS (INT64_C(24) * 3600 * 1000)
#define KEEP_MAX_MS (INT64_C(36525) * 24 * 3600 * 1000) /* 100 years */
#define APIS_MAX 254    /* the table of tokens has 255; one is Remit's own */

struct api_reader {
	struct config_draft *d;
	struct config_api *api;
};

/* The profile is read when all of this file has been, so that mistakes come in the files' order. */
static void check_profile(struct reader *r, const struct node *node, void *into)
{
	const char *text;
	(void)into;
	(void)reader_text(r, node, "the name of a profile, or ./FILE.yaml", &text);
}

static void read_service(struct reader *r, const struct node *node, void *into)
{
	static const char *const words[] = { "publishing", "content" };
	struct api_reader *a = into;
	size_t word;
	if (reader_word(r, node, words, 2, &word))
		a->api->service = words[word];
}

static void read_keep(struct reader *r, const struct node *node, void *into)
{
	struct api_reader *a = into;
	reader_duration(r, node, KEEP_MIN_MS, KEEP_MAX_MS, &a->api->keep_ms);
}

static void read_site(struct reader *r, const struct node *node, void *into)
{
	struct api_reader *a = into;
	const char *path;
	if (!reader_text(r, node, "the folder of a site", &path))
		return;
	a->api->site = file_join(r->arena, a->d->folder, path);
	if (!a->api->site)
		reader_mistake(r, node, NULL, "not enough memory to read the file");
}

static void read_tokens(struct reader *r, const struct node *node, void *into)
{
	struct api_reader *a = into;
	const char *text;
	if (!reader_text(r, node, "yaml:FOLDER", &text))
		return;
	const char *path = config_after(text, TOKENS_PREFIX);
	if (path)
		a->api->tokens = config_join(a->d, node, TOKENS_PREFIX, path);
	else
		reader_expected(r, node, "yaml:FOLDER");
}

static void read_upstream(struct reader *r, const struct node *node, void *into)
{
	struct api_reader *a = into;
	config_read_upstream(r, node, a->api);
}

static void read_upstream_tls(struct reader *r, const struct node *node, void *into)
{
	struct api_reader *a = into;
	(void)r;
	config_read_upstream_tls(a->d, node, a->api);
}

static void read_authorization(struct reader *r, const struct node *node, void *into)
{
	struct api_reader *a = into;
	(void)r;
	a->api->authorization = config_read_source(a->d, node, "the credential");
}

static void read_html(struct reader *r, const struct node *node, void *into)
{
	static const char *const words[] = { "sandbox", "trusted" };
	struct api_reader *a = into;
	size_t word;
	if (reader_word(r, node, words, 2, &word))
		a->api->html_trusted = word == 1;
}

static bool check_host(struct reader *r, const struct node *node)
{
	if (node->kind == NODE_TEXT && address_is_host(node->text))
		return true;
	reader_expected(r, node, "a host such as api.example.com, in lower case");
	return false;
}

static void read_host(struct reader *r, const struct node *node, void *into)
{
	struct api_reader *a = into;
	if (check_host(r, node))
		a->api->host = node->text.p;
}

/* Whether an item is wrong, if at all, by what it says: what is no text was told of already. */
static bool is_text(const struct node *item)
{
	return item->kind == NODE_TEXT && item->text.n > 0 && !node_is_nothing(item);
}

static const struct node *first_item(const struct node *node)
{
	return node->kind == NODE_LIST ? node->first : NULL;
}

static void read_hosts(struct reader *r, const struct node *node, void *into)
{
	struct api_reader *a = into;
	(void)reader_texts(r, node, "a list of hosts", &a->api->hosts, &a->api->host_count);
	for (const struct node *item = first_item(node); item; item = item->next) {
		if (is_text(item))
			(void)check_host(r, item);
	}
}

static void read_origins(struct reader *r, const struct node *node, void *into)
{
	struct api_reader *a = into;
	(void)reader_texts(r, node, "a list of origins", &a->api->origins, &a->api->origin_count);
	for (const struct node *item = first_item(node); item; item = item->next) {
		if (is_text(item) && !address_is_origin(item->text))
			reader_expected(r, item, "an origin such as https://app.example.com, in lower case");
	}
}

static const struct reader_key api_keys[] = {
	{ "profile", check_profile, true },
	{ "service", read_service, false },
	{ "keep", read_keep, false },
	{ "host", read_host, false },
	{ "hosts", read_hosts, false },
	{ "origins", read_origins, false },
	{ "upstream", read_upstream, false },
	{ "upstream_tls", read_upstream_tls, false }, /* behind it */
	{ "authorization", read_authorization, false },
	{ "site", read_site, false },
	{ "tokens", read_tokens, false },
	{ "site_login", NULL, false },
	{ "html", read_html, false },
};

/* Who answers: a service of ours, or somebody else's server. */
static void check_answerer(struct reader *r, const struct node *node)
{
	const struct node *upstream = node_get(node, "upstream");
	const struct node *own[] = { node_get(node, "authorization"), node_get(node, "html") };

	if (node_get(node, "service") && upstream)
		reader_mistake(r, upstream, "take one of them away",
			"an API has a service or an upstream, not both");
	else if (!node_get(node, "service") && !upstream)
		reader_mistake(r, node, NULL, "an API lacks the key \"service\" or \"upstream\"");
	if (node_get(node, "keep") && !node_get(node, "service"))
		reader_mistake(r, node_get(node, "keep")->key, NULL, "only an API with a service has \"keep\"");
	const struct node *service = node_get(node, "service"), *site = node_get(node, "site");
	const bool content = service && service->kind == NODE_TEXT && str_is(service->text, "content");
	if (content && !site)
		reader_mistake(r, service, "add `site: ./FOLDER`", "the service \"content\" lacks the key \"site\"");
	else if (site && !content)
		reader_mistake(r, site->key, NULL, "only an API with the service \"content\" has \"site\"");
	for (size_t i = 0; i < 2; i++) {
		if (own[i] && !upstream)
			reader_mistake(r, own[i]->key, NULL, "only an API with an upstream has \"%s\"",
				own[i]->key->text.p);
	}
}

void config_read_apis(struct reader *r, const struct node *node, void *draft)
{
	struct config_draft *d = draft;

	if (node->kind != NODE_MAP || node->count == 0 || node->count > APIS_MAX) {
		reader_expected(r, node, "a map of 1 to 254 APIs");
		return;
	}
	d->config->apis = reader_alloc(r, node, node->count + 1, sizeof(struct config_api));
	d->apis = reader_alloc(r, node, node->count, sizeof(const struct node *));
	if (!d->config->apis || !d->apis)
		return;
	for (const struct node *value = node->first; value; value = value->next) {
		size_t n = d->config->api_count++;
		struct api_reader a = { d, &d->config->apis[n] };
		*a.api = (struct config_api){ .name = value->key->text.p, .line = value->key->line };
		if (reader_name(r, value->key, "the name of an API") && str_is(value->key->text, CONFIG_OWN_API))
			reader_mistake(
				r, value->key, "take another", "the API \"" CONFIG_OWN_API "\" is Remit's own");
		if (READER_MAP(r, value, "an API", api_keys, &a))
			check_answerer(r, value);
		d->apis[n] = value;
	}
}

/* ---- Profiles ---- */

/* A plain name only ever means one that comes with the program (T05). */
static bool check_builtin(struct config_draft *d, const struct node *node)
{
	const char *names[16];
	size_t count = 0;

	if (str_is(node->text, CONFIG_OWN_API)) {
		reader_mistake(&d->r, node, "take another", "the profile \"" CONFIG_OWN_API "\" is Remit's own");
		return false;
	}
	if (profile_builtin_text(node->text.p).p)
		return true;
	for (size_t i = 0; count < 16 && profile_builtin_name(i); i++)
		if (strcmp(profile_builtin_name(i), CONFIG_OWN_API) != 0)
			names[count++] = profile_builtin_name(i);
	const char *near = mistakes_suggest(d->r.mistakes, node->text, names, count);
	reader_mistake(&d->r, node, near ? near : "write ./NAME.yaml for a file beside this one",
		"no profile of the name %s comes with the program", reader_show(&d->r, node->text));
	return false;
}

static void load_profile(struct config_draft *d, struct config_api *api, const struct node *node)
{
	const char *name = node->text.p;

	if (strpbrk(name, "/."))
		name = file_join(d->r.arena, d->folder, name);
	else if (!check_builtin(d, node))
		return;
	if (!name)
		reader_mistake(&d->r, node, NULL, "not enough memory to read the file");
	else
		api->profile = profile_load(name, d->r.mistakes);
}

/* ---- Overlaps ---- */

static bool paths_overlap(const char *a, const char *b)
{
	size_t n, m;
	if (!a || !b)
		return false;
	n = strlen(a);
	m = strlen(b);
	if (n > m)
		return paths_overlap(b, a);
	return strncmp(a, b, n) == 0 && (b[n] == '\0' || b[n] == '/');
}

static bool apis_overlap(const struct config_api *a, const struct config_api *b)
{
	const struct profile *p = a->profile, *q = b->profile;

	if (!p || !q || (a->host && b->host && strcasecmp(a->host, b->host) != 0))
		return false;
	return paths_overlap(p->rest_base, q->rest_base) || paths_overlap(p->rest_base, q->mcp_endpoint)
	       || paths_overlap(p->mcp_endpoint, q->rest_base)
	       || paths_overlap(p->mcp_endpoint, q->mcp_endpoint);
}

const char *config_own_path(const char *path)
{
	static const char *const own[] = { "/healthz", "/readyz", "/metrics", "/oauth", "/gate", "/dashboard",
		"/admin" };
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (paths_overlap(own[i], path))
			return own[i];
	return NULL;
}

/* A base of "" is everything that is not ours. */
static const char *find_own_path(const struct config_api *api)
{
	const char *base = api->profile->rest_base;
	const char *own = base && *base ? config_own_path(base) : NULL;
	return own ? own : config_own_path(api->profile->mcp_endpoint);
}

static void check_overlaps(struct config_draft *d, size_t i)
{
	const struct config_api *api = &d->config->apis[i];
	const char *own = api->profile ? find_own_path(api) : NULL;

	if (own)
		reader_mistake(&d->r, d->apis[i]->key, NULL, "the API \"%.40s\" overlaps the server's own %s",
			api->name, own);
	for (size_t j = 0; j < i; j++) {
		if (apis_overlap(&d->config->apis[j], api))
			reader_mistake(&d->r, d->apis[i]->key,
				"give one of them a `host` of its own, or another base",
				"the API \"%.40s\" overlaps \"%.40s\" of line %u", api->name,
				d->config->apis[j].name, d->config->apis[j].line);
	}
}

/* ---- Remit's own ---- */

void config_read_admin(struct reader *r, const struct node *node, void *draft)
{
	struct config_draft *d = draft;
	bool on = true;
	if (reader_flag(r, node, &on))
		d->config->own_off = !on;
}

/* No API's paths overlap it: /admin is the server's own. */
static void add_own(struct config_draft *d)
{
	struct config *c = d->config;
	struct profile *profile = profile_load(CONFIG_OWN_API, d->r.mistakes);
	if (!profile)
		return;
	c->apis[c->api_count] = (struct config_api){ .name = CONFIG_OWN_API, .profile = profile, .service = CONFIG_OWN_API };
	c->own = &c->apis[c->api_count];
}

void config_load_profiles(struct config_draft *d, config_env *env)
{
	for (size_t i = 0; i < d->config->api_count; i++) {
		const struct node *api = d->apis[i];
		const struct node *profile = api->kind == NODE_MAP ? node_get(api, "profile") : NULL;
		if (profile && is_text(profile))
			load_profile(d, &d->config->apis[i], profile);
		config_read_statamic(d, &d->config->apis[i], env);
	}
	for (size_t i = 0; i < d->config->api_count; i++)
		check_overlaps(d, i);
	if (!d->config->own_off && d->config->apis)
		add_own(d);
}
