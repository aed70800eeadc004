/* SPDX-License-Identifier: Apache-2.0
 * A folder of its own for a test's store, gone when the test ends.
 */
#ifndef REMIT_TESTS_UNIT_STORE_PLACE_H
#define REMIT_TESTS_UNIT_STORE_PLACE_H

#include "../test.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct place {
	char folder[64];
	char path[128]; /* of a file in it that is not there yet */
	char url[160];  /* sqlite:path */
};

static inline void place_make(struct place *place)
{
	snprintf(place->folder, sizeof(place->folder), "/tmp/remit_store.XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	snprintf(place->path, sizeof(place->path), "%s/store.db", place->folder);
	snprintf(place->url, sizeof(place->url), "sqlite:%s", place->path);
}

static inline int place_remove_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
	(void)info, (void)kind, (void)at;
	return remove(path);
}

static inline void place_remove(const struct place *place)
{
	nftw(place->folder, place_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

#endif
