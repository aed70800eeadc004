/* SPDX-License-Identifier: Apache-2.0
 * What a server was started with, and cannot change while it runs: sockets, threads, files that are open.
 * profile: may include base and core.
 */
#include "profile/config.h"

#include <stdio.h>

struct differences {
	char *text; /* 512 bytes */
	size_t n, count;
};

static void add(struct differences *d, const char *key, const char *now, const char *next)
{
	size_t room = 512 - d->n;
	int n = snprintf(d->text + d->n, room, "%s%s (%s, now to be %s)", d->count ? ", " : "", key, now, next);
	d->n += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
	d->count++;
}

static void compare_text(struct differences *d, const char *key, const char *now, const char *next)
{
	if (strcmp(now ? now : "", next ? next : "") != 0)
		add(d, key, now ? now : "none", next ? next : "none");
}

/* A server's address may carry its password. */
static const char *store_shown(const char *store)
{
	return strncmp(store, "sqlite:", 7) == 0 ? store : "a server that is not shown here";
}

static void compare_store(struct differences *d, const char *now, const char *next)
{
	if (strcmp(now, next) != 0)
		add(d, "store", store_shown(now), store_shown(next));
}

/* A place for tokens is opened with the store. */
static void compare_tokens(struct differences *d, const struct config *now, const struct config *next)
{
	for (size_t i = 0; i < now->api_count; i++) {
		const struct config_api *after = config_api(next, now->apis[i].name);
		compare_text(d, "apis: tokens", now->apis[i].tokens, after ? after->tokens : NULL);
	}
	for (size_t i = 0; i < next->api_count; i++)
		if (!config_api(now, next->apis[i].name))
			compare_text(d, "apis: tokens", NULL, next->apis[i].tokens);
}

static void compare_number(struct differences *d, const char *key, const char *unit, uint64_t now, uint64_t next)
{
	char a[40], b[40];
	if (now == next)
		return;
	snprintf(a, sizeof(a), now ? "%llu%s" : "the default", (unsigned long long)now, unit);
	snprintf(b, sizeof(b), next ? "%llu%s" : "the default", (unsigned long long)next, unit);
	add(d, key, a, b);
}

static void compare_listen(struct differences *d, const struct config *now, const struct config *next)
{
	size_t most = now->listen_count > next->listen_count ? now->listen_count : next->listen_count;
	for (size_t i = 0; i < most; i++) {
		const bool was = i < now->listen_count, is = i < next->listen_count;
		compare_text(d, "listen", was ? now->listen[i] : NULL, is ? next->listen[i] : NULL);
		if (was && is) /* another certificate may come, but not the first one */
			compare_text(d, "listen: tls", config_listen_tls(now, i) ? "there" : NULL,
				config_listen_tls(next, i) ? "there" : NULL);
	}
	compare_text(d, "operations", now->operations, next->operations);
}

static void compare_limits(struct differences *d, const struct config_limits *now, const struct config_limits *next)
{
	compare_number(d, "limits.connections", "", now->connections, next->connections);
	compare_number(d, "limits.body_memory", " bytes", now->body_memory_bytes, next->body_memory_bytes);
	compare_number(d, "limits.head_timeout", " ms", now->head_ms, next->head_ms);
	compare_number(d, "limits.idle_timeout", " ms", now->idle_ms, next->idle_ms);
	compare_number(d, "limits.body_timeout", " ms", now->body_ms, next->body_ms);
	compare_number(d, "limits.body_total_timeout", " ms", now->body_total_ms, next->body_total_ms);
	compare_number(d, "limits.write_timeout", " ms", now->write_ms, next->write_ms);
	compare_number(d, "limits.drain_timeout", " ms", now->drain_ms, next->drain_ms);
}

bool config_may_follow(const struct config *next, const struct config *now, char reterr_text[512])
{
	struct differences d = { .text = reterr_text };
	d.n = (size_t)snprintf(reterr_text, 512, "%s: only a restart changes ", next->file);
	if (d.n > 256) /* a long path must not hide what it is about */
		d.n = (size_t)snprintf(reterr_text, 512, "only a restart changes ");
	compare_listen(&d, now, next);
	compare_store(&d, now->store, next->store);
	compare_tokens(&d, now, next);
	compare_text(&d, "secrets_key", now->secrets_key, next->secrets_key);
	compare_text(&d, "the audit log's folder", now->audit_folder, next->audit_folder);
	compare_number(&d, "workers", "", now->workers, next->workers);
	compare_limits(&d, &now->limits, &next->limits);
	return d.count == 0;
}
