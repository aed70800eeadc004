/* SPDX-License-Identifier: Apache-2.0
 * What `serve` opens for one configuration, and closes when no request needs it any more: the services of
 * its APIs, and how they call others' servers.
 * cli: may include every room.
 */
#ifndef REMIT_CLI_GENERATION_H
#define REMIT_CLI_GENERATION_H

#include "cli/command.h"

#include "gate/gate.h"
#include "store/secrets.h"

struct generation {
	struct config *config;
	bool owns_config;
	struct arena arena;
	struct outbound *outbound;
	struct gate_api *apis;
	struct service *own; /* Remit's own API; NULL: it is switched off */
	size_t api_count; /* opened so far */
};

/* Reads a file and checks it whole, with what the services say to the rules. NULL, and the first mistake
 * and how many there are more in reterr_text. */
struct config *generation_config(const char *file, char reterr_text[512]);
/* Opens the services over a store that is open. Takes `config` over, where it works and `owns_config`. */
enum cli_exit generation_open(struct config *config, bool owns_config, struct store *store,
	const struct secrets *secrets, struct generation **ret, char reterr_text[512]);
/* Its services begin, or begin again, to do what is due of their own. False with a sentence. */
bool generation_start(struct generation *generation, char reterr_text[512]);
/* Whose state Remit's own API tells; before the first request. */
void generation_set_gate(struct generation *generation, struct gate *gate);
/* They do nothing of their own any more, and answer requests on. */
void generation_rest(struct generation *generation);
/* Also of NULL. As the gate's `over`: the argument is the generation. */
void generation_close(void *generation);
/* Without those of Remit's own API. */
size_t generation_operations(const struct generation *generation);

#endif
