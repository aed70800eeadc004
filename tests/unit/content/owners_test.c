/* SPDX-License-Identifier: Apache-2.0
 * Users of a site as owners of tokens: what makes nobody, what roles and groups give, and that a change counts.
 */
#include "../test.h"

#include "base/clock.h"
#include "base/log.h"
#include "profile/profile.h"
#include "services/content/owners.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ANN "0b9d3a58-6a3d-4b53-9d9e-2a6f9d1c0001"
#define BEN "0b9d3a58-6a3d-4b53-9d9e-2a6f9d1c0002"

struct site {
	char folder[64];
	struct profile *profile;
	struct owners *owners;
};

static void write_file(const struct site *s, const char *name, const char *text)
{
	char path[256], draft[260];
	snprintf(path, sizeof(path), "%s/%s", s->folder, name);
	snprintf(draft, sizeof(draft), "%s.new", path);
	FILE *file = fopen(draft, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(rename(draft, path), 0);
}

static void remove_file(const struct site *s, const char *name)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/%s", s->folder, name);
	unlink(path);
}

static int setup(void **state)
{
	struct site *s = calloc(1, sizeof(*s));
	struct mistakes *mistakes = malloc(sizeof(*mistakes));
	const char *const folders[] = { "/users", "/resources", "/resources/users" };
	char path[256], error[256];

	log_set_level(LOG_LEVEL_ERROR);
	snprintf(s->folder, sizeof(s->folder), "/tmp/remit_owners.XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s%s", s->folder, folders[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	mistakes_init(mistakes);
	s->profile = profile_load("statamic", mistakes);
	assert_non_null(s->profile);
	mistakes_done(mistakes);
	free(mistakes);
	write_file(s, "users/ann@example.com.yaml", "name: Ann\nsuper: true\nid: " ANN "\n");
	write_file(s, "users/ben@example.com.yaml", "roles: [writer]\ngroups:\n  - desk\nid: " BEN "\n");
	write_file(s, "users/cy@example.com.yaml", "id: 7\nroles:\n  - nothing\n");
	write_file(s, "resources/users/roles.yaml",
		"writer:\n  title: Writer\n  permissions:\n    - 'access cp'\n    - 'edit blog entries'\n"
		"    - view blog entries\neditor:\n  permissions: ['view tags terms', 'edit nav nav']\n");
	write_file(s, "resources/users/groups.yaml", "desk:\n  title: Desk\n  roles: [editor]\n");
	assert_true(owners_open(s->folder, s->profile->policy, &s->owners, error));
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = { "users/ann@example.com.yaml", "users/ben@example.com.yaml",
		"users/cy@example.com.yaml", "users/dee@example.com.yaml", "users/eve@example.com.yaml",
		"resources/users/roles.yaml", "resources/users/groups.yaml", "resources/users", "resources", "users", "" };
	struct site *s = *state;
	char path[256];
	owners_close(s->owners);
	profile_free(s->profile);
	for (size_t i = 0; i < TEST_COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", s->folder, names[i]);
		remove(path);
	}
	free(s);
	return 0;
}

static const struct owner *get(const struct site *s, const char *name)
{
	struct id_bytes bytes;
	struct id id;
	assert_true(owners_number(str_of(name), &id) && id_to_bytes(&id, &bytes));
	return owners_get(s->owners, &bytes);
}

static bool has(const struct site *s, const struct owner *owner, const char *scope)
{
	size_t at;
	assert_int_equal(remit_policy_scope_find(s->profile->policy, scope, strlen(scope), &at), REMIT_OK);
	return remit_scopes_has(&owner->ceiling, at);
}

static bool holds(const struct site *s, const struct owner *owner, const char *scope)
{
	size_t at;
	assert_int_equal(remit_policy_scope_find(s->profile->policy, scope, strlen(scope), &at), REMIT_OK);
	return owner_may_hold(owner, s->profile->policy, at);
}

static void test_numbers(void **state)
{
	struct id a, b;
	char longest[256];
	(void)state;
	memset(longest, 'x', sizeof(longest));
	assert_false(owners_number(STR(""), &a));
	assert_false(owners_number(STR("a\0b"), &a));
	assert_false(owners_number((struct str){ longest, sizeof(longest) }, &a));
	assert_true(owners_number(str_of(ANN), &a));
	assert_string_equal(a.text, ANN);
	assert_true(owners_number(STR("7"), &a) && owners_number(STR("8"), &b));
	assert_false(id_eq(&a, &b));
	/* The same for ever: the log knows owners by it. */
	assert_string_equal(a.text, "96f011d5-8255-8207-a260-0c45adacef24");
}

static void test_T08_who_is_not_in_the_site_is_nobody(void **state)
{
	struct site *s = *state;
	assert_null(get(s, "0b9d3a58-6a3d-4b53-9d9e-2a6f9d1c0009"));
	assert_null(owners_find(s->owners, STR("nobody@example.com")));
	assert_null(owners_find(s->owners, STR("")));
	assert_non_null(get(s, ANN));
	remove_file(s, "users/ann@example.com.yaml");
	owners_refresh(s->owners);
	assert_null(get(s, ANN));
	assert_null(owners_find(s->owners, STR("ann@example.com")));
}

static void test_super_users_have_everything(void **state)
{
	struct site *s = *state;
	const struct owner *ann = get(s, ANN);
	assert_true(ann->super && has(s, ann, "*") && has(s, ann, "users:write"));
	assert_true(owner_may(ann, "delete {} entries", STR("anything")));
	assert_string_equal(ann->email, "ann@example.com");
	assert_ptr_equal(owners_find(s->owners, STR("Ann@Example.com")), ann);
	assert_ptr_equal(owners_find(s->owners, str_of(ANN)), ann);
	/* By a role too; a text that only looks like true is none. */
	write_file(s, "users/dee@example.com.yaml", "id: dee\nsuper: 'true'\n");
	write_file(s, "users/eve@example.com.yaml", "id: eve\nroles: [root]\n");
	write_file(s, "resources/users/roles.yaml", "root:\n  permissions: [super]\n");
	owners_refresh(s->owners);
	assert_false(get(s, "dee")->super);
	assert_true(get(s, "eve")->super);
}

static void test_D24_roles_and_groups_give_by_handle(void **state)
{
	struct site *s = *state;
	const struct owner *ben = get(s, BEN), *cy = get(s, "7");
	assert_false(ben->super || cy->super);
	assert_true(owner_may(ben, "edit {} entries", STR("blog")) && owner_may(ben, "view {} terms", STR("tags")));
	assert_false(owner_may(ben, "edit {} entries", STR("news")) || owner_may(ben, "delete {} entries", STR("blog")));
	assert_false(owner_may(ben, "edit {} entries", STR("blo")) || owner_may(ben, "edit {} entries", STR("blogs")));
	assert_false(owner_may(ben, "edit {} entries", STR("")) || owner_may(ben, "{} entries", STR("edit")));
	assert_true(owner_may_plain(ben, "access cp"));
	assert_false(owner_may_plain(ben, "configure fields") || owner_may_plain(cy, "access cp"));
	assert_true(has(s, ben, "entries:read") && has(s, ben, "entries:write") && has(s, ben, "terms:read"));
	assert_false(has(s, ben, "terms:write") || has(s, ben, "globals:read") || has(s, ben, "*"));
	assert_false(has(s, ben, "content:read")); /* it would let globals in */
	assert_true(holds(s, ben, "content:read") && holds(s, ben, "content:write") && holds(s, ben, "structures:write"));
	assert_false(holds(s, ben, "*") || holds(s, ben, "content-facade:read") || holds(s, ben, "users:read"));
	assert_false(holds(s, cy, "content:read") || holds(s, cy, "entries:read"));
}

static void test_T04_what_cannot_be_read_gives_nothing(void **state)
{
	struct site *s = *state;
	write_file(s, "users/ben@example.com.yaml", "roles: [writer\nid: " BEN "\n");
	write_file(s, "users/dee@example.com.yaml", "super: true\n");
	write_file(s, "users/eve@example.com.yaml", "super: &x true\nid: eve\n");
	owners_refresh(s->owners);
	assert_null(get(s, BEN));
	assert_null(get(s, "eve"));
	assert_non_null(get(s, ANN)); /* the others go on */
	write_file(s, "resources/users/roles.yaml", "writer: [\n");
	write_file(s, "users/ben@example.com.yaml", "roles: [writer]\nid: " BEN "\n");
	owners_refresh(s->owners);
	assert_int_equal(get(s, BEN)->permission_count, 0);
}

static void test_T05_two_files_of_one_id_own_nothing(void **state)
{
	struct site *s = *state;
	write_file(s, "users/dee@example.com.yaml", "super: true\nid: " BEN "\n");
	owners_refresh(s->owners);
	assert_false(get(s, BEN)->super);
	assert_int_equal(get(s, BEN)->permission_count, 0);
	assert_false(has(s, get(s, BEN), "entries:read"));
}

/* Nobody asks for it: it is followed. */
static void test_changes_count_at_once(void **state)
{
	struct site *s = *state;
	int64_t end = clock_monotonic_ns() + INT64_C(10000000000);
	remove_file(s, "users/ben@example.com.yaml");
	while (get(s, BEN) && clock_monotonic_ns() < end)
		usleep(1000);
	assert_null(get(s, BEN));
}

static int start(void **state)
{
	(void)state;
	return sodium_init() < 0;
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_numbers),
	cmocka_unit_test_setup_teardown(test_T08_who_is_not_in_the_site_is_nobody, setup, teardown),
	cmocka_unit_test_setup_teardown(test_super_users_have_everything, setup, teardown),
	cmocka_unit_test_setup_teardown(test_D24_roles_and_groups_give_by_handle, setup, teardown),
	cmocka_unit_test_setup_teardown(test_T04_what_cannot_be_read_gives_nothing, setup, teardown),
	cmocka_unit_test_setup_teardown(test_T05_two_files_of_one_id_own_nothing, setup, teardown),
	cmocka_unit_test_setup_teardown(test_changes_count_at_once, setup, teardown),
};

int main(void)
{
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, start, NULL) == 0 ? 0 : 1;
}
