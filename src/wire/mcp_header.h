/* SPDX-License-Identifier: Apache-2.0
 * The header fields by which MCP mirrors a body: Mcp-Method, Mcp-Name, Mcp-Param-*. A value that cannot
 * stand in a field as it is comes as =?base64?...?=.
 * wire: may include base, and nothing else of ours.
 */
#ifndef REMIT_WIRE_MCP_HEADER_H
#define REMIT_WIRE_MCP_HEADER_H

#include "wire/json.h"

/* Whether it is in that form, and room is needed to read it. */
bool mcp_header_is_coded(struct str value);

/* What a field's value stands for; where it is coded, in at most value.n bytes at `room`. False where it stands for nothing:
 * a character that is not of ASCII, base64 that is not canonical, or not UTF-8 behind it (M07). */
bool mcp_header_decode(struct str value, char *room, struct str *ret);

/* Whether it stands for this JSON value: a string, decoded; a number, also where it is written in another
 * way; true or false. `raw` as the scanner has it. `room` as above. */
bool mcp_header_is(struct str value, enum json_kind kind, struct str raw, char *room);

/* Whether any string, number, true or false within a JSON value is what the field says. */
bool mcp_header_is_within(struct str value, struct str json, char *room);

#endif
