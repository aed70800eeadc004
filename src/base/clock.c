/* SPDX-License-Identifier: Apache-2.0
 * Times as text and durations. Days are counted in the proleptic Gregorian calendar, without the
 * C library's time zones, which depend on the environment.
 * base: may include nothing but the C library.
 */
#include "base/clock.h"

#include <time.h>

#define DAY_MS 86400000LL
#define YEAR_0_DAYS (-719528LL) /* 0000-01-01, from 1970-01-01 */
#define TIME_MIN (YEAR_0_DAYS * DAY_MS)
#define TIME_MAX (2932897LL * DAY_MS - 1) /* the last of 9999-12-31 */
#define DURATION_MAX_MS (36525LL * DAY_MS)  /* 100 years */

struct date {
	int year, month, day;
};

int64_t clock_wall_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_monotonic_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t clock_elapsed_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static bool is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int month_days(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	return days[month - 1] + (month == 2 && is_leap(year));
}

/* The days from 0000-01-01 to January 1st of a year. Year 0 is a leap year. */
static int64_t days_before_year(int year)
{
	if (year == 0)
		return 0;
	int y = year - 1;
	return 366 + (int64_t)y * 365 + y / 4 - y / 100 + y / 400;
}

static int64_t days_of_date(struct date date)
{
	int64_t days = YEAR_0_DAYS + days_before_year(date.year) + date.day - 1;
	for (int month = 1; month < date.month; month++)
		days += month_days(date.year, month);
	return days;
}

static struct date date_of_days(int64_t days)
{
	int64_t from_0 = days - YEAR_0_DAYS;
	int year = (int)(from_0 * 400 / 146097); /* of 400 years; at most one year too early or too late */
	if (days_before_year(year) > from_0)
		year--;
	else if (days_before_year(year + 1) <= from_0)
		year++;
	struct date date = { year, 1, (int)(from_0 - days_before_year(year)) + 1 };
	while (date.day > month_days(year, date.month))
		date.day -= month_days(year, date.month++);
	return date;
}

/* Splits a time that text can show (years 0 to 9999) into its days and the rest of a day. */
static int64_t split_days(int64_t ms, int *ret_day_ms)
{
	if (ms < TIME_MIN)
		ms = TIME_MIN;
	if (ms > TIME_MAX)
		ms = TIME_MAX;
	int64_t days = (ms - TIME_MIN) / DAY_MS + YEAR_0_DAYS;
	*ret_day_ms = (int)(ms - days * DAY_MS);
	return days;
}

/* `n` decimal digits. */
static char *put_digits(char *at, int v, int n)
{
	for (int i = n - 1; i >= 0; i--, v /= 10)
		at[i] = (char)('0' + v % 10);
	return at + n;
}

static char *put_clock(char *at, int day_ms)
{
	at = put_digits(at, day_ms / 3600000, 2);
	*at++ = ':';
	at = put_digits(at, day_ms / 60000 % 60, 2);
	*at++ = ':';
	return put_digits(at, day_ms / 1000 % 60, 2);
}

size_t time_to_text(int64_t ms, bool millis, char ret_text[static TIME_TEXT_ROOM])
{
	int day_ms;
	struct date date = date_of_days(split_days(ms, &day_ms));
	char *at = put_digits(ret_text, date.year, 4);

	*at++ = '-';
	at = put_digits(at, date.month, 2);
	*at++ = '-';
	at = put_digits(at, date.day, 2);
	*at++ = 'T';
	at = put_clock(at, day_ms);
	if (millis) {
		*at++ = '.';
		at = put_digits(at, day_ms % 1000, 3);
	}
	*at++ = 'Z';
	*at = '\0';
	return (size_t)(at - ret_text);
}

void time_to_http(int64_t ms, char ret_text[static TIME_TEXT_ROOM])
{
	static const char days_of_week[7][4] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" };
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	int day_ms;
	int64_t days = split_days(ms, &day_ms);
	struct date date = date_of_days(days);
	char *at = ret_text;

	memcpy(at, days_of_week[(days % 7 + 7) % 7], 3);
	memcpy(at + 3, ", ", 2);
	at = put_digits(at + 5, date.day, 2);
	*at++ = ' ';
	memcpy(at, months[date.month - 1], 3);
	at[3] = ' ';
	at = put_digits(at + 4, date.year, 4);
	*at++ = ' ';
	at = put_clock(at, day_ms);
	memcpy(at, " GMT", 5);
}

/* Takes exactly `n` digits off the front. */
static bool take_digits(struct str *text, size_t n, int max, int *ret)
{
	uint64_t v;
	if (text->n < n || !str_to_u64((struct str){ text->p, n }, (uint64_t)max, &v))
		return false;
	*ret = (int)v;
	text->p += n;
	text->n -= n;
	return true;
}

static bool take_char(struct str *text, char c)
{
	if (text->n == 0 || text->p[0] != c)
		return false;
	text->p++;
	text->n--;
	return true;
}

static bool take_date(struct str *text, struct date *ret)
{
	struct date d;
	if (!take_digits(text, 4, 9999, &d.year) || !take_char(text, '-') ||
	    !take_digits(text, 2, 12, &d.month) || !take_char(text, '-') || !take_digits(text, 2, 31, &d.day))
		return false;
	if (d.month < 1 || d.day < 1 || d.day > month_days(d.year, d.month))
		return false;
	*ret = d;
	return true;
}

/* "06:18:00" and a fraction, cut to milliseconds. */
static bool take_clock(struct str *text, int64_t *ret_ms)
{
	int hour, minute, second, millis = 0;
	if (!take_digits(text, 2, 23, &hour) || !take_char(text, ':') || !take_digits(text, 2, 59, &minute) ||
	    !take_char(text, ':') || !take_digits(text, 2, 59, &second))
		return false;
	if (take_char(text, '.')) {
		size_t digits = 0;
		int digit;
		for (int weight = 100; take_digits(text, 1, 9, &digit); weight /= 10, digits++)
			millis += digit * weight;
		if (digits == 0)
			return false;
	}
	*ret_ms = ((hour * 60LL + minute) * 60 + second) * 1000 + millis;
	return true;
}

static bool take_offset(struct str *text, int64_t *ret_ms)
{
	int hour, minute;
	if (take_char(text, 'Z') || take_char(text, 'z')) {
		*ret_ms = 0;
		return true;
	}
	bool west = take_char(text, '-');
	if ((!west && !take_char(text, '+')) || !take_digits(text, 2, 23, &hour) || !take_char(text, ':') ||
	    !take_digits(text, 2, 59, &minute))
		return false;
	*ret_ms = (hour * 60LL + minute) * 60000 * (west ? -1 : 1);
	return true;
}

bool time_from_text(struct str text, int64_t *ret_ms)
{
	struct date date;
	int64_t clock = 0, offset = 0;

	if (!take_date(&text, &date))
		return false;
	if (text.n > 0) {
		if (!take_char(&text, 'T') && !take_char(&text, 't'))
			return false;
		if (!take_clock(&text, &clock) || !take_offset(&text, &offset) || text.n > 0)
			return false;
	}
	*ret_ms = days_of_date(date) * DAY_MS + clock - offset;
	return true;
}

struct unit {
	char name[4];
	uint64_t worth;
};

/* A decimal number and one of the units, at most `max` in all. An empty name is a number alone. */
static bool number_with_unit(struct str text, const struct unit *units, size_t count, uint64_t max,
			     uint64_t *ret)
{
	size_t digits = 0;
	uint64_t v;

	while (digits < text.n && text.p[digits] >= '0' && text.p[digits] <= '9')
		digits++;
	struct str name = { text.p + digits, text.n - digits };
	for (size_t i = 0; i < count; i++) {
		if (!str_is(name, units[i].name))
			continue;
		if (!str_to_u64((struct str){ text.p, digits }, max / units[i].worth, &v))
			return false;
		*ret = v * units[i].worth;
		return true;
	}
	return false;
}

bool duration_from_text(struct str text, int64_t *ret_ms)
{
	static const struct unit units[] = {
		{ "ms", 1 },	  { "s", 1000 },   { "m", 60000 },
		{ "h", 3600000 }, { "d", DAY_MS }, { "w", 7 * DAY_MS },
	};
	uint64_t ms;
	if (!number_with_unit(text, units, sizeof(units) / sizeof(units[0]), DURATION_MAX_MS, &ms))
		return false;
	*ret_ms = (int64_t)ms;
	return true;
}

bool size_from_text(struct str text, uint64_t *ret_bytes)
{
	static const struct unit units[] = {
		{ "", 1 },	   { "B", 1 },		 { "kB", 1000 },
		{ "MB", 1000000 }, { "GB", 1000000000 }, { "TB", 1000000000000 },
	};
	return number_with_unit(text, units, sizeof(units) / sizeof(units[0]), UINT64_MAX, ret_bytes);
}
