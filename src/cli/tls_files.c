/* SPDX-License-Identifier: Apache-2.0
 * The certificates and keys that a configuration names: whether they can be used, and who may read them.
 * cli: may include every room.
 */
#include "cli/tls_files.h"

#include "base/log.h"
#include <sys/stat.h>

static struct tls_server_options options_of(const struct config_tls *tls)
{
	return (struct tls_server_options){ .cert = tls->cert, .key = tls->key, .http2 = true };
}

bool tls_files_options(struct arena *arena, const struct config *config, size_t i,
	const struct tls_server_options **ret)
{
	const struct config_tls *tls = config_listen_tls(config, i);
	struct tls_server_options *options = tls ? ARENA_NEW(arena, struct tls_server_options) : NULL;

	if (tls && !options)
		return false;
	if (options)
		*options = options_of(tls);
	*ret = options;
	return true;
}

static void check_upstreams(const struct config *config, struct mistakes *mistakes)
{
	char text[TLS_ERROR_ROOM];

	for (size_t i = 0; i < config->api_count; i++) {
		const struct config_upstream_tls *tls = &config->apis[i].upstream_tls;
		const struct tls_client_options options = { .ca = tls->ca, .cert = tls->cert, .key = tls->key };
		if (tls->line == 0)
			continue;
		struct tls_context *context = tls_context_new_client(&options, text);
		if (!context)
			mistakes_add(mistakes, config->file, tls->line, tls->column, NULL, "%s", text);
		tls_context_unref(context);
	}
}

void tls_files_check(const struct config *config, struct mistakes *mistakes)
{
	char text[TLS_ERROR_ROOM];

	for (size_t i = 0; i < config->listen_count; i++) {
		const struct config_tls *tls = config_listen_tls(config, i);
		if (!tls)
			continue;
		const struct tls_server_options options = options_of(tls);
		struct tls_context *context = tls_context_new_server(&options, text);
		if (!context)
			mistakes_add(mistakes, config->file, tls->line, tls->column, NULL, "%s", text);
		tls_context_unref(context);
	}
	check_upstreams(config, mistakes);
}

static void warn_of(const char *key)
{
	struct stat st;
	if (stat(key, &st) == 0 && (st.st_mode & (S_IROTH | S_IWOTH)) != 0)
		log_warning("%s holds a private key, and every user of this machine may read it: chmod 600", key);
}

void tls_files_warn(const struct config *config)
{
	for (size_t i = 0; i < config->listen_count; i++)
		if (config_listen_tls(config, i))
			warn_of(config_listen_tls(config, i)->key);
	for (size_t i = 0; i < config->api_count; i++)
		if (config->apis[i].upstream_tls.key)
			warn_of(config->apis[i].upstream_tls.key);
}
