/* SPDX-License-Identifier: Apache-2.0
 * A map from names to numbers: open addressing, at most half full.
 * core: may include base.
 */
#include "core/names.h"

#include <stdlib.h>

static struct name_slot *find_slot(struct name_slot *slots, size_t room, struct str name)
{
	size_t at = name_hash(0, name.p, name.n) & (room - 1);
	while (slots[at].name.p && !name_eq(slots[at].name, name))
		at = (at + 1) & (room - 1);
	return &slots[at];
}

static bool grow(struct names *names)
{
	size_t room = names->room ? names->room * 2 : 16;
	struct name_slot *slots = calloc(room, sizeof(*slots));
	if (!slots)
		return false;
	for (size_t i = 0; i < names->room; i++)
		if (names->slots[i].name.p)
			*find_slot(slots, room, names->slots[i].name) = names->slots[i];
	free(names->slots);
	names->slots = slots;
	names->room = room;
	return true;
}

bool names_add(struct names *names, struct str name, uint32_t number)
{
	if (names->count >= names->room / 2 && !grow(names))
		return false;
	*find_slot(names->slots, names->room, name) = (struct name_slot){ name, number };
	names->count++;
	return true;
}

bool names_find(const struct names *names, struct str name, uint32_t *ret_number)
{
	if (names->room == 0 || !name.p)
		return false;
	const struct name_slot *slot = find_slot(names->slots, names->room, name);
	if (!slot->name.p)
		return false;
	*ret_number = slot->number;
	return true;
}

void names_done(struct names *names)
{
	free(names->slots);
	*names = (struct names){ 0 };
}
