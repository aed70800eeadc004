/* SPDX-License-Identifier: Apache-2.0
 * Times by a clock on a wall somewhere: scheduled_at_local, with an IANA zone.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_PUBLISHING_LOCAL_TIME_H
#define REMIT_SERVICES_PUBLISHING_LOCAL_TIME_H

#include "services/publishing/check.h"
#include "services/publishing/internal.h"

/* Where a body gives scheduled_at_local, puts beside it what it means, as scheduled_at. The zone is the
 * body's, else that of the project: the story's, or the one that something new would be made in. What has
 * no meaning or two is added to the check; what has no form is left to whoever judges the body. */
void resolve_local(struct publishing *p, const struct service_call *call, json_t *json,
	const struct id_bytes *story, struct check *c);

#endif
