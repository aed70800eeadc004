/* SPDX-License-Identifier: Apache-2.0
 * Random changes to a store; after each few the copy in memory must say what the store says, of
 * every text that ever was.
 */
#include "../../unit/test.h"

#include "base/clock.h"
#include "gate/replica.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STEPS 600
#define TEXTS_MAX 2000
#define USERS 5
#define TOKENS_MAX 1000

static char folder[] = "/tmp/remit-replica-XXXXXX";
static struct store *store;
static struct remit_policy *policies[2];
static struct replica_api apis[2];
static uint8_t texts[TEXTS_MAX][REMIT_DIGEST_SIZE]; /* every one that ever was */
static size_t text_count;
static struct id users[USERS], tokens[TOKENS_MAX], projects[3];
static size_t token_count;
static unsigned seed;

static unsigned pick(unsigned n)
{
	return (unsigned)rand_r(&seed) % n;
}

static struct store_actor actor(void)
{
	return (struct store_actor){ "cli:test", clock_wall_ms() };
}

static struct id new_id(void)
{
	uint8_t random[10];
	for (size_t i = 0; i < sizeof(random); i++)
		random[i] = (uint8_t)pick(256);
	return id_make(clock_wall_ms(), random);
}

static const uint8_t *new_text(void)
{
	assert_true(text_count < TEXTS_MAX);
	for (size_t i = 0; i < REMIT_DIGEST_SIZE; i++)
		texts[text_count][i] = (uint8_t)pick(256);
	return texts[text_count++];
}

static const char *some_scopes(void)
{
	static const char *const lists[] = { "", "s:0", "s:1 s:2", "*", "s:0 gone:scope", "gone:scope",
		"s:0 s:1 s:2 s:3", "s:99" };
	return lists[pick(sizeof(lists) / sizeof(lists[0]))];
}

/* ---- Changes ---- */

static void add_token(void)
{
	char name[40];
	int64_t revision;
	struct store_actor who = actor();
	if (token_count == TOKENS_MAX)
		return;
	snprintf(name, sizeof(name), "t%zu", token_count);
	static const char *const names[] = { "one", "many", "elsewhere" };
	struct token_row row = { .id = new_id(), .kind = (enum remit_token_kind)pick(3), .name = name,
		.owner = users[pick(USERS)],
		.api = names[pick(3)], .scopes = some_scopes(), .created_ms = who.now_ms,
		.expires_ms = pick(3) ? 0 : who.now_ms + 1 + pick(100000), .rate = (uint16_t)pick(3) };
	if (pick(3) == 0)
		row.project = projects[pick(3)];
	row.key.bound = pick(4) == 0;
	if (row.key.bound)
		memset(row.key.jkt, (int)pick(256), sizeof(row.key.jkt));
	if (store_token_add(store, &row, new_text(), &who, &revision) == STORE_OK)
		tokens[token_count++] = row.id;
}

static void change_token(void)
{
	struct store_actor who = actor();
	struct arena arena;
	struct token_row row;
	int64_t revision;
	if (token_count == 0)
		return;
	const struct id *id = &tokens[pick((unsigned)token_count)];
	arena_init(&arena, 0);
	if (pick(3) == 0) {
		(void)!store_token_revoke(store, id, "test", &who, &revision);
	} else if (pick(2) == 0) {
		(void)!store_token_rotate(store, id, new_text(), who.now_ms + (pick(2) ? 60000 : 0), &who, &revision);
	} else if (store_token_get(store, id, &arena, &row) == STORE_OK) {
		const char *before = row.scopes;
		row.scopes = pick(2) ? "" : "s:0";
		row.rate = (uint16_t)pick(100);
		(void)!store_token_update(store, &row, before, row.expires_ms, &who, &revision);
	}
	arena_done(&arena);
}

static void change_user(void)
{
	struct store_actor who = actor();
	int64_t revision;
	unsigned i = pick(USERS);
	if (pick(6) == 0) {
		(void)!store_user_remove(store, &users[i], &who, &revision);
		char email[40];
		snprintf(email, sizeof(email), "u%u-%zu@example.com", i, text_count + pick(1000));
		struct user_row row = { .id = new_id(), .email = email, .admin = pick(2), .created_ms = who.now_ms };
		if (store_user_add(store, &row, &who) == STORE_OK)
			users[i] = row.id;
	} else {
		(void)!store_user_disable(store, &users[i], pick(2), &who, &revision);
	}
}

static void add_project(unsigned i)
{
	struct store_actor who = actor();
	projects[i] = new_id();
	struct project_row row = { .id = projects[i], .api = "one", .name = "P", .owner = users[pick(USERS)],
		.created_ms = who.now_ms };
	assert_int_equal(store_project_add(store, &row, &who), STORE_OK);
}

static void change_project(void)
{
	struct store_actor who = actor();
	unsigned i = pick(3);
	int64_t revision;
	if (pick(4) == 0 && store_project_remove(store, &projects[i], &who, &revision) == STORE_OK)
		add_project(i);
	else if (pick(2) == 0)
		(void)!store_member_add(store, &projects[i], &users[pick(USERS)], &who, &revision);
	else
		(void)!store_member_remove(store, &projects[i], &users[pick(USERS)], &who, &revision);
}

static void change_something(void)
{
	struct store_actor who = actor();
	int64_t count;
	switch (pick(12)) {
	case 0: case 1: case 2: case 3:
		add_token();
		return;
	case 4: case 5: case 6: case 7:
		change_token();
		return;
	case 8:
		change_user();
		return;
	case 9: case 10:
		change_project();
		return;
	default:
		if (pick(4) == 0)
			(void)!store_token_prune(store, who.now_ms + 1, &who, &count);
	}
}

/* ---- Comparing ---- */

struct compare {
	struct replica *replica;
	struct replica_reader *reader;
	bool seen[TEXTS_MAX];
	struct {
		struct id_bytes id;
		bool active, admin;
	} people[64];
	size_t people_count;
	size_t count;
	struct {
		struct id id;
		uint32_t number;
	} owners[64];
	size_t owner_count;
};

static bool note_user(void *ctx, const struct user_row *user)
{
	struct compare *c = ctx;
	assert_true(c->people_count < 64);
	id_to_bytes(&user->id, &c->people[c->people_count].id);
	c->people[c->people_count].active = user->disabled_ms == 0;
	c->people[c->people_count++].admin = user->admin;
	return true;
}

/* The names that a text's scopes leave of a vocabulary. */
static void assert_granted(const struct compare *c, const struct remit_record *record, struct str scopes)
{
	const struct remit_policy *policy = policies[record->api];
	const uint64_t *granted = remit_table_granted(atomic_load(&c->reader->table), policy, record);
	struct remit_scopes wanted = { { 0 } };
	for (struct str name; scopes.n > 0;) {
		size_t scope;
		str_cut(&scopes, ' ', &name);
		if (remit_policy_scope_find(policy, name.p, name.n, &scope) == REMIT_OK)
			wanted.word[scope / 64] |= UINT64_C(1) << (scope % 64);
	}
	assert_memory_equal(granted, wanted.word, remit_policy_words(policy) * 8);
}

static void assert_owner(const struct compare *c, const struct remit_record *record,
	const struct id_bytes *owner)
{
	uint32_t flags = replica_person_flags(c->replica, record->owner), wanted = 0;
	for (size_t i = 0; i < c->people_count; i++)
		if (memcmp(&c->people[i].id, owner, sizeof(*owner)) == 0 && c->people[i].active)
			wanted = ROSTER_PERSON_ACTIVE | (c->people[i].admin ? ROSTER_PERSON_ADMIN : 0);
	assert_int_equal(flags, wanted);
	assert_memory_equal(replica_person_id(c->replica, record->owner), owner, sizeof(*owner));
}

static void note_owner(struct compare *c, uint32_t number)
{
	for (size_t i = 0; i < c->owner_count; i++)
		if (c->owners[i].number == number)
			return;
	if (c->owner_count == 64)
		return;
	id_from_bytes(replica_person_id(c->replica, number), &c->owners[c->owner_count].id);
	c->owners[c->owner_count++].number = number;
}

/* Who reaches which project (D24). */
static void compare_reach(const struct compare *c)
{
	for (size_t i = 0; i < 3 * c->owner_count; i++) {
		const struct id *project = &projects[i % 3], *owner = &c->owners[i / 3].id;
		uint32_t number = c->owners[i / 3].number;
		bool reaches = false;
		assert_int_equal(store_project_reaches(store, project, owner, &reaches), STORE_OK);
		assert_int_equal(replica_reach(c->replica, "one", project, number), reaches ? REACH_YES : REACH_NO);
		assert_int_equal(replica_reach(c->replica, "many", project, number), REACH_UNKNOWN);
		assert_int_equal(replica_reach(c->replica, "one", owner, number), REACH_UNKNOWN);
	}
}

static bool compare_text(void *ctx, const struct store_text *text)
{
	struct compare *c = ctx;
	struct remit_record record;
	assert_true(remit_table_find(c->reader->reader, text->digest, &record));
	assert_memory_equal(&replica_token(c->replica, record.token)->id, &text->token, sizeof(text->token));
	assert_int_equal(record.expires_s, text->expires_ms / 1000);
	assert_int_equal(record.flags & REMIT_RECORD_KIND, text->kind);
	assert_int_equal((record.flags & REMIT_RECORD_REVOKED) != 0, text->revoked_ms != 0);
	assert_int_equal((record.flags & REMIT_RECORD_BOUND) != 0, text->key.bound);
	if (text->key.bound)
		assert_memory_equal(replica_token_key(c->replica, record.token), text->key.jkt, sizeof(text->key.jkt));
	assert_int_equal(record.rate, text->rate);
	uint8_t api = str_is(text->api, "one") ? 0 : str_is(text->api, "many") ? 1 : REPLICA_NO_API;
	assert_int_equal(record.api, api);
	static const struct id_bytes none;
	const struct id_bytes *project = replica_project_id(c->replica, record.project);
	assert_memory_equal(project ? project : &none, &text->project, sizeof(none));
	assert_owner(c, &record, &text->owner);
	note_owner(c, record.owner);
	if (api != REPLICA_NO_API)
		assert_granted(c, &record, text->scopes);
	for (size_t i = 0; i < text_count; i++)
		if (memcmp(texts[i], text->digest, REMIT_DIGEST_SIZE) == 0)
			c->seen[i] = true;
	c->count++;
	return true;
}

static void compare(struct replica *replica, struct replica_reader *reader)
{
	static struct compare c;
	struct remit_record record;
	int64_t revision;
	c = (struct compare){ .replica = replica, .reader = reader };
	replica_reader_turn(reader);
	assert_int_equal(store_load(store, compare_text, note_user, &c, &revision), STORE_OK);
	for (size_t i = 0; i < text_count; i++)
		if (!c.seen[i])
			assert_false(remit_table_find(reader->reader, texts[i], &record));
	assert_int_equal(replica_texts(replica), c.count);
	assert_int_equal(replica_revision(replica), revision);
	replica_reader_rest(reader);
	compare_reach(&c);
}

/* ---- Start ---- */

static struct remit_policy *policy_of(unsigned scopes)
{
	struct remit_builder *builder = remit_builder_new();
	struct remit_policy *policy = NULL;
	char name[16];
	assert_int_equal(remit_builder_scope(builder, "*"), REMIT_OK);
	for (unsigned i = 0; i < scopes; i++) {
		snprintf(name, sizeof(name), "s:%u", i);
		assert_int_equal(remit_builder_scope(builder, name), REMIT_OK);
	}
	assert_int_equal(remit_policy_build(builder, &policy), REMIT_OK);
	return policy;
}

static void open_all(void)
{
	char url[64], why[256] = "";
	struct store_actor who = actor();
	assert_non_null(mkdtemp(folder));
	snprintf(url, sizeof(url), "sqlite:%s/remit.db", folder);
	if (store_open(url, STORE_MIGRATE, &store, why) != STORE_OK)
		fail_msg("%s", why);
	policies[0] = policy_of(4);
	policies[1] = policy_of(200);
	apis[0] = (struct replica_api){ "one", 0, policies[0], .is_upstream = true };
	apis[1] = (struct replica_api){ "many", 1, policies[1], .is_upstream = false };
	for (unsigned i = 0; i < USERS; i++) {
		char email[32];
		users[i] = new_id();
		snprintf(email, sizeof(email), "u%u@example.com", i);
		struct user_row row = { .id = users[i], .email = email, .admin = i % 2, .created_ms = who.now_ms };
		assert_int_equal(store_user_add(store, &row, &who), STORE_OK);
	}
	for (unsigned i = 0; i < 3; i++)
		add_project(i);
}

static void close_all(void)
{
	char path[600];
	store_close(store);
	remit_policy_free(policies[0]);
	remit_policy_free(policies[1]);
	DIR *dir = opendir(folder);
	for (const struct dirent *entry; dir && (entry = readdir(dir));) {
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		unlink(path);
	}
	closedir(dir);
	rmdir(folder);
}

/* ---- Copies: one, or two for a while, as when a configuration takes the place of another ---- */

struct copy {
	struct replica *replica;
	struct replica_reader reader;
};

static void open_copy(struct copy *copy, struct roster *roster, bool beside)
{
	uint64_t changes;
	*copy = (struct copy){ 0 };
	assert_true(replica_new(roster, apis, 2, 0, &copy->replica));
	assert_int_equal(beside ? replica_load_beside(copy->replica, store) : replica_load(copy->replica, store),
		STORE_OK);
	assert_int_equal(replica_follow(copy->replica, store, &changes), STORE_OK);
	assert_true(replica_reader_init(&copy->reader, copy->replica));
}

static void close_copy(struct copy *copy)
{
	replica_reader_done(&copy->reader);
	replica_free(copy->replica);
	copy->replica = NULL;
}

static void follow(struct copy *copy)
{
	uint64_t changes;
	if (pick(20) == 0) /* the feed did not reach back far enough */
		assert_int_equal(replica_load(copy->replica, store), STORE_OK);
	else
		assert_int_equal(replica_follow(copy->replica, store, &changes), STORE_OK);
}

/* The second comes, or takes the place of the first. */
static void change_copies(struct copy copies[2], struct roster *roster)
{
	uint64_t changes;
	if (!copies[1].replica) {
		assert_int_equal(replica_follow(copies[0].replica, store, &changes), STORE_OK);
		open_copy(&copies[1], roster, true);
		return;
	}
	close_copy(&copies[0]);
	assert_true(replica_reader_init(&copies[0].reader, copies[1].replica));
	copies[0].replica = copies[1].replica;
	replica_reader_done(&copies[1].reader);
	copies[1].replica = NULL;
}

static void test_T03_T04_T08_each_copy_says_what_the_store_says(void **state)
{
	(void)state;
	const char *given = getenv("REMIT_SEED");
	seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)clock_wall_ms();
	printf("# REMIT_SEED=%u\n", seed);
	open_all();
	struct roster *roster = NULL;
	struct copy copies[2] = { 0 };
	assert_true(roster_new(0, &roster));
	open_copy(&copies[0], roster, false);
	for (unsigned step = 0; step < STEPS; step++) {
		change_something();
		if (pick(12) == 0)
			change_copies(copies, roster);
		if (pick(4) != 0)
			continue;
		for (size_t i = 0; i < 2 && copies[i].replica; i++)
			follow(&copies[i]);
		for (size_t i = 0; i < 2 && copies[i].replica; i++) {
			compare(copies[i].replica, &copies[i].reader);
			replica_tend(copies[i].replica);
		}
	}
	for (size_t i = 0; i < 2 && copies[i].replica; i++)
		close_copy(&copies[i]);
	roster_free(roster);
	close_all();
}

/* Which APIs may share a copy: those to whose tokens the bits of a record mean the same. */
static void test_a_copy_fits_the_same_words_only(void **state)
{
	(void)state;
	struct remit_policy *four = policy_of(4), *same = policy_of(4), *five = policy_of(5);
	const struct replica_api now[2] = { { "a", 3, four, true }, { "b", 7, five, false } };
	const struct {
		struct replica_api list[2];
		size_t count;
		bool fits;
	} cases[] = {
		{ { { "a", 3, same, true }, { "b", 7, five, false } }, 2, true },
		{ { { "b", 7, five, false }, { "a", 3, same, true } }, 2, true },
		{ { { "a", 3, same, true } }, 1, false },
		{ { { "a", 3, five, true }, { "b", 7, five, false } }, 2, false },
		{ { { "a", 3, same, false }, { "b", 7, five, false } }, 2, false },
		{ { { "a", 4, same, true }, { "b", 7, five, false } }, 2, false },
		{ { { "c", 3, same, true }, { "b", 7, five, false } }, 2, false },
	};
	struct roster *roster;
	struct replica *replica;
	assert_true(roster_new(0, &roster) && replica_new(roster, now, 2, 0, &replica));
	for (size_t i = 0; i < TEST_COUNT(cases); i++)
		assert_int_equal(replica_fits(replica, cases[i].list, cases[i].count), cases[i].fits);
	replica_set_apis(replica, cases[0].list, 2);
	remit_policy_free(four);
	assert_true(replica_fits(replica, cases[1].list, 2));
	replica_free(replica);
	roster_free(roster);
	remit_policy_free(same);
	remit_policy_free(five);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_a_copy_fits_the_same_words_only),
	cmocka_unit_test(test_T03_T04_T08_each_copy_says_what_the_store_says),
};

TEST_MAIN(tests)
