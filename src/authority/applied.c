/* SPDX-License-Identifier: Apache-2.0
 * Waiting until every running server knows of a change (D14).
 * authority: may include base, core, wire, store and profile.
 */
#include "authority/internal.h"

#include "base/clock.h"
#include <time.h>

#define POLL_MS 5

struct survey {
	int64_t revision, seen_after_ms, seen_before_ms;
	struct authority_lagging lagging;
};

static bool note_node(void *ctx, const struct node_row *node)
{
	struct survey *s = ctx;
	if (node->revision >= s->revision || node->seen_ms < s->seen_after_ms || node->seen_ms > s->seen_before_ms)
		return true;
	if (s->lagging.count++ == 0) {
		s->lagging.first = *node;
		s->lagging.first.host = NULL;
	}
	return true;
}

enum authority_status authority_wait_applied(const struct authority *a, int64_t revision, uint32_t wait_ms,
	struct authority_lagging *ret, struct authority_error *reterr)
{
	const int64_t deadline_ns = clock_monotonic_ns() + (int64_t)wait_ms * 1000000;
	for (;;) {
		const int64_t now_ms = clock_wall_ms();
		const bool over = clock_monotonic_ns() >= deadline_ns;
		/* The clock may have gone back: who runs writes its time anew while we wait, who is dead does not. */
		struct survey s = { .revision = revision, .seen_after_ms = now_ms - wait_ms,
			.seen_before_ms = over ? now_ms + wait_ms : INT64_MAX };
		enum store_status status = store_node_each(a->store, note_node, &s);
		if (status == STORE_OK && s.lagging.count == 0)
			return AUTHORITY_OK;
		if (over) {
			if (status != STORE_OK)
				return authority_fail(reterr, AUTHORITY_UNAVAILABLE,
					"The change is made, but which running servers know "
					"of it cannot be asked: %s.",
					store_status_text(status));
			*ret = s.lagging;
			return authority_fail(reterr, AUTHORITY_CONFLICT,
				"%zu running server%s not taken the change in within %u ms; "
				"the first is node %s, process %lld.",
				s.lagging.count, s.lagging.count == 1 ? " has" : "s have", wait_ms,
				s.lagging.first.id.text, (long long)s.lagging.first.pid);
		}
		nanosleep(&(struct timespec){ .tv_nsec = POLL_MS * 1000000L }, NULL);
	}
}
