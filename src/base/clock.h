/* SPDX-License-Identifier: Apache-2.0
 * Times as text, and durations as people write them. Pure, but for the three clock_ functions, which
 * libremit never calls.
 * base: may include nothing but the C library.
 */
#ifndef REMIT_BASE_CLOCK_H
#define REMIT_BASE_CLOCK_H

#include "base/str.h"

#define TIME_TEXT_ROOM 32

/* Milliseconds since 1970 by the wall clock: for expiry and for what people read. */
int64_t clock_wall_ms(void);
/* Nanoseconds that never go back: for limits and time-outs. */
int64_t clock_monotonic_ns(void);
/* The same, and it goes on while the machine sleeps: for how long others had to forget something. */
int64_t clock_elapsed_ns(void);

/* RFC 3339 in UTC: "2026-11-22T06:18:00Z", or with ".123" where `millis`. Returns the length. */
size_t time_to_text(int64_t ms, bool millis, char ret_text[static TIME_TEXT_ROOM]);
/* RFC 3339 with any offset and fraction; a date alone is its midnight in UTC. False where it is
 * not one, or no such day exists. */
bool time_from_text(struct str text, int64_t *ret_ms);
/* RFC 9110 section 5.6.7: "Sun, 22 Nov 2026 06:18:00 GMT"; always 29 characters, and a NUL. */
void time_to_http(int64_t ms, char ret_text[static TIME_TEXT_ROOM]);

/* "90d", "24h", "15m", "30s", "500ms", "2w", to milliseconds. False where it is not one or passes
 * 100 years. */
bool duration_from_text(struct str text, int64_t *ret_ms);
/* "10GB", "4MB", "16kB", "512" (bytes; powers of 1000). */
bool size_from_text(struct str text, uint64_t *ret_bytes);

#endif
