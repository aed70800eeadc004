/* SPDX-License-Identifier: Apache-2.0
 * The editions of a gate: which is the newest, which are still used, and how one takes another's place.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_EDITIONS_H
#define REMIT_GATE_EDITIONS_H

#include "gate/edition.h"

struct gate_loop;

void editions_init(struct gate *gate);
/* When every loop has left: frees all. */
void editions_done(struct gate *gate);
/* The newest from now on. The loops come to it when they are woken. False, and it is not, without memory. */
bool editions_put(struct gate *gate, struct edition *edition);

/* A loop takes its seat in the newest, and leaves at its end (also where it never entered). False without
 * memory. */
bool editions_enter(struct gate *gate, struct gate_loop *loop);
void editions_leave(struct gate *gate, struct gate_loop *loop);

/* Another edition, the newest of those with the same copy of the store; NULL where there is none. */
const struct edition *editions_sharing(const struct edition *edition);
/* What the newest edition's copy of the store holds. Any thread. */
void editions_table_size(struct gate *gate, size_t *ret_texts, size_t *ret_bytes);

#endif
