/* SPDX-License-Identifier: Apache-2.0
 * A real store in a folder of its own, two APIs, and three people: what every test of the authority
 * starts with.
 */
#ifndef REMIT_TESTS_UNIT_AUTHORITY_FIXTURE_H
#define REMIT_TESTS_UNIT_AUTHORITY_FIXTURE_H

#include "../test.h"

#include "authority/authority.h"
#include "base/clock.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DAY_MS INT64_C(86400000)
#define NOW_MS INT64_C(1800000000000)

#define ANN "ann@example.com"   /* owns project `ann_project` */
#define BOB "bob@example.com"   /* a member of it */
#define EVE "eve@example.com"   /* neither */
#define ROOT "root@example.com" /* an admin */

static const char short_lived[] =
	"profile: short\n"
	"title: Short\n"
	"scopes: { \"s:read\": Read., \"s:write\": Edit., \"*\": All. }\n"
	"presets: { reader: { title: Reader, for: Reading, scopes: [s:read] } }\n"
	"tokens: { prefix: sh, default_lifetime: 10d, max_lifetime: 30d }\n"
	"rest:\n"
	"  base: /short/v1\n"
	"  rules:\n"
	"    - { on: \"GET /s\", need: s:read, project: inject }\n"
	"    - { on: \"POST /s\", need: s:write, project: inject }\n";

struct fixture {
	char folder[64], url[100];
	struct authority a;
	struct authority_api apis[2];
	struct store_actor actor;
	struct id ann, bob, eve, root, ann_project;
	struct arena arena;
	struct authority_error error;
	struct token_issued issued;
	int64_t revision;
};

static struct id add_person(struct fixture *f, const char *email, bool admin)
{
	struct id id;
	assert_int_equal(authority_user_add(&f->a, email, NULL, admin, &f->actor, &id, &f->error), AUTHORITY_OK);
	return id;
}

static struct profile *read_profile(const char *text)
{
	struct mistakes *mistakes = malloc(sizeof(*mistakes));
	assert_non_null(mistakes);
	mistakes_init(mistakes);
	struct profile *profile = text ? profile_read(str_of(text), "short.yaml", mistakes) : profile_load("publishing", mistakes);
	for (size_t i = 0; i < mistakes->count; i++)
		print_message("# %s:%u: %s\n", mistakes->list[i].file, mistakes->list[i].line, mistakes->list[i].what);
	assert_non_null(profile);
	mistakes_done(mistakes);
	free(mistakes);
	return profile;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char text[256];

	assert_non_null(f);
	assert_true(authority_init());
	snprintf(f->folder, sizeof(f->folder), "/tmp/remit-authority-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->url, sizeof(f->url), "sqlite:%s/remit.db", f->folder);
	assert_int_equal(store_open(f->url, STORE_MIGRATE, &f->a.store, text), STORE_OK);
	f->apis[0] = (struct authority_api){ "publishing", read_profile(NULL) };
	f->apis[1] = (struct authority_api){ "short", read_profile(short_lived) };
	f->a.apis = f->apis;
	f->a.api_count = 2;
	f->actor = (struct store_actor){ "test", NOW_MS };
	arena_init(&f->arena, 0);
	f->ann = add_person(f, ANN, false);
	f->bob = add_person(f, BOB, false);
	f->eve = add_person(f, EVE, false);
	f->root = add_person(f, ROOT, true);
	assert_int_equal(authority_project_add(&f->a, "publishing", "Brand One", ANN, &f->actor, &f->ann_project, &f->error), AUTHORITY_OK);
	assert_int_equal(authority_member_add(&f->a, f->ann_project.text, BOB, &f->actor, &f->revision, &f->error), AUTHORITY_OK);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char command[100];

	store_close(f->a.store);
	for (size_t i = 0; i < 2; i++)
		profile_free((struct profile *)(uintptr_t)f->apis[i].profile);
	arena_done(&f->arena);
	snprintf(command, sizeof(command), "rm -rf %s", f->folder);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

/* A good request; tests spoil a copy. */
static inline struct token_request good_request(void)
{
	return (struct token_request){ .api = "publishing", .owner = ANN, .name = "laptop", .preset = "read-only" };
}

static inline enum authority_status create(struct fixture *f, const struct token_request *request)
{
	memset(&f->error, 0, sizeof(f->error));
	return authority_token_create(&f->a, request, &f->actor, &f->issued, &f->error);
}

/* The token that a good request makes. */
static inline struct id make_token(struct fixture *f)
{
	const struct token_request request = good_request();
	assert_int_equal(create(f, &request), AUTHORITY_OK);
	return f->issued.id;
}

static inline struct token_row get_token(struct fixture *f, const struct id *id)
{
	struct token_row row;
	assert_int_equal(authority_token_get(&f->a, id->text, &f->arena, &row, &f->error), AUTHORITY_OK);
	return row;
}

#define assert_says(f, words) \
	do { \
		if (!strstr((f)->error.text, (words))) \
			fail_msg("\"%s\" is not in \"%s\"", (words), (f)->error.text); \
	} while (0)

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

#endif
