/* SPDX-License-Identifier: Apache-2.0
 * What is looked at before any token: the method, and whether Host and Origin are ours (400, 403).
 * A page of somebody else's, or a name that was made to point here, gets no further.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_DOORMAN_H
#define REMIT_GATE_DOORMAN_H

#include "gate/api.h"
#include "wire/http1.h"

#include <stdatomic.h>

#define DOORMAN_PORTS 16

/* A host with its port; 0 is the scheme's own. */
struct place {
	struct str host;
	unsigned port;
};

struct doorman {
	struct str public_scheme;
	struct place public_place;
	_Atomic unsigned loopback_ports[DOORMAN_PORTS]; /* of listeners on loopback; 0: none */
	const struct config *config;
};

/* "example.com:8080", "[::1]", "localhost". False where it is not of that form. */
bool place_from_text(struct str text, struct place *ret);

/* False with a sentence where public_url is no http or https URL of a host. */
bool doorman_init(struct doorman *doorman, const struct config *config, char reterr_text[512]);
/* The port that a listener got, where it is on loopback. */
void doorman_set_port(struct doorman *doorman, size_t listener, unsigned port);

/* Whether a Host is ours: for an API, or with NULL for what belongs to none of `apis`. */
bool doorman_knows_host(const struct doorman *doorman, struct str authority, const struct api *api,
	const struct api *apis, size_t api_count);
/* Whether it is a loopback name of this very server, where public_url is one too. */
bool doorman_is_loopback(const struct doorman *doorman, struct str authority);
/* Whether pages of an origin may call. */
bool doorman_knows_origin(const struct doorman *doorman, struct str origin, const struct api *api);

#endif
