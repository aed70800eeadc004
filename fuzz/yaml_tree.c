/* SPDX-License-Identifier: Apache-2.0
 * Small trees out of YAML: what is read lies within the text, in order, and a text that is written reads back.
 */
#include "base/text.h"
#include "wire/yaml_tree.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition) do { if (!(condition)) abort(); } while (0)

static void require_reads_back(struct str text)
{
	struct yaml_problem problem;
	struct arena arena;
	struct buf out;
	arena_init(&arena, 0);
	buf_init(&out, 8u << 20);
	yaml_write_text(&out, text);
	const struct yaml *again = out.failed ? NULL : yaml_read(buf_str(&out), &arena, &problem);
	REQUIRE(again && again->kind == YAML_TEXT && str_eq(again->text, text));
	buf_done(&out);
	arena_done(&arena);
}

static void require_sound(const struct yaml *node, size_t start, size_t end)
{
	REQUIRE(node->start <= node->end && node->start >= start && node->end <= end);
	if (node->kind == YAML_TEXT) {
		REQUIRE(utf8_valid(node->text) && node->text.p[node->text.n] == '\0');
		if (node->text.n < 4096)
			require_reads_back(node->text);
	}
	for (const struct yaml *child = node->first; child; child = child->next)
		require_sound(child, node->start, node->end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct yaml_problem problem = { 0, NULL };
	struct arena arena;
	arena_init(&arena, 0);
	const struct yaml *tree = yaml_read((struct str){ (const char *)data, size }, &arena, &problem);
	REQUIRE((tree == NULL) == (problem.what != NULL));
	if (tree)
		require_sound(tree, 0, size);
	arena_done(&arena);
	return 0;
}
