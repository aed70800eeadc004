/* SPDX-License-Identifier: Apache-2.0
 * remit.yaml: what runs where. Read whole, checked whole; an environment variable REMIT_<KEY> may
 * stand in for a scalar at the top level.
 * profile: may include base and core.
 */
#ifndef REMIT_PROFILE_CONFIG_H
#define REMIT_PROFILE_CONFIG_H

#include "base/arena.h"
#include "profile/mistakes.h"
#include "profile/profile.h"

#define CONFIG_OWN_API "remit" /* D26: Remit's own management, and its profile and service */
#define CONFIG_UPSTREAMS_MAX 64 /* addresses of one API's server */

enum config_when_full { CONFIG_FULL_COUNT, CONFIG_FULL_REFUSE };

struct config_upstream_tls {
	const char *ca;         /* the file of the authorities that are trusted; NULL: the system's */
	const char *cert, *key; /* our own, where the upstream asks for one; or NULL */
	unsigned line, column;
};

struct config_api {
	const char *name;
	struct profile *profile;  /* owned */
	const char *service;      /* "publishing", "content", "remit"; NULL: it has upstreams */
	const char *site;         /* content: the folder of the site */
	const char *tokens;       /* where its personal tokens are kept: "yaml:FOLDER"; NULL: in the store */
	int64_t keep_ms;          /* how long its rows that grow are kept; 0: the service's own default */
	/* "http://127.0.0.1:3000", "https://app.internal", "http://unix:/run/app.sock": equal addresses of one server. */
	const char *const *upstreams;
	size_t upstream_count;
	struct config_upstream_tls upstream_tls; /* for those with https:// */
	const char *authorization; /* where its credential is: "env:NAME", "file:/path", or NULL */
	bool html_trusted;         /* its pages are not put in a sandbox */
	const char *host;         /* only requests for this host; NULL: any that is good */
	const char *const *hosts; /* good Host values beside public_url's */
	size_t host_count;
	const char *const *origins; /* good Origin values beside public_url's */
	size_t origin_count;
	unsigned line;
};

struct config_limits { /* 0: the default of limits.h */
	uint64_t json_body_bytes, mcp_body_bytes, body_memory_bytes;
	uint32_t oauth_access_ms; /* of an access token without a refresh token */
	uint32_t upstream_connect_ms, upstream_head_ms, upstream_body_ms;
	uint32_t connections, head_ms, idle_ms, body_ms, body_total_ms, write_ms, drain_ms;
};

struct config_tls {
	const char *cert, *key; /* files in PEM */
	unsigned line, column;  /* 0: no TLS */
};

struct config {
	struct arena arena;
	const char *file;
	const char *const *listen; /* addresses */
	const struct config_tls *listen_tls; /* of each of them: config_listen_tls */
	size_t listen_count;
	const char *operations; /* NULL: on `listen`, where it is loopback only */
	const char *public_url; /* no slash at the end */
	const char *store;
	const char *secrets_key;
	const char *audit_folder; /* beside the store: <store path>.audit */
	unsigned workers;
	uint32_t max_staleness_ms;
	bool trust_loopback, trust_unix;
	const char *const *trusted; /* addresses and CIDR ranges beside them */
	size_t trusted_count;
	const char *const *outbound_allow; /* special addresses that our own calls may go to */
	size_t outbound_allow_count;
	const char *outbound_ca; /* certificates that they trust; NULL: the system's */
	int64_t audit_keep_ms;
	uint64_t audit_max_bytes;
	enum config_when_full audit_when_full;
	struct config_limits limits;
	struct config_api *apis;
	size_t api_count;
	const struct config_api *own; /* Remit's own API, behind the last of `apis`; NULL: `admin: false` */
	bool own_off;
};

/* Reads a text; relative paths are taken from `folder` (the file's own). NULL where there are mistakes. */
struct config *config_read(struct str text, const char *file, const char *folder, struct mistakes *mistakes);
/* The same with an environment: what REMIT_LISTEN and the like say stands instead of the file's
 * scalars at the top level. `env` is as getenv; what it returns is copied. */
typedef const char *config_env(const char *name);
struct config *config_read_env(
	struct str text, const char *file, const char *folder, config_env *env, struct mistakes *mistakes);
/* Finds and reads the file: `path`, else $REMIT_CONFIG, ./remit.yaml, /etc/remit/remit.yaml. Profiles
 * are looked for beside the config file. */
struct config *config_load(const char *path, struct mistakes *mistakes);
void config_free(struct config *config);

/* Whether a running server may take `next` in the place of `now`. What only a start can change must be the
 * same: else false, with every such key and both values in a sentence. */
bool config_may_follow(const struct config *next, const struct config *now, char reterr_text[512]);

/* NULL where there is none. */
const struct config_api *config_api(const struct config *config, const char *name);
/* What the server answers itself at or around a path, as "/gate"; NULL where that is nothing. */
const char *config_own_path(const char *path);
/* Whether an API's upstreams speak TLS: all do, or none. */
bool config_upstream_is_tls(const struct config_api *api);
/* The certificate of an address of `listen`; NULL where no TLS is spoken there. */
const struct config_tls *config_listen_tls(const struct config *config, size_t i);
/* Whether an address is of the loopback range (or a unix socket). */
bool config_is_loopback(const char *address);

#endif
