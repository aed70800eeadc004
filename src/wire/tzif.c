/* SPDX-License-Identifier: Apache-2.0
 * What a local time means in a zone.
 * wire: may include base, and nothing else of ours.
 */
#include "wire/tzif.h"

#define DAY_S 86400
#define NEAR_MAX 16 /* changes within two days of a time; real zones have at most two */

/* ---- The calendar ---- */

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static bool is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days from 1970-01-01 to January 1st. */
static int64_t days_of_year(int64_t year)
{
	int64_t y = year - 1;
	return y * 365 + floor_div(y, 4) - floor_div(y, 100) + floor_div(y, 400) - 719162;
}

static int64_t year_of(int64_t s)
{
	int64_t days = floor_div(s, DAY_S), year = 1970 + floor_div(days * 400, 146097);
	while (days_of_year(year) > days)
		year--;
	while (days_of_year(year + 1) <= days)
		year++;
	return year;
}

static int month_days(int64_t year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	return days[month - 1] + (month == 2 && is_leap(year));
}

/* ---- The footer's rules ---- */

/* "M3.5.0": the fifth, which is the last, Sunday of March. */
static int64_t weekday_day(int64_t year, const struct tzif_rule *rule)
{
	int64_t first = days_of_year(year);
	for (int month = 1; month < rule->month; month++)
		first += month_days(year, month);
	int64_t weekday = (first + 4) % 7; /* 1970-01-01 was a Thursday */
	if (weekday < 0)
		weekday += 7;
	int64_t day = (rule->day - weekday + 7) % 7 + (rule->week - 1) * 7;
	while (day >= month_days(year, rule->month))
		day -= 7;
	return first + day;
}

/* Seconds since 1970 by the wall clock that is in force before the change. */
static int64_t rule_time(int64_t year, const struct tzif_rule *rule)
{
	int64_t day = 0;
	switch (rule->kind) {
	case TZIF_JULIAN: /* February 29th is never counted */
		day = days_of_year(year) + rule->day - 1 + (is_leap(year) && rule->day > 59);
		break;
	case TZIF_ZERO_DAY:
		day = days_of_year(year) + rule->day;
		break;
	case TZIF_WEEKDAY:
		day = weekday_day(year, rule);
		break;
	}
	return day * DAY_S + rule->time_s;
}

static int64_t start_time(const struct tzif_footer *f, int64_t year)
{
	return rule_time(year, &f->start) - f->standard_s;
}

static int64_t end_time(const struct tzif_footer *f, int64_t year)
{
	return rule_time(year, &f->end) - f->dst_s;
}

static int32_t footer_offset(const struct tzif_footer *f, int64_t utc_s)
{
	if (!f->has_dst)
		return f->standard_s;
	int64_t year = year_of(utc_s + f->standard_s);
	int64_t start = start_time(f, year), end = end_time(f, year);
	bool dst = start < end ? utc_s >= start && utc_s < end : utc_s >= start || utc_s < end;
	return dst ? f->dst_s : f->standard_s;
}

/* ---- The table ---- */

int32_t tzif_offset(const struct tzif *zone, int64_t utc_s)
{
	size_t low = 0, high = zone->count; /* the changes before `low` are at or before the time */

	if (zone->footer.there && (zone->count == 0 || utc_s >= zone->times[zone->count - 1]))
		return footer_offset(&zone->footer, utc_s);
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (zone->times[middle] <= utc_s)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? zone->offsets[low - 1] : zone->first_s;
}

/* Changes about a time, in their order. */
struct near {
	int64_t times[NEAR_MAX];
	size_t count;
	bool failed;
};

static void add_near(const struct tzif *zone, struct near *near, int64_t time, int64_t from, int64_t to)
{
	if (time < from || time > to || tzif_offset(zone, time - 1) == tzif_offset(zone, time))
		return;
	for (size_t i = 0; i < near->count; i++)
		if (near->times[i] == time)
			return;
	if (near->count == NEAR_MAX) {
		near->failed = true;
		return;
	}
	size_t at = near->count++;
	for (; at > 0 && near->times[at - 1] > time; at--)
		near->times[at] = near->times[at - 1];
	near->times[at] = time;
}

static void find_near(const struct tzif *zone, int64_t local_s, struct near *near)
{
	int64_t from = local_s - TZIF_OFFSET_MAX, to = local_s + TZIF_OFFSET_MAX;
	size_t low = 0, high = zone->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (zone->times[middle] < from)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < zone->count && zone->times[low] <= to && !near->failed; low++)
		add_near(zone, near, zone->times[low], from, to);
	if (!zone->footer.there || !zone->footer.has_dst)
		return;
	for (int64_t year = year_of(from) - 1; year <= year_of(to) + 1; year++) {
		add_near(zone, near, start_time(&zone->footer, year), from, to);
		add_near(zone, near, end_time(&zone->footer, year), from, to);
	}
}

enum tzif_answer tzif_local(const struct tzif *zone, int64_t local_s, int32_t ret_offsets[2])
{
	struct near near = { .count = 0 };
	int32_t found[NEAR_MAX + 1];
	size_t count = 0;

	find_near(zone, local_s, &near);
	if (near.failed)
		return TZIF_FAILED;
	/* The offset of each stretch between two changes: does its clock show the time within it? */
	for (size_t i = 0; i <= near.count; i++) {
		int32_t offset = tzif_offset(zone, i > 0 ? near.times[i - 1] : local_s - TZIF_OFFSET_MAX);
		int64_t utc = local_s - offset;
		if ((i == 0 || utc >= near.times[i - 1]) && (i == near.count || utc < near.times[i]))
			found[count++] = offset;
	}
	if (count > 0) {
		ret_offsets[0] = found[0];
		ret_offsets[1] = found[count - 1];
		return count == 1 ? TZIF_ONE : TZIF_TWICE;
	}
	for (size_t i = 0; i < near.count; i++) {
		int32_t before = tzif_offset(zone, near.times[i] - 1), after = tzif_offset(zone, near.times[i]);
		if (local_s < near.times[i] + before || local_s >= near.times[i] + after)
			continue;
		ret_offsets[0] = before;
		ret_offsets[1] = after;
		return TZIF_NEVER;
	}
	return TZIF_FAILED;
}
