/* SPDX-License-Identifier: Apache-2.0
 * Tokens, people and projects by small numbers, and what is kept of each while the process lives,
 * whatever configuration it runs by: a token's rate, its last use, whether a person may do anything.
 * Copies of the store (gate/replica.h) hold these numbers in their records. Every function may be called
 * from any thread; a number's content is read without a lock.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_ROSTER_H
#define REMIT_GATE_ROSTER_H

#include "gate/chunks.h"
#include "store/store.h"

/* What is kept of a token, whatever the number of its texts. Numbers count from 1. */
struct roster_token {
	struct id_bytes id;
	struct id_bytes client; /* OAuth's; all zero: none */
	_Atomic uint64_t rate;  /* gate/rate.h */
	uint64_t audit_place;   /* of its newest record; the audit writer's */
	uint32_t last_used_s;   /* the audit writer's */
	uint8_t use_waits;      /* a use of it waits to be written; the audit writer's */
};

enum roster_person_flags { ROSTER_PERSON_ACTIVE = 1, ROSTER_PERSON_ADMIN = 2 };

struct roster;

/* Room for `expected` tokens before it first grows. False without memory. */
bool roster_new(uint64_t expected, struct roster **ret);
/* When no holder is left. */
void roster_free(struct roster *roster);

/* Who counts the texts that it has of each token: a copy of the store. What nobody holds any more goes
 * to another token after a while. */
struct roster_holder {
	struct roster *roster;
	struct roster_holder *next;
	struct chunks texts; /* uint16_t; of each token's number */
};
bool roster_holder_init(struct roster_holder *holder, struct roster *roster);
/* Lets go of all. */
void roster_holder_done(struct roster_holder *holder);
/* The number of a text's token, given now where it had none; counts one text of it. 0 without memory. */
uint32_t roster_hold(struct roster_holder *holder, const struct store_text *text);
/* One text less. */
void roster_drop(struct roster_holder *holder, uint32_t token);
/* Before a holder counts anew: it has none. What it does not find again is let go of by roster_sweep. */
void roster_forget(struct roster_holder *holder);
/* Takes away the numbers that nobody holds. */
void roster_sweep(struct roster *roster);

/* The number of a person or a project, given now where there was none. 0 for the unset id, or without
 * memory. */
uint32_t roster_person(struct roster *roster, const struct id_bytes *id);
uint32_t roster_project(struct roster *roster, const struct id_bytes *id);
/* Notes what a person may; `user` is NULL where they are gone. False without memory. */
bool roster_put_person(struct roster *roster, const struct id *who, const struct user_row *user);
/* Everybody is nobody, until put again. */
void roster_forget_people(struct roster *roster);

/* For numbers that a record holds. */
struct roster_token *roster_token(const struct roster *roster, uint32_t number);
/* The thumbprint of the key that a token is bound to, REMIT_DIGEST_SIZE bytes. Only where its record says that it is. */
const uint8_t *roster_token_key(const struct roster *roster, uint32_t number);
uint32_t roster_person_flags(const struct roster *roster, uint32_t number);
const struct id_bytes *roster_person_id(const struct roster *roster, uint32_t number);
/* NULL for 0: not bound. */
const struct id_bytes *roster_project_id(const struct roster *roster, uint32_t number);
/* The number of a token's id; 0 where it has none. */
uint32_t roster_token_number(struct roster *roster, const struct id_bytes *id);

#endif
