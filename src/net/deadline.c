/* SPDX-License-Identifier: Apache-2.0
 * Deadlines as rings in the order in which they come due.
 * net: may include base, core and wire.
 */
#include "net/deadline.h"

#include <assert.h>
#include <stddef.h>

void deadlines_init(struct deadlines *d, const uint32_t after_ms[static DEADLINE_PHASES])
{
	for (int i = 0; i < DEADLINE_PHASES; i++) {
		struct deadline *head = &d->lists[i];
		*head = (struct deadline){ head, head, 0, (enum deadline_phase)i };
		d->after_ns[i] = (int64_t)after_ms[i] * 1000000;
	}
}

static void unlink_one(struct deadline *one)
{
	one->prev->next = one->next;
	one->next->prev = one->prev;
	one->phase = DEADLINE_PHASES;
}

struct deadline *deadlines_take(struct deadlines *d, int64_t now_ns, enum deadline_phase *ret_phase)
{
	for (int i = 0; i < DEADLINE_PHASES; i++) {
		struct deadline *first = d->lists[i].next;
		if (first == &d->lists[i] || first->due_ns > now_ns)
			continue;
		unlink_one(first);
		*ret_phase = (enum deadline_phase)i;
		return first;
	}
	return NULL;
}

void deadline_init(struct deadline *one)
{
	*one = (struct deadline){ .phase = DEADLINE_PHASES };
}

void deadline_arm(struct deadlines *d, struct deadline *one, enum deadline_phase phase, int64_t now_ns)
{
	assert(phase < DEADLINE_PHASES);
	deadline_disarm(one);
	struct deadline *head = &d->lists[phase];
	one->due_ns = now_ns + d->after_ns[phase];
	assert(head->prev == head || head->prev->due_ns <= one->due_ns);
	one->phase = phase;
	one->prev = head->prev;
	one->next = head;
	head->prev->next = one;
	head->prev = one;
}

void deadline_disarm(struct deadline *one)
{
	if (one->phase != DEADLINE_PHASES)
		unlink_one(one);
}
