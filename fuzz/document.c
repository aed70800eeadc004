/* SPDX-License-Identifier: Apache-2.0
 * A site's files: no text may crash the reader; what it reads, it writes back unchanged where nothing is asked for;
 * and a change either says what was asked, or is refused.
 */
#include "services/content/site/document.h"

#include "base/limits.h"
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good)
		abort();
}

/* Takes one key out, changes another, adds a third: which ones the size says. */
static json_t *changed(const json_t *json, size_t size)
{
	json_t *wanted = json_deep_copy(json);
	const char *key;
	json_t *value;
	size_t i = 0;
	void *next;
	json_object_foreach_safe(wanted, next, key, value) {
		if (i == size % 7)
			(void)json_object_del(wanted, key);
		else if (i == size % 5)
			(void)json_object_set_new(wanted, key, json_pack("[s, {s:s}]", "x: y", "a", "b\nc\n"));
		i++;
	}
	(void)json_object_set_new(wanted, "new", json_string("#"));
	return wanted;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct document d;
	struct value_problem problem;
	const enum document_kind kind = size % 2 ? DOCUMENT_ENTRY : DOCUMENT_YAML;
	arena_init(&arena, 0);
	if (document_parse((struct str){ (const char *)data, size }, kind, &arena, &d, &problem)) {
		json_t *json = document_json(&d), *wanted = changed(json, size);
		size_t bytes;
		struct value *copy = value_copy(d.root, &bytes);
		struct buf out;
		buf_init(&out, 2 * LIMIT_CONTENT_FILE_BYTES);
		check(json && copy);
		check(document_change(&d, json, &out, &problem) && str_eq(buf_str(&out), d.text));
		buf_reset(&out);
		if (!document_change(&d, wanted, &out, &problem))
			check(problem.text[0] != '\0');
		buf_done(&out);
		free(copy);
		json_decref(json);
		json_decref(wanted);
	} else {
		check(problem.text[0] != '\0');
	}
	arena_done(&arena);
	return 0;
}
