/* SPDX-License-Identifier: Apache-2.0
 * A story to an account on a Mastodon server (docs.joinmastodon.org): each image is uploaded and waited for,
 * then the status is posted under a key that the server knows again for an hour; a thread is posted one
 * after the other.
 *
 *   START -> UPLOAD -> (PROCESSING) -> UPLOAD ... -> STATUS -> START of the next post
 *
 * Only STATUS has an effect that anybody sees: an image that no status names is thrown away by the server.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/courier.h"

#include "base/clock.h"
#include "services/publishing/media.h"

#include <stdio.h>
#include <unistd.h>

#define CONNECT_MS 10000
#define STATUS_MS 30000
#define UPLOAD_MS 120000
#define POLL_MS 1000
#define POLLS_MAX 300
#define STATUS_BODY_MAX (256 * 1024)
#define ERROR_SHOWN 160

/* ---- Setting up calls ---- */

static bool no_memory(struct job *job)
{
	return job_end(job, OUTCOME_RETRY, "There was no memory");
}

/* A call to the API of the account's server. `headers` beside the token: at most 3. */
static bool set_call(struct job *job, const char *method, const char *path, const struct http_header *more,
	size_t more_count, uint32_t total_ms)
{
	const char *url = arena_printf(&job->arena, "%.*s%s", STR_FMT(job->url), path);

	if (!job->authorization.p)
		job->authorization = str_of(arena_printf(&job->arena, "Bearer %.*s", STR_FMT(job->secret)));
	if (!url || !job->authorization.p)
		return no_memory(job);
	job->headers[0] = (struct http_header){ STR("Authorization"), job->authorization };
	job->headers[1] = (struct http_header){ STR("Accept"), STR("application/json") };
	for (size_t i = 0; i < more_count; i++)
		job->headers[2 + i] = more[i];
	outbound_call_done(&job->call);
	job->call = (struct outbound_call){
		.method = method, .url = str_of(url), .headers = job->headers, .header_count = 2 + more_count,
		.connect_ms = CONNECT_MS, .total_ms = total_ms, .answer_max = COURIER_POST_ANSWER_MAX,
	};
	return true;
}

/* A quoted parameter of a part's head may hold neither quotes nor line ends. */
static const char *quoted(struct str text, struct arena *arena)
{
	char *copy = arena_copy(arena, text);

	for (char *p = copy; p && *p; p++)
		if (*p == '"' || *p == '\\' || (uint8_t)*p < ' ')
			*p = '_';
	return copy;
}

static const struct compose_post *post_of(const struct job *job)
{
	return &job->composed->posts[job->done_count];
}

static bool upload(struct job *job)
{
	const struct compose_media *media = &post_of(job)->media[job->media_count];
	const size_t index = (size_t)(media - job->composed->posts[0].media);
	const char *name = quoted(media->name, &job->arena);
	uint64_t size = 0;
	uint8_t random[16];
	char boundary[33];

	job->p->random(random, sizeof(random));
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(boundary + 2 * i, 3, "%02x", random[i]);
	if (job->file >= 0)
		close(job->file);
	job->file = media_open(job->p, job->media_files[index].p, &size);
	if (job->file < 0)
		return job_end(job, OUTCOME_FAILED, "A media file is not there any more");
	const char *type = arena_printf(&job->arena, "multipart/form-data; boundary=%s", boundary);
	const char *head = arena_printf(&job->arena,
		"--%s\r\nContent-Disposition: form-data; name=\"description\"\r\n\r\n%.*s\r\n"
		"--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%s\"\r\nContent-Type: %.*s\r\n\r\n",
		boundary, STR_FMT(media->alt_text), boundary, name ? name : "", STR_FMT(media->type));
	const char *tail = arena_printf(&job->arena, "\r\n--%s--\r\n", boundary);
	if (!name || !type || !head || !tail)
		return no_memory(job);
	const struct http_header header = { STR("Content-Type"), str_of(type) };
	if (!set_call(job, "POST", "/api/v2/media", &header, 1, UPLOAD_MS))
		return false;
	job->parts[0] = (struct outbound_part){ .text = str_of(head) };
	job->parts[1] = (struct outbound_part){ .fd = job->file, .length = size };
	job->parts[2] = (struct outbound_part){ .text = str_of(tail) };
	job->call.parts = job->parts;
	job->call.part_count = 3;
	job->phase = PHASE_UPLOAD;
	return true;
}

static bool ask_for_media(struct job *job)
{
	const char *path =
		arena_printf(&job->arena, "/api/v1/media/%.*s", STR_FMT(job->media_ids[job->media_count]));

	job->phase = PHASE_PROCESSING;
	return path ? set_call(job, "GET", path, NULL, 0, STATUS_MS) : no_memory(job);
}

/* The key is the row's id, and for what goes on as a thread also the post's number. */
static bool post_status(struct job *job)
{
	const struct str reply_to = job->done_count > 0 ? job->done[job->done_count - 1] : (struct str){ NULL, 0 };
	const char *key = job->done_count == 0
		? arena_printf(&job->arena, "%.*s", STR_FMT(job->message))
		: arena_printf(&job->arena, "%.*s-%zu", STR_FMT(job->message), job->done_count + 1);
	struct buf body;

	buf_init(&body, STATUS_BODY_MAX);
	compose_status(post_of(job), job->media_ids, reply_to, &body);
	const struct str text = body.failed ? (struct str){ NULL, 0 } : arena_copy_str(&job->arena, buf_str(&body));
	buf_done(&body);
	if (!key || !text.p)
		return no_memory(job);
	const struct http_header headers[] = {
		{ STR("Content-Type"), STR("application/json") }, { STR("Idempotency-Key"), str_of(key) },
	};
	if (!set_call(job, "POST", "/api/v1/statuses", headers, 2, STATUS_MS))
		return false;
	job->parts[0] = (struct outbound_part){ .text = text };
	job->call.parts = job->parts;
	job->call.part_count = 1;
	job->phase = PHASE_STATUS;
	return true;
}

/* The next that is to be done for the post that is due. */
static bool go_on(struct job *job)
{
	if (job->done_count >= job->composed->post_count) {
		job->outcome = OUTCOME_SENT;
		return false;
	}
	return job->media_count < post_of(job)->media_count ? upload(job) : post_status(job);
}

/* ---- Reading answers ---- */

/* An id that the server gave: it goes into paths and JSON, and so is held to what ids are made of. */
static struct str read_id(struct job *job, const json_t *json)
{
	const json_t *id = json_object_get(json, "id");
	const struct str text = { json_string_value(id), json_string_length(id) };

	if (text.n == 0 || text.n >= COURIER_ID_ROOM || job_is_secret(job, text))
		return (struct str){ NULL, 0 };
	for (size_t i = 0; i < text.n; i++) {
		const char c = text.p[i];
		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && c != '-' && c != '_')
			return (struct str){ NULL, 0 };
	}
	return arena_copy_str(&job->arena, text);
}

static json_t *read_answer(const struct job *job)
{
	const struct buf *body = &job->call.body;
	return body->n > 0 ? json_loadb(body->p, body->n, JSON_REJECT_DUPLICATES, NULL) : NULL;
}

/* What the server says itself is the best reason there is; unless it says our token, which is no reason and
 * nobody's business. */
static struct str what_it_says(struct job *job)
{
	json_t *json = read_answer(job);
	const json_t *error = json_object_get(json, "error");
	struct str said = { json_string_value(error), json_string_length(error) };

	if (!said.p || job_is_secret(job, said))
		said = (struct str){ "", 0 };
	if (said.n > ERROR_SHOWN)
		said.n = ERROR_SHOWN;
	said = text_cleaned(said, &job->arena);
	json_decref(json);
	return said;
}

static bool refused(struct job *job)
{
	const int status = job->call.status;
	const struct str said = what_it_says(job);

	job->unauthorized = status == 401 || status == 403;
	if (job->unauthorized)
		return job_end(job, OUTCOME_FAILED,
			"The account's access token was refused (%d%s%.*s): the connection needs a new one", status,
			said.n > 0 ? ", " : "", STR_FMT(said));
	if (said.n > 0)
		return job_end(job, OUTCOME_FAILED, "The server refused it (%d): %.*s", status, STR_FMT(said));
	return job_end_by_call(job);
}

static bool is_refusal(const struct job *job)
{
	const int status = job->call.status;
	return job->call.result == OUTBOUND_ANSWERED && status >= 400 && status < 500 && status != 408 &&
	       status != 410 && status != 425 && status != 429;
}

static bool failed(struct job *job)
{
	const bool before = job->maybe, effect = job->phase == PHASE_STATUS;
	const bool result = is_refusal(job) ? refused(job) : job_end_by_call(job);

	if (job->outcome == OUTCOME_GONE)
		job->outcome = OUTCOME_FAILED;
	/* Mastodon says when its limit is over by a date, not by Retry-After. */
	if (job->call.status == 429 && job->retry_after_ms == 0)
		job->retry_after_ms = 60000;
	if (!effect)
		job->maybe = before;
	return result;
}

static bool is_success(const struct job *job)
{
	return job->call.result == OUTBOUND_ANSWERED && job->call.status >= 200 && job->call.status < 300;
}

static bool take_upload(struct job *job)
{
	json_t *json = is_success(job) ? read_answer(job) : NULL;
	const struct str id = read_id(job, json);

	json_decref(json);
	if (!is_success(job))
		return failed(job);
	if (!id.p)
		return job_end(job, OUTCOME_RETRY, "The server took an image and gave no id for it");
	job->media_ids[job->media_count] = id;
	job->polls = 0;
	if (job->call.status == 202)
		return ask_for_media(job);
	job->media_count++;
	return go_on(job);
}

static bool take_processing(struct job *job)
{
	if (!is_success(job))
		return failed(job);
	if (job->call.status == 200) {
		job->media_count++;
		return go_on(job);
	}
	if (++job->polls == POLLS_MAX)
		return job_end(job, OUTCOME_RETRY, "The server did not finish an image or a video in time");
	job->wait_until_ns = clock_monotonic_ns() + POLL_MS * INT64_C(1000000);
	job->paused = true;
	return true;
}

static bool take_status(struct job *job)
{
	json_t *json = is_success(job) ? read_answer(job) : NULL;
	const struct str id = read_id(job, json);
	const char *url = json_string_value(json_object_get(json, "url"));
	const bool web = url && (strncmp(url, "https://", 8) == 0 || strncmp(url, "http://", 7) == 0);

	if (web && job->done_count == 0 && !job_is_secret(job, str_of(url)))
		snprintf(job->remote_url, sizeof(job->remote_url), "%s", strlen(url) < COURIER_URL_ROOM ? url : "");
	json_decref(json);
	if (!is_success(job))
		return failed(job);
	if (!id.p) {
		job->maybe = true;
		return job_end(job, OUTCOME_RETRY, "The server answered %d without a status's id", job->call.status);
	}
	job->done[job->done_count++] = id;
	job->media_count = 0;
	job->maybe = false;
	return go_on(job);
}

bool mastodon_step(struct job *job)
{
	const bool paused = job->paused; /* then no call was made */

	job->paused = false;
	switch (job->phase) {
	case PHASE_START:
		return go_on(job);
	case PHASE_UPLOAD:
		return take_upload(job);
	case PHASE_PROCESSING:
		return paused ? ask_for_media(job) : take_processing(job);
	case PHASE_STATUS:
		return take_status(job);
	}
	return false;
}
