/* SPDX-License-Identifier: Apache-2.0
 * Signed POSTs: an event to a webhook endpoint, a story to a channel that is a webhook. One call each.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/courier.h"

#include "base/clock.h"
#include "services/publishing/sign.h"

#include <inttypes.h>

#define CONNECT_MS 5000
#define TOTAL_MS 10000
#define SIGNATURES_MAX 256

/* Reads the secret of a channel, which is a text; an endpoint's are bytes already. */
static bool read_secret(struct job *job, struct str *secret)
{
	uint8_t *bytes;
	size_t n = 0;

	if (job->kind == JOB_DELIVERY)
		return secret->p != NULL;
	bytes = arena_alloc(&job->arena, SIGN_SECRET_MAX);
	if (!bytes || !sign_secret_read(*secret, bytes, &n))
		return false;
	*secret = (struct str){ (const char *)bytes, n };
	return true;
}

static bool set_up(struct job *job)
{
	const int64_t seconds = clock_wall_ms() / 1000;
	struct str secret = job->secret;
	struct buf signatures;

	if (!read_secret(job, &secret))
		return job_end(job, OUTCOME_FAILED, "Its secret cannot be read with this server's key");
	buf_init(&signatures, SIGNATURES_MAX);
	sign_add(secret, job->message, seconds, job->body, &signatures);
	if (job->old_secret.p)
		sign_add(job->old_secret, job->message, seconds, job->body, &signatures);
	const struct str signature = arena_copy_str(&job->arena, buf_str(&signatures));
	const char *time = arena_printf(&job->arena, "%" PRId64, seconds);
	buf_done(&signatures);
	if (job->kind == JOB_POST)
		explicit_bzero((void *)(uintptr_t)secret.p, secret.n);
	if (!signature.p || !time)
		return job_end(job, OUTCOME_RETRY, "There was no memory");
	const struct http_header headers[] = {
		{ STR("Content-Type"), STR("application/json") }, { STR("webhook-id"), job->message },
		{ STR("webhook-timestamp"), str_of(time) }, { STR("webhook-signature"), signature },
		{ STR("Remit-Event"), job->event },
	};
	memcpy(job->headers, headers, sizeof(headers));
	job->parts[0] = (struct outbound_part){ .text = job->body };
	job->call = (struct outbound_call){
		.method = "POST", .url = job->url, .headers = job->headers,
		.header_count = sizeof(headers) / sizeof(headers[0]), .parts = job->parts, .part_count = 1,
		.connect_ms = CONNECT_MS, .total_ms = TOTAL_MS, .answer_max = COURIER_ANSWER_KEPT, .cut = true,
	};
	job->phase = PHASE_STATUS;
	return true;
}

bool webhook_step(struct job *job)
{
	if (job->phase == PHASE_START)
		return set_up(job);
	if (job->call.result == OUTBOUND_ANSWERED && job->call.status >= 200 && job->call.status < 300) {
		job->outcome = OUTCOME_SENT;
		return false;
	}
	return job_end_by_call(job);
}
