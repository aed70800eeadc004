/* SPDX-License-Identifier: Apache-2.0
 * How text stands on a terminal: its width, what is safe to print, colours, times in words.
 * cli: may include every room.
 */
#include "cli/screen.h"

#include "base/clock.h"
#include "base/text.h"
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_MIN 40 /* a terminal that says less is not believed */

struct screen screen_of(FILE *file)
{
	struct screen s = { .file = file, .terminal = isatty(fileno(file)) };
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	struct winsize size;

	if (!s.terminal)
		return s;
	s.colour = !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
	s.width = 80;
	if (ioctl(fileno(file), TIOCGWINSZ, &size) == 0 && size.ws_col >= WIDTH_MIN)
		s.width = size.ws_col;
	return s;
}

struct range {
	uint32_t from, to;
};

static bool is_in(uint32_t c, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (c >= ranges[i].from && c <= ranges[i].to)
			return true;
	return false;
}

/* Unicode's East Asian Wide and Fullwidth blocks, and pictographs; and what combines. Whole blocks
 * are enough to line columns up. */
static unsigned char_width(uint32_t c)
{
	static const struct range wide[] = {
		{ 0x1100, 0x115f },
		{ 0x2e80, 0x303e },
		{ 0x3041, 0x33ff },
		{ 0x3400, 0x4dbf },
		{ 0x4e00, 0x9fff },
		{ 0xa000, 0xa4cf },
		{ 0xac00, 0xd7a3 },
		{ 0xf900, 0xfaff },
		{ 0xfe30, 0xfe6f },
		{ 0xff00, 0xff60 },
		{ 0xffe0, 0xffe6 },
		{ 0x1f300, 0x1f64f },
		{ 0x1f680, 0x1f6ff },
		{ 0x1f900, 0x1faff },
		{ 0x20000, 0x3fffd },
	};
	static const struct range combining[] = {
		{ 0x0300, 0x036f },
		{ 0x0483, 0x0489 },
		{ 0x0591, 0x05bd },
		{ 0x0610, 0x061a },
		{ 0x064b, 0x065f },
		{ 0x0e34, 0x0e3a },
		{ 0x0e47, 0x0e4e },
		{ 0x1ab0, 0x1aff },
		{ 0x1dc0, 0x1dff },
		{ 0x200b, 0x200f },
		{ 0x20d0, 0x20ff },
		{ 0xfe00, 0xfe0f },
		{ 0xfe20, 0xfe2f },
		{ 0xe0100, 0xe01ef },
	};
	if (c < 0x300)
		return 1;
	if (is_in(c, combining, sizeof(combining) / sizeof(combining[0])))
		return 0;
	return is_in(c, wide, sizeof(wide) / sizeof(wide[0])) ? 2 : 1;
}

/* Takes one character off the front; an invalid byte counts as one column. */
static unsigned next_width(struct str *s)
{
	static const uint8_t lead[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	size_t n = utf8_next(*s);
	uint32_t c = 'x';
	if (n > 0) {
		c = (uint8_t)s->p[0] & lead[n];
		for (size_t i = 1; i < n; i++)
			c = c << 6 | ((uint8_t)s->p[i] & 0x3f);
	} else {
		n = 1;
	}
	s->p += n;
	s->n -= n;
	return char_width(c);
}

size_t text_width(struct str s)
{
	size_t width = 0;
	while (s.n > 0)
		width += next_width(&s);
	return width;
}

struct str text_cut(struct str s, size_t width)
{
	struct str rest = s;
	size_t used = 0;
	while (rest.n > 0) {
		struct str before = rest;
		used += next_width(&rest);
		if (used > width)
			return (struct str){ s.p, (size_t)(before.p - s.p) };
	}
	return s;
}

static bool is_control_char(struct str s, size_t n)
{
	uint8_t c = (uint8_t)s.p[0];
	if (n == 1)
		return c < 0x20 || c == 0x7f;
	if (n == 2) /* C1 */
		return c == 0xc2 && (uint8_t)s.p[1] < 0xa0;
	/* zero width, direction, separators */
	return n == 3 && c == 0xe2 &&
		(((uint8_t)s.p[1] == 0x80 && (((uint8_t)s.p[2] >= 0x8b && (uint8_t)s.p[2] <= 0x8f) ||
			((uint8_t)s.p[2] >= 0xa8 && (uint8_t)s.p[2] <= 0xae))) ||
		((uint8_t)s.p[1] == 0x81 && (uint8_t)s.p[2] >= 0xa0 && (uint8_t)s.p[2] <= 0xaf));
}

char *text_printable(struct str s, struct arena *arena)
{
	char *text = arena_alloc(arena, 4 * s.n + 1), *end = text;
	if (!text)
		return NULL;
	while (s.n > 0) {
		size_t n = utf8_next(s), take = n ? n : 1;
		if (n == 0) {
			*end++ = '?';
		} else if (is_control_char(s, n)) {
			for (size_t i = 0; i < n; i++)
				end += sprintf(end, "\\x%02x", (uint8_t)s.p[i]);
		} else {
			memcpy(end, s.p, n);
			end += n;
		}
		s.p += take;
		s.n -= take;
	}
	*end = '\0';
	return text;
}

const char *style_on(const struct screen *screen, enum style style)
{
	static const char *const codes[] = { "", "\033[1m", "\033[2m", "\033[32m", "\033[31m" };
	return screen->colour ? codes[style] : "";
}

const char *style_off(const struct screen *screen, enum style style)
{
	return screen->colour && style != STYLE_PLAIN ? "\033[0m" : "";
}

const char *when_text(const struct screen *screen, int64_t at_ms, int64_t now_ms, const char *never,
	char ret[static WHEN_ROOM])
{
	static const struct { int64_t seconds; const char *name;
	} units[] = {
		{ 365 * 86400, "year" },
		{ 86400, "day" },
		{ 3600, "hour" },
		{ 60, "minute" },
		{ 1, "second" },
	};
	if (at_ms == 0)
		return never;
	if (!screen->terminal) {
		char text[TIME_TEXT_ROOM];
		time_to_text(at_ms, false, text);
		snprintf(ret, WHEN_ROOM, "%s", text);
		return ret;
	}
	int64_t away = (at_ms > now_ms ? at_ms - now_ms : now_ms - at_ms) / 1000;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		int64_t count = away / units[i].seconds;
		if (count < (i == 0 ? 2 : 1))
			continue;
		snprintf(ret, WHEN_ROOM, "%s%lld %s%s%s", at_ms > now_ms ? "in " : "", (long long)count,
			units[i].name, count == 1 ? "" : "s", at_ms > now_ms ? "" : " ago");
		return ret;
	}
	return "now";
}
