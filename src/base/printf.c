/* SPDX-License-Identifier: Apache-2.0
 * Formatted text into a buffer or an arena: apart from buf.c and arena.c, so that libremit, which
 * links those, imports nothing of stdio.
 * base: may include nothing but the C library.
 */
#include "base/arena.h"
#include "base/buf.h"

#include <stdio.h>

bool buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0)
		b->failed = true;
	if (length <= 0 || !buf_reserve(b, (size_t)length))
		return !b->failed;
	va_start(args, format);
	vsnprintf(b->p + b->n, (size_t)length + 1, format, args); /* buf_reserve leaves room for its NUL */
	va_end(args);
	b->n += (size_t)length;
	return true;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	char *p = length < 0 ? NULL : arena_alloc(a, (size_t)length + 1);
	if (!p)
		return NULL;
	va_start(args, format);
	vsnprintf(p, (size_t)length + 1, format, args);
	va_end(args);
	return p;
}
