/* SPDX-License-Identifier: Apache-2.0
 * People: listed, added, disabled, enabled, removed. No token makes an administrator, or ends one, or brings one
 * back: whoever could sign in as one would be beyond every ceiling, and administrators look after tokens, not the reverse.
 * admin: may include base, core, wire, store, authority, profile, net, gate and services/service.h.
 */
#include "admin/internal.h"

static bool add_user(void *ctx, const struct user_row *row)
{
	return json_array_append_new(ctx, user_json(row)) == 0;
}

static void refuse_admin(struct admin_call *c)
{
	service_fail(c->call, 403, "admin_forbidden",
		"No token makes, ends or enables an administrator: `remit user` does, beside the store");
}

/* The person that the path names, who is no administrator; NULL, and answered, where there is no such. */
static const char *find_person(struct admin_call *c)
{
	const char *who = admin_path(c, 0);
	struct user_row user;

	if (!who || !admin_user(c, who, &user))
		return NULL;
	if (!user.admin)
		return who;
	refuse_admin(c);
	return NULL;
}

void list_people(struct admin_call *c)
{
	json_t *list = json_array();
	enum store_status status = list ? store_user_each(c->authority->store, add_user, list) : STORE_NO_MEMORY;

	if (status == STORE_OK) {
		admin_answer(c, 200, json_pack("{s:o}", "users", list));
		return;
	}
	json_decref(list);
	admin_refuse_stored(c, status);
}

void add_person(struct admin_call *c)
{
	const char *email = NULL, *password = NULL;
	bool admin = false;
	const struct member members[] = {
		{ "email", MEMBER_TEXT, true, &email }, { "password", MEMBER_TEXT, false, &password },
		{ "admin", MEMBER_FLAG, false, &admin },
	};
	struct authority_error error;
	struct id id;

	if (!ADMIN_MEMBERS(c, members))
		return;
	if (admin) {
		refuse_admin(c);
		return;
	}
	enum authority_status status =
		authority_user_add(c->authority, email, password, false, &c->actor, &id, &error);
	if (status == AUTHORITY_OK)
		admin_answer(c, 201, json_pack("{s:s, s:s, s:b}", "id", id.text, "email", email, "admin", 0));
	else
		admin_refuse(c, status, &error);
}

static void set_disabled(struct admin_call *c, bool disabled)
{
	const char *who = find_person(c);
	struct authority_error error;
	int64_t revision;

	if (!who)
		return;
	enum authority_status status =
		authority_user_disable(c->authority, who, disabled, &c->actor, &revision, &error);
	if (status == AUTHORITY_OK)
		admin_done(c, revision, "user", who, disabled ? "disabled" : "enabled");
	else
		admin_refuse(c, status, &error);
}

void disable_person(struct admin_call *c)
{
	set_disabled(c, true);
}

void enable_person(struct admin_call *c)
{
	set_disabled(c, false);
}

void remove_person(struct admin_call *c)
{
	const char *who = find_person(c);
	struct authority_error error;
	int64_t revision;

	if (!who)
		return;
	enum authority_status status = authority_user_remove(c->authority, who, &c->actor, &revision, &error);
	if (status == AUTHORITY_OK)
		admin_done(c, revision, "user", who, "removed");
	else
		admin_refuse(c, status, &error);
}
