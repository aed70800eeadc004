/* SPDX-License-Identifier: Apache-2.0
 * Messages of MCP between stdin, stdout and a server on a unix socket: one message a line, each in a request of its own.
 * cli: may include every room.
 */
#ifndef REMIT_CLI_MCP_PUMP_H
#define REMIT_CLI_MCP_PUMP_H

#include "base/str.h"

struct pump;

struct pump_options {
	const char *socket;    /* its path */
	const char *endpoint;  /* "/api/mcp" */
	struct str host;       /* of the requests */
	const char *token;     /* lives as long as the pump */
	size_t message_max;    /* bytes */
	void (*over)(void *ctx); /* stdin has ended, and everything is answered; from one of the pump's threads */
	void *ctx;
};

/* NULL without memory or threads. */
struct pump *pump_start(const struct pump_options *options);
/* Reads nothing more, and returns when what was read is answered. Frees it; NULL is nothing. */
void pump_stop(struct pump *pump);

#endif
