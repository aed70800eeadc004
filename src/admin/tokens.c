/* SPDX-License-Identifier: Apache-2.0
 * Tokens that are there: listed, shown, checked, and made less. Never wider (D25), and none that the caller's
 * ceiling keeps out of sight.
 * admin: may include base, core, wire, store, authority, profile, net, gate and services/service.h.
 */
#include "admin/internal.h"

#include "base/clock.h"

#include <sodium.h>

static bool sees(const struct admin_call *c, const struct token_row *token)
{
	return !c->has_ceiling || authority_ceiling_sees(&c->ceiling, token);
}

bool admin_token(struct admin_call *c, struct token_row *ret)
{
	struct authority_error error;
	const char *id = admin_path(c, 0);
	enum authority_status status;

	if (!id)
		return false;
	status = authority_token_get(c->authority, id, c->arena, ret, &error);
	if (status == AUTHORITY_OK && !sees(c, ret)) {
		service_fail(c->call, 404, "not_found", "There is no token with the id %s.", ret->id.text);
		return false;
	}
	if (status != AUTHORITY_OK)
		admin_refuse(c, status, &error);
	return status == AUTHORITY_OK;
}

void whoami(struct admin_call *c)
{
	json_t *token = token_json(&c->token, c->call->now_ms);
	admin_answer(c, 200, token ? json_pack("{s:o, s:o}", "user", user_json(&c->owner), "token", token) : NULL);
}

/* ---- Lists ---- */

struct token_page {
	struct admin_call *c;
	json_t *list;
	struct id after;   /* unset: from the first on */
	bool begun, more;
	uint64_t limit;
	struct id last;
};

/* In the order in which they were made; the cursor is the last one's id. */
static bool add_token(void *ctx, const struct token_row *row)
{
	struct token_page *page = ctx;

	if (!page->begun) {
		page->begun = id_eq(&row->id, &page->after);
		return true;
	}
	if (!sees(page->c, row))
		return true;
	if (json_array_size(page->list) == page->limit) {
		page->more = true;
		return false;
	}
	page->last = row->id;
	return json_array_append_new(page->list, token_json(row, page->c->call->now_ms)) == 0;
}

static bool read_filter(struct admin_call *c, struct token_filter *filter, struct token_page *page)
{
	const char *who = NULL, *api = NULL;
	struct id_bytes project = { { 0 } }, after = { { 0 } };
	struct user_row user;
	bool all = false;

	if (!admin_query(c, "api", &api) || !admin_query(c, "user", &who) || !admin_query_id(c, "project", &project) ||
		!admin_query_flag(c, "all", &all) || !admin_query_id(c, "cursor", &after) ||
		!admin_query_number(c, "limit", ADMIN_PAGE_MAX, &page->limit))
		return false;
	if (page->limit == 0)
		page->limit = ADMIN_PAGE;
	if ((api && !admin_api(c, api)) || (who && !admin_user(c, who, &user)))
		return false;
	*filter = (struct token_filter){ .api = api, .live_only = !all, .now_ms = c->call->now_ms };
	id_from_bytes(&project, &filter->project);
	id_from_bytes(&after, &page->after);
	page->begun = !id_is_set(&page->after);
	if (who)
		filter->owner = user.id;
	return true;
}

void list_tokens(struct admin_call *c)
{
	struct token_page page = { .c = c, .list = json_array() };
	struct token_filter filter;

	if (page.list && read_filter(c, &filter, &page)) {
		enum store_status status = store_token_each(c->authority->store, &filter, add_token, &page);
		if (status == STORE_OK || (status == STORE_STOPPED && page.more)) {
			admin_answer(c, 200, json_pack("{s:o, s:o}", "tokens", page.list, "next_cursor",
				page.more ? json_string(page.last.text) : json_null()));
			return;
		}
		admin_refuse_stored(c, status);
	}
	json_decref(page.list);
}

void get_token(struct admin_call *c)
{
	struct token_row row;
	if (admin_token(c, &row))
		admin_answer(c, 200, token_json(&row, c->call->now_ms));
}

/* ---- A text ---- */

static bool is_formed(const struct authority *a, const char *text)
{
	const size_t n = strlen(text);
	struct remit_token_form form;
	bool older = false;

	for (size_t i = 0; i < a->api_count; i++)
		older = older || (a->apis[i].profile->accept_alnum64 && remit_token_is_alnum64(text, n));
	return older || remit_token_check(text, n, &form) == REMIT_OK;
}

static void answer_unknown(struct admin_call *c, bool form)
{
	admin_answer(c, 200, json_pack("{s:b, s:b, s:b, s:n}", "form", form, "known", 0, "valid", 0, "token"));
}

/* What is there and out of the caller's sight is not known. */
void check_token(struct admin_call *c)
{
	const char *text = NULL;
	const struct member members[] = { { "token", MEMBER_TEXT, true, &text } };
	uint8_t digest[REMIT_DIGEST_SIZE];
	struct token_row row;
	struct user_row owner;

	if (!ADMIN_MEMBERS(c, members))
		return;
	if (!is_formed(c->authority, text)) {
		answer_unknown(c, false);
		return;
	}
	crypto_hash_sha256(digest, (const uint8_t *)text, strlen(text));
	enum store_status status = store_token_find(c->authority->store, digest, c->arena, &row);
	if (status == STORE_NOT_FOUND || (status == STORE_OK && !sees(c, &row))) {
		answer_unknown(c, true);
		return;
	}
	enum store_status found = status == STORE_OK ?
		store_user_get(c->authority->store, &row.owner, c->arena, &owner) : status;
	if (found != STORE_OK && found != STORE_NOT_FOUND) {
		admin_refuse_stored(c, found);
		return;
	}
	const bool works = found == STORE_OK && !owner.disabled_ms &&
		strcmp(token_state(&row, c->call->now_ms), "active") == 0;
	admin_answer(c, 200, json_pack("{s:b, s:b, s:b, s:o}", "form", 1, "known", 1, "valid", works, "token",
		token_json(&row, c->call->now_ms)));
}

/* ---- Ends, and less ---- */

void revoke_token(struct admin_call *c)
{
	const char *why = NULL;
	const struct member members[] = { { "why", MEMBER_TEXT, false, &why } };
	struct authority_error error;
	struct token_row row;
	int64_t revision;

	if (!ADMIN_MEMBERS(c, members) || !admin_token(c, &row))
		return;
	enum authority_status status =
		authority_token_revoke(c->authority, row.id.text, why, &c->actor, &revision, &error);
	if (status == AUTHORITY_OK)
		admin_done(c, revision, "id", row.id.text, "revoked");
	else
		admin_refuse(c, status, &error);
}

void edit_token(struct admin_call *c)
{
	struct token_edit edit = { 0 };
	struct member_rate rate = { 0 };
	const char *expires = NULL;
	const struct member members[] = {
		{ "name", MEMBER_TEXT, false, &edit.name }, { "rate", MEMBER_RATE, false, &rate },
		{ "expires", MEMBER_TEXT, false, &expires },
	};
	struct authority_error error;
	struct token_row row;
	int64_t revision;

	if (!ADMIN_MEMBERS(c, members))
		return;
	if (!edit.name && !rate.is_set && !expires) {
		admin_invalid(c, "Say what to change: \"name\", \"rate\" or \"expires\".");
		return;
	}
	if (expires && !expiry_read(expires, c->call->now_ms, &edit.expires_ms)) {
		admin_invalid(c, "\"expires\" " EXPIRY_WORDS);
		return;
	}
	edit.set_rate = rate.is_set;
	edit.rate = rate.rate;
	edit.set_expiry = expires != NULL;
	if (!admin_token(c, &row))
		return;
	enum authority_status status =
		authority_token_edit(c->authority, row.id.text, &edit, &c->actor, &revision, &error);
	if (status == AUTHORITY_OK)
		admin_done(c, revision, "id", row.id.text, "changed");
	else
		admin_refuse(c, status, &error);
}

void shrink_token(struct admin_call *c)
{
	struct texts keep = { 0 }, remove = { 0 };
	const struct member members[] = {
		{ "keep", MEMBER_TEXTS, false, &keep }, { "remove", MEMBER_TEXTS, false, &remove },
	};
	struct authority_error error;
	struct token_row row;
	int64_t revision;

	if (!ADMIN_MEMBERS(c, members))
		return;
	if ((keep.list != NULL) == (remove.list != NULL)) {
		admin_invalid(c, "Give \"keep\" or \"remove\", and not both.");
		return;
	}
	if (!admin_token(c, &row))
		return;
	if (remove.list)
		keep.list = scopes_without(row.scopes, remove.list, remove.count, c->arena, &keep.count);
	if (!keep.list) {
		admin_refuse_stored(c, STORE_NO_MEMORY);
		return;
	}
	enum authority_status status = authority_token_shrink(c->authority, row.id.text, keep.list, keep.count,
		&c->actor, &revision, &error);
	if (status == AUTHORITY_OK)
		admin_done(c, revision, "id", row.id.text, "shrunk");
	else
		admin_refuse(c, status, &error);
}
