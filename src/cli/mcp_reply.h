/* SPDX-License-Identifier: Apache-2.0
 * An HTTP answer of MCP, read from a socket as it comes: one message of JSON, or a stream of events with one in each.
 * cli: may include every room.
 */
#ifndef REMIT_CLI_MCP_REPLY_H
#define REMIT_CLI_MCP_REPLY_H

#include "base/buf.h"

#define MCP_REPLY_MAX (80u * 1024 * 1024) /* of one message */

struct mcp_reply {
	int fd;
	void (*session)(void *ctx, struct str id);   /* the head bore a session's id */
	void (*message)(void *ctx, struct str text); /* JSON, as it came; valid until this returns */
	void *ctx;
};

/* Reads to the end, or until the socket is shut down. False where no whole answer came. */
bool mcp_reply_read(const struct mcp_reply *reply);

#endif
