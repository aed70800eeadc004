/* SPDX-License-Identifier: Apache-2.0
 * The thread that writes to the store what nobody waits for: that this node lives and how far its
 * copy is, when tokens were last used (D17), and that old events are forgotten.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_KEEPER_H
#define REMIT_GATE_KEEPER_H

#include "gate/roster.h"
#include "store/store.h"

struct keeper;

bool keeper_new(struct store *store, struct roster *roster, uint32_t max_staleness_ms, struct keeper **ret);
/* Says hello with this revision and starts. */
bool keeper_start(struct keeper *keeper, int64_t revision);
/* It says that it lives twice as often as this. */
void keeper_set_max_staleness(struct keeper *keeper, uint32_t max_staleness_ms);
/* Events in the store are forgotten after so long. */
void keeper_set_keep(struct keeper *keeper, int64_t keep_ms);
/* Writes what waits, says goodbye, frees. */
void keeper_free(struct keeper *keeper);

/* The copy is at this revision now: whoever waits for this node is told at once. */
void keeper_applied(struct keeper *keeper, int64_t revision);
/* A token was seen: `place` is where the log has it. `at_ms` is 0 where it was no good use. Gives
 * back the place of the time before. On the audit writer's thread only. */
uint64_t keeper_used(struct keeper *keeper, uint32_t token, uint64_t place, int64_t at_ms);
/* Whether the store took the last write. */
bool keeper_is_heard(const struct keeper *keeper);

#endif
