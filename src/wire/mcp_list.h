/* SPDX-License-Identifier: Apache-2.0
 * Lists of MCP on their way to a client: tools, resources, resource templates, prompts. Bytes go in as
 * they come, cut anywhere; what goes out holds only the items that are to be seen. Nothing is kept but one
 * item that was cut. Of a message that is no list nothing is changed.
 * wire: may include base, and nothing else of ours.
 */
#ifndef REMIT_WIRE_MCP_LIST_H
#define REMIT_WIRE_MCP_LIST_H

#include "base/buf.h"
#include "wire/json.h"

enum mcp_list { MCP_LIST_TOOLS, MCP_LIST_RESOURCES, MCP_LIST_TEMPLATES, MCP_LIST_PROMPTS, MCP_LISTS };

struct mcp_list_rules {
	void *ctx;
	/* Whether the item of this name (of tools and prompts), URI or URI template is shown. */
	bool (*shown)(void *ctx, enum mcp_list list, struct str name);
	/* The argument of a tool that is shown whose values are narrowed, or {NULL, 0}; and whether one stays. */
	struct str (*select)(void *ctx, struct str name);
	bool (*value_shown)(void *ctx, struct str name, struct str value);
	/* Takes what goes out. */
	void (*emit)(void *ctx, struct str bytes);
	/* A list that says nothing of who may keep it gets a cacheScope too; else one is only changed. */
	bool adds_scope;
};

#define MCP_LIST_KEY 128

/* What is skipped: a value, from its first byte to its last. */
struct mcp_skip {
	uint32_t depth;
	bool begun, in_string, escape, scalar;
};

struct mcp_list_json { /* one message */
	uint8_t state, level; /* level 1: the message's own members; 2: those of its result */
	bool listed, scoped;  /* the result holds a list; says who may keep it */
	bool dropped;         /* an item, since the last that was shown */
	bool escape, long_key;
	enum mcp_list list;
	uint32_t shown;       /* items of this list */
	struct mcp_skip skip;
	size_t key_n;
	char key[MCP_LIST_KEY];
};

struct mcp_list_filter {
	const struct mcp_list_rules *rules;
	bool events;            /* the messages come as server-sent events */
	bool failed;
	struct mcp_list_json json;
	const char *run, *run_end; /* bytes of the piece at hand that go out as they stand */
	struct buf item;        /* one that was cut */
	struct buf narrowed;
	/* Events: */
	uint8_t line, matched, mark;
	bool data_open, skip_lf, first;
};

/* `rules` live as long. */
void mcp_list_init(struct mcp_list_filter *f, const struct mcp_list_rules *rules, bool events);
void mcp_list_done(struct mcp_list_filter *f);
/* False: this is nothing that could be filtered. Nothing more goes out, ever. */
bool mcp_list_feed(struct mcp_list_filter *f, struct str piece);
/* False where the text was not whole. */
bool mcp_list_end(struct mcp_list_filter *f);

/* ---- mcp_list_item.c ---- */

/* Passes over a value; how many bytes of it there are here. *ret_over: it ends there. The first byte must
 * be the value's. A scalar ends before the sign behind it. */
size_t mcp_skip(struct mcp_skip *skip, const char *p, size_t n, bool *ret_over);

enum mcp_item { MCP_ITEM_SHOWN, MCP_ITEM_HIDDEN, MCP_ITEM_CUT };

/* Judges the item that the text begins with. *ret_size: its bytes. *ret_instead: what goes out in its place
 * (in `narrowed`), or {NULL, 0} where it stays as it is. What cannot be read in one way only is hidden. */
enum mcp_item mcp_item_judge(const struct mcp_list_rules *rules, enum mcp_list list, struct str text,
	struct buf *narrowed, size_t *ret_size, struct str *ret_instead);

#endif
