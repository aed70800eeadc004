/* SPDX-License-Identifier: Apache-2.0
 * A store whose tokens of an API are kept in a folder, put to those parts of the contract that speak of what such a folder
 * can keep.
 */
#include "store_contract.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

static void make(char ret_url[512])
{
	char folder[] = "/tmp/remit_contract.XXXXXX";

	assert_non_null(mkdtemp(folder));
	snprintf(ret_url, 512, "sqlite:%s/store.db", folder);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void remove_place(const char *url)
{
	const char *path = url + strlen("sqlite:");
	char folder[512];

	snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path), path);
	assert_int_equal(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void attach(struct store *store, const char *url)
{
	const char *path = url + strlen("sqlite:");
	char tokens[600], error[256];

	snprintf(tokens, sizeof(tokens), "yaml:%.*s/mcp/tokens", (int)(strrchr(path, '/') - path), path);
	assert_int_equal(store_attach(store, "publishing", tokens, error), STORE_OK);
}

const struct contract_place contract_place = { make, remove_place, attach };

/* Projects, parents, rates, presets, milliseconds and old texts have no place in the layout. */
static const char *const left_out[] = {
	"test_token_that_cannot_be_added",
	"test_token_comes_back_whole",
	"test_T10_revoking_reaches_every_descendant",
	"test_D15_rotation_with_overlap",
	"test_D15_an_old_text_never_outlives_its_token",
	"test_a_followed_copy_is_a_fresh_load",
	"test_pruning_forgets_what_ended",
	"test_T08_removing_a_user_revokes_their_tokens", /* the folder's own: tests/unit/store/shelf_test.c */
	"test_removing_a_project_revokes_what_is_bound_to_it",
	"test_D25_update_only_of_what_was_judged",
	"test_lists_in_the_order_made",
	"test_D17_last_use_never_goes_back",
};

static bool applies(const char *name)
{
	for (size_t i = 0; i < TEST_COUNT(left_out); i++)
		if (strcmp(name, left_out[i]) == 0)
			return false;
	return true;
}

static int run(const struct CMUnitTest *tests, size_t count)
{
	struct CMUnitTest chosen[64];
	size_t n = 0;

	for (size_t i = 0; i < count && n < TEST_COUNT(chosen); i++)
		if (applies(tests[i].name))
			chosen[n++] = tests[i];
	return _cmocka_run_group_tests("contract", chosen, n, NULL, NULL) != 0;
}

int main(int argc, char **argv)
{
	const char *part = argc > 1 ? argv[1] : "";

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (strcmp(part, "people") == 0)
		return run(contract_people_tests, contract_people_count);
	if (strcmp(part, "tokens") == 0)
		return run(contract_token_tests, contract_token_count);
	if (strcmp(part, "feed") == 0)
		return run(contract_feed_tests, contract_feed_count);
	fprintf(stderr, "name a part of the contract: people, tokens, feed\n");
	return 2;
}
