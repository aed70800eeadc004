/* SPDX-License-Identifier: Apache-2.0
 * What hands out a token's text: only to the token's own owner, and only within the ceiling of the token that
 * asks (D26). A text of what is wider would be as good as making it.
 * admin: may include base, core, wire, store, authority, profile, net, gate and services/service.h.
 */
#include "admin/internal.h"

#include "base/clock.h"

/* Answers with the text, which is told in any case: it is made. A new one works everywhere, and an old one
 * nowhere, when this is read; a header says where not. */
static void answer_issued(struct admin_call *c, int status, struct token_issued *issued)
{
	struct authority_error error;
	struct token_row row;

	admin_settle_beside(c, issued->revision);
	enum authority_status got = authority_token_get(c->authority, issued->id.text, c->arena, &row, &error);
	if (got == AUTHORITY_OK)
		admin_answer(c, status, issued_json(issued->text, &row));
	else
		admin_answer(c, status, json_pack("{s:s, s:s}", "token", issued->text, "id", issued->id.text));
	token_issued_done(issued);
}

struct creation {
	const char *user, *expires;
	struct texts scopes;
	struct member_rate rate;
	struct token_request request;
};

static bool read_creation(struct admin_call *c, struct creation *n)
{
	const struct member members[] = {
		{ "api", MEMBER_TEXT, false, &n->request.api }, { "user", MEMBER_TEXT, false, &n->user },
		{ "name", MEMBER_TEXT, true, &n->request.name }, { "preset", MEMBER_TEXT, false, &n->request.preset },
		{ "scopes", MEMBER_TEXTS, false, &n->scopes }, { "project", MEMBER_TEXT, false, &n->request.project },
		{ "expires", MEMBER_TEXT, false, &n->expires }, { "rate", MEMBER_RATE, false, &n->rate },
	};
	if (!ADMIN_MEMBERS(c, members))
		return false;
	if ((n->request.preset != NULL) == (n->scopes.list != NULL)) {
		admin_invalid(c, "Give \"preset\" or \"scopes\", and not both.");
		return false;
	}
	if (n->expires && !expiry_read(n->expires, c->call->now_ms, &n->request.expires_ms)) {
		admin_invalid(c, "\"expires\" " EXPIRY_WORDS);
		return false;
	}
	if (n->expires)
		n->request.expiry = n->request.expires_ms ? TOKEN_EXPIRY_AT : TOKEN_EXPIRY_NEVER;
	n->request.scopes = n->scopes.list;
	n->request.scope_count = n->scopes.count;
	n->request.rate = n->rate.rate;
	return true;
}

static bool is_own(struct admin_call *c, const char *who)
{
	struct user_row user;
	if (!who)
		return true;
	if (!admin_user(c, who, &user))
		return false;
	if (id_eq(&user.id, &c->owner.id))
		return true;
	admin_invalid(c, "A token makes tokens for its own owner only, who is %s.", c->owner.email);
	return false;
}

void create_token(struct admin_call *c)
{
	struct creation n = { 0 };
	struct authority_error error;
	struct token_issued issued;

	if (!read_creation(c, &n) || !is_own(c, n.user))
		return;
	if (!n.request.api) {
		const struct authority_api *only = admin_api(c, NULL);
		if (!only)
			return;
		n.request.api = only->name;
	}
	n.request.owner = c->owner.id.text;
	n.request.within = &c->ceiling;
	if (!n.request.project)
		n.request.project = c->ceiling.project; /* as a token that is bound makes things in its project (D19) */
	enum authority_status status = authority_token_create(c->authority, &n.request, &c->actor, &issued, &error);
	if (status == AUTHORITY_OK)
		answer_issued(c, 201, &issued);
	else
		admin_refuse(c, status, &error);
}

/* Another's is not there, for whoever wants its text. */
static bool own_token(struct admin_call *c, struct token_row *ret)
{
	if (!admin_token(c, ret))
		return false;
	if (id_eq(&ret->owner, &c->owner.id) && !authority_api_is_own(ret->api))
		return true;
	service_fail(c->call, 404, "not_found", "There is no token with the id %s.", ret->id.text);
	return false;
}

void rotate_token(struct admin_call *c)
{
	const char *overlap = NULL;
	const struct member members[] = { { "overlap", MEMBER_TEXT, false, &overlap } };
	struct authority_error error;
	struct token_issued issued;
	struct token_row row;
	int64_t overlap_ms = 0;

	if (!ADMIN_MEMBERS(c, members))
		return;
	if (overlap && !duration_from_text(str_of(overlap), &overlap_ms)) {
		admin_invalid(c, "\"overlap\" takes a duration: 24h, 15m.");
		return;
	}
	if (!own_token(c, &row))
		return;
	enum authority_status status = authority_token_rotate(c->authority, row.id.text, overlap_ms, &c->ceiling,
		&c->actor, &issued, &error);
	if (status == AUTHORITY_OK)
		answer_issued(c, 200, &issued);
	else
		admin_refuse(c, status, &error);
}

void regenerate_token(struct admin_call *c)
{
	const char *preset = NULL;
	const struct member members[] = { { "preset", MEMBER_TEXT, true, &preset } };
	struct authority_error error;
	struct token_issued issued;
	struct token_row row;

	if (!ADMIN_MEMBERS(c, members) || !own_token(c, &row))
		return;
	enum authority_status status = authority_token_regenerate(c->authority, row.id.text, preset, &c->ceiling,
		&c->actor, &issued, &error);
	if (status == AUTHORITY_OK)
		answer_issued(c, 200, &issued);
	else
		admin_refuse(c, status, &error);
}
