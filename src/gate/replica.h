/* SPDX-License-Identifier: Apache-2.0
 * The copy of the store that requests are judged by: the table of token texts, and what is kept of
 * each token, person and project beside it. One thread writes (the feed); loops read without a lock.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_REPLICA_H
#define REMIT_GATE_REPLICA_H

#include "gate/chunks.h"
#include "gate/idmap.h"
#include "gate/reach.h"
#include "store/store.h"

#include <pthread.h>
#include <remit/remit.h>

#define REPLICA_NO_API UINT8_MAX /* a token of an API that this server does not have */

/* What is kept of a token, whatever the number of its texts. Numbers count from 1. */
struct replica_token {
	struct id_bytes id;
	_Atomic uint64_t rate;  /* gate/rate.h */
	uint64_t audit_place;   /* of its newest record; the audit writer's */
	uint32_t last_used_s;   /* the audit writer's */
	uint16_t texts;         /* how many it has; the feed's */
	uint8_t use_waits;      /* a use of it waits to be written; the audit writer's */
};

enum replica_person_flags { REPLICA_PERSON_ACTIVE = 1, REPLICA_PERSON_ADMIN = 2 };

struct replica_person {
	struct id_bytes id;
	_Atomic uint32_t flags;
};

struct replica_project {
	struct id_bytes id;
};

/* An API as the copy needs it: its name and what its scopes mean. */
struct replica_api {
	const char *name;
	const struct remit_policy *policy;
	bool is_upstream; /* nobody behind us judges its projects: who reaches which is kept */
};

struct replica;

/* The APIs' numbers are their places in the list, which must live as long. */
bool replica_new(const struct replica_api *apis, size_t api_count, uint64_t expected, struct replica **ret);
void replica_free(struct replica *replica);

/* Loads everything, also over what is there (STORE_CONFLICT of replica_follow). */
enum store_status replica_load(struct replica *replica, struct store *store);
/* Applies what changed since. *ret_changes is how many changes there were. */
enum store_status replica_follow(struct replica *replica, struct store *store, uint64_t *ret_changes);
/* The revision that the copy is at. The feed's thread only. */
int64_t replica_revision(const struct replica *replica);
/* Small steps that need not be done at once; cheap where there are none. */
void replica_tend(struct replica *replica, int64_t now_ns);

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

/* Any thread, for numbers that a record holds. */
struct replica_token *replica_token(const struct replica *replica, uint32_t number);
uint32_t replica_person_flags(const struct replica *replica, uint32_t number);
const struct id_bytes *replica_person_id(const struct replica *replica, uint32_t number);
/* NULL for 0: not bound. */
const struct id_bytes *replica_project_id(const struct replica *replica, uint32_t number);
/* Whether a person reaches a project of an API that is somebody else's. */
enum reach_answer replica_reach(const struct replica *replica, const char *api, const struct id *project,
	uint32_t person);
size_t replica_texts(const struct replica *replica);
size_t replica_bytes(const struct replica *replica);
/* An expiry as a record holds it: whole seconds, rounded down; 0 stays 0, never. */
uint32_t replica_expiry_seconds(int64_t ms);
/* The number of a token id; 0 where it has none. While nothing else writes. */
uint32_t replica_token_number(const struct replica *replica, const struct id_bytes *id);

#endif
