/* SPDX-License-Identifier: Apache-2.0
 * Room for one more element in an array that malloc gave.
 * core: may include base.
 */
#ifndef REMIT_CORE_ARRAY_H
#define REMIT_CORE_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* The array, moved where it was full; NULL without memory, the old one is then still good. */
static inline void *array_grow(void *array, size_t count, size_t *room, size_t element)
{
	if (count < *room)
		return array;
	size_t more = *room ? *room * 2 : 8;
	if (more > SIZE_MAX / 2 / element)
		return NULL;
	void *moved = realloc(array, more * element);
	if (moved)
		*room = more;
	return moved;
}

#endif
