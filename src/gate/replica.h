/* SPDX-License-Identifier: Apache-2.0
 * The copy of the store that requests are judged by: the table of token texts, with what their scopes
 * mean to the APIs of one configuration. Whose they are stands in the roster, which several copies share.
 * One thread at a time writes (the feed); loops read without a lock.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_REPLICA_H
#define REMIT_GATE_REPLICA_H

#include "gate/reach.h"
#include "gate/roster.h"
#include "store/store.h"

#include <pthread.h>
#include <remit/remit.h>

#define REPLICA_NO_API UINT8_MAX /* a token of an API that this server does not have */

/* An API as the copy needs it: its name, its number in records, and what its scopes mean. */
struct replica_api {
	const char *name;
	uint8_t number;
	const struct remit_policy *policy;
	bool is_upstream; /* nobody behind us judges its projects: who reaches which is kept */
};

struct replica;

/* The roster and the list of APIs must live as long. */
bool replica_new(struct roster *roster, const struct replica_api *apis, size_t api_count, uint64_t expected,
	struct replica **ret);
void replica_free(struct replica *replica);
/* Whether the copy is as good for these APIs: the same names, and to each the same words in the same order. */
bool replica_fits(const struct replica *replica, const struct replica_api *apis, size_t api_count);
/* Reads what comes by another list that it fits, so that the old one may go. Its writer's thread only. */
void replica_set_apis(struct replica *replica, const struct replica_api *apis, size_t api_count);

/* Loads everything, also over what is there (STORE_CONFLICT of replica_follow). */
enum store_status replica_load(struct replica *replica, struct store *store);
/* The same, once and at first, while another copy of the same roster is followed: what people may is that
 * one's to say, which may know more by now. */
enum store_status replica_load_beside(struct replica *replica, struct store *store);
/* Applies what changed since. *ret_changes is how many changes there were. */
enum store_status replica_follow(struct replica *replica, struct store *store, uint64_t *ret_changes);
/* The revision that the copy is at. Its writer's thread only. */
int64_t replica_revision(const struct replica *replica);
/* Small steps that need not be done at once; cheap where there are none. */
void replica_tend(struct replica *replica);

/* A reader's place, one for each loop. A loop calls replica_reader_turn after each wait, and
 * replica_reader_rest before it. */
struct replica_reader {
	struct replica *replica;
	_Atomic(struct remit_table *) table; /* the one that `reader` reads */
	struct remit_reader *reader;
	struct replica_reader *next;
};
bool replica_reader_init(struct replica_reader *reader, struct replica *replica);
void replica_reader_done(struct replica_reader *reader);
void replica_reader_turn(struct replica_reader *reader);
void replica_reader_rest(struct replica_reader *reader);

/* Any thread, for numbers that a record holds: as in gate/roster.h. */
struct roster_token *replica_token(const struct replica *replica, uint32_t number);
const uint8_t *replica_token_key(const struct replica *replica, uint32_t number);
uint32_t replica_person_flags(const struct replica *replica, uint32_t number);
const struct id_bytes *replica_person_id(const struct replica *replica, uint32_t number);
const struct id_bytes *replica_project_id(const struct replica *replica, uint32_t number);
/* Whether a person reaches a project of an API that is somebody else's. */
enum reach_answer replica_reach(const struct replica *replica, const char *api, const struct id *project,
	uint32_t person);
size_t replica_texts(const struct replica *replica);
size_t replica_bytes(const struct replica *replica);
/* An expiry as a record holds it: whole seconds, rounded down; 0 stays 0, never. */
uint32_t replica_expiry_seconds(int64_t ms);

#endif
