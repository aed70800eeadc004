/* SPDX-License-Identifier: Apache-2.0
 * Identifiers: UUIDs (RFC 9562), as 36 lower-case characters. Ours are version 7, so that they
 * sort by the time they were made; other versions are taken as they are.
 * base: may include nothing but the C library.
 */
#ifndef REMIT_BASE_ID_H
#define REMIT_BASE_ID_H

#include "base/str.h"

#define ID_LENGTH 36

struct id {
	char text[ID_LENGTH + 1]; /* NUL-terminated; "" is no id */
};

struct id_bytes {
	uint8_t b[16]; /* all zero is no id */
};

/* A version 7 id from a time in milliseconds since 1970 and 10 random bytes. */
struct id id_make(int64_t now_ms, const uint8_t random[static 10]);

/* Reads the text form; either case, hyphens in their places, nothing else. The nil UUID is no id. */
bool id_parse(struct str text, struct id *ret);
/* "" and all zero stand for each other. False where the text is no id. */
bool id_to_bytes(const struct id *id, struct id_bytes *ret);
void id_from_bytes(const struct id_bytes *bytes, struct id *ret);

static inline bool id_is_set(const struct id *id)
{
	return id->text[0] != '\0';
}

static inline bool id_eq(const struct id *a, const struct id *b)
{
	return memcmp(a->text, b->text, ID_LENGTH) == 0;
}

#endif
