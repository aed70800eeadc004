/* SPDX-License-Identifier: Apache-2.0
 * What was used and must not come again while it would still be good: names, each until a time. Bounded; shared by
 * all threads of a process, under one lock that is held for some hundred nanoseconds.
 * authority: may include base, core, wire, store, profile and outbound.
 */
#ifndef REMIT_AUTHORITY_DPOP_REPLAY_H
#define REMIT_AUTHORITY_DPOP_REPLAY_H

#include "base/limits.h"

#include <stdbool.h>
#include <stdint.h>

#define REPLAY_NAME_BYTES 16
#define REPLAY_AHEAD_S 255 /* a name is kept no longer than this */

struct replay;

enum replay_result { REPLAY_NEW, REPLAY_USED, REPLAY_FULL };

/* Room for `room` names, a power of two; memory is taken as it is used. False without memory. */
bool replay_new(uint32_t room, struct replay **ret);
void replay_free(struct replay *replay);
/* Takes a name, which strangers cannot choose (a keyed digest), until a second. FULL: it was not taken, for others
 * that are still good take all the room, and nobody can say whether it is new. */
enum replay_result replay_take(struct replay *replay, const uint8_t name[static REPLAY_NAME_BYTES], int64_t now_s,
	int64_t until_s);

#endif
