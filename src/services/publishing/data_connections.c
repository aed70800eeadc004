/* SPDX-License-Identifier: Apache-2.0
 * Data connections: sources that moments are found in. One that has a detector is made here, judged whole
 * before anything is written; its address is sealed, for it may hold a key, and only its host is shown.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/detectors.h"

#include "services/publishing/threshold.h"

#include <stdio.h>

#define COLUMNS \
	"o.id, o.project_id, o.provider, o.name, o.status, o.last_synced_at, o.created_at, o.updated_at," \
	" o.host, o.poll_ms, o.score, o.template_id, o.last_error, o.last_error_at"

/* Null where nothing is looked at: the connection is another system's to keep. */
static json_t *detector_json(struct sql_statement *st)
{
	struct str error = sql_column_text(st, 12);
	if (sql_column_is_null(st, 9))
		return json_null();
	return json_pack("{s:o,s:I,s:s,s:b,s:o,s:o}", "host", json_of_column(st, 8),
		"poll_seconds", (json_int_t)sql_column_int(st, 9) / 1000,
		"severity", severity_of_score(sql_column_int(st, 10)), "auto_draft", !sql_column_is_null(st, 11),
		"last_error", error.n > 0 ? json_of_str(error) : json_null(),
		"last_error_at", json_of_time_column(st, 13));
}

static json_t *data_connection_json(const struct publishing *p, struct sql_statement *st)
{
	(void)p;
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}",
		"id", json_of_id_column(st, 0), "project_id", json_of_id_column(st, 1),
		"provider", json_of_column(st, 2), "name", json_of_column(st, 3),
		"status", json_of_column(st, 4), "last_synced_at", json_of_time_column(st, 5),
		"detector", detector_json(st),
		"created_at", json_of_time_column(st, 6), "updated_at", json_of_time_column(st, 7));
}

static const struct listing data_connections = {
	.noun = "Data connection", .to_json = data_connection_json,
	.get = GET_SQL(COLUMNS, "publishing_data_connections"),
	.list = LIST_SQL(COLUMNS, "publishing_data_connections", ""),
};

void run_list_data_connections(struct service *service, struct service_call *call)
{
	run_list(service, call, &data_connections);
}

void run_get_data_connection(struct service *service, struct service_call *call)
{
	run_get(service, call, &data_connections);
}

/* ---- Making one ---- */

struct add_work {
	const struct publishing_options *options;
	const struct publishing_detector *given;
	struct arena arena;
	struct check check;
	struct id_bytes id, project, template_id;
	struct str host;
	uint8_t *sealed;
	size_t sealed_n;
	int64_t score, now_ms;
};

static struct str host_of(struct str url)
{
	struct str rest = { url.p + 8, url.n - 8 }, host;
	if (!str_starts(url, STR("https://")))
		rest = (struct str){ url.p + 7, url.n - 7 };
	for (host = (struct str){ rest.p, 0 }; host.n < rest.n; host.n++)
		if (strchr("/?", rest.p[host.n]))
			break;
	return host;
}

static void check_line(struct check *c, const struct publishing_detector *given)
{
	double line, hysteresis = 0;
	const char *text = given->above ? given->above : given->below;

	if (!given->pointer || !threshold_pointer_ok(str_of(given->pointer)))
		check_add(c, "pointer must be a JSON pointer to one number, as /data/0/price");
	if (!text || (given->above && given->below))
		check_add(c, "one of above and below must be given");
	else if (!threshold_number(str_of(text), &line))
		check_add(c, "%s must be a number", given->above ? "above" : "below");
	if (given->hysteresis && (!threshold_number(str_of(given->hysteresis), &hysteresis) || hysteresis < 0))
		check_add(c, "hysteresis must be a number that is not below 0");
}

static void check_form(struct add_work *w)
{
	static const struct field name = { "name", FIELD_LINE, MAX_NAME, FIELD_FILLED, NULL };
	static const struct field url = { "url", FIELD_WEB, 0, FIELD_FILLED, NULL };
	static const struct field kind = { "kind", FIELD_WORD, 0, 0, DETECTOR_KINDS };
	static const struct field severity = { "severity", FIELD_WORD, 0, 0, SEVERITIES };
	const struct publishing_detector *g = w->given;
	struct check *c = &w->check;

	check_field(c, "", &kind, str_of(g->kind));
	check_field(c, "", &name, str_of(g->name));
	check_field(c, "", &url, str_of(g->url));
	check_field(c, "", &severity, str_of(g->severity));
	if (g->poll_ms < DETECTOR_POLL_MIN_MS || g->poll_ms > DETECTOR_POLL_MAX_MS)
		check_add(c, "every must be 1m to 24h");
	if (strcmp(g->kind, "json-threshold") == 0)
		check_line(c, g);
	else if (g->pointer || g->above || g->below || g->hysteresis)
		check_add(c, "pointer, above, below and hysteresis are for json-threshold only");
	if (g->template_id && strcmp(g->severity, "severe") != 0)
		check_add(c, "drafts are made of what is severe only: say severity severe too");
	if (g->template_id && (!id_to_bytes(g->template_id, &w->template_id) || !id_bytes_set(&w->template_id)))
		check_add(c, "the template must be an id");
}

static enum store_status check_template(struct sql *sql, struct add_work *w)
{
	const char *names[MOMENT_VALUES_MAX];
	size_t count = detector_value_names(str_of(w->given->kind), names);

	if (!id_bytes_set(&w->template_id))
		return STORE_OK;
	struct sql_statement *st =
		sql_prepare(sql, "SELECT body FROM publishing_templates WHERE id = ?1 AND project_id = ?2");
	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, &w->template_id);
	bind_uuid(st, 2, &w->project);
	enum store_status status = step_row(st);
	if (status == STORE_NOT_FOUND) {
		check_add(&w->check, "the template is none of this project");
		status = STORE_INVALID;
	} else if (status == STORE_OK) {
		struct str unknown = find_unknown_placeholder(sql_column_text(st, 0), names, count);
		if (unknown.n > 0) {
			check_add(&w->check, "the template has {{%.*s}}, which a detector of kind %s cannot fill",
				STR_FMT(unknown), w->given->kind);
			status = STORE_INVALID;
		}
	}
	sql_reset(st);
	return status;
}

/* The project must be of this API and have room for one more. */
static enum store_status check_project(struct sql *sql, struct add_work *w)
{
	struct sql_statement *st = sql_prepare(sql,
		"SELECT (SELECT COUNT(*) FROM publishing_data_connections c WHERE c.project_id = p.id AND"
		" c.next_at IS NOT NULL) FROM projects p WHERE p.id = ?1 AND p.api = ?2");
	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, &w->project);
	sql_bind_text(st, 2, str_of(w->options->api));
	enum store_status status = step_row(st);
	if (status == STORE_NOT_FOUND)
		check_add(&w->check, "there is no such project");
	else if (status == STORE_OK && sql_column_int(st, 0) >= LIMIT_DETECTORS) {
		check_add(&w->check, "the project has %d detectors already, which is the most", LIMIT_DETECTORS);
		status = STORE_INVALID;
	}
	sql_reset(st);
	return status;
}

static struct str text_of(const char *text)
{
	return text ? str_of(text) : STR("");
}

static enum store_status add(struct sql *sql, void *arg)
{
	struct add_work *w = arg;
	const struct publishing_detector *g = w->given;
	enum store_status status = check_project(sql, w);

	if (status == STORE_OK)
		status = check_template(sql, w);
	if (status != STORE_OK)
		return status;
	struct sql_statement *st = sql_prepare(sql,
		"INSERT INTO publishing_data_connections (id, project_id, provider, name, status, sealed, host,"
		" poll_ms, next_at, score, template_id, pointer, above, line, hysteresis, created_at, updated_at)"
		" VALUES (?1, ?2, ?3, ?4, 'active', ?5, ?6, ?7, ?13, ?8, ?9, ?10, ?11, ?12, ?14, ?13, ?13)");
	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, &w->id);
	bind_uuid(st, 2, &w->project);
	sql_bind_text(st, 3, str_of(g->kind));
	sql_bind_text(st, 4, str_of(g->name));
	sql_bind_blob(st, 5, w->sealed, w->sealed_n);
	sql_bind_text(st, 6, w->host);
	sql_bind_int(st, 7, g->poll_ms);
	sql_bind_int(st, 8, w->score);
	bind_uuid(st, 9, &w->template_id);
	sql_bind_text(st, 10, text_of(g->pointer));
	sql_bind_int(st, 11, g->above != NULL);
	sql_bind_text(st, 12, text_of(g->above ? g->above : g->below));
	sql_bind_int(st, 13, w->now_ms);
	sql_bind_text(st, 14, text_of(g->hysteresis));
	return sql_run(st);
}

static bool prepare(struct add_work *w)
{
	struct str url = str_of(w->given->url);
	const struct publishing p = { .random = random_bytes };

	w->host = host_of(url);
	w->score = score_of_severity(str_of(w->given->severity));
	w->id = make_id(&p, w->now_ms);
	w->sealed_n = url.n + SECRETS_SEAL_EXTRA;
	w->sealed = arena_alloc(&w->arena, w->sealed_n);
	return w->sealed && secrets_seal(w->options->secrets, DETECTOR_PURPOSE, url, w->sealed);
}

static enum store_status tell(const struct add_work *w, enum store_status status, char reterr_text[512])
{
	if (w->check.count > 0)
		snprintf(reterr_text, 512, "%.500s", w->check.text);
	else
		snprintf(reterr_text, 512, "Nothing was changed: %s", store_status_text(status));
	return status;
}

enum store_status publishing_detector_add(const struct publishing_options *options,
	const struct publishing_detector *detector, int64_t now_ms, struct id *ret_id, char reterr_text[512])
{
	struct add_work w = { .options = options, .given = detector, .now_ms = now_ms };
	char text[256] = "";

	if (!publishing_migrate(options->database, text)) {
		snprintf(reterr_text, 512, "%s", text);
		return STORE_UNAVAILABLE;
	}
	arena_init(&w.arena, 1024 * 1024);
	check_form(&w);
	if (!id_to_bytes(&detector->project, &w.project) || !id_bytes_set(&w.project))
		check_add(&w.check, "the project must be an id");
	enum store_status status = w.check.count > 0 ? STORE_INVALID : prepare(&w) ? STORE_OK : STORE_NO_MEMORY;
	if (status == STORE_OK)
		status = database_write(options->database, add, &w);
	arena_done(&w.arena);
	if (status != STORE_OK)
		return tell(&w, status, reterr_text);
	id_from_bytes(&w.id, ret_id);
	return STORE_OK;
}

/* ---- Looking at them, and removing ---- */

struct each_work {
	const struct publishing_options *options;
	struct id_bytes id; /* of a project, or of the one to remove */
	bool (*each)(void *ctx, const struct publishing_detector_row *row);
	void *ctx;
};

static void read_row(struct sql_statement *st, struct publishing_detector_row *ret)
{
	struct id_bytes id = column_uuid(st, 0), project = column_uuid(st, 1);
	*ret = (struct publishing_detector_row){
		.kind = sql_column_text(st, 2), .name = sql_column_text(st, 3), .status = sql_column_text(st, 4),
		.host = sql_column_text(st, 5), .poll_ms = sql_column_int(st, 6),
		.severity = severity_of_score(sql_column_int(st, 7)), .last_synced_ms = sql_column_int(st, 8),
		.last_error = sql_column_text(st, 9),
	};
	id_from_bytes(&id, &ret->id);
	id_from_bytes(&project, &ret->project);
}

static enum store_status each_row(struct sql *sql, void *arg)
{
	const struct each_work *w = arg;
	enum sql_step step;
	struct sql_statement *st = sql_prepare(sql,
		"SELECT c.id, c.project_id, c.provider, c.name, c.status, c.host, c.poll_ms, c.score,"
		" c.last_synced_at, c.last_error FROM publishing_data_connections c JOIN projects p"
		" ON p.id = c.project_id WHERE p.api = ?1 AND (?2 IS NULL OR p.id = ?2) AND c.next_at IS NOT NULL"
		" ORDER BY c.id");
	if (!st)
		return STORE_UNAVAILABLE;
	sql_bind_text(st, 1, str_of(w->options->api));
	bind_uuid(st, 2, &w->id);
	while ((step = sql_step(st)) == SQL_ROW) {
		struct publishing_detector_row row;
		read_row(st, &row);
		if (!w->each(w->ctx, &row)) {
			sql_reset(st);
			return STORE_NO_MEMORY;
		}
	}
	return step == SQL_DONE ? STORE_OK : sql_status(st);
}

enum store_status publishing_detector_each(const struct publishing_options *options, const struct id *project,
	bool (*each)(void *ctx, const struct publishing_detector_row *row), void *ctx)
{
	struct each_work w = { .options = options, .each = each, .ctx = ctx };
	char text[256];

	if (!publishing_migrate(options->database, text))
		return STORE_UNAVAILABLE;
	if (project)
		(void)id_to_bytes(project, &w.id);
	return database_read(options->database, each_row, &w);
}

/* The moments that it found stay. */
static enum store_status remove_row(struct sql *sql, void *arg)
{
	const struct each_work *w = arg;
	struct sql_statement *st = sql_prepare(sql,
		"DELETE FROM publishing_data_connections WHERE id = ?1 AND next_at IS NOT NULL AND project_id IN"
		" (SELECT id FROM projects WHERE api = ?2)");
	if (!st)
		return STORE_UNAVAILABLE;
	bind_uuid(st, 1, &w->id);
	sql_bind_text(st, 2, str_of(w->options->api));
	return run_row(sql, st);
}

enum store_status publishing_detector_remove(const struct publishing_options *options, const struct id *id)
{
	struct each_work w = { .options = options };
	char text[256];

	if (!publishing_migrate(options->database, text))
		return STORE_UNAVAILABLE;
	if (!id_to_bytes(id, &w.id) || !id_bytes_set(&w.id))
		return STORE_NOT_FOUND;
	return database_write(options->database, remove_row, &w);
}
