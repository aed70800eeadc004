/* SPDX-License-Identifier: Apache-2.0
 * One line on stderr with one write, so that lines of several threads never mix.
 * base: may include nothing but the C library.
 */
#include "base/log.h"

#include "base/clock.h"
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#define TEXT_MAX 2000 /* what is longer is cut */

static _Atomic int least_level = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
	atomic_store_explicit(&least_level, (int)level, memory_order_relaxed);
}

/* Copies with control characters as \xNN: a name that somebody chose can forge no line. */
static size_t escape(const char *text, char *ret)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = 0;
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (c >= 0x20 && c != 0x7f) {
			ret[n++] = (char)c;
			continue;
		}
		ret[n++] = '\\';
		ret[n++] = 'x';
		ret[n++] = hex[c >> 4];
		ret[n++] = hex[c & 15];
	}
	return n;
}

static void write_all(const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(STDERR_FILENO, p, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return; /* nowhere left to say it */
		p += done;
		n -= (size_t)done;
	}
}

void log_line(enum log_level level, const char *format, ...)
{
	static const char names[][9] = { " error ", " warning ", " info ", " debug " };
	char text[TEXT_MAX + 1], line[TIME_TEXT_ROOM + 16 + 4 * TEXT_MAX];
	va_list args;

	if ((int)level > atomic_load_explicit(&least_level, memory_order_relaxed))
		return;
	int saved_errno = errno;
	va_start(args, format);
	int length = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (length < 0)
		text[0] = '\0';
	size_t n = time_to_text(clock_wall_ms(), true, line);
	size_t name = strnlen(names[level], sizeof(names[level]));
	memcpy(line + n, names[level], name);
	n += name;
	n += escape(text, line + n);
	line[n++] = '\n';
	write_all(line, n);
	errno = saved_errno;
}
