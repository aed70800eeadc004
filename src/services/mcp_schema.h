/* SPDX-License-Identifier: Apache-2.0
 * The part of JSON Schema (2020-12) that services describe their input with, made ready once and then held
 * against values.
 * service.h: may include base, core, wire and store.
 */
#ifndef REMIT_SERVICES_MCP_SCHEMA_H
#define REMIT_SERVICES_MCP_SCHEMA_H

#include "base/arena.h"

#include <jansson.h>

struct schema;

#define SCHEMA_MISTAKE_ROOM 512

/* In the arena. NULL without memory, or where it says something that would not be checked: nothing is passed over
 * but descriptions and formats. */
const struct schema *schema_make(const json_t *json, struct arena *arena);
/* False with a sentence that names the first thing that is wrong: "stories[2].title must be a string". */
bool schema_check(const struct schema *schema, const json_t *value, char ret_mistake[static SCHEMA_MISTAKE_ROOM]);

#endif
