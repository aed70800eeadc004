/* SPDX-License-Identifier: Apache-2.0
 * Time zone files: what is taken answers every time, and a reading of a local time is one.
 */
#include "wire/tzif.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition) do { if (!(condition)) abort(); } while (0)

static void look(const struct tzif *zone, int64_t at)
{
	int32_t offsets[2], offset = tzif_offset(zone, at);

	REQUIRE(offset > -TZIF_OFFSET_MAX && offset < TZIF_OFFSET_MAX);
	switch (tzif_local(zone, at, offsets)) {
	case TZIF_ONE:
	case TZIF_TWICE:
		REQUIRE(tzif_offset(zone, at - offsets[0]) == offsets[0]);
		REQUIRE(tzif_offset(zone, at - offsets[1]) == offsets[1]);
		return;
	case TZIF_NEVER:
		REQUIRE(offsets[0] < offsets[1]);
		return;
	case TZIF_FAILED:
		return;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tzif zone;
	struct arena arena;
	static const int64_t times[] = { 0, -1, 1900000000, 4102444800, -4000000000, 253402300799 };

	arena_init(&arena, 0);
	if (tzif_parse((struct str){ (const char *)data, size }, &arena, &zone)) {
		for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
			look(&zone, times[i]);
		for (size_t i = 0; i < zone.count && i < 64; i++)
			look(&zone, zone.times[i] + zone.offsets[i]);
		for (int64_t day = 0; zone.footer.there && day < 366; day++)
			look(&zone, 1893456000 + day * 86400 + 9000);
	}
	arena_done(&arena);
	return 0;
}
