/* SPDX-License-Identifier: Apache-2.0
 * The gate: judges each request by its token and hands on what is allowed. Made from a config, a
 * store and services; gives a handler to the server.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_GATE_H
#define REMIT_GATE_GATE_H

#include "net/server.h"
#include "profile/config.h"
#include "services/service.h"
#include "store/store.h"

struct gate;

struct outbound;
struct secrets;

struct gate_api {
	const struct config_api *config;
	struct service *service;
};

/* Who may use the MCP of one API without a token, where its profile says `stdio: bypass`: on a listener tagged
 * GATE_LISTENER_LOCAL, and by showing `key` as if it were one. */
struct gate_local {
	const char *api;       /* its name */
	const char *key;       /* known to nobody but who made it for this process */
	const char *principal; /* as the audit log names them: "cli:ann" */
};

struct gate_options {
	const struct config *config;
	struct store *store;
	const struct secrets *secrets; /* what sessions of MCP are proven by; for APIs that have MCP */
	const struct gate_api *apis;
	size_t api_count;
	const char *audit_folder; /* NULL: the config's */
	struct outbound *outbound; /* by which clients' documents are read; NULL: a client is none */
	const struct gate_local *local; /* lives longer than the gate; NULL: nobody, as in every server */
	/* Told when the gate has no more use for config and services, from the thread that calls gate_tidy,
	 * gate_reload or gate_free. NULL: they live longer than the gate. */
	void (*over)(void *owner);
	void *owner;
};

/* Listener tags that the gate tells apart. */
enum gate_listener {
	GATE_LISTENER_PUBLIC = 0,
	GATE_LISTENER_OPERATIONS = 1,
	GATE_LISTENER_BOTH = 2,
	GATE_LISTENER_LOCAL = 3, /* a socket that only this process knows */
};

/* Loads the copy of the store, opens the audit log, joins rules and operations: a service's
 * operation that no rule maps, or a rule that maps no operation, is an error. Nothing runs yet. On failure
 * the options' owner is not told. */
bool gate_new(const struct gate_options *options, struct gate **ret, char reterr_text[512]);
/* Starts the threads that follow the store and write the audit log; the node is live from now on. */
bool gate_start(struct gate *gate, char reterr_text[512]);
/* What to give to server_new. */
struct server_handler gate_handler(struct gate *gate);
/* For metrics; the server lives longer than the last request. */
void gate_set_server(struct gate *gate, struct server *server);

/* Another configuration in the place of the one that runs: whole, or not at all. Requests that have begun
 * go on by the old one. Returns when every loop judges new requests by the new one. From one thread, while
 * the server runs; may take as long as loading all tokens. The configuration is one that may follow the
 * old one (config_may_follow). False with a sentence, and nothing has changed; the options' owner is not
 * told. */
bool gate_reload(struct gate *gate, const struct gate_options *options, char reterr_text[512]);
/* Notes, for /readyz and /metrics, that a configuration was refused; also where it never came to gate_reload. */
void gate_refused(struct gate *gate, const char *why);
/* Frees what no request uses any more. From the same thread, now and then. */
void gate_tidy(struct gate *gate);
/* After server_run: writes what is pending, says goodbye as a node, frees. */
void gate_free(struct gate *gate);

#endif
