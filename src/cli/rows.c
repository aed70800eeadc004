/* SPDX-License-Identifier: Apache-2.0
 * Rows of the store as cells of a table.
 * cli: may include every room.
 */
#include "cli/rows.h"

const char *rate_text(uint16_t rate, struct arena *arena)
{
	if (rate == REMIT_RATE_DEFAULT)
		return "default";
	return rate == REMIT_RATE_OFF ? "off" : arena_printf(arena, "%u/min", rate);
}

const char *owner_text(struct cli *cli, const struct id *id)
{
	struct user_row row;
	if (store_user_get(cli->store, id, &cli->arena, &row) == STORE_OK)
		return row.email;
	return arena_copy(&cli->arena, str_of(id->text));
}

bool listing_init(struct listing *list, struct cli *cli, const char *const *heads, size_t columns)
{
	*list = (struct listing){ .cli = cli, .array = cli->json ? json_array() : NULL };
	table_init(&list->table, &cli->arena, heads, columns);
	return !cli->json || list->array;
}

void listing_add(struct listing *list, json_t *document, const char *const *cells)
{
	if (!list->cli->json) {
		json_decref(document);
		table_add(&list->table, cells);
	} else if (!document || json_array_append_new(list->array, document) != 0) {
		list->failed = true;
	}
}

enum cli_exit listing_print(struct listing *list, enum store_status status, const char *key,
	const char *nothing)
{
	struct cli *cli = list->cli;
	json_t *array = list->array;

	if (status != STORE_OK || list->failed || list->table.failed) {
		json_decref(array);
		return status != STORE_OK ? cli_store_failed(cli, status) :
					    cli_fail(cli, CLI_REFUSED, "there is no memory.");
	}
	if (cli->json)
		return cli_print_json(cli, json_pack("{s:o}", key, array));
	if (list->table.count == 0)
		cli_note(cli, "%s", nothing);
	else
		table_print(&list->table, &cli->out);
	return CLI_DONE;
}
