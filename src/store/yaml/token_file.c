/* SPDX-License-Identifier: Apache-2.0
 * Reading, writing and changing a token's file.
 * store: may include base, core and wire.
 */
#include "store/yaml/token_file.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "store/owner.h"
#include "wire/yaml_tree.h"

#include <string.h>

/* ---- Reading ---- */

struct reading {
	const struct yaml *map;
	struct arena *arena;
	const char *error;
};

static bool fail(struct reading *r, const char *why)
{
	r->error = why;
	return false;
}

/* A text that must be there. */
static bool read_text(struct reading *r, const char *key, size_t max, const char *why, const char **ret)
{
	struct str text = yaml_text(r->map, key);
	if (!text.p || text.n == 0 || text.n > max)
		return fail(r, why);
	*ret = text.p;
	return true;
}

static bool read_optional(struct reading *r, const char *key, const char **ret)
{
	const struct yaml *value = yaml_get(r->map, key);
	*ret = value && value->kind == YAML_TEXT ? value->text.p : NULL;
	if (value && value->kind != YAML_NOTHING && value->kind != YAML_TEXT)
		return fail(r, "a list or map where a text belongs");
	return !*ret || strlen(*ret) <= LIMIT_REASON_BYTES || fail(r, "a text that is too long");
}

/* A time that is none would be taken for "never". */
static bool read_time(struct reading *r, const char *key, int64_t *ret)
{
	const struct yaml *value = yaml_get(r->map, key);
	*ret = 0;
	if (!value || value->kind == YAML_NOTHING)
		return true;
	if (value->kind != YAML_TEXT || !time_from_text(value->text, ret) || *ret <= 0)
		return fail(r, "a time that is none");
	return true;
}

/* An empty list is written {  } by the package's library. */
static bool read_scopes(struct reading *r, const char **ret)
{
	const struct yaml *list = yaml_get(r->map, "scopes");
	size_t room = 1, n = 0;
	if (!list || (list->kind != YAML_LIST && (list->kind != YAML_MAP || list->count > 0)))
		return fail(r, "no list of scopes");
	for (const struct yaml *one = list->first; one; one = one->next) {
		if (one->kind != YAML_TEXT || one->text.n == 0 || one->text.n > LIMIT_SCOPE_NAME
			|| strpbrk(one->text.p, " \t\r\n"))
			return fail(r, "a scope that is none");
		room += one->text.n + 1;
	}
	char *text = arena_alloc(r->arena, room);
	if (!text)
		return fail(r, "not enough memory");
	for (const struct yaml *one = list->first; one; one = one->next) {
		if (n > 0)
			text[n++] = ' ';
		memcpy(text + n, one->text.p, one->text.n);
		n += one->text.n;
	}
	*ret = text;
	return true;
}

static bool read_keys(struct reading *r, struct token_file *token)
{
	struct str id = yaml_text(r->map, "id"), hash = yaml_text(r->map, "token_hash");
	if (!id_parse(id, &token->id) || !str_is(id, token->id.text))
		return fail(r, "no id, or none that is a UUID in lower case");
	if (!hex_decode(hash, token->digest, sizeof(token->digest)))
		return fail(r, "no token_hash, or none that is a SHA-256");
	if (!read_text(r, "user_id", OWNER_TEXT_BYTES, "no user_id", &token->owner_text)
		|| !read_text(r, "name", 4 * LIMIT_NAME_CHARS, "no name", &token->name))
		return false;
	if (!owner_number(str_of(token->owner_text), &token->owner))
		return fail(r, "no user_id");
	return read_scopes(r, &token->scopes) && read_optional(r, "oauth_client_id", &token->client_id)
		&& read_optional(r, "oauth_client_name", &token->client_name)
		&& read_time(r, "last_used_at", &token->last_used_ms) && read_time(r, "expires_at", &token->expires_ms)
		&& read_time(r, "created_at", &token->created_ms) && read_time(r, "updated_at", &token->updated_ms)
		&& read_time(r, "revoked_at", &token->revoked_ms) && read_optional(r, "revoked_by", &token->revoked_by)
		&& read_optional(r, "revoked_why", &token->revoked_why);
}

bool token_file_read(struct str text, struct arena *arena, struct token_file *ret, const char **reterr)
{
	struct yaml_problem problem = { 0, "it is larger than any token's file" };
	struct token_file token = { 0 };
	struct reading r = { .arena = arena };
	r.map = text.n <= TOKEN_FILE_BYTES ? yaml_read(text, arena, &problem) : NULL;
	if (!r.map) {
		*reterr = problem.what;
		return false;
	}
	if (r.map->kind != YAML_MAP)
		r.error = "no map";
	else if (read_keys(&r, &token))
		*ret = token;
	*reterr = r.error;
	return !r.error;
}

/* ---- Writing ---- */

static void write_text(struct buf *out, const char *text)
{
	if (text)
		yaml_write_text(out, str_of(text));
	else
		buf_add_char(out, '~');
}

/* As the package's library says it: 2026-11-25T06:00:00+00:00. */
static void write_time(struct buf *out, int64_t ms)
{
	char text[TIME_TEXT_ROOM];
	if (ms == 0) {
		buf_add_char(out, '~');
		return;
	}
	size_t n = time_to_text(ms, false, text);
	buf_add_char(out, '\'');
	buf_add(out, text, n - 1); /* without its Z */
	buf_add_text(out, "+00:00'");
}

static void write_digest(struct buf *out, const uint8_t digest[REMIT_DIGEST_SIZE])
{
	char text[2 * REMIT_DIGEST_SIZE];
	hex_encode(digest, REMIT_DIGEST_SIZE, text);
	yaml_write_text(out, (struct str){ text, sizeof(text) });
}

/* A list as lines that start in some column, or as one line. */
static void write_scopes(struct buf *out, const char *scopes, bool lines, size_t column)
{
	struct str rest = str_of(scopes), scope;
	bool first = true;
	if (rest.n == 0) {
		buf_add_text(out, "{  }");
		return;
	}
	if (!lines)
		buf_add_char(out, '[');
	while (rest.n > 0) {
		str_cut(&rest, ' ', &scope);
		if (!first)
			buf_add_text(out, lines ? "\n" : ", ");
		for (size_t i = 0; lines && !first && i < column; i++)
			buf_add_char(out, ' ');
		if (lines)
			buf_add_text(out, "- ");
		yaml_write_text(out, scope);
		first = false;
	}
	if (!lines)
		buf_add_char(out, ']');
}

#define ITEM_COLUMN 4

void token_file_write(const struct token_file *token, struct buf *out)
{
	buf_printf(out, "id: %s\nuser_id: ", token->id.text);
	write_text(out, token->owner_text);
	buf_add_text(out, "\nname: ");
	write_text(out, token->name);
	buf_add_text(out, "\ntoken_hash: ");
	write_digest(out, token->digest);
	buf_add_text(out, token->scopes[0] ? "\nscopes:\n    " : "\nscopes: ");
	write_scopes(out, token->scopes, true, ITEM_COLUMN);
	buf_add_text(out, "\noauth_client_id: ");
	write_text(out, token->client_id);
	buf_add_text(out, "\noauth_client_name: ");
	write_text(out, token->client_name);
	buf_add_text(out, "\nlast_used_at: ");
	write_time(out, token->last_used_ms);
	buf_add_text(out, "\nexpires_at: ");
	write_time(out, token->expires_ms);
	buf_add_text(out, "\ncreated_at: ");
	write_time(out, token->created_ms);
	buf_add_text(out, "\nupdated_at: ");
	write_time(out, token->updated_ms);
	buf_add_char(out, '\n');
}

/* ---- Changing ---- */

static const struct {
	unsigned key;
	const char *name;
} keys_of[] = {
	{ TOKEN_FILE_NAME, "name" },
	{ TOKEN_FILE_DIGEST, "token_hash" },
	{ TOKEN_FILE_SCOPES, "scopes" },
	{ TOKEN_FILE_LAST_USED, "last_used_at" },
	{ TOKEN_FILE_EXPIRES, "expires_at" },
	{ TOKEN_FILE_UPDATED, "updated_at" },
	{ TOKEN_FILE_REVOKED, "revoked_at" },
	{ TOKEN_FILE_REVOKED, "revoked_by" },
	{ TOKEN_FILE_REVOKED, "revoked_why" },
};
#define KEYS (sizeof(keys_of) / sizeof(keys_of[0]))

static size_t column_of(struct str text, size_t at)
{
	size_t start = at;
	while (start > 0 && text.p[start - 1] != '\n')
		start--;
	return at - start;
}

/* The value of one of them; `old` is what stands there, or NULL. */
static void write_value(const struct token_file *token, const char *name, struct str text, const struct yaml *old,
	struct buf *out)
{
	const bool lines = old && old->kind == YAML_LIST && old->count > 0 && text.p[old->start] == '-';
	if (strcmp(name, "name") == 0)
		write_text(out, token->name);
	else if (strcmp(name, "token_hash") == 0)
		write_digest(out, token->digest);
	else if (strcmp(name, "scopes") == 0)
		write_scopes(out, token->scopes, lines, lines ? column_of(text, old->start) : 0);
	else if (strcmp(name, "last_used_at") == 0)
		write_time(out, token->last_used_ms);
	else if (strcmp(name, "expires_at") == 0)
		write_time(out, token->expires_ms);
	else if (strcmp(name, "updated_at") == 0)
		write_time(out, token->updated_ms);
	else if (strcmp(name, "revoked_at") == 0)
		write_time(out, token->revoked_ms);
	else
		write_text(out, strcmp(name, "revoked_by") == 0 ? token->revoked_by : token->revoked_why);
}

/* Whether a value is one that is to be changed. NULL: no. */
static const char *wanted(struct str key, unsigned keys)
{
	for (size_t i = 0; i < KEYS; i++)
		if ((keys & keys_of[i].key) && str_is(key, keys_of[i].name))
			return keys_of[i].name;
	return NULL;
}

static void splice(struct str text, const struct yaml *map, const struct token_file *token, unsigned keys,
	struct buf *out)
{
	size_t at = 0;
	for (const struct yaml *value = map->first; value; value = value->next) {
		const char *name = wanted(value->key, keys);
		if (!name)
			continue;
		buf_add(out, text.p + at, value->start - at);
		if (value->start == value->end) /* nothing stood there, not even a space */
			buf_add_char(out, ' ');
		write_value(token, name, text, value, out);
		at = value->end;
	}
	buf_add(out, text.p + at, text.n - at);
	for (size_t i = 0; i < KEYS; i++) {
		if (!(keys & keys_of[i].key) || yaml_get(map, keys_of[i].name))
			continue;
		if (out->n > 0 && out->p[out->n - 1] != '\n')
			buf_add_char(out, '\n');
		buf_printf(out, "%s: ", keys_of[i].name);
		write_value(token, keys_of[i].name, text, NULL, out);
		buf_add_char(out, '\n');
	}
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Files keep whole seconds. */
static bool same_time(int64_t a, int64_t b)
{
	return a / 1000 == b / 1000;
}

/* Whether a file says what was asked for. */
static bool says(const struct token_file *now, const struct token_file *token, unsigned keys)
{
	return id_eq(&now->id, &token->id) && strcmp(now->owner_text, token->owner_text) == 0
		&& (!(keys & TOKEN_FILE_NAME) || strcmp(now->name, token->name) == 0)
		&& (!(keys & TOKEN_FILE_DIGEST) || memcmp(now->digest, token->digest, REMIT_DIGEST_SIZE) == 0)
		&& (!(keys & TOKEN_FILE_SCOPES) || strcmp(now->scopes, token->scopes) == 0)
		&& (!(keys & TOKEN_FILE_LAST_USED) || same_time(now->last_used_ms, token->last_used_ms))
		&& (!(keys & TOKEN_FILE_EXPIRES) || same_time(now->expires_ms, token->expires_ms))
		&& (!(keys & TOKEN_FILE_REVOKED)
			|| (same_time(now->revoked_ms, token->revoked_ms) && same_text(now->revoked_by, token->revoked_by)
				&& same_text(now->revoked_why, token->revoked_why)));
}

bool token_file_change(struct str text, const struct token_file *token, unsigned keys, struct arena *arena,
	struct buf *out)
{
	struct yaml_problem problem;
	struct token_file now;
	const char *why;
	const struct yaml *map = yaml_read(text, arena, &problem);
	if (!map || map->kind != YAML_MAP)
		return false;
	splice(text, map, token, keys, out);
	return !out->failed && token_file_read(buf_str(out), arena, &now, &why) && says(&now, token, keys);
}
