/* SPDX-License-Identifier: Apache-2.0
 * What the files of the publishing service share: the service itself, who may reach what, the
 * answers that several operations give, and the operations by name.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_PUBLISHING_INTERNAL_H
#define REMIT_SERVICES_PUBLISHING_INTERNAL_H

#include "services/publishing/publishing.h"
#include "store/status.h"

struct publishing {
	struct service service; /* first: the gate holds a pointer to this */
	struct database *database;
	const struct secrets *secrets;
	struct outbound *outbound;
	struct lookout *lookout; /* NULL: nothing is looked at by this process */
	struct courier *courier; /* NULL: nothing is sent by this process */
	char *api;
	char *base;
	char *files_url;      /* "https://example.com/api/v1/files" */
	_Atomic unsigned fetching; /* media that are being fetched from others' servers */
	int media_folder;     /* a descriptor: every file is named below it */
	int64_t keep_ms;      /* how long what is done with is kept */
	struct arena arena;   /* as long as the service */
	struct str openapi;
	/* Where random bytes come from: randombytes_buf but in tests. */
	void (*random)(void *buffer, size_t n);
};

static inline struct publishing *publishing_of(struct service *service)
{
	return (struct publishing *)service;
}

/* Something was queued: the courier looks at once. From any thread; nothing where there is none. */
void courier_poke(const struct publishing *p);
/* Room courier.c for service.c: starts it; ends what it does; and one at rest, or NULL, is freed. */
bool courier_start(struct publishing *p, char reterr_text[256]);
void courier_rest(struct publishing *p);
void courier_free(struct courier *courier);

/* ---- Who reaches what (D19, D20, D24) ----
 * Every statement that touches a project's rows holds REACHES, and is bound by bind_reach: ?1 the
 * API, ?2 the person, ?3 the project that the token is bound to, or null. Being an admin or holding
 * "*" is no part of it. */

/* Whether the project whose id is in `column` is one that the caller reaches. */
#define REACHES(column) \
	" EXISTS (SELECT 1 FROM projects p WHERE p.id = " column " AND p.api = ?1" \
	" AND (?3 IS NULL OR p.id = ?3)" \
	" AND (p.owner_id = ?2 OR EXISTS (SELECT 1 FROM project_members m" \
	" WHERE m.project_id = p.id AND m.user_id = ?2))) "

/* The projects that may pass REACHES, found by an index: for lists. Never without REACHES. */
#define CANDIDATES \
	" (SELECT id FROM projects WHERE owner_id = ?2" \
	" UNION SELECT project_id FROM project_members WHERE user_id = ?2) "

/* What the three are bound to. Lives as long as a statement uses it: binding copies nothing. */
struct reach {
	struct str api;
	struct id_bytes user, project; /* project all zero: not bound */
};

struct reach reach_of(const struct publishing *p, const struct service_caller *caller);
void bind_reach(struct sql_statement *st, const struct reach *reach);
void bind_uuid(struct sql_statement *st, int index, const struct id_bytes *id); /* all zero: null */
void bind_time(struct sql_statement *st, int index, int64_t ms);              /* 0: null */
/* The first row of a statement: OK with the row in place, NOT_FOUND, or a failure. */
enum store_status step_row(struct sql_statement *st);
/* sql_run of a statement that must change exactly one row: NOT_FOUND where it changed none. */
enum store_status run_row(struct sql *sql, struct sql_statement *st);
/* database_write for a call: UNAVAILABLE, with nothing done, where the caller's token was revoked or its
 * owner disabled while the call waited for its turn. */
enum store_status write_for(const struct publishing *p, const struct service_call *call,
	enum store_status (*fn)(struct sql *sql, void *arg), void *arg);
/* Whether the caller reaches a project: OK or NOT_FOUND. */
enum store_status find_project(struct sql *sql, const struct reach *reach, const struct id_bytes *project);

bool id_bytes_set(const struct id_bytes *id);
struct id_bytes column_uuid(struct sql_statement *st, int column); /* null: all zero */
void random_bytes(void *buffer, size_t n);
struct id_bytes make_id(const struct publishing *p, int64_t now_ms);

/* ---- Answers ---- */

/* {"error":{"code":"not_found","message":"Story not found"}}: the same bytes whatever was asked for. */
void answer_not_found(struct service_call *call, const char *noun);
/* What a store said: not found, or 503. */
void answer_store(struct service_call *call, enum store_status status, const char *noun);
/* The id in the path. False, and answered with 404, where it is none. */
bool take_path_id(struct service_call *call, const char *noun, struct id_bytes *ret);

/* Members of answers. NULL without memory; json_pack with one of them is then NULL too. */
json_t *json_of_str(struct str text);
json_t *json_of_column(struct sql_statement *st, int column);
json_t *json_of_id_column(struct sql_statement *st, int column); /* null where null */
json_t *json_of_time(int64_t ms);                               /* null where 0 */
json_t *json_of_time_column(struct sql_statement *st, int column); /* null where null */
/* A text that others sent, for a row or a reason: what is no UTF-8 ends it, control characters become spaces.
 * In the arena; {NULL, 0} without memory. */
struct str text_cleaned(struct str text, struct arena *arena);
json_t *json_of_filled(struct sql_statement *st, int column);    /* null where empty */
json_t *json_of_words(struct str text);                         /* "a b c": an array of texts */
/* Answers with 200 or `status`; 503 where `json` is NULL. Takes it over. */
void answer_json(struct service_call *call, int status, json_t *json);

/* ---- Operations, by file ---- */

void run_health(struct service *service, struct service_call *call);
void run_openapi(struct service *service, struct service_call *call);
void run_list_projects(struct service *service, struct service_call *call);
void run_get_project(struct service *service, struct service_call *call);
void run_update_project(struct service *service, struct service_call *call);
void run_list_templates(struct service *service, struct service_call *call);
void run_get_template(struct service *service, struct service_call *call);
void run_list_connections(struct service *service, struct service_call *call);
void run_list_social_connections(struct service *service, struct service_call *call);
void run_get_social_connection(struct service *service, struct service_call *call);
void run_list_data_connections(struct service *service, struct service_call *call);
void run_get_data_connection(struct service *service, struct service_call *call);
void run_list_moments(struct service *service, struct service_call *call);
void run_get_moment(struct service *service, struct service_call *call);
void run_list_stories(struct service *service, struct service_call *call);
void run_get_story(struct service *service, struct service_call *call);
void run_preview_story(struct service *service, struct service_call *call);
void run_create_story(struct service *service, struct service_call *call);
void run_create_stories(struct service *service, struct service_call *call);
void run_update_story(struct service *service, struct service_call *call);
void run_schedule_story(struct service *service, struct service_call *call);
void run_unschedule_story(struct service *service, struct service_call *call);
void run_publish_story(struct service *service, struct service_call *call);
void run_list_media(struct service *service, struct service_call *call);
void run_get_media(struct service *service, struct service_call *call);
void run_get_media_file(struct service *service, struct service_call *call);
void run_get_public_file(struct service *service, struct service_call *call);
void run_upload_media(struct service *service, struct service_call *call);
void run_list_webhooks(struct service *service, struct service_call *call);
void run_get_webhook(struct service *service, struct service_call *call);
void run_create_webhook(struct service *service, struct service_call *call);
void run_update_webhook(struct service *service, struct service_call *call);
void run_rotate_webhook(struct service *service, struct service_call *call);
void run_test_webhook(struct service *service, struct service_call *call);
void run_list_webhook_deliveries(struct service *service, struct service_call *call);
void run_repeat_webhook_delivery(struct service *service, struct service_call *call);
void run_delete_webhook(struct service *service, struct service_call *call);

/* Brings the tables up to date; a sentence on failure. */
bool publishing_migrate(struct database *database, char reterr_text[256]);

/* The table of operations, and the components of the OpenAPI document. */
extern const struct service_operation publishing_operations[];
extern const size_t publishing_operation_count;
extern const char publishing_components[];
extern const struct service_tool publishing_tools[];
extern const size_t publishing_tool_count;

/* What takes the tables from version i to i + 1. */
extern const char *const publishing_schema[];
extern const size_t publishing_schema_count;

#endif
