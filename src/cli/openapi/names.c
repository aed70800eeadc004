/* SPDX-License-Identifier: Apache-2.0
 * Words out of somebody else's text: names of scopes and APIs, and lines that stay lines.
 * cli: may include every room.
 */
#include "cli/openapi/openapi.h"

#include "base/text.h"

void name_of(struct str text, char *ret, size_t room)
{
	size_t n = 0;
	for (size_t i = 0; i < text.n && n + 1 < room; i++) {
		char c = text.p[i];
		if (c >= 'A' && c <= 'Z')
			c = (char)(c + ('a' - 'A'));
		const bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		if (good)
			ret[n++] = c;
		else if (n > 0 && ret[n - 1] != '-' && c != '\'')
			ret[n++] = '-';
	}
	while (n > 0 && ret[n - 1] == '-')
		n--;
	ret[n] = '\0';
}

static uint32_t code_point(const char *p, size_t n)
{
	static const uint8_t first[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t c = (uint8_t)p[0] & first[n];
	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((uint8_t)p[i] & 0x3f);
	return c;
}

/* YAML breaks lines at U+0085, U+2028 and U+2029 too, and refuses what is not printable; the marks of
 * direction would let a line look like what it is not. */
static bool is_plain(uint32_t c)
{
	if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xfeff || c == 0xfffe || c == 0xffff)
		return false;
	return !(c >= 0x200e && c <= 0x200f) && !(c >= 0x2028 && c <= 0x202e) &&
		!(c >= 0x2066 && c <= 0x2069) && c != 0x61c;
}

const char *line_of(struct str text, size_t max, struct arena *arena)
{
	struct buf line;
	size_t at = 0, count = 0;

	buf_init(&line, text.n + 4);
	for (; at < text.n && count < max; count++) {
		const size_t n = utf8_next((struct str){ text.p + at, text.n - at });
		const char c = text.p[at];
		if (c == '\n' || c == '\t' || c == '\r')
			buf_add_char(&line, ' ');
		else if (n > 0 && is_plain(code_point(text.p + at, n)))
			buf_add(&line, text.p + at, n);
		else
			buf_add_char(&line, '?');
		at += n > 0 ? n : 1;
	}
	if (at < text.n)
		buf_add_text(&line, "...");
	const char *copy = line.failed ? NULL : arena_copy(arena, str_trim(buf_str(&line)));
	buf_done(&line);
	return copy;
}

void param_name(char *start, const char *end)
{
	for (char *c = start; c < end; c++) {
		const char low = *c | 0x20;
		if (!(low >= 'a' && low <= 'z') && !(*c >= '0' && *c <= '9') && !strchr("-_+*", *c))
			*c = '_';
	}
}
