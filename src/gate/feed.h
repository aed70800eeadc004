/* SPDX-License-Identifier: Apache-2.0
 * The thread that keeps the copy like the store, and knows how old it is.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_FEED_H
#define REMIT_GATE_FEED_H

#include "gate/replica.h"
#include "store/store.h"

struct feed;
struct keeper;

/* Loads the replica. False with a sentence. */
bool feed_new(struct replica *replica, struct store *store, uint32_t max_staleness_ms, struct feed **ret,
	char reterr_text[512]);
/* From now on what changes is applied; `keeper` is told of each revision. */
bool feed_start(struct feed *feed, struct keeper *keeper);
void feed_free(struct feed *feed);

/* Whether the copy is younger than max_staleness, by the monotonic clock. Any thread. */
bool feed_is_fresh(const struct feed *feed, int64_t now_ns);
/* How old it is. */
int64_t feed_age_ns(const struct feed *feed, int64_t now_ns);
int64_t feed_revision(const struct feed *feed);

#endif
