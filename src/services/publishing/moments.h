/* SPDX-License-Identifier: Apache-2.0
 * Moments: what was found, and the drafts that are made of what is severe.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_PUBLISHING_MOMENTS_H
#define REMIT_SERVICES_PUBLISHING_MOMENTS_H

#include "services/publishing/placeholders.h"
#include "services/publishing/stories.h"

/* A moment's severity follows from its score; a detector's is the score that its moments get. */
#define SEVERITIES "info notable severe"
const char *severity_of_score(int64_t score);
int64_t score_of_severity(struct str severity); /* of one of the three */

/* What the templates of drafts may name, by the kind of a detector: each kind gives the common ones. */
#define MOMENT_VALUES_MAX 10

struct new_moment {
	struct id_bytes project, connection;
	struct str title, summary, source;
	int64_t score;
	unsigned newer; /* how many were found with it that come before it in lists */
	struct id_bytes template_id; /* all zero: no draft is made of it */
	struct placeholder values[MOMENT_VALUES_MAX];
	size_t value_count;
};

/* Inside a transaction. Adds the moment, its draft where there shall be one, and the events of both. */
enum store_status add_moment(struct sql *sql, const struct publishing *p, const struct new_moment *moment,
	struct arena *arena, int64_t now_ms);

#endif
