/* SPDX-License-Identifier: Apache-2.0
 * Detectors: data connections that are looked at. What one says is read whole, looked at outside of any
 * transaction, and written back with what was found.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_PUBLISHING_DETECTORS_H
#define REMIT_SERVICES_PUBLISHING_DETECTORS_H

#include "services/publishing/moments.h"
#include "wire/rss.h"

#define DETECTOR_KINDS "rss json-threshold"
#define DETECTOR_PURPOSE "detector" /* of its sealed address: that may hold a key */
#define DETECTOR_POLL_MIN_MS (60 * 1000)
#define DETECTOR_POLL_MAX_MS (24 * 3600 * 1000)
#define DETECTOR_POLL_MS (15 * 60 * 1000)
#define DETECTOR_BACKOFF_MAX_MS (3600 * 1000)
#define DETECTOR_FAILURES_SHOWN 3 /* from so many failures on, a connection needs attention */
#define DETECTOR_ERROR_ROOM 240
#define DETECTOR_TAG_MAX 512      /* bytes of an ETag or a date that are kept */

/* A row; texts in an arena. */
struct detector {
	struct id_bytes id, project, template_id;
	struct str kind, name, url, host, pointer, etag, modified;
	int64_t poll_ms, next_ms, score, failures;
	double line, hysteresis;
	bool above, beyond; /* beyond: the number was past the line at the last look */
	bool begun;         /* it was looked at before: what is new is known */
};

/* What one look brought. */
struct detection {
	bool unchanged;                 /* 304 */
	char error[DETECTOR_ERROR_ROOM]; /* a sentence, or "" */
	struct str etag, modified;
	const struct rss_feed *feed;    /* of rss */
	double value;                   /* of json-threshold */
};

/* The names that a kind's templates may use; their number. */
size_t detector_value_names(struct str kind, const char *ret_names[static MOMENT_VALUES_MAX]);

/* Detectors of this API that are due: at most `max`, each claimed until `until_ms`, so that no other process
 * looks at it meanwhile. In a writing transaction. */
enum store_status claim_detectors(struct sql *sql, const struct publishing *p, int64_t now_ms, int64_t until_ms,
	struct arena *arena, struct detector *ret, size_t max, size_t *ret_count);
/* Whether one is due. */
enum store_status find_due_detector(struct sql *sql, const struct publishing *p, int64_t now_ms);
/* Writes down what a look brought, and the moments in it. CONFLICT where it is no longer ours. */
enum store_status record_detection(struct sql *sql, const struct publishing *p, const struct detector *detector,
	const struct detection *found, struct arena *arena, int64_t now_ms);

/* detected.c: the moments in what a look brought. */
enum store_status find_new_items(struct sql *sql, const struct publishing *p, const struct detector *d,
	const struct rss_feed *feed, struct arena *arena, int64_t now_ms);
enum store_status add_crossing(struct sql *sql, const struct publishing *p, const struct detector *d,
	double value, struct arena *arena, int64_t now_ms);

#endif
