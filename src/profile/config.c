/* SPDX-License-Identifier: Apache-2.0
 * remit.yaml, read whole and checked whole; and where it is looked for.
 * profile: may include base and core.
 */
#include "profile/config.h"

#include "base/limits.h"
#include "profile/config_draft.h"
#include "profile/file.h"
#include <ctype.h>
#include <stdlib.h>
#include <unistd.h>

static const struct reader_key config_keys[] = {
	{ "listen", config_read_listen, false },
	{ "operations", config_read_operations, false },
	{ "public_url", config_read_public_url, false },
	{ "store", config_read_store, false },
	{ "secrets_key", config_read_secrets_key, false },
	{ "workers", config_read_workers, false },
	{ "max_staleness", config_read_max_staleness, false },
	{ "trusted_proxies", config_read_trusted, false },
	{ "audit", config_read_audit, false },
	{ "limits", config_read_limits, false },
	{ "apis", config_read_apis, true },
	{ "outbound", config_read_outbound, false },
	{ "admin", config_read_admin, false },
	{ "dashboard", NULL, false },
};

#define SCALARS 7 /* the first of the table: those that the environment may override */

/* ---- The environment ---- */

/* "REMIT_PUBLIC_URL" of "public_url". */
static const char *name_variable(struct arena *arena, const char *key)
{
	char *name = arena_printf(arena, "REMIT_%s", key);
	for (char *p = name; p && *p; p++)
		*p = (char)toupper((unsigned char)*p);
	return name;
}

/* Reads the value as if it stood in the file; a mistake in it names the variable. */
static void override(
	struct config_draft *d, const struct reader_key *key, const char *name, const char *value)
{
	struct node node = { .kind = NODE_TEXT, .quoted = true, .text = str_of(value) };
	const char *file = d->r.file;

	d->r.file = name;
	key->read(&d->r, &node, d);
	d->r.file = file;
}

static void override_all(struct config_draft *d, config_env *env)
{
	for (size_t i = 0; i < SCALARS; i++) {
		const char *name = name_variable(d->r.arena, config_keys[i].name);
		const char *value = name ? env(name) : NULL;
		const char *copy = value && *value ? arena_copy(d->r.arena, str_of(value)) : NULL;
		if (copy)
			override(d, &config_keys[i], name, copy);
		else if (!name || (value && *value))
			mistakes_add(d->r.mistakes, d->r.file, 0, 0, NULL,
				"not enough memory to read the environment");
	}
}

/* ---- Reading ---- */

static bool read_whole(struct config_draft *d, struct str text, config_env *env)
{
	size_t before = d->r.mistakes->count;
	const struct node *root =
		config_set_defaults(d) ? tree_read(text, d->r.file, d->r.arena, d->r.mistakes) : NULL;

	if (!root || !READER_MAP(&d->r, root, "a configuration", config_keys, d))
		return false;
	if (env)
		override_all(d, env);
	config_derive_url(d, root);
	mistakes_sort(d->r.mistakes, before);
	config_load_profiles(d, env);
	return d->r.mistakes->count == before;
}

struct config *config_read_env(
	struct str text, const char *file, const char *folder, config_env *env, struct mistakes *mistakes)
{
	struct config *c = calloc(1, sizeof(*c));
	if (c) {
		arena_init(&c->arena, 0);
		c->file = arena_copy(&c->arena, str_of(file));
	}
	if (!c || !c->file) {
		mistakes_add(mistakes, file, 0, 0, NULL, "not enough memory to read the file");
		config_free(c);
		return NULL;
	}
	struct config_draft d = { .r = { &c->arena, mistakes, c->file }, .config = c, .folder = folder };
	if (!read_whole(&d, text, env)) {
		config_free(c);
		return NULL;
	}
	return c;
}

struct config *config_read(struct str text, const char *file, const char *folder, struct mistakes *mistakes)
{
	return config_read_env(text, file, folder, NULL, mistakes);
}

/* ---- Where it is ---- */

static const char *get_variable(const char *name)
{
	return getenv(name);
}

static const char *find_file(const char *path)
{
	static const char *const places[] = { "./remit.yaml", "/etc/remit/remit.yaml" };
	const char *named = path ? path : getenv("REMIT_CONFIG");

	if (named && *named)
		return named;
	for (size_t i = 0; i < 2; i++) {
		if (access(places[i], F_OK) == 0)
			return places[i];
	}
	return NULL;
}

struct config *config_load(const char *path, struct mistakes *mistakes)
{
	const char *file = find_file(path);
	struct config *config = NULL;
	struct arena arena;
	struct buf text;

	if (!file) {
		mistakes_add(mistakes, "remit.yaml", 0, 0, "name one with --config FILE",
			"no configuration: neither $REMIT_CONFIG, ./remit.yaml nor /etc/remit/remit.yaml");
		return NULL;
	}
	arena_init(&arena, 0);
	buf_init(&text, LIMIT_PROFILE_BYTES);
	const char *folder = file_folder(&arena, file);
	if (!folder)
		mistakes_add(mistakes, file, 0, 0, NULL, "not enough memory to read the file");
	else if (file_read(file, &text, mistakes))
		config = config_read_env(buf_str(&text), file, folder, get_variable, mistakes);
	buf_done(&text);
	arena_done(&arena);
	return config;
}

void config_free(struct config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->api_count; i++)
		profile_free(config->apis[i].profile);
	if (config->own)
		profile_free(config->own->profile);
	arena_done(&config->arena);
	free(config);
}

const struct config_api *config_api(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->api_count; i++) {
		if (strcmp(config->apis[i].name, name) == 0)
			return &config->apis[i];
	}
	return config->own && strcmp(config->own->name, name) == 0 ? config->own : NULL;
}
