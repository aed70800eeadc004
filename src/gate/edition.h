/* SPDX-License-Identifier: Apache-2.0
 * An edition: all that one reading of the configuration makes, never changed once it is there. A request
 * is judged from its head to its end by the edition in which it began; one that is replaced goes when the
 * last of them is over.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_EDITION_H
#define REMIT_GATE_EDITION_H

#include "authority/authority.h"
#include "gate/api.h"
#include "gate/client_address.h"
#include "gate/counters.h"
#include "gate/doorman.h"
#include "gate/gate.h"
#include "gate/replica.h"

#define EDITIONS_MAX 16 /* in memory at once: of a feed's copies */
/* That requests may use at once. The calls to upstreams that began by an older one are broken off, so that
 * streams which never end hold no more memory than this. */
#define EDITIONS_USED_MAX 8

struct documents;
struct seat;

struct edition {
	struct gate *gate;
	const struct config *config;
	void (*over)(void *owner); /* or NULL */
	void *owner;
	struct arena arena;
	struct api *apis;
	size_t api_count;
	struct replica_api *replica_apis;
	struct replica *replica; /* shared with editions to which scopes mean the same */
	bool audit_refuses; /* when_full: refuse */
	struct doorman doorman;
	struct trusted trusted;
	struct authority authority; /* the same APIs but Remit's own, as those who give tokens to clients know them */
	struct documents *documents; /* of clients whose id is a URL; NULL: there are none */
	struct str index;   /* the body of GET / */
	/* Under the gate's lock: */
	unsigned uses;      /* by the gate as the newest, and by seats */
	struct seat *seats[COUNTERS_MAX]; /* made for loops that have not taken them yet */
	bool ended;         /* its calls to upstreams are to be broken off */
	struct edition *next; /* the one before */
};

/* Nothing uses it yet. False with a sentence; the options' owner is then not told. */
bool edition_new(struct gate *gate, const struct gate_options *options, struct edition **ret,
	char reterr_text[512]);
/* When nothing uses it: frees it and tells its owner. */
void edition_free(struct edition *edition);
/* Which ports its loopback names are good for, once the server knows them. */
void edition_find_ports(struct edition *edition);
/* Whether it has an API of this number. */
bool edition_has_api(const struct edition *edition, uint8_t number);
/* Whether one of its APIs is Remit's own management, which the public index and OAuth leave out (D26). */
bool edition_is_own(const struct edition *edition, const struct api *api);

/* wellknown.c: makes the texts that anybody may read. False without memory. */
bool wellknown_prepare(struct edition *edition);

#endif
