/* SPDX-License-Identifier: Apache-2.0
 * Deadlines of one loop: a first-in-first-out list for each phase. All of a phase run equally long, so
 * a new one is always the last of its list: arming and disarming are O(1), and only heads are looked at.
 * net: may include base, core and wire.
 */
#ifndef REMIT_NET_DEADLINE_H
#define REMIT_NET_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

enum deadline_phase {
	DEADLINE_HEAD,
	DEADLINE_IDLE,
	DEADLINE_BODY,
	DEADLINE_WRITE,
	DEADLINE_LINGER,
	DEADLINE_STREAM_BODY, /* of one exchange of HTTP/2 */
	DEADLINE_STREAM_WRITE,
	DEADLINE_STREAM_LINGER, /* its answer is sent, and the client still sends */
	DEADLINE_PHASES, /* also: not armed */
};

struct deadline { /* owned by what it watches; deadline_init before use */
	struct deadline *prev, *next;
	int64_t due_ns;
	enum deadline_phase phase;
};

struct deadlines {
	struct deadline lists[DEADLINE_PHASES]; /* the heads of rings */
	int64_t after_ns[DEADLINE_PHASES];
};

void deadlines_init(struct deadlines *d, const uint32_t after_ms[static DEADLINE_PHASES]);
/* Takes one that is due off its list, and says in *ret_phase what it was; NULL where none is. */
struct deadline *deadlines_take(struct deadlines *d, int64_t now_ns, enum deadline_phase *ret_phase);

void deadline_init(struct deadline *one);
/* Starts anew, also where it was armed for this phase or another. `now_ns` never goes back. */
void deadline_arm(struct deadlines *d, struct deadline *one, enum deadline_phase phase, int64_t now_ns);
void deadline_disarm(struct deadline *one);

#endif
