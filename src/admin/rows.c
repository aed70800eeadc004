/* SPDX-License-Identifier: Apache-2.0
 * Rows of the store as JSON.
 * admin: may include base, core, wire, store, authority, profile, net, gate and services/service.h.
 */
#include "admin/rows.h"

#include "base/clock.h"
#include "base/text.h"

#include <arpa/inet.h>

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

/* ---- Tokens ---- */

static json_t *rate_json(uint16_t rate)
{
	if (rate == REMIT_RATE_DEFAULT)
		return json_null();
	return rate == REMIT_RATE_OFF ? json_string("off") : json_integer(rate);
}

static json_t *ceiling_json(const char *text)
{
	json_t *ceiling = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
	return ceiling ? ceiling : json_null();
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
	json_t *token = json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
			 "s:o, s:o, s:o}",
		"id", row->id.text, "name", row->name, "kind", kind_text(row->kind), "state",
		token_state(row, now_ms), "owner", json_text(row->owner_email), "owner_id", row->owner.text,
		"api", row->api, "scopes", json_words(row->scopes), "preset", json_text(row->preset),
		"project", json_text(row->project.text), "parent", json_text(row->parent.text), "created_at",
		json_time(row->created_ms), "expires_at", json_time(row->expires_ms), "last_used_at",
		json_time(row->last_used_ms), "revoked_at", json_time(row->revoked_ms), "revoked_by",
		json_text(row->revoked_by), "revoked_why", json_text(row->revoked_why), "rate",
		rate_json(row->rate), "jkt", json_text(key_text(&row->key, jkt)));
	if (token && authority_api_is_own(row->api))
		json_object_set_new(token, "ceiling", ceiling_json(row->ceiling));
	return token;
}

json_t *issued_json(const char *text, const struct token_row *row)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "token", text, "id", row->id.text, "name",
		row->name, "api", row->api, "scopes", json_words(row->scopes), "project",
		json_text(row->project.text), "expires_at", json_time(row->expires_ms));
}

static bool is_one_of(struct str scope, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_is(scope, names[i]))
			return true;
	return false;
}

const char *const *scopes_without(const char *scopes, const char *const *removed, size_t count,
	struct arena *arena, size_t *ret_count)
{
	struct str rest = str_of(scopes), scope;
	const char **left = arena_alloc(arena, (rest.n + count + 1) * sizeof(*left));
	bool *seen = arena_alloc(arena, count + 1);
	size_t n = 0;

	if (!left || !seen)
		return NULL;
	while (rest.n > 0) {
		str_cut(&rest, ' ', &scope);
		for (size_t i = 0; i < count; i++)
			seen[i] = seen[i] || str_is(scope, removed[i]);
		if (!is_one_of(scope, removed, count) && !(left[n++] = arena_copy(arena, scope)))
			return NULL;
	}
	for (size_t i = 0; i < count; i++)
		if (!seen[i])
			left[n++] = removed[i];
	*ret_count = n;
	return left;
}

bool expiry_read(const char *text, int64_t now_ms, int64_t *ret_ms)
{
	int64_t duration;
	if (strcmp(text, "never") == 0) {
		*ret_ms = 0;
		return true;
	}
	if (duration_from_text(str_of(text), &duration) && duration > 0) {
		*ret_ms = now_ms + duration;
		return true;
	}
	return time_from_text(str_of(text), ret_ms) && *ret_ms != 0;
}

/* ---- Vocabularies ---- */

json_t *scope_json(const struct authority_api *api, size_t i)
{
	const struct profile *profile = api->profile;
	const struct remit_policy *policy = profile->policy;
	const char *name = profile->scopes[i].name;
	json_t *implies = json_array();
	size_t scope;

	if (implies && remit_policy_scope_find(policy, name, strlen(name), &scope) == REMIT_OK)
		for (size_t k = 0; k < remit_policy_scopes(policy); k++)
			if (remit_policy_implies(policy, scope, k))
				json_array_append_new(implies, json_string(remit_policy_scope_name(policy, k)));
	return json_pack("{s:s, s:s, s:s, s:o}", "api", api->name, "name", name, "meaning",
		profile->scopes[i].meaning, "implies", implies);
}

json_t *preset_json(const struct authority_api *api, size_t i)
{
	const struct profile_preset *p = &api->profile->presets[i];
	json_t *scopes = json_array();

	for (size_t k = 0; scopes && k < p->scope_count; k++)
		json_array_append_new(scopes, json_string(p->scopes[k]));
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:b}", "api", api->name, "preset", p->handle, "title",
		p->title ? p->title : "", "for", p->purpose ? p->purpose : "", "scopes", scopes, "default",
		p->is_default);
}

/* ---- The audit log ---- */

static const char *address_text(const uint8_t address[16], char ret[static INET6_ADDRSTRLEN])
{
	static const uint8_t none[16], mapped[12] = { [10] = 0xff, [11] = 0xff };
	const char *text;
	if (memcmp(address, none, 16) == 0)
		return "unix";
	if (memcmp(address, mapped, 12) == 0)
		text = inet_ntop(AF_INET, address + 12, ret, INET6_ADDRSTRLEN);
	else
		text = inet_ntop(AF_INET6, address, ret, INET6_ADDRSTRLEN);
	return text ? text : "?";
}

json_t *audit_entry_json(const struct audit_entry *e)
{
	char request[33] = "", address[INET6_ADDRSTRLEN];
	struct id token, owner, project;

	if (e->lost)
		return json_pack("{s:o, s:I}", "at", json_time(e->at_ms), "lost", (json_int_t)e->lost);
	hex_encode(e->request_id, sizeof(e->request_id), request);
	request[32] = '\0';
	id_from_bytes(&e->token, &token);
	id_from_bytes(&e->owner, &owner);
	id_from_bytes(&e->project, &project);
	return json_pack("{s:o, s:s, s:i, s:s, s:s%, s:s%, s:o, s:o, s:o, s:o, s:s, s:I}", "at",
		json_time(e->at_ms), "request", request, "status", (int)e->status, "reason",
		gate_reason_text(e->reason), "api", e->api.p ? e->api.p : "", e->api.n,
		"operation", e->operation.p ? e->operation.p : "", e->operation.n, "token",
		json_text(token.text), "owner", json_text(owner.text), "project", json_text(project.text),
		"principal", e->principal.n ? json_stringn(e->principal.p, e->principal.n) : json_null(),
		"address", address_text(e->address, address), "micros", (json_int_t)e->micros);
}

json_t *event_json(const struct event_row *row)
{
	json_t *detail = json_loads(row->detail, 0, NULL);
	return json_pack("{s:I, s:o, s:s, s:s, s:s, s:o}", "number", (json_int_t)row->number, "at",
		json_time(row->at_ms), "actor", row->actor, "action", row->action, "subject", row->subject,
		"detail", detail ? detail : json_object());
}
