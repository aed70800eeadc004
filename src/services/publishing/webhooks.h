/* SPDX-License-Identifier: Apache-2.0
 * What the files about webhook endpoints share.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_PUBLISHING_WEBHOOKS_H
#define REMIT_SERVICES_PUBLISHING_WEBHOOKS_H

#include "services/publishing/listing.h"

#define WEBHOOK_PURPOSE "webhook" /* what secrets of endpoints are sealed for */

extern const struct listing webhook_listing;

/* Inside a transaction: what is queued for an endpoint is given up, for a reason. */
enum store_status webhook_drop_queued(
	struct sql *sql, const struct id_bytes *webhook, struct str reason, int64_t now_ms);

#endif
