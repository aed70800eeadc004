/* SPDX-License-Identifier: Apache-2.0
 * What a scalar without quotes means, by the rules of Symfony's reader, in their order: some of them are odd (`+5`
 * is a real, `-0` and `007` are texts), and a site's files were written with them in mind.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/content/site/value.h"

#include "base/clock.h"
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define NUMBER_ROOM 128 /* more digits than that are a text to us */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t digits_at(struct str s, size_t at)
{
	size_t n = 0;
	while (at + n < s.n && is_digit(s.p[at + n]))
		n++;
	return n;
}

static bool is_word(struct str s, const char *lower)
{
	return str_eq_ignore_case(s, str_of(lower));
}

/* Without underscores; false where it does not fit. */
static bool squeeze(struct str s, char out[static NUMBER_ROOM])
{
	size_t n = 0;
	if (s.n >= NUMBER_ROOM)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '_')
			out[n++] = s.p[i];
	out[n] = '\0';
	return true;
}

static bool all_of(struct str s, size_t from, const char *set)
{
	for (size_t i = from; i < s.n; i++)
		if (!strchr(set, s.p[i]) || s.p[i] == '\0')
			return false;
	return s.n > from;
}

/* 0o17, 0x1F: of at most 63 bits. */
static bool read_radix(struct str s, struct value *ret)
{
	char digits[NUMBER_ROOM], *end;
	size_t sign = s.n > 0 && (s.p[0] == '-' || s.p[0] == '+');
	struct str rest = { s.p + sign, s.n - sign };
	int base = str_starts(rest, STR("0o")) && all_of(rest, 2, "01234567_") ? 8
		: sign == 0 && (str_starts(rest, STR("0x")) || str_starts(rest, STR("0X")))
			&& all_of(rest, 2, "0123456789abcdefABCDEF_") ? 16 : 0;
	if (base == 0 || !squeeze((struct str){ rest.p + 2, rest.n - 2 }, digits))
		return false;
	errno = 0;
	long long number = strtoll(digits, &end, base);
	if (errno != 0 || *end != '\0')
		return false;
	ret->number = s.p[0] == '-' ? -number : number;
	return true;
}

/* A number as PHP's is_numeric takes it. */
static bool is_numeric(struct str s)
{
	size_t at = s.n > 0 && (s.p[0] == '+' || s.p[0] == '-');
	size_t whole = digits_at(s, at), part = 0;
	at += whole;
	if (at < s.n && s.p[at] == '.') {
		part = digits_at(s, at + 1);
		at += 1 + part;
	}
	if (whole + part == 0)
		return false;
	if (at < s.n && (s.p[at] == 'e' || s.p[at] == 'E')) {
		size_t sign = at + 1 < s.n && (s.p[at + 1] == '+' || s.p[at + 1] == '-');
		size_t power = digits_at(s, at + 1 + sign);
		if (power == 0)
			return false;
		at += 1 + sign + power;
	}
	return at == s.n;
}

/* [+-]?[0-9][0-9_]*(\.[0-9_]+)? */
static bool is_underscored(struct str s)
{
	size_t at = s.n > 0 && (s.p[0] == '+' || s.p[0] == '-');
	if (at >= s.n || !is_digit(s.p[at]))
		return false;
	while (at < s.n && (is_digit(s.p[at]) || s.p[at] == '_'))
		at++;
	if (at == s.n)
		return true;
	return s.p[at] == '.' && all_of(s, at + 1, "0123456789_");
}

static bool read_field(struct str s, size_t *at, size_t least, size_t most, unsigned *ret)
{
	size_t n = digits_at(s, *at);
	if (n < least || n > most)
		return false;
	*ret = 0;
	for (size_t i = 0; i < n; i++)
		*ret = *ret * 10 + (unsigned)(s.p[*at + i] - '0');
	*at += n;
	return true;
}

static bool take(struct str s, size_t *at, char c)
{
	if (*at >= s.n || s.p[*at] != c)
		return false;
	(*at)++;
	return true;
}

static void skip_blanks(struct str s, size_t *at)
{
	while (*at < s.n && (s.p[*at] == ' ' || s.p[*at] == '\t'))
		(*at)++;
}

struct moment {
	unsigned year, month, day, hour, minute, second, zone_hour, zone_minute;
	double fraction;
	int zone;
};

static bool read_zone(struct str s, size_t *at, struct moment *m)
{
	skip_blanks(s, at);
	if (*at == s.n || take(s, at, 'Z'))
		return *at == s.n;
	m->zone = s.p[*at] == '-' ? -1 : s.p[*at] == '+' ? 1 : 0;
	(*at)++;
	if (m->zone == 0 || !read_field(s, at, 1, 2, &m->zone_hour))
		return false;
	return *at == s.n || (take(s, at, ':') && read_field(s, at, 2, 2, &m->zone_minute) && *at == s.n);
}

static bool read_time(struct str s, size_t *at, struct moment *m)
{
	if (*at == s.n)
		return true;
	if (s.p[*at] == 'T' || s.p[*at] == 't')
		(*at)++;
	else if (s.p[*at] == ' ' || s.p[*at] == '\t')
		skip_blanks(s, at);
	else
		return false;
	if (!read_field(s, at, 1, 2, &m->hour) || !take(s, at, ':') || !read_field(s, at, 2, 2, &m->minute)
		|| !take(s, at, ':') || !read_field(s, at, 2, 2, &m->second))
		return false;
	double unit = 0.1;
	if (take(s, at, '.'))
		for (; *at < s.n && is_digit(s.p[*at]); (*at)++, unit /= 10)
			m->fraction += unit * (s.p[*at] - '0');
	return read_zone(s, at, m);
}

/* Seconds since 1970. A date without a zone is UTC. What is no day of any calendar is a text: Symfony's reader
 * fails on the whole file there. */
static enum value_kind read_timestamp(struct str s, struct value *ret)
{
	struct moment m = { 0 };
	size_t at = 0;
	char text[40];
	int64_t ms;
	if (!read_field(s, &at, 4, 4, &m.year) || !take(s, &at, '-') || !read_field(s, &at, 1, 2, &m.month)
		|| !take(s, &at, '-') || !read_field(s, &at, 1, 2, &m.day) || !read_time(s, &at, &m))
		return VALUE_TEXT;
	snprintf(text, sizeof(text), "%04u-%02u-%02uT%02u:%02u:%02uZ", m.year, m.month, m.day, m.hour, m.minute, m.second);
	if (!time_from_text(str_of(text), &ms))
		return VALUE_TEXT;
	int64_t seconds = ms / 1000 - m.zone * (int64_t)(m.zone_hour * 3600 + m.zone_minute * 60);
	if (m.fraction > 0) {
		ret->real = (double)seconds + m.fraction;
		return VALUE_REAL;
	}
	ret->number = seconds;
	return VALUE_INT;
}

/* Digits alone, perhaps behind a minus: a number where it says so in the one way that PHP writes it. */
static enum value_kind read_whole(const char *digits, struct value *ret)
{
	char again[32], *end;
	errno = 0;
	long long number = strtoll(digits, &end, 10);
	snprintf(again, sizeof(again), "%lld", number);
	if (errno != 0 || strcmp(again, digits) != 0)
		return VALUE_TEXT;
	ret->number = number;
	return VALUE_INT;
}

static enum value_kind read_number(struct str s, struct value *ret)
{
	char digits[NUMBER_ROOM];
	if (is_word(s, ".inf") || is_word(s, ".nan") || is_word(s, "-.inf")) {
		ret->real = s.p[0] == '-' ? -(double)INFINITY : (double)INFINITY;
		return VALUE_REAL;
	}
	if (read_radix(s, ret))
		return VALUE_INT;
	if (squeeze(s, digits) && is_underscored(s) && !strchr(digits, '.') && digits[0] != '+')
		return read_whole(digits, ret);
	if (squeeze(s, digits) && (is_numeric(s) || is_underscored(s))) {
		ret->real = strtod(digits, NULL);
		return VALUE_REAL;
	}
	return read_timestamp(s, ret);
}

enum value_kind value_of_plain(struct str s, struct value *ret)
{
	if (s.n == 0 || str_is(s, "~") || is_word(s, "null"))
		return VALUE_NULL;
	if (is_word(s, "true") || is_word(s, "false")) {
		ret->truth = s.n == 4;
		return VALUE_BOOL;
	}
	if (is_digit(s.p[0]) || s.p[0] == '+' || s.p[0] == '-' || s.p[0] == '.')
		return read_number(s, ret);
	return VALUE_TEXT;
}
