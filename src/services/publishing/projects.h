/* SPDX-License-Identifier: Apache-2.0
 * A project's settings, for what makes stories and for the import.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_PUBLISHING_PROJECTS_H
#define REMIT_SERVICES_PUBLISHING_PROJECTS_H

#include "services/publishing/check.h"
#include "services/publishing/internal.h"

/* Judges settings; `where` stands before their names. */
void check_settings(struct check *c, const json_t *settings, const char *where);
/* All settings with what is stored laid over the defaults. NULL without memory. */
json_t *settings_of(struct str stored);
enum store_status load_settings(struct sql *sql, const struct id_bytes *project, json_t **ret);
enum store_status save_settings(
	struct sql *sql, const struct id_bytes *project, const json_t *settings, int64_t now_ms);

#endif
