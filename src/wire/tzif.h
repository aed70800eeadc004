/* SPDX-License-Identifier: Apache-2.0
 * Time zones as the system keeps them (RFC 8536, TZif), and what a local time in one of them means. No
 * I/O, no environment, no state of the C library's: any thread may use it.
 * wire: may include base, and nothing else of ours.
 */
#ifndef REMIT_WIRE_TZIF_H
#define REMIT_WIRE_TZIF_H

#include "base/arena.h"
#include "base/str.h"

#define TZIF_BYTES_MAX (64 * 1024)  /* the largest of the database has under 4 kB */
#define TZIF_OFFSET_MAX (26 * 3600) /* seconds; RFC 8536 section 3.2 stays within */

/* When one of the two changes of a year is (POSIX TZ, with hours as RFC 8536 section 3.3.1 extends them). */
struct tzif_rule {
	enum { TZIF_JULIAN, TZIF_ZERO_DAY, TZIF_WEEKDAY } kind;
	int month, week, day; /* M3.5.0; of the others only the day */
	int32_t time_s;       /* of the wall clock before the change */
};

/* Times after the last in the table. */
struct tzif_footer {
	bool there, has_dst;
	int32_t standard_s, dst_s; /* east of UTC */
	struct tzif_rule start, end;
};

struct tzif {
	size_t count;           /* of changes, in their order */
	const int64_t *times;   /* seconds since 1970; in the arena */
	const int32_t *offsets; /* from then on, seconds east of UTC */
	int32_t first_s;        /* before the first */
	struct tzif_footer footer;
};

/* False where the bytes are no TZif of version 2 or later (of version 1: without a footer), or anything in
 * them does not fit. */
bool tzif_parse(struct str bytes, struct arena *arena, struct tzif *ret);
/* "CET-1CEST,M3.5.0,M10.5.0/3"; "" is none. */
bool tzif_parse_footer(struct str text, struct tzif_footer *ret);

/* Seconds east of UTC at a time. */
int32_t tzif_offset(const struct tzif *zone, int64_t utc_s);

enum tzif_answer {
	TZIF_ONE,    /* ret_s[0] */
	TZIF_TWICE,  /* the clock shows it twice: by both offsets */
	TZIF_NEVER,  /* the clock leaps over it: by the offset before and by the one after */
	TZIF_FAILED, /* more changes about that time than a real zone has */
};
/* What a local time (seconds, as if it were UTC) means: offsets, seconds east of UTC; the time itself is
 * local_s - offset. */
enum tzif_answer tzif_local(const struct tzif *zone, int64_t local_s, int32_t ret_offsets[2]);

#endif
