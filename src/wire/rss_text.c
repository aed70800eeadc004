/* SPDX-License-Identifier: Apache-2.0
 * Texts and dates of feeds.
 * wire: may include base, and nothing else of ours.
 */
#include "wire/rss.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"

/* ---- Text out of HTML ---- */

struct plain {
	char *text;
	size_t n, chars, chars_max;
	bool space; /* one is due before the next character */
};

static bool is_full(const struct plain *out)
{
	return out->chars >= out->chars_max;
}

static void put_char(struct plain *out, struct str c)
{
	if (out->space && out->chars + 2 > out->chars_max) {
		out->chars = out->chars_max; /* the word ends here, not in another word */
		return;
	}
	if (out->space) {
		out->text[out->n++] = ' ';
		out->chars++;
	}
	out->space = false;
	memcpy(out->text + out->n, c.p, c.n);
	out->n += c.n;
	out->chars++;
}

static void put_code(struct plain *out, uint32_t code)
{
	char utf8[4];
	size_t n = 0;

	if (code <= 0x20 || code == 0xa0) {
		out->space = out->chars > 0;
		return;
	}
	if (code < 0x80) {
		utf8[n++] = (char)code;
	} else if (code < 0x800) {
		utf8[n++] = (char)(0xc0 | code >> 6);
		utf8[n++] = (char)(0x80 | (code & 0x3f));
	} else if (code < 0x10000) {
		utf8[n++] = (char)(0xe0 | code >> 12);
		utf8[n++] = (char)(0x80 | (code >> 6 & 0x3f));
		utf8[n++] = (char)(0x80 | (code & 0x3f));
	} else {
		utf8[n++] = (char)(0xf0 | (code >> 18 & 7));
		utf8[n++] = (char)(0x80 | (code >> 12 & 0x3f));
		utf8[n++] = (char)(0x80 | (code >> 6 & 0x3f));
		utf8[n++] = (char)(0x80 | (code & 0x3f));
	}
	/* A surrogate, or past the end of Unicode, is no character. */
	bool control = code == 0x7f || (code >= 0x80 && code < 0xa0);
	if (!control && code <= 0x10ffff && utf8_next((struct str){ utf8, n }) == n)
		put_char(out, (struct str){ utf8, n });
}

/* The code of "#39" or "#x27"; 0 where it is none. */
static uint32_t number_code(struct str name)
{
	uint64_t code = 0;
	if (name.n > 2 && (name.p[1] == 'x' || name.p[1] == 'X')) {
		for (size_t i = 2; i < name.n; i++) {
			if (hex_value(name.p[i]) < 0)
				return 0;
			code = code * 16 + (uint64_t)hex_value(name.p[i]);
		}
	} else if (!str_to_u64((struct str){ name.p + 1, name.n - 1 }, 0x10ffff, &code)) {
		return 0;
	}
	return code <= 0x10ffff ? (uint32_t)code : 0;
}

/* How many bytes an entity at the start has, put as its character; 0 where there is none that we know. */
static size_t take_entity(struct plain *out, struct str rest)
{
	static const struct { const char *name; uint32_t code; } known[] = {
		{ "amp", '&' }, { "lt", '<' }, { "gt", '>' }, { "quot", '"' }, { "apos", '\'' }, { "nbsp", ' ' },
		{ "ndash", 0x2013 }, { "mdash", 0x2014 }, { "hellip", 0x2026 }, { "rsquo", 0x2019 },
		{ "lsquo", 0x2018 }, { "ldquo", 0x201c }, { "rdquo", 0x201d }, { "euro", 0x20ac },
	};
	size_t look = rest.n < 10 ? rest.n : 10;
	const char *end = memchr(rest.p, ';', look);
	if (!end)
		return 0;
	struct str name = { rest.p + 1, (size_t)(end - rest.p) - 1 };
	uint32_t code = name.n > 1 && name.p[0] == '#' ? number_code(name) : 0;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (str_is(name, known[i].name))
			code = known[i].code;
	if (code == 0)
		return 0;
	put_code(out, code);
	return name.n + 2;
}

/* A tag: "<" and a letter, '/' or '!', up to its '>'. */
static size_t tag_length(struct str rest)
{
	if (rest.n < 3 || !(base62_is(rest.p[1]) || rest.p[1] == '/' || rest.p[1] == '!' || rest.p[1] == '?'))
		return 0;
	const char *end = memchr(rest.p, '>', rest.n);
	return end ? (size_t)(end - rest.p) + 1 : 0;
}

static uint32_t code_of(struct str c)
{
	static const uint8_t masks[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t code = (uint8_t)c.p[0] & masks[c.n];
	for (size_t i = 1; i < c.n; i++)
		code = code << 6 | ((uint8_t)c.p[i] & 0x3f);
	return code;
}

struct str rss_plain(struct str html, size_t chars_max, struct arena *arena)
{
	/* Nothing that is put is longer than what it stands for but the shortest entities, and a space. */
	struct plain out = { .text = arena_alloc(arena, 2 * html.n + 5), .chars_max = chars_max };

	if (!out.text)
		return (struct str){ NULL, 0 };
	while (html.n > 0 && !is_full(&out)) {
		size_t step = 0;
		if (html.p[0] == '<')
			step = tag_length(html);
		if (step > 0)
			out.space = out.chars > 0;
		else if (html.p[0] == '&')
			step = take_entity(&out, html);
		if (step == 0) {
			step = utf8_next(html);
			if (step > 0)
				put_code(&out, code_of((struct str){ html.p, step }));
			else
				step = 1;
		}
		html = (struct str){ html.p + step, html.n - step };
	}
	out.text[out.n] = '\0';
	return (struct str){ out.text, out.n };
}

/* ---- Dates ---- */

static bool next_part(struct str *rest, struct str *ret)
{
	*rest = str_trim(*rest);
	return str_cut(rest, ' ', ret) || ret->n > 0;
}

static int month_number(struct str name)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	for (int i = 0; name.n == 3 && i < 12; i++)
		if (str_eq_ignore_case(name, (struct str){ months + 3 * i, 3 }))
			return i + 1;
	return 0;
}

/* "GMT", "+0200": as RFC 3339 has it. False for the letters that two readers take for two zones. */
static bool add_zone(struct str zone, struct buf *out)
{
	if (zone.n == 0 || str_is(zone, "GMT") || str_is(zone, "UT") || str_is(zone, "UTC") || str_is(zone, "Z"))
		return buf_add_char(out, 'Z');
	return zone.n == 5 && (zone.p[0] == '+' || zone.p[0] == '-') &&
	       buf_printf(out, "%.3s:%.2s", zone.p, zone.p + 3);
}

static bool read_date(struct str text, struct buf *out)
{
	uint64_t day, year;
	struct str part, month, clock = { NULL, 0 }, zone = { NULL, 0 };

	const char *comma = text.n > 0 ? memchr(text.p, ',', text.n) : NULL;
	if (comma)
		text = (struct str){ comma + 1, (size_t)(text.p + text.n - comma) - 1 };
	if (!next_part(&text, &part) || !str_to_u64(part, 31, &day) || !next_part(&text, &month) ||
		month_number(month) == 0 || !next_part(&text, &part) || !str_to_u64(part, 9999, &year) ||
		part.n != 4 || !next_part(&text, &clock) || (clock.n != 8 && clock.n != 5))
		return false;
	next_part(&text, &zone);
	return buf_printf(out, "%04u-%02d-%02uT%.*s%s", (unsigned)year, month_number(month), (unsigned)day,
			STR_FMT(clock), clock.n == 5 ? ":00" : "") && add_zone(zone, out);
}

bool rss_date(struct str text, int64_t *ret_ms)
{
	struct buf out;
	buf_init(&out, 128);
	bool ok = read_date(text, &out) && time_from_text(buf_str(&out), ret_ms);
	buf_done(&out);
	return ok;
}
