/* SPDX-License-Identifier: Apache-2.0
 * Who reaches which project of somebody else's API: its owner and its members (D24). Part of the copy of
 * the store. One thread writes; any thread asks, without a lock.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_REACH_H
#define REMIT_GATE_REACH_H

#include "base/id.h"
#include "store/store.h"

struct reach;

/* Gives a person a number; 0 without memory. */
typedef uint32_t (*reach_number)(void *ctx, const struct id *person);

/* For the projects of these APIs; the list and the names live as long. */
bool reach_new(const char *const *apis, size_t api_count, reach_number number, void *ctx, struct reach **ret);
void reach_free(struct reach *reach);

/* Reads every project; those that are not there any more are forgotten. */
enum store_status reach_load(struct reach *reach, struct store *store);
/* Notes that a project has changed, for reach_follow. False without memory. */
bool reach_note(struct reach *reach, const struct id *project);
/* Reads what was noted again. What could not be read stays noted. */
enum store_status reach_follow(struct reach *reach, struct store *store);

enum reach_answer {
	REACH_UNKNOWN, /* no project of this API */
	REACH_YES,
	REACH_NO,
};

enum reach_answer reach_ask(const struct reach *reach, const char *api, const struct id *project, uint32_t person);

#endif
