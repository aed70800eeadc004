/* SPDX-License-Identifier: Apache-2.0
 * What the files of the JSON codec share among themselves.
 * wire: may include base, and nothing else of ours.
 */
#ifndef REMIT_WIRE_JSON_INTERNAL_H
#define REMIT_WIRE_JSON_INTERNAL_H

#include "wire/json.h"

/* The four hex digits at p as a number; -1 where they are not. */
int json_read_hex4(const char *p);

/* The next code point of a raw string that the scanner accepted, escapes undone; *p goes on. */
uint32_t json_read_code_point(const char **p, const char *end);

enum json_match { JSON_MATCH_NO, JSON_MATCH_FOLDED, JSON_MATCH_EXACT };

/* Holds a raw key against one segment of a pointer (RFC 6901: ~0 is '~', ~1 is '/'). FOLDED: only
 * when case is ignored as readers that fold it do, which take some letters for ASCII ones (the long
 * s, the Kelvin sign, the Turkish i's). Other letters beyond ASCII are compared as they are. */
enum json_match json_match_key(struct str raw, bool escaped, struct str segment);

#endif
