/* SPDX-License-Identifier: Apache-2.0
 * Forgetting: rows that would grow without end, by their age.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_PUBLISHING_PRUNE_H
#define REMIT_SERVICES_PUBLISHING_PRUNE_H

#include "services/publishing/internal.h"

#define PRUNE_AT_ONCE 500 /* rows of one kind: others get their turn to write between */

/* Forgets a portion of what is older than p->keep_ms: deliveries and posts of the outbox that are done with,
 * moments that no story names, items of feeds that have long left them. *ret_more: there is more. */
enum store_status prune_some(const struct publishing *p, int64_t now_ms, bool *ret_more);

#endif
