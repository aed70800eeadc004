/* SPDX-License-Identifier: Apache-2.0
 * A running MCP server as the commands see it: its tools read, drafted into a profile, compared with one.
 * cli: may include every room.
 */
#ifndef REMIT_CLI_MCP_H
#define REMIT_CLI_MCP_H

#include "base/buf.h"
#include "cli/command.h"
#include "profile/profile.h"

#include <jansson.h>

#define MCP_HASH_CHARS 16

struct mcp_server {
	const char *origin, *path; /* of its URL: "http://127.0.0.1:3001", "/mcp" */
	const char *name;          /* as it calls itself; "" */
	json_t *tools;             /* an array of objects with names that are texts; owned */
};

/* client.c: all pages of its tools/list, in whichever era it speaks. CLI_REFUSED, and said, where that fails. */
enum cli_exit mcp_server_read(struct cli *cli, const char *url, struct mcp_server *ret);
void mcp_server_done(struct mcp_server *server);

/* The hash of a tool's whole definition, whatever the order of its members. False without memory. */
bool mcp_tool_hash(const json_t *tool, char ret_text[static MCP_HASH_CHARS + 1]);
/* The argument that looks like the one that selects among a tool's actions, and its values; NULL. */
const char *mcp_tool_select(const json_t *tool, const json_t **ret_values);
/* The values of an argument by its schema; NULL where it lists none. */
const json_t *mcp_tool_values(const json_t *tool, const char *argument);

/* draft.c: a profile of this server. False where it does not fit. */
bool mcp_draft(const struct mcp_server *server, const char *name, struct arena *arena, struct buf *ret);

/* compare.c: as coverage_say (cli/coverage.h). */
enum cli_exit mcp_compare(struct cli *cli, const struct authority_api *api, const char *url, json_t *document);

#endif
