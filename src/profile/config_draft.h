/* SPDX-License-Identifier: Apache-2.0
 * A configuration while it is being read: what config.c, config_values.c, config_limits.c and
 * config_apis.c share.
 * profile: may include base and core.
 */
#ifndef REMIT_PROFILE_CONFIG_DRAFT_H
#define REMIT_PROFILE_CONFIG_DRAFT_H

#include "profile/config.h"
#include "profile/reader.h"

struct config_draft {
	struct reader r; /* first: the table functions get it */
	struct config *config;
	const char *folder;       /* where relative paths start */
	const struct node **apis; /* of each API: its map */
};

/* config_listen.c: addresses, with TLS or without. */
void config_read_listen(struct reader *r, const struct node *node, void *draft);
void config_read_operations(struct reader *r, const struct node *node, void *draft);

/* config_values.c: the other scalars at the top level. */
void config_read_public_url(struct reader *r, const struct node *node, void *draft);
void config_read_store(struct reader *r, const struct node *node, void *draft);
void config_read_secrets_key(struct reader *r, const struct node *node, void *draft);
void config_read_workers(struct reader *r, const struct node *node, void *draft);
void config_read_max_staleness(struct reader *r, const struct node *node, void *draft);
void config_read_trusted(struct reader *r, const struct node *node, void *draft);
/* What a file that says nothing means. False without memory. */
bool config_set_defaults(struct config_draft *d);
/* The public address that follows from where we listen; a mistake where none does. */
void config_derive_url(struct config_draft *d, const struct node *root);

/* PREFIX and the path behind it, taken from the file's folder. NULL with a mistake. */
const char *config_join(
	struct config_draft *d, const struct node *at, const char *prefix, const char *path);
/* The text behind a prefix; NULL where it has another, or nothing is behind it. */
const char *config_after(const char *text, const char *prefix);
/* A file beside this one, made absolute. NULL with a mistake. `what` is "the file of a certificate". */
const char *config_read_path(struct config_draft *d, const struct node *node, const char *what);
/* "file:PATH", made absolute, or "env:NAME"; NULL with a mistake. `what` may not stand in the file. */
const char *config_read_source(struct config_draft *d, const struct node *node, const char *what);

/* config_limits.c: the sections `audit` and `limits`. */
void config_read_audit(struct reader *r, const struct node *node, void *draft);
void config_read_limits(struct reader *r, const struct node *node, void *draft);

/* config_outbound.c: the section `outbound`. */
void config_read_outbound(struct reader *r, const struct node *node, void *draft);

/* config_apis.c: the section `apis`; then their profiles; then whether two of them overlap. */
void config_read_apis(struct reader *r, const struct node *node, void *draft);
void config_load_profiles(struct config_draft *d, config_env *env);
/* config_statamic.c: what the Statamic package's names in the environment say of an API. */
void config_read_statamic(struct config_draft *d, struct config_api *api, config_env *env);
/* `admin: false` switches Remit's own API off. */
void config_read_admin(struct reader *r, const struct node *node, void *draft);
/* config_upstream.c */
void config_read_upstream(struct reader *r, const struct node *node, struct config_api *api);
void config_read_upstream_tls(struct config_draft *d, const struct node *node, struct config_api *api);

#endif
