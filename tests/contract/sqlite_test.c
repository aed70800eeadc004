/* SPDX-License-Identifier: Apache-2.0
 * The SQLite store, put to the contract: one part a run, for each prints a TAP plan of its own.
 */
#include "store_contract.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void make(char ret_url[512])
{
	char folder[] = "/tmp/remit_contract.XXXXXX";

	assert_non_null(mkdtemp(folder));
	snprintf(ret_url, 512, "sqlite:%s/store.db", folder);
}

static void remove_place(const char *url)
{
	static const char *const ends[] = { "/store.db", "/store.db-wal", "/store.db-shm", "" };
	const char *path = url + strlen("sqlite:");
	int n = (int)(strrchr(path, '/') - path);
	char file[512];

	for (size_t i = 0; i < TEST_COUNT(ends); i++) {
		snprintf(file, sizeof(file), "%.*s%s", n, path, ends[i]);
		remove(file);
	}
}

const struct contract_place contract_place = { make, remove_place, NULL };

/* cmocka's macro wants an array whose size it can see. */
static int run(const struct CMUnitTest *tests, size_t count)
{
	return _cmocka_run_group_tests("contract", tests, count, NULL, NULL) != 0;
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
