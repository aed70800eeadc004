/* SPDX-License-Identifier: Apache-2.0
 * Projects, the tenants of an API, and the people who reach them; and which API is meant.
 * authority: may include base, core, wire, store and profile.
 */
#include "authority/internal.h"

#include <stdio.h>

static const char *api_at(const void *ctx, size_t index)
{
	const struct authority *a = ctx;
	return index < a->api_count ? a->apis[index].name : NULL;
}

const struct authority_api *authority_api(const struct authority *a, const char *name,
	struct authority_error *reterr)
{
	char known[600] = "";
	size_t n = 0;

	for (size_t i = 0; i < a->api_count; i++) {
		if (name && strcmp(a->apis[i].name, name) == 0)
			return &a->apis[i];
		int more = snprintf(known + n, sizeof(known) - n, "%s%s", i > 0 ? ", " : "", a->apis[i].name);
		if (more > 0 && (size_t)more < sizeof(known) - n)
			n += (size_t)more;
	}
	const char *nearest = name ? name_nearest(name, api_at, a) : NULL;
	if (nearest)
		authority_fail(reterr, AUTHORITY_NOT_FOUND, "There is no API \"%.60s\"; did you mean \"%s\"?",
			name, nearest);
	else
		authority_fail(reterr, AUTHORITY_NOT_FOUND, "There is no API \"%.60s\"; there is: %s.",
			name ? name : "", known);
	return NULL;
}

enum authority_status authority_project_add(const struct authority *a, const char *api, const char *name,
	const char *owner, const struct store_actor *actor, struct id *ret, struct authority_error *reterr)
{
	struct faults faults = { .err = reterr };
	struct authority_error error;
	struct user_row user = { 0 };
	struct arena arena;

	arena_init(&arena, 0);
	name_check(&faults, "The project's name", name);
	const struct authority_api *of = authority_api(a, api, &error);
	if (!of)
		faults_add(&faults, "%s", error.text);
	else if (authority_api_is_own(of->name))
		faults_add(&faults, "API " CONFIG_OWN_API " has no projects.");
	enum authority_status status = authority_user_find(a, owner, &arena, &user, &error);
	if (status == AUTHORITY_UNAVAILABLE) {
		*reterr = error;
		goto out;
	}
	if (status != AUTHORITY_OK)
		faults_add(&faults, "%s", error.text);
	status = AUTHORITY_INVALID;
	if (faults.count > 0)
		goto out;
	struct project_row project = {
		.id = id_new(actor->now_ms),
		.api = of->name,
		.name = name,
		.owner = user.id,
		.created_ms = actor->now_ms,
	};
	status = authority_stored(store_project_add(a->store, &project, actor), "project with this name",
		reterr);
	if (status == AUTHORITY_OK)
		*ret = project.id;
out:
	arena_done(&arena);
	return status;
}

enum authority_status project_get(const struct authority *a, const char *text, struct arena *arena,
	struct project_row *ret, struct authority_error *reterr)
{
	struct id id;
	char what[100];

	if (!id_parse(str_of(text), &id))
		return authority_fail(reterr, AUTHORITY_NOT_FOUND,
			"That is no project's id: ids have 36 characters, "
			"and `remit project list` shows them.");
	snprintf(what, sizeof(what), "project with the id %s", id.text);
	return authority_stored(store_project_get(a->store, &id, arena, ret), what, reterr);
}

enum authority_status authority_project_remove(const struct authority *a, const char *id,
	const struct store_actor *actor, int64_t *ret_revision, struct authority_error *reterr)
{
	struct project_row project;
	struct arena arena;

	arena_init(&arena, 0);
	enum authority_status status = project_get(a, id, &arena, &project, reterr);
	if (status == AUTHORITY_OK)
		status = authority_stored(store_project_remove(a->store, &project.id, actor, ret_revision),
			"project", reterr);
	arena_done(&arena);
	return status;
}

typedef enum store_status member_change(struct store *store, const struct id *project, const struct id *user,
	const struct store_actor *actor, int64_t *ret_revision);

static enum authority_status change_member(const struct authority *a, member_change *change, const char *id,
	const char *who, const struct store_actor *actor, int64_t *ret_revision,
	struct authority_error *reterr)
{
	struct project_row project;
	struct user_row user;
	struct arena arena;
	char what[400];

	arena_init(&arena, 0);
	enum authority_status status = project_get(a, id, &arena, &project, reterr);
	if (status == AUTHORITY_OK)
		status = authority_user_find(a, who, &arena, &user, reterr);
	if (status == AUTHORITY_OK) {
		snprintf(what, sizeof(what), "member %s of this project", user.email);
		status = authority_stored(change(a->store, &project.id, &user.id, actor, ret_revision), what,
			reterr);
	}
	arena_done(&arena);
	return status;
}

enum authority_status authority_member_add(const struct authority *a, const char *project, const char *who,
	const struct store_actor *actor, int64_t *ret_revision, struct authority_error *reterr)
{
	return change_member(a, store_member_add, project, who, actor, ret_revision, reterr);
}

enum authority_status authority_member_remove(const struct authority *a, const char *project, const char *who,
	const struct store_actor *actor, int64_t *ret_revision, struct authority_error *reterr)
{
	return change_member(a, store_member_remove, project, who, actor, ret_revision, reterr);
}
