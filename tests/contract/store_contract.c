/* SPDX-License-Identifier: Apache-2.0
 * What the contract's tests share.
 */
#include "store_contract.h"

#include <stdio.h>
#include <stdlib.h>

enum store_status contract_open(const char *url, enum store_mode mode, struct store **ret, char reterr_text[256])
{
	enum store_status status = store_open(url, mode, ret, reterr_text);

	if (status == STORE_OK && contract_place.attach)
		contract_place.attach(*ret, url);
	return status;
}

int contract_setup(void **state)
{
	struct contract *c = calloc(1, sizeof(*c));
	char error[256];

	assert_non_null(c);
	arena_init(&c->arena, 0);
	c->actor = (struct store_actor){ "cli:root", CONTRACT_NOW_MS };
	c->random = UINT64_C(0x9E3779B97F4A7C15);
	contract_place.make(c->url);
	enum store_status status = contract_open(c->url, STORE_MIGRATE, &c->store, error);
	if (status != STORE_OK)
		fail_msg("%s", error);
	*state = c;
	return 0;
}

int contract_teardown(void **state)
{
	struct contract *c = *state;

	store_close(c->store);
	contract_place.remove(c->url);
	arena_done(&c->arena);
	free(c);
	return 0;
}

/* splitmix64 */
uint64_t contract_random(struct contract *c)
{
	uint64_t z = c->random += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

struct id contract_id(struct contract *c)
{
	uint64_t random[2] = { contract_random(c), contract_random(c) };

	return id_make(CONTRACT_NOW_MS, (const uint8_t *)random);
}

void contract_digest(struct contract *c, uint8_t ret_digest[REMIT_DIGEST_SIZE])
{
	for (size_t i = 0; i < REMIT_DIGEST_SIZE; i++)
		ret_digest[i] = (uint8_t)contract_random(c);
}

struct id contract_user(struct contract *c, const char *email)
{
	struct user_row user = { .id = contract_id(c), .email = email, .created_ms = CONTRACT_NOW_MS };

	assert_int_equal(store_user_add(c->store, &user, &c->actor), STORE_OK);
	return user.id;
}

struct id contract_project(struct contract *c, const struct id *owner)
{
	struct project_row project = {
		.id = contract_id(c), .api = "publishing", .name = "A project", .owner = *owner,
		.created_ms = CONTRACT_NOW_MS,
	};

	assert_int_equal(store_project_add(c->store, &project, &c->actor), STORE_OK);
	return project.id;
}

struct token_row contract_row(struct contract *c, const struct id *owner, const char *name)
{
	return (struct token_row){
		.id = contract_id(c), .name = name, .owner = *owner, .api = "publishing",
		.scopes = "stories:read stories:write", .created_ms = CONTRACT_NOW_MS,
	};
}

struct id contract_token(struct contract *c, const struct token_row *row,
	uint8_t ret_digest[REMIT_DIGEST_SIZE])
{
	contract_digest(c, ret_digest);
	assert_int_equal(store_token_add(c->store, row, ret_digest, &c->actor, NULL), STORE_OK);
	return row->id;
}

struct token_row contract_get(struct contract *c, const struct id *id)
{
	struct token_row row;

	assert_int_equal(store_token_get(c->store, id, &c->arena, &row), STORE_OK);
	return row;
}

struct count {
	const char *action;
	size_t n;
	int64_t last;
};

static bool count_event(void *ctx, const struct event_row *row)
{
	struct count *count = ctx;

	assert_true(row->number > count->last);
	assert_int_equal(row->detail[0], '{');
	count->last = row->number;
	count->n += !count->action[0] || strcmp(row->action, count->action) == 0;
	return true;
}

size_t contract_events(struct contract *c, const char *action)
{
	struct count count = { .action = action };

	assert_int_equal(store_event_each(c->store, 0, count_event, &count), STORE_OK);
	return count.n;
}

static bool see_change(void *ctx, const struct store_change *change)
{
	int64_t *last = ctx;

	assert_true(change->revision > *last);
	*last = change->revision;
	return true;
}

int64_t contract_revision(struct contract *c)
{
	int64_t last = 0, revision = -1;

	assert_int_equal(store_changes(c->store, 0, see_change, &last, &revision), STORE_OK);
	assert_int_equal(revision, last);
	return revision;
}
