/* SPDX-License-Identifier: Apache-2.0
 * Media that somebody else's server has: fetched once, through the address guard, and then kept as if they
 * had been sent (S01).
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/media.h"

#include <stdatomic.h>

static const struct field fields[] = {
	{ "url", FIELD_WEB, 0, FIELD_REQUIRED | FIELD_FILLED, NULL },
	{ "alt_text", FIELD_TEXT, MAX_ALT_TEXT, 0, NULL },
	PROJECT_FIELDS,
};

/* What stands after the last slash of the path: a name to show. */
static struct str name_of(struct str url)
{
	size_t end = 0, start;
	while (end < url.n && url.p[end] != '?')
		end++;
	for (start = end; start > 0 && url.p[start - 1] != '/'; start--)
		;
	return (struct str){ url.p + start, end - start };
}

static void answer_failure(struct service_call *call, const struct outbound_call *got)
{
	switch (got->result) {
	case OUTBOUND_TOO_LARGE:
		service_fail(call, 413, "payload_too_large", "A file may have at most %d bytes", LIMIT_UPLOAD_BYTES);
		return;
	case OUTBOUND_BUSY:
	case OUTBOUND_CANCELLED:
		service_fail(call, 503, "unavailable", "The file cannot be fetched just now; try again.");
		return;
	case OUTBOUND_ANSWERED:
		service_fail(call, 422, "validation_failed", "url cannot be fetched: its server answered %d",
			got->status);
		return;
	case OUTBOUND_BAD_URL: case OUTBOUND_FORBIDDEN: case OUTBOUND_NO_NAME: case OUTBOUND_NO_CONNECT:
	case OUTBOUND_NO_TRUST: case OUTBOUND_TIMED_OUT: case OUTBOUND_REDIRECTED: case OUTBOUND_BROKEN:
		break;
	}
	service_fail(call, 422, "validation_failed", "url cannot be fetched: %s", got->reason);
}

static void fetch(struct publishing *p, struct new_media *m, struct str url)
{
	static const struct http_header accept = { { "Accept", 6 }, { "image/*, video/mp4", 18 } };
	struct outbound_call got = {
		.method = "GET", .url = url, .headers = &accept, .header_count = 1,
		.connect_ms = LIMIT_UPSTREAM_CONNECT_MS, .total_ms = LIMIT_MEDIA_FETCH_MS,
		.answer_max = LIMIT_UPLOAD_BYTES, .redirects = LIMIT_MEDIA_REDIRECTS,
	};

	outbound_run(p->outbound, &got);
	if (got.result == OUTBOUND_ANSWERED && got.status == 200) {
		m->bytes = buf_str(&got.body);
		m->type = media_sniff(m->bytes);
		if (m->type)
			media_clean_name(name_of(url), m->type, m->name);
		media_add(m);
	} else {
		answer_failure(m->call, &got);
	}
	outbound_call_done(&got);
}

void media_fetch(struct publishing *p, struct new_media *m)
{
	const json_t *json = m->call->json;
	char reason[OUTBOUND_REASON_ROOM];

	m->what = "What url gives";
	check_object(&m->check, json, "", fields, sizeof(fields) / sizeof(fields[0]));
	m->named = get_project(&m->check, json);
	m->alt_text = get_text(json, "alt_text");
	if (m->check.count == 0 && !outbound_may_call(p->outbound, get_text(json, "url"), reason))
		check_add(&m->check, "url cannot be fetched: %s", reason);
	if (!media_may_add(m))
		return;
	if (atomic_fetch_add(&p->fetching, 1) < LIMIT_MEDIA_FETCHES)
		fetch(p, m, get_text(json, "url"));
	else
		service_fail(m->call, 503, "unavailable", "Too many files are being fetched already; try again.");
	atomic_fetch_sub(&p->fetching, 1);
}
