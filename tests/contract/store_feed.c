/* SPDX-License-Identifier: Apache-2.0
 * The contract on the feed: a copy kept by it is always what a fresh load gives; changes of another
 * handle arrive.
 */
#include "store_contract.h"

#include "base/clock.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TEXTS_MAX 2048
#define PEOPLE 4
#define OPERATIONS 600

/* A copy: texts by digest, people by id. Plain arrays: what is tested is not its speed. */
struct copy {
	struct text {
		struct store_text row;
		char api[32], scopes[64];
	} texts[TEXTS_MAX];
	size_t text_count;
	struct person {
		struct id id;
		int64_t disabled_ms;
	} people[64];
	size_t person_count;
	int64_t revision;
};

static bool put_text(void *ctx, const struct store_text *row)
{
	struct copy *copy = ctx;
	size_t i = 0;

	while (i < copy->text_count && memcmp(copy->texts[i].row.digest, row->digest, REMIT_DIGEST_SIZE) != 0)
		i++;
	assert_true(i < TEXTS_MAX);
	struct text *text = &copy->texts[i];
	memset(text, 0, sizeof(*text));
	text->row = *row;
	text->row.api = text->row.scopes = (struct str){ NULL, 0 };
	snprintf(text->api, sizeof(text->api), "%.*s", STR_FMT(row->api));
	snprintf(text->scopes, sizeof(text->scopes), "%.*s", STR_FMT(row->scopes));
	copy->text_count += i == copy->text_count;
	return true;
}

static bool put_user(void *ctx, const struct user_row *user)
{
	struct copy *copy = ctx;
	size_t i = 0;

	while (i < copy->person_count && !id_eq(&copy->people[i].id, &user->id))
		i++;
	assert_true(i < 64);
	copy->people[i] = (struct person){ user->id, user->disabled_ms };
	copy->person_count += i == copy->person_count;
	return true;
}

static void forget_text(struct copy *copy, const uint8_t digest[REMIT_DIGEST_SIZE])
{
	for (size_t i = 0; i < copy->text_count; i++)
		if (memcmp(copy->texts[i].row.digest, digest, REMIT_DIGEST_SIZE) == 0)
			copy->texts[i] = copy->texts[--copy->text_count];
}

static void forget_user(struct copy *copy, const struct id *id)
{
	for (size_t i = 0; i < copy->person_count; i++)
		if (id_eq(&copy->people[i].id, id))
			copy->people[i] = copy->people[--copy->person_count];
}

static bool apply_change(void *ctx, const struct store_change *change)
{
	struct copy *copy = ctx;

	assert_true(change->revision > copy->revision);
	copy->revision = change->revision;
	if (change->kind == STORE_CHANGE_TEXT && change->present)
		return put_text(copy, &change->text);
	if (change->kind == STORE_CHANGE_USER && change->present)
		return put_user(copy, &change->user);
	if (change->kind == STORE_CHANGE_TEXT)
		forget_text(copy, change->text.digest);
	if (change->kind == STORE_CHANGE_USER)
		forget_user(copy, &change->id);
	return true;
}

static int compare_texts(const void *a, const void *b)
{
	return memcmp(((const struct text *)a)->row.digest, ((const struct text *)b)->row.digest,
		REMIT_DIGEST_SIZE);
}

static int compare_people(const void *a, const void *b)
{
	return strcmp(((const struct person *)a)->id.text, ((const struct person *)b)->id.text);
}

static void sort(struct copy *copy)
{
	qsort(copy->texts, copy->text_count, sizeof(copy->texts[0]), compare_texts);
	qsort(copy->people, copy->person_count, sizeof(copy->people[0]), compare_people);
}

static void expect_same(const struct copy *a, const struct copy *b)
{
	assert_int_equal(a->revision, b->revision);
	assert_int_equal(a->text_count, b->text_count);
	assert_int_equal(a->person_count, b->person_count);
	for (size_t i = 0; i < a->text_count; i++) {
		const struct text *x = &a->texts[i], *y = &b->texts[i];
		assert_memory_equal(x->row.digest, y->row.digest, REMIT_DIGEST_SIZE);
		assert_memory_equal(&x->row.token, &y->row.token, sizeof(struct id_bytes));
		assert_memory_equal(&x->row.owner, &y->row.owner, sizeof(struct id_bytes));
		assert_memory_equal(&x->row.project, &y->row.project, sizeof(struct id_bytes));
		assert_true(x->row.expires_ms == y->row.expires_ms && x->row.revoked_ms == y->row.revoked_ms);
		assert_true(x->row.kind == y->row.kind && x->row.rate == y->row.rate);
		assert_string_equal(x->api, y->api);
		assert_string_equal(x->scopes, y->scopes);
	}
	for (size_t i = 0; i < a->person_count; i++) {
		assert_string_equal(a->people[i].id.text, b->people[i].id.text);
		assert_int_equal(a->people[i].disabled_ms, b->people[i].disabled_ms);
	}
}

static void follow(struct contract *c, struct copy *copy)
{
	int64_t revision;

	assert_int_equal(store_changes(c->store, copy->revision, apply_change, copy, &revision), STORE_OK);
	assert_int_equal(copy->revision, revision);
}

static void expect_copy_is_true(struct contract *c, struct copy *copy)
{
	static struct copy fresh;

	memset(&fresh, 0, sizeof(fresh));
	follow(c, copy);
	assert_int_equal(store_load(c->store, put_text, put_user, &fresh, &fresh.revision), STORE_OK);
	sort(copy);
	sort(&fresh);
	expect_same(copy, &fresh);
}

struct world {
	struct id people[PEOPLE], projects[PEOPLE], tokens[TEXTS_MAX];
	size_t token_count;
};

static struct id any_token(struct contract *c, const struct world *world)
{
	return world->token_count ? world->tokens[contract_random(c) % world->token_count] : contract_id(c);
}

static enum store_status random_add(struct contract *c, struct world *world, const struct id *instead,
	int64_t *ret)
{
	struct id owner = world->people[contract_random(c) % PEOPLE];
	struct token_row row = contract_row(c, &owner, "");
	uint8_t digest[REMIT_DIGEST_SIZE];
	char name[16];

	snprintf(name, sizeof(name), "n%u", (unsigned)(contract_random(c) % 40));
	row.name = name;
	row.rate = (uint16_t)contract_random(c);
	if (contract_random(c) % 3 == 0)
		row.project = world->projects[contract_random(c) % PEOPLE];
	if (contract_random(c) % 3 == 0)
		row.parent = any_token(c, world);
	if (contract_random(c) % 2)
		row.expires_ms = c->actor.now_ms + (int64_t)(contract_random(c) % 300);
	contract_digest(c, digest);
	enum store_status status = instead ?
		store_token_replace(c->store, instead, &row, digest, &c->actor, ret) :
		store_token_add(c->store, &row, digest, &c->actor, ret);
	if (status == STORE_OK)
		world->tokens[world->token_count++] = row.id;
	return status;
}

static enum store_status random_update(struct contract *c, const struct id *id, int64_t *ret)
{
	struct token_row row;
	enum store_status status = store_token_get(c->store, id, &c->arena, &row);

	if (status != STORE_OK)
		return status;
	const char *old_scopes = row.scopes;
	int64_t old_expires_ms = row.expires_ms;
	row.scopes = contract_random(c) % 2 ? "stories:read" : "";
	row.rate++;
	return store_token_update(c->store, &row, contract_random(c) % 4 ? old_scopes : "other",
		old_expires_ms, &c->actor, ret);
}

/* *ret is the revision that the change returned, or stays. */
static enum store_status random_operation(struct contract *c, struct world *world, int64_t *ret)
{
	struct id token = any_token(c, world), person = world->people[contract_random(c) % PEOPLE];
	struct id project = world->projects[contract_random(c) % PEOPLE];
	uint8_t digest[REMIT_DIGEST_SIZE];

	c->actor.now_ms += (int64_t)(contract_random(c) % 10);
	switch (contract_random(c) % 16) {
	case 0:
		return store_token_revoke(c->store, &token, "random", &c->actor, ret);
	case 1:
	case 2:
		contract_digest(c, digest);
		return store_token_rotate(c->store, &token, digest,
			c->actor.now_ms + (int64_t)(contract_random(c) % 3) * 100, &c->actor, ret);
	case 3:
		return random_add(c, world, &token, ret);
	case 4:
	case 5:
		return random_update(c, &token, ret);
	case 6:
		return store_user_disable(c->store, &person, contract_random(c) % 2, &c->actor, ret);
	case 7:
		return store_member_add(c->store, &project, &person, &c->actor, ret);
	case 8:
		return store_member_remove(c->store, &project, &person, &c->actor, ret);
	case 9:
		if (contract_random(c) % 8)
			return STORE_CONFLICT;
		return contract_random(c) % 2 ? store_project_remove(c->store, &project, &c->actor, ret) :
			store_user_remove(c->store, &person, &c->actor, ret);
	case 10:
		return store_token_prune(c->store, c->actor.now_ms - 400, &c->actor, &(int64_t){ 0 });
	default:
		return random_add(c, world, NULL, ret);
	}
}

static void test_a_followed_copy_is_a_fresh_load(void **state)
{
	static struct copy copy;
	static struct world world;
	struct contract *c = *state;
	const char *given = getenv("REMIT_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)clock_monotonic_ns();
	size_t done = 0;

	print_message("# REMIT_SEED=%" PRIu64 "\n", seed);
	c->random = seed;
	memset(&copy, 0, sizeof(copy));
	memset(&world, 0, sizeof(world));
	for (size_t i = 0; i < PEOPLE; i++) {
		char email[32];
		snprintf(email, sizeof(email), "p%zu@example.com", i);
		world.people[i] = contract_user(c, email);
		world.projects[i] = contract_project(c, &world.people[i % 2]);
	}
	follow(c, &copy);
	for (size_t i = 0; i < OPERATIONS; i++) {
		int64_t before = copy.revision, revision = -1;
		enum store_status status = random_operation(c, &world, &revision);
		assert_true(status <= STORE_CONFLICT);
		done += status == STORE_OK;
		follow(c, &copy);
		if (status != STORE_OK)
			assert_int_equal(copy.revision, before); /* a refused change leaves no trace */
		else if (revision >= 0)
			assert_int_equal(copy.revision, revision); /* what was returned is in the feed */
		if (i % 20 == 0)
			expect_copy_is_true(c, &copy);
	}
	expect_copy_is_true(c, &copy);
	assert_true(done > OPERATIONS / 4);
}

static void test_a_feed_from_the_future_is_a_conflict(void **state)
{
	static struct copy copy;
	struct contract *c = *state;
	int64_t revision = -1;

	contract_user(c, "a@example.com");
	assert_int_equal(store_changes(c->store, 99, apply_change, &copy, &revision), STORE_CONFLICT);
	assert_int_equal(revision, -1);
}

static void test_waiting_sees_changes_of_any_handle(void **state)
{
	struct contract *c = *state, other = *c;
	struct id user = contract_user(c, "a@example.com");
	struct node_row node = { .id = contract_id(c), .host = "here" };
	char error[256];
	bool changed;

	assert_int_equal(contract_open(c->url, STORE_OPEN, &other.store, error), STORE_OK);
	assert_int_equal(store_wait(c->store, 0, &changed), STORE_OK);
	assert_true(changed);
	assert_int_equal(store_wait(c->store, 20, &changed), STORE_OK);
	assert_false(changed);
	/* What is no change of the feed wakes nobody. */
	assert_int_equal(store_node_beat(c->store, &node), STORE_OK);
	assert_int_equal(store_wait(c->store, 20, &changed), STORE_OK);
	assert_false(changed);
	struct store *stores[] = { c->store, other.store };
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(store_user_disable(stores[i], &user, i == 0, &c->actor, NULL), STORE_OK);
		int64_t start = clock_monotonic_ns();
		assert_int_equal(store_wait(c->store, 10000, &changed), STORE_OK);
		assert_true(changed);
		assert_true(clock_monotonic_ns() - start < INT64_C(2000000000));
	}
	store_close(other.store);
}

static void *wake_later(void *arg)
{
	usleep(20000);
	store_wake(arg);
	return NULL;
}

static void test_a_wake_ends_a_wait(void **state)
{
	struct contract *c = *state;
	pthread_t thread;
	bool changed;

	assert_int_equal(store_wait(c->store, 0, &changed), STORE_OK);
	assert_int_equal(pthread_create(&thread, NULL, wake_later, c->store), 0);
	int64_t start = clock_monotonic_ns();
	assert_int_equal(store_wait(c->store, 60000, &changed), STORE_OK);
	assert_false(changed);
	assert_true(clock_monotonic_ns() - start < INT64_C(20000000000));
	pthread_join(thread, NULL);
}

struct many {
	struct contract c;
	struct id owner;
	unsigned number;
};

static void *add_many(void *arg)
{
	struct many *many = arg;
	uint8_t digest[REMIT_DIGEST_SIZE];
	char name[32];

	for (unsigned i = 0; i < 25; i++) {
		snprintf(name, sizeof(name), "t%u-%u", many->number, i);
		struct token_row row = contract_row(&many->c, &many->owner, name);
		contract_digest(&many->c, digest);
		if (store_token_add(many->c.store, &row, digest, &many->c.actor, NULL) != STORE_OK)
			return arg;
	}
	return NULL;
}

static void test_many_threads_on_two_handles(void **state)
{
	static struct copy copy;
	struct contract *c = *state;
	struct store *other;
	struct id owner = contract_user(c, "a@example.com");
	struct many many[8];
	pthread_t threads[8];
	char error[256];

	assert_int_equal(contract_open(c->url, STORE_OPEN, &other, error), STORE_OK);
	for (unsigned i = 0; i < 8; i++) {
		many[i] = (struct many){ .c = *c, .owner = owner, .number = i };
		many[i].c.random = i + 1;
		many[i].c.store = i % 2 ? other : c->store;
		assert_int_equal(pthread_create(&threads[i], NULL, add_many, &many[i]), 0);
	}
	for (unsigned i = 0; i < 8; i++) {
		void *failed;
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	store_close(other);
	memset(&copy, 0, sizeof(copy));
	expect_copy_is_true(c, &copy);
	assert_int_equal(copy.text_count, 200);
	uint64_t about;
	assert_int_equal(store_text_count(c->store, &about), STORE_OK);
	assert_int_equal(about, 200);
}

const struct CMUnitTest contract_feed_tests[] = {
	CONTRACT_TEST(test_a_followed_copy_is_a_fresh_load),
	CONTRACT_TEST(test_a_feed_from_the_future_is_a_conflict),
	CONTRACT_TEST(test_waiting_sees_changes_of_any_handle),
	CONTRACT_TEST(test_a_wake_ends_a_wait),
	CONTRACT_TEST(test_many_threads_on_two_handles),
};
const size_t contract_feed_count = TEST_COUNT(contract_feed_tests);
