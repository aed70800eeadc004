/* SPDX-License-Identifier: Apache-2.0
 * The outbox: one row for each channel each time that a story is published. A row's id is the key under which
 * the receiver knows the post again, however often it is sent.
 *
 *   queued --> sent, failed, unknown
 *
 * `unknown`: an attempt may have been in effect, and the time is over for which the receiver would know the key
 * again. Only a person can tell; publishing the story once more sends it anew.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_PUBLISHING_OUTBOX_H
#define REMIT_SERVICES_PUBLISHING_OUTBOX_H

#include "services/publishing/stories.h"

/* Inside a transaction. Queues a story (its round counted up already) for each of its channels that it has not
 * gone out to before. A channel whose connection is gone is failed at once. */
enum store_status outbox_add(
	struct sql *sql, const struct publishing *p, const struct story *story, int64_t now_ms);
/* Where nothing of a story that is `publishing` is queued any more: it is published or failed, and that is
 * an event. */
enum store_status outbox_settle(
	struct sql *sql, const struct publishing *p, const struct id_bytes *story, int64_t now_ms);
/* What became of each channel, the last time: [{"channel_id","state","reason","attempts","url",...}]. */
enum store_status outbox_json(struct sql *sql, const struct id_bytes *story, json_t **ret);

#endif
