/* SPDX-License-Identifier: Apache-2.0
 * The thread that keeps the copies like the store, and knows how old they are. There is one copy, but two
 * or a few for a while after a change of configuration: what is revoked is revoked in each.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_FEED_H
#define REMIT_GATE_FEED_H

#include "gate/replica.h"
#include "store/store.h"

struct feed;
struct keeper;

#define FEED_COPIES_MAX 16

bool feed_new(struct store *store, uint32_t max_staleness_ms, struct feed **ret);
/* Loads a copy, the first or one more, and from then on follows it; the others are followed meanwhile.
 * It may be read when this returns. False with a sentence. */
bool feed_join(struct feed *feed, struct replica *replica, char reterr_text[512]);
/* It goes on by another list of APIs, which it fits. */
void feed_set_apis(struct feed *feed, struct replica *replica, const struct replica_api *apis, size_t api_count);
/* Follows it no longer. */
void feed_leave(struct feed *feed, const struct replica *replica);
/* From now on what changes is applied; `keeper` is told of each revision. After the first copy. */
bool feed_start(struct feed *feed, struct keeper *keeper);
/* Ends the thread; copies may still leave. */
void feed_stop(struct feed *feed);
void feed_free(struct feed *feed);
void feed_set_max_staleness(struct feed *feed, uint32_t max_staleness_ms);

/* Whether the copies are younger than max_staleness, by the monotonic clock. Any thread. */
bool feed_is_fresh(const struct feed *feed, int64_t now_ns);
/* How old they are. */
int64_t feed_age_ns(const struct feed *feed, int64_t now_ns);
/* The revision that every copy has come to. */
int64_t feed_revision(const struct feed *feed);

#endif
