/* SPDX-License-Identifier: Apache-2.0
 * Moments: listed, and made with what follows from them in one transaction.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/moments.h"

#include "services/publishing/events.h"
#include "services/publishing/projects.h"
#include "services/publishing/references.h"

static const struct {
	const char *name;
	int64_t from, score; /* a score from which on it is so, and the one that stands for it */
} severities[] = { { "info", 0, 30 }, { "notable", 50, 60 }, { "severe", 80, 90 } };

const char *severity_of_score(int64_t score)
{
	size_t i = sizeof(severities) / sizeof(severities[0]) - 1;
	while (i > 0 && score < severities[i].from)
		i--;
	return severities[i].name;
}

int64_t score_of_severity(struct str severity)
{
	for (size_t i = 0; i < sizeof(severities) / sizeof(severities[0]); i++)
		if (str_is(severity, severities[i].name))
			return severities[i].score;
	return 0;
}

static json_t *moment_json(const struct publishing *p, struct sql_statement *st)
{
	(void)p;
	int64_t score = sql_column_int(st, 6);
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:I,s:s,s:o,s:o,s:o}",
		"id", json_of_id_column(st, 0), "project_id", json_of_id_column(st, 1),
		"title", json_of_column(st, 2), "summary", json_of_column(st, 3),
		"source", json_of_column(st, 4),
		"detected_at", json_of_time_column(st, 5), "score", (json_int_t)score,
		"severity", severity_of_score(score),
		"data_connection_id", json_of_id_column(st, 7),
		"created_at", json_of_time_column(st, 8), "updated_at", json_of_time_column(st, 9));
}

#define COLUMNS \
	"o.id, o.project_id, o.title, o.summary, o.source, o.detected_at, o.score, o.data_connection_id," \
	" o.created_at, o.updated_at"

static const struct listing moments = {
	.noun = "Moment", .to_json = moment_json,
	.get = GET_SQL(COLUMNS, "publishing_moments"),
	.list = LIST_SQL(COLUMNS, "publishing_moments", ""),
};

void run_list_moments(struct service *service, struct service_call *call)
{
	run_list(service, call, &moments);
}

void run_get_moment(struct service *service, struct service_call *call)
{
	run_get(service, call, &moments);
}

static enum store_status insert_moment(
	struct sql *sql, const struct new_moment *moment, const struct id_bytes *id, int64_t now_ms)
{
	struct sql_statement *st = sql_prepare(sql,
		"INSERT INTO publishing_moments (id, project_id, title, summary, source, detected_at, score,"
		" data_connection_id, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?6, ?6)");
	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, id);
	bind_uuid(st, 2, &moment->project);
	sql_bind_text(st, 3, moment->title);
	sql_bind_text(st, 4, moment->summary);
	sql_bind_text(st, 5, moment->source);
	sql_bind_int(st, 6, now_ms);
	sql_bind_int(st, 7, moment->score);
	bind_uuid(st, 8, &moment->connection);
	return sql_run(st);
}

/* In the name of the project's owner: a draft is somebody's. */
static enum store_status find_owner(struct sql *sql, const struct publishing *p, const struct id_bytes *project,
	struct reach *ret)
{
	struct sql_statement *st = sql_prepare(sql, "SELECT owner_id FROM projects WHERE id = ?1 AND api = ?2");
	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, project);
	sql_bind_text(st, 2, str_of(p->api));
	enum store_status status = step_row(st);
	if (status == STORE_OK)
		*ret = (struct reach){ str_of(p->api), column_uuid(st, 0), *project };
	sql_reset(st);
	return status;
}

static enum store_status load_template(struct sql *sql, const struct new_moment *moment, struct arena *arena,
	struct str *ret)
{
	struct sql_statement *st =
		sql_prepare(sql, "SELECT body FROM publishing_templates WHERE id = ?1 AND project_id = ?2");
	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, &moment->template_id);
	bind_uuid(st, 2, &moment->project);
	enum store_status status = step_row(st);
	if (status == STORE_OK)
		*ret = arena_copy_str(arena, sql_column_text(st, 0));
	sql_reset(st);
	return status == STORE_OK && !ret->p ? STORE_NO_MEMORY : status;
}

/* The project's default channels, unless one of them is gone. */
static enum store_status add_channels(struct sql *sql, struct story *story, struct arena *arena)
{
	json_t *settings = NULL;
	struct check gone = { .n = 0 };
	enum store_status status = load_settings(sql, &story->project, &settings);

	if (status != STORE_OK)
		return status;
	struct str channels = get_words(settings, "default_channels", arena);
	json_decref(settings);
	status = check_references(sql, &reference_channel, &story->project, channels, "", &gone);
	if (status == STORE_OK && gone.count == 0)
		story->channels = channels;
	return status;
}

/* A draft of the template, with what was found in the places that are left for it. */
static enum store_status draft(struct sql *sql, const struct publishing *p, const struct reach *reach,
	const struct new_moment *moment, const struct id_bytes *moment_id, struct arena *arena, int64_t now_ms,
	json_t **ret)
{
	struct story story = { .project = moment->project, .title = moment->title, .status = STR("draft"),
			       .template_id = moment->template_id, .moment_id = *moment_id,
			       .id = make_id(p, now_ms) };
	struct str body;
	enum store_status status = load_template(sql, moment, arena, &body);

	if (status != STORE_OK)
		return status;
	story.body = fill_placeholders(body, moment->values, moment->value_count, MAX_BODY, arena);
	if (!story.body.p)
		return STORE_NO_MEMORY;
	status = add_channels(sql, &story, arena);
	if (status == STORE_OK)
		status = insert_story(sql, reach, &story, now_ms);
	return status == STORE_OK ? load_json(sql, p, reach, &story_listing, &story.id, ret) : status;
}

enum store_status add_moment(struct sql *sql, const struct publishing *p, const struct new_moment *moment,
	struct arena *arena, int64_t now_ms)
{
	struct id_bytes id = make_id(p, now_ms - moment->newer);
	struct reach reach;
	json_t *found = NULL, *story = NULL;
	enum store_status status = find_owner(sql, p, &moment->project, &reach);

	if (status == STORE_OK)
		status = insert_moment(sql, moment, &id, now_ms);
	if (status == STORE_OK)
		status = load_json(sql, p, &reach, &moments, &id, &found);
	if (status == STORE_OK)
		status = emit_event(sql, p, &moment->project, "moment.detected",
			json_pack("{s:O}", "moment", found), now_ms);
	if (status == STORE_OK && id_bytes_set(&moment->template_id)) {
		status = draft(sql, p, &reach, moment, &id, arena, now_ms, &story);
		if (status == STORE_NOT_FOUND) /* the template is gone: the moment stands without a draft */
			status = STORE_OK;
		else if (status == STORE_OK)
			status = emit_event(sql, p, &moment->project, "moment.auto_drafted",
				json_pack("{s:O,s:O}", "moment", found, "story", story), now_ms);
	}
	json_decref(found);
	json_decref(story);
	return status;
}
