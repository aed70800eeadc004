/* SPDX-License-Identifier: Apache-2.0
 * Reading TZif files (RFC 8536 section 3) and their footers.
 * wire: may include base, and nothing else of ours.
 */
#include "wire/tzif.h"

#define HEADER_BYTES 44
#define TYPE_BYTES 6
#define FOOTER_MAX 256
/* No time within it can overflow what is worked out from it; far past the years that text can show. */
#define TIME_MAX (INT64_C(1) << 56)

struct header {
	uint8_t version;
	uint32_t isut, isstd, leaps, times, types, chars;
};

static uint32_t read_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t read_i64(const uint8_t *p)
{
	return (int64_t)((uint64_t)read_u32(p) << 32 | read_u32(p + 4));
}

static int32_t read_i32(const uint8_t *p)
{
	return (int32_t)read_u32(p);
}

static bool take(struct str *rest, size_t n, const uint8_t **ret)
{
	if (rest->n < n)
		return false;
	*ret = (const uint8_t *)rest->p;
	*rest = (struct str){ rest->p + n, rest->n - n };
	return true;
}

static bool take_header(struct str *rest, struct header *ret)
{
	const uint8_t *p;
	if (!take(rest, HEADER_BYTES, &p) || memcmp(p, "TZif", 4) != 0)
		return false;
	*ret = (struct header){ p[4], read_u32(p + 20), read_u32(p + 24), read_u32(p + 28), read_u32(p + 32),
				read_u32(p + 36), read_u32(p + 40) };
	/* None may be more than the file, so that no sum of them overflows. */
	return ret->isut <= TZIF_BYTES_MAX && ret->isstd <= TZIF_BYTES_MAX && ret->leaps <= TZIF_BYTES_MAX &&
	       ret->times <= TZIF_BYTES_MAX && ret->types <= 256 && ret->types > 0 &&
	       ret->chars <= TZIF_BYTES_MAX;
}

static size_t block_bytes(const struct header *h, size_t time_bytes)
{
	return h->times * (time_bytes + 1) + h->types * TYPE_BYTES + h->chars +
	       h->leaps * (time_bytes + 4) + h->isstd + h->isut;
}

static bool is_offset(int32_t s)
{
	return s > -TZIF_OFFSET_MAX && s < TZIF_OFFSET_MAX;
}

/* Times must rise, and each name a type whose offset may be. */
static bool take_block(struct str *rest, const struct header *h, size_t time_bytes, struct arena *arena,
	struct tzif *ret)
{
	const uint8_t *p;
	if (!take(rest, block_bytes(h, time_bytes), &p))
		return false;
	const uint8_t *index = p + h->times * time_bytes, *types = index + h->times;
	int64_t *times = arena_alloc(arena, (h->times + 1) * sizeof(*times));
	int32_t *offsets = arena_alloc(arena, (h->times + 1) * sizeof(*offsets));
	if (!times || !offsets)
		return false;
	for (size_t i = 0; i < h->types; i++)
		if (!is_offset(read_i32(types + i * TYPE_BYTES)))
			return false;
	for (size_t i = 0; i < h->times; i++) {
		times[i] = time_bytes == 8 ? read_i64(p + i * 8) : read_i32(p + i * 4);
		if (times[i] > TIME_MAX || times[i] < -TIME_MAX || (i > 0 && times[i] <= times[i - 1]) ||
			index[i] >= h->types)
			return false;
		offsets[i] = read_i32(types + index[i] * TYPE_BYTES);
	}
	*ret = (struct tzif){ .count = h->times, .times = times, .offsets = offsets, .first_s = read_i32(types) };
	return true;
}

bool tzif_parse(struct str bytes, struct arena *arena, struct tzif *ret)
{
	struct header h;
	const uint8_t *skipped;
	struct tzif zone;
	struct str line;

	if (bytes.n > TZIF_BYTES_MAX || !take_header(&bytes, &h))
		return false;
	if (h.version == 0) {
		if (!take_block(&bytes, &h, 4, arena, &zone))
			return false;
		*ret = zone;
		return true;
	}
	/* The block of 32-bit times is for readers that know no other. */
	if (!take(&bytes, block_bytes(&h, 4), &skipped) || !take_header(&bytes, &h) ||
		!take_block(&bytes, &h, 8, arena, &zone))
		return false;
	if (bytes.n < 2 || bytes.p[0] != '\n')
		return false;
	bytes = (struct str){ bytes.p + 1, bytes.n - 1 };
	if (!str_cut(&bytes, '\n', &line) || !tzif_parse_footer(line, &zone.footer))
		return false;
	*ret = zone;
	return true;
}

/* ---- The footer ---- */

static bool take_byte(struct str *rest, char c)
{
	if (rest->n == 0 || rest->p[0] != c)
		return false;
	*rest = (struct str){ rest->p + 1, rest->n - 1 };
	return true;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* "CET" or "<+03>"; what it says is not looked at. */
static bool take_name(struct str *rest)
{
	bool quoted = take_byte(rest, '<');
	size_t n = 0;
	while (n < rest->n && (is_letter(rest->p[n]) || (quoted && strchr("+-0123456789", rest->p[n]) &&
									rest->p[n])))
		n++;
	*rest = (struct str){ rest->p + n, rest->n - n };
	return n >= 3 && (!quoted || take_byte(rest, '>'));
}

static bool take_number(struct str *rest, int max, int *ret)
{
	int value = 0;
	size_t n = 0;
	for (; n < rest->n && n < 4 && rest->p[n] >= '0' && rest->p[n] <= '9'; n++)
		value = value * 10 + (rest->p[n] - '0');
	*rest = (struct str){ rest->p + n, rest->n - n };
	*ret = value;
	return n > 0 && value <= max;
}

/* "[+-]hh[:mm[:ss]]" */
static bool take_time(struct str *rest, int hours_max, int32_t *ret_s)
{
	int hours, minutes = 0, seconds = 0;
	bool minus = take_byte(rest, '-');
	if (!minus)
		(void)take_byte(rest, '+');
	if (!take_number(rest, hours_max, &hours))
		return false;
	if (take_byte(rest, ':')) {
		if (!take_number(rest, 59, &minutes) ||
			(take_byte(rest, ':') && !take_number(rest, 59, &seconds)))
			return false;
	}
	*ret_s = (hours * 3600 + minutes * 60 + seconds) * (minus ? -1 : 1);
	return true;
}

static bool take_rule(struct str *rest, struct tzif_rule *ret)
{
	struct tzif_rule rule = { .kind = TZIF_ZERO_DAY, .time_s = 2 * 3600 };
	bool ok;

	if (take_byte(rest, 'M')) {
		rule.kind = TZIF_WEEKDAY;
		ok = take_number(rest, 12, &rule.month) && rule.month > 0 && take_byte(rest, '.') &&
		     take_number(rest, 5, &rule.week) && rule.week > 0 && take_byte(rest, '.') &&
		     take_number(rest, 6, &rule.day);
	} else if (take_byte(rest, 'J')) {
		rule.kind = TZIF_JULIAN;
		ok = take_number(rest, 365, &rule.day) && rule.day > 0;
	} else {
		ok = take_number(rest, 365, &rule.day);
	}
	if (!ok || (take_byte(rest, '/') && !take_time(rest, 167, &rule.time_s)))
		return false;
	*ret = rule;
	return true;
}

bool tzif_parse_footer(struct str text, struct tzif_footer *ret)
{
	struct tzif_footer f = { .there = text.n > 0 };

	if (text.n == 0) {
		*ret = f;
		return true;
	}
	/* POSIX counts west of Greenwich as positive. */
	if (text.n > FOOTER_MAX || !take_name(&text) || !take_time(&text, 24, &f.standard_s))
		return false;
	f.standard_s = -f.standard_s;
	if (text.n > 0) {
		f.has_dst = true;
		f.dst_s = f.standard_s + 3600;
		if (!take_name(&text))
			return false;
		if (text.n > 0 && text.p[0] != ',') {
			if (!take_time(&text, 24, &f.dst_s))
				return false;
			f.dst_s = -f.dst_s;
		}
		if (!take_byte(&text, ',') || !take_rule(&text, &f.start) || !take_byte(&text, ',') ||
			!take_rule(&text, &f.end))
			return false;
	}
	if (text.n > 0 || !is_offset(f.standard_s) || !is_offset(f.dst_s))
		return false;
	*ret = f;
	return true;
}
