/* SPDX-License-Identifier: Apache-2.0
 * What the gate judges must be what a service then reads: where the conditions are judged and the
 * JSON library takes the same body, both must see the same keys.
 */
#include "gate/conditions.h"

#include <jansson.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct remit_when whens[] = {
	{ .test = REMIT_TEST_PRESENT, .source = REMIT_SOURCE_BODY, .name = "/at" },
	{ .test = REMIT_TEST_ABSENT, .source = REMIT_SOURCE_BODY, .name = "/name" },
	{ .test = REMIT_TEST_EQUALS, .source = REMIT_SOURCE_BODY, .name = "/kind", .value = "hot" },
	{ .test = REMIT_TEST_PRESENT, .source = REMIT_SOURCE_BODY, .name = "/items/*/at" },
};
static const struct remit_operation operation = { .text = "POST /things", .whens = whens, .when_count = 4 };

static uint32_t read_by_library(json_t *json)
{
	uint32_t seen = 0;
	size_t i;
	json_t *item, *kind = json_object_get(json, "kind"), *items = json_object_get(json, "items");
	seen |= json_object_get(json, "at") ? 1u : 0;
	seen |= json_object_get(json, "name") ? 0 : 2u;
	seen |= json_is_string(kind) && strcmp(json_string_value(kind), "hot") == 0 ? 4u : 0;
	json_array_foreach(items, i, item)
		seen |= json_object_get(item, "at") ? 8u : 0;
	return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conditions conditions;
	char problem[CONDITIONS_PROBLEM_ROOM];
	struct conditions_named named;
	uint32_t judged;
	conditions_prepare(&operation, &conditions);
	struct conditions_input input = { .has_json = true, .json = { (const char *)data, size } };
	if (!conditions_judge(&conditions, &input, &judged, &named, problem))
		return 0;
	json_t *json = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
	if (json && judged != read_by_library(json))
		abort();
	json_decref(json);
	return 0;
}
