/* SPDX-License-Identifier: Apache-2.0
 * Events: what happened in a project, told to its webhook endpoints. An event and what it tells of are one
 * transaction, so that none is lost and none is told that did not happen.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_PUBLISHING_EVENTS_H
#define REMIT_SERVICES_PUBLISHING_EVENTS_H

#include "services/publishing/internal.h"

#define EVENT_NAMES \
	"story.scheduled story.published story.failed story.published_late moment.detected" \
	" moment.auto_drafted"
#define EVENT_WORDS EVENT_NAMES " *" /* what an endpoint may ask for */
#define EVENT_WORDS_COUNT 7
#define EVENT_TEST "webhook.test"    /* goes to the endpoint that is tried, whatever it asks for */

/* Inside a transaction: queues an event for every endpoint of the project that asks for it. `data` is taken
 * over; NULL is a lack of memory. */
enum store_status emit_event(struct sql *sql, const struct publishing *p, const struct id_bytes *project,
	const char *event, json_t *data, int64_t now_ms);
/* The same for a story, told as {"story": {...}} with what became of each channel. */
enum store_status emit_story_event(struct sql *sql, const struct publishing *p, const struct id_bytes *story,
	const char *event, int64_t now_ms);
/* The same for one endpoint, whatever it asks for. *ret_delivery is the new row's id. */
enum store_status emit_to_webhook(struct sql *sql, const struct publishing *p, const struct id_bytes *webhook,
	const char *event, json_t *data, int64_t now_ms, struct id_bytes *ret_delivery);

#endif
