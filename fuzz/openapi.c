/* SPDX-License-Identifier: Apache-2.0
 * OpenAPI documents: no text may crash the reader; a text is accepted or gives a mistake; what is
 * drafted from it is read without one, whatever stood in its names and titles, and has a rule for each
 * operation that was not told to have none.
 */
#include "cli/openapi/openapi.h"
#include "profile/tree.h"

#include "base/limits.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_coverage(const struct openapi *document, struct plan *plan, const struct profile *profile,
	struct arena *arena)
{
	struct coverage coverage;
	if (!coverage_find(document, profile, arena, &coverage))
		abort();
	(void)plan_settle(plan, &coverage);
	if (coverage.unused_count > 0 || coverage.unmapped_count != plan_unmapped(plan))
		abort();
}

static void check_config(const struct plan *plan, struct arena *arena, struct mistakes *mistakes)
{
	struct buf text;
	buf_init(&text, LIMIT_PROFILE_BYTES);
	if (!draft_config(plan->name, plan->title, "http://127.0.0.1:3000", plan->origin, &text)
		|| !tree_read(buf_str(&text), "remit.yaml", arena, mistakes) || mistakes->count > 0)
		abort();
	buf_done(&text);
}

static void check_draft(const struct openapi *document, struct plan *plan, struct arena *arena,
	struct mistakes *mistakes)
{
	struct buf text;
	buf_init(&text, LIMIT_PROFILE_BYTES);
	if (draft_profile(plan, "fuzz", &text)) {
		struct profile *profile = profile_read(buf_str(&text), "draft", mistakes);
		if (!profile || mistakes->count > 0)
			abort();
		check_coverage(document, plan, profile, arena);
		profile_free(profile);
	}
	buf_done(&text);
	check_config(plan, arena, mistakes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mistakes mistakes;
	struct arena arena;
	struct plan *plan = NULL;

	mistakes_init(&mistakes);
	arena_init(&arena, 0);
	const struct openapi *document =
		openapi_read((struct str){ (const char *)data, size }, "fuzz", &arena, &mistakes);
	if ((document == NULL) != (mistakes.count > 0))
		abort();
	if (document)
		plan = plan_make(document, "fuzz", "fuzz", &arena, &mistakes);
	if (document && (plan == NULL) != (mistakes.count > 0))
		abort();
	if (plan)
		check_draft(document, plan, &arena, &mistakes);
	arena_done(&arena);
	mistakes_done(&mistakes);
	return 0;
}
