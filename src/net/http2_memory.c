/* SPDX-License-Identifier: Apache-2.0
 * Free pieces by size, the last one given back first.
 * net: may include base, core and wire.
 */
#include "net/http2_memory.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define STEP_BYTES 64
#define KEPT_MOST 512 /* of each size: 144 kB in all */

struct http2_piece {
	union {
		struct http2_piece *next; /* while it is free */
		size_t room;              /* while it is in use */
	};
	max_align_t data[];
};

static size_t size_of(size_t room)
{
	return room / STEP_BYTES - 1;
}

static struct http2_piece *piece_of(void *data)
{
	return (struct http2_piece *)(void *)((char *)data - offsetof(struct http2_piece, data));
}

static void *take(size_t n, void *user_data)
{
	struct http2_memory *memory = user_data;
	struct http2_piece *piece = NULL;

	if (n > SIZE_MAX / 2)
		return NULL;
	size_t room = n == 0 ? STEP_BYTES : (n + STEP_BYTES - 1) / STEP_BYTES * STEP_BYTES;
	size_t size = size_of(room);
	if (size < HTTP2_MEMORY_SIZES && memory->pieces[size]) {
		piece = memory->pieces[size];
		memory->pieces[size] = piece->next;
		memory->kept[size]--;
	} else {
		piece = malloc(offsetof(struct http2_piece, data) + room);
	}
	if (!piece)
		return NULL;
	piece->room = room;
	return piece->data;
}

static void give(void *data, void *user_data)
{
	struct http2_memory *memory = user_data;

	if (!data)
		return;
	struct http2_piece *piece = piece_of(data);
	size_t size = size_of(piece->room);
	if (size >= HTTP2_MEMORY_SIZES || memory->kept[size] == KEPT_MOST) {
		free(piece);
		return;
	}
	piece->next = memory->pieces[size];
	memory->pieces[size] = piece;
	memory->kept[size]++;
}

static void *take_zeroed(size_t count, size_t n, void *user_data)
{
	size_t all;

	if (__builtin_mul_overflow(count, n, &all))
		return NULL;
	void *data = take(all, user_data);
	if (data)
		memset(data, 0, all);
	return data;
}

static void *grow(void *data, size_t n, void *user_data)
{
	if (!data)
		return take(n, user_data);
	size_t room = piece_of(data)->room;
	if (n <= room)
		return data;
	void *more = take(n, user_data);
	if (!more)
		return NULL;
	memcpy(more, data, room);
	give(data, user_data);
	return more;
}

void http2_memory_done(struct http2_memory *memory)
{
	for (size_t i = 0; i < HTTP2_MEMORY_SIZES; i++)
		while (memory->pieces[i]) {
			struct http2_piece *next = memory->pieces[i]->next;
			free(memory->pieces[i]);
			memory->pieces[i] = next;
		}
	memset(memory->kept, 0, sizeof(memory->kept));
}

nghttp2_mem http2_memory_functions(struct http2_memory *memory)
{
	return (nghttp2_mem){ memory, take, give, take_zeroed, grow };
}
