/* SPDX-License-Identifier: Apache-2.0
 * What people see: tables that fit the terminal, times in words, text that cannot move a cursor.
 * cli: may include every room.
 */
#ifndef REMIT_CLI_SCREEN_H
#define REMIT_CLI_SCREEN_H

#include "base/arena.h"
#include "base/str.h"

#include <stdio.h>

struct screen {
	FILE *file;
	bool terminal;
	bool colour;    /* only on a terminal, and never where NO_COLOR is set */
	unsigned width; /* columns; 0: as wide as it wants */
};

struct screen screen_of(FILE *file);

/* How many columns a text takes: wide characters two, combining ones none. Invalid bytes one each. */
size_t text_width(struct str s);
/* A copy that cannot move a cursor: control characters as \xNN, invalid bytes as "?". NULL without memory. */
char *text_printable(struct str s, struct arena *arena);
/* The longest start of a text that takes at most `width` columns. */
struct str text_cut(struct str s, size_t width);

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_GOOD, STYLE_BAD };
/* What to print before and after a text; "" without colour. */
const char *style_on(const struct screen *screen, enum style style);
const char *style_off(const struct screen *screen, enum style style);

#define TABLE_COLUMNS_MAX 12

struct table_row;

struct table {
	struct arena *arena;
	const char *const *heads; /* NULL: no heading line. A column "ID" is never cut */
	const uint8_t *spare;     /* columns that a narrow screen may lack, the first to go first; ends with 0 */
	size_t columns;
	struct table_row *first, **end;
	size_t count;
	bool failed; /* there was no memory for a row */
};

void table_init(struct table *table, struct arena *arena, const char *const *heads, size_t columns);
/* A row; texts are copied, NULL is "-". */
void table_add(struct table *table, const char *const *cells);
/* Prints it: two spaces between columns. Where the screen is too narrow, spare columns are left out (a last
 * line names them) and the widest of the others cut with an ellipsis. */
void table_print(const struct table *table, const struct screen *screen);

#define WHEN_ROOM 48
/* "in 89 days", "3 minutes ago" for people; RFC 3339 else. 0 is `never`. */
const char *when_text(const struct screen *screen, int64_t at_ms, int64_t now_ms, const char *never,
	char ret[static WHEN_ROOM]);

#endif
