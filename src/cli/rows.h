/* SPDX-License-Identifier: Apache-2.0
 * Rows of the store as people read them, and lists of them; as JSON they are in admin/rows.h.
 * cli: may include every room.
 */
#ifndef REMIT_CLI_ROWS_H
#define REMIT_CLI_ROWS_H

#include "admin/rows.h"
#include "cli/command.h"

/* "default", "off", or the number: in the arena. */
const char *rate_text(uint16_t rate, struct arena *arena);
/* A person's address by id: in the arena; the id where they are gone. */
const char *owner_text(struct cli *cli, const struct id *id);

/* A list on stdout: a table of what `add_row` adds, or {"KEY": [...]}. Used as a store's callback's context.
 */
struct listing {
	struct cli *cli;
	struct table table;
	json_t *array;
	bool failed;
};

bool listing_init(struct listing *list, struct cli *cli, const char *const *heads, size_t columns);
/* One row: `document` is taken over; `cells` are used without --json. */
void listing_add(struct listing *list, json_t *document, const char *const *cells);
/* Prints and frees. `status` is what the store answered; `nothing` is said on stderr where there is no row.
 */
enum cli_exit listing_print(struct listing *list, enum store_status status, const char *key,
	const char *nothing);

#endif
