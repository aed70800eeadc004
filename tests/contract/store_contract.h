/* SPDX-License-Identifier: Apache-2.0
 * What every store must do, as tests. A store is put to them by a program that fills in
 * `contract_place` and runs the three arrays below.
 */
#ifndef REMIT_TESTS_CONTRACT_STORE_CONTRACT_H
#define REMIT_TESTS_CONTRACT_STORE_CONTRACT_H

#include "../unit/test.h"
#include "base/arena.h"
#include "store/store.h"

/* How the store under test gets a place of its own: `make` writes a URL where nothing is yet,
 * `remove` takes away what was made there. */
struct contract_place {
	void (*make)(char ret_url[512]);
	void (*remove)(const char *url);
	void (*attach)(struct store *store, const char *url); /* NULL: nothing is kept elsewhere */
};
extern const struct contract_place contract_place;

#define CONTRACT_NOW_MS INT64_C(1790000000000)

/* What each test starts with: an empty store. */
struct contract {
	struct store *store;
	char url[512];
	struct arena arena;
	struct store_actor actor; /* cli:root, at CONTRACT_NOW_MS */
	uint64_t random;          /* state of contract_random */
};

/* store_open, and what belongs to it. */
enum store_status contract_open(const char *url, enum store_mode mode, struct store **ret, char reterr_text[256]);
int contract_setup(void **state);
int contract_teardown(void **state);

uint64_t contract_random(struct contract *c);
struct id contract_id(struct contract *c);
void contract_digest(struct contract *c, uint8_t ret_digest[REMIT_DIGEST_SIZE]);

/* Adds, and fails the test where that fails. */
struct id contract_user(struct contract *c, const char *email);
struct id contract_project(struct contract *c, const struct id *owner);
/* A row that may be added: personal, named `name`, of the API "publishing", for ever. */
struct token_row contract_row(struct contract *c, const struct id *owner, const char *name);
struct id contract_token(struct contract *c, const struct token_row *row,
	uint8_t ret_digest[REMIT_DIGEST_SIZE]);
/* The row as it is now; fails the test where it is not there. */
struct token_row contract_get(struct contract *c, const struct id *id);
/* Counts events with this action ("" for all). */
size_t contract_events(struct contract *c, const char *action);
int64_t contract_revision(struct contract *c);

#define CONTRACT_TEST(name) cmocka_unit_test_setup_teardown(name, contract_setup, contract_teardown)

extern const struct CMUnitTest contract_people_tests[];
extern const size_t contract_people_count;
extern const struct CMUnitTest contract_token_tests[];
extern const size_t contract_token_count;
extern const struct CMUnitTest contract_feed_tests[];
extern const size_t contract_feed_count;

#endif
