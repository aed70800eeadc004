/* SPDX-License-Identifier: Apache-2.0
 * Rows of the store as JSON and as cells of a table.
 * cli: may include every room.
 */
#include "cli/rows.h"

#include "base/clock.h"

json_t *json_text(const char *text)
{
	return text && *text ? json_string(text) : json_null();
}

json_t *json_time(int64_t at_ms)
{
	char text[TIME_TEXT_ROOM];
	if (at_ms == 0)
		return json_null();
	time_to_text(at_ms, at_ms % 1000 != 0, text);
	return json_string(text);
}

json_t *json_words(const char *words)
{
	struct str rest = str_of(words), word;
	json_t *array = json_array();
	while (rest.n > 0) {
		str_cut(&rest, ' ', &word);
		if (json_array_append_new(array, json_stringn(word.p, word.n)) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

json_t *user_json(const struct user_row *row)
{
	return json_pack("{s:s, s:s, s:b, s:b, s:o, s:o, s:b}", "id", row->id.text, "email", row->email,
		"admin", row->admin, "disabled", row->disabled_ms != 0, "created_at",
		json_time(row->created_ms), "disabled_at", json_time(row->disabled_ms), "has_password",
		row->password_hash != NULL);
}

json_t *project_json(const struct project_row *row, const char *owner)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "id", row->id.text, "name", row->name, "api",
		row->api, "owner_id", row->owner.text, "owner", json_text(owner), "created_at",
		json_time(row->created_ms));
}

static json_t *rate_json(uint16_t rate)
{
	if (rate == REMIT_RATE_DEFAULT)
		return json_null();
	return rate == REMIT_RATE_OFF ? json_string("off") : json_integer(rate);
}

static const char *kind_text(enum remit_token_kind kind)
{
	static const char *const names[] = { "pat", "oat", "ort" };
	return (unsigned)kind < 3 ? names[kind] : "?";
}

const char *token_state(const struct token_row *row, int64_t now_ms)
{
	if (row->revoked_ms)
		return "revoked";
	return row->expires_ms && row->expires_ms <= now_ms ? "expired" : "active";
}

const char *key_text(const struct store_key *key, char room[static PROOF_JKT_CHARS + 1])
{
	if (!key->bound)
		return NULL;
	proof_jkt_text(key->jkt, room);
	return room;
}

json_t *token_json(const struct token_row *row, int64_t now_ms)
{
	char jkt[PROOF_JKT_CHARS + 1];
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
			 "s:o, s:o, s:o}",
		"id", row->id.text, "name", row->name, "kind", kind_text(row->kind), "state",
		token_state(row, now_ms), "owner", json_text(row->owner_email), "owner_id", row->owner.text,
		"api", row->api, "scopes", json_words(row->scopes), "preset", json_text(row->preset),
		"project", json_text(row->project.text), "parent", json_text(row->parent.text), "created_at",
		json_time(row->created_ms), "expires_at", json_time(row->expires_ms), "last_used_at",
		json_time(row->last_used_ms), "revoked_at", json_time(row->revoked_ms), "revoked_by",
		json_text(row->revoked_by), "revoked_why", json_text(row->revoked_why), "rate",
		rate_json(row->rate), "jkt", json_text(key_text(&row->key, jkt)));
}

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
