/* SPDX-License-Identifier: Apache-2.0
 * What the store knows of a story and of a channel, made ready for compose.h.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_PUBLISHING_COMPOSING_H
#define REMIT_SERVICES_PUBLISHING_COMPOSING_H

#include "services/publishing/compose.h"
#include "services/publishing/stories.h"

/* A social connection without its secrets; texts in the arena. */
struct channel {
	struct id_bytes id;
	struct str provider, handle, status;
};

/* Inside a transaction. A media file that is no longer there is left out. */
enum store_status load_compose_story(struct sql *sql, const struct publishing *p, const struct story *story,
	struct arena *arena, struct compose_story *ret);
/* A channel of the story's project by its id as text; or NOT_FOUND. */
enum store_status load_channel(struct sql *sql, const struct id_bytes *project, struct str id,
	struct arena *arena, struct channel *ret);

/* What a channel of the story would refuse is added to the check, before it is scheduled or queued. */
enum store_status check_story_fits(struct sql *sql, const struct publishing *p, const struct story *story,
	struct arena *arena, struct check *c);

#endif
