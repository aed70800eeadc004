/* SPDX-License-Identifier: Apache-2.0
 * The world that tests of the publishing service act in.
 */
#include "world.h"

#include <assert.h>
#include <ctype.h>
#include <fcntl.h>
#include <ftw.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct store_actor actor = { "test", WORLD_NOW };

/* The n-th id that a world makes is the same in every world. */
static struct id new_id(struct world *w)
{
	static const uint8_t random[10] = "0123456789";
	return id_make(WORLD_NOW - 1000000 + w->ids++, random);
}

static void add_people(struct world *w)
{
	static const char *const emails[PEOPLE] = { "olga@example.com", "mark@example.com", "simon@example.com" };
	static const char *const names[PROJECTS] = { "Aurora Coffee", "Northwind Cycles" };
	for (int i = 0; i < PEOPLE; i++) {
		w->people[i] = new_id(w);
		struct user_row user = { .id = w->people[i], .email = emails[i], .created_ms = WORLD_NOW };
		assert(store_user_add(w->store, &user, &actor) == STORE_OK);
	}
	for (int i = 0; i < PROJECTS; i++) {
		w->projects[i] = new_id(w);
		struct project_row project = { .id = w->projects[i], .api = "publishing", .name = names[i],
					       .owner = w->people[OLGA], .created_ms = WORLD_NOW };
		assert(store_project_add(w->store, &project, &actor) == STORE_OK);
	}
	int64_t revision;
	assert(store_member_add(w->store, &w->projects[AURORA], &w->people[MARK], &actor, &revision) == STORE_OK);
}

/* A key that is the same in every world: cursors can then be compared. */
static void write_key(const char *folder)
{
	char path[128];
	uint8_t key[32];
	snprintf(path, sizeof(path), "%s/secrets.key", folder);
	memset(key, 'k', sizeof(key));
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert(fd >= 0 && write(fd, key, sizeof(key)) == (ssize_t)sizeof(key) && close(fd) == 0);
}

struct world *world_new(void)
{
	static const char *const allow[] = { "loopback" };
	struct world *w = calloc(1, sizeof(*w));
	char url[128], key[128], media[128], error[256] = "";

	assert(w && sodium_init() >= 0);
	snprintf(w->folder, sizeof(w->folder), "/tmp/remit-publishing-XXXXXX");
	assert(mkdtemp(w->folder));
	write_key(w->folder);
	snprintf(url, sizeof(url), "sqlite:%s/remit.db", w->folder);
	snprintf(key, sizeof(key), "file:%s/secrets.key", w->folder);
	snprintf(media, sizeof(media), "%s/media", w->folder);
	w->now_ms = WORLD_NOW;
	mistakes_init(&w->mistakes);
	w->profile = profile_load("publishing", &w->mistakes);
	assert(w->profile);
	if (store_open(url, STORE_MIGRATE, &w->store, error) != STORE_OK || !secrets_open(key, &w->secrets, error)) {
		fprintf(stderr, "%s\n", error);
		abort();
	}
	if (!outbound_new(&(struct outbound_options){ .allow = allow, .allow_count = 1 }, &w->outbound, error)) {
		fprintf(stderr, "%s\n", error);
		abort();
	}
	struct publishing_options options = {
		.database = store_database(w->store), .secrets = w->secrets, .outbound = w->outbound, .api = "publishing",
		.media_folder = media, .base = "/api/v1", .public_url = "http://127.0.0.1:8787",
		.policy = w->profile->policy, .version = "0",
	};
	if (!publishing_open(&options, &w->service, error)) {
		fprintf(stderr, "%s\n", error);
		abort();
	}
	add_people(w);
	arena_init(&w->arena, 0);
	w->answer.fd = -1;
	return w;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void forget_answer(struct world *w)
{
	if (w->answer.fd >= 0)
		close(w->answer.fd);
	w->answer = (struct service_answer){ .fd = -1 };
	json_decref(w->json);
	w->json = NULL;
	arena_done(&w->arena);
	arena_init(&w->arena, 0);
}

void world_free(struct world *w)
{
	forget_answer(w);
	arena_done(&w->arena);
	publishing_close(w->service);
	outbound_free(w->outbound);
	secrets_close(w->secrets);
	store_close(w->store);
	profile_free(w->profile);
	mistakes_done(&w->mistakes);
	nftw(w->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(w);
}

static const struct service_operation *find_operation(const struct world *w, const char *name)
{
	for (size_t i = 0; i < w->service->operation_count; i++)
		if (strcmp(w->service->operations[i].name, name) == 0)
			return &w->service->operations[i];
	fprintf(stderr, "no operation %s\n", name);
	abort();
}

int ask_raw(struct world *w, struct who who, const char *operation, const char *id, const char *query, const char *const *headers, struct str body)
{
	struct query pairs = { .count = 0 };
	struct http_request *request = calloc(1, sizeof(*request));
	const char *what;
	struct service_caller caller = { .user = w->people[who.person], .admin = who.admin, .token = w->people[0],
					 .policy = w->profile->policy };

	forget_answer(w);
	memset(caller.granted.word, 0xff, sizeof(caller.granted.word[0])); /* more than any token has */
	if (who.bound >= 0)
		caller.project = w->projects[who.bound];
	if (query)
		assert(query_parse(str_of(query), &w->arena, &pairs, &what) == QUERY_OK);
	for (; headers && *headers; headers++) {
		const char *colon = strchr(*headers, ':');
		request->headers[request->header_count++] =
			(struct http_header){ { *headers, (size_t)(colon - *headers) }, str_of(colon + 2) };
	}
	struct service_call call = {
		.operation = find_operation(w, operation), .caller = &caller, .request = request, .query = &pairs,
		.body = body, .arena = &w->arena, .now_ms = w->now_ms, .answer = { .fd = -1 },
	};
	if (id) {
		call.params[0] = str_of(id);
		call.param_count = 1;
	}
	service_run(w->service, &call);
	w->answer = call.answer;
	if (w->answer.body.n > 0)
		w->json = json_loadb(w->answer.body.p, w->answer.body.n, 0, NULL);
	free(request);
	return w->answer.status;
}

int ask(struct world *w, struct who who, const char *operation, const char *id, const char *query, const char *body)
{
	return ask_raw(w, who, operation, id, query, NULL, str_of(body));
}

int upload(struct world *w, struct who who, struct str name, struct str bytes, const char *more)
{
	static const char *const headers[] = { "Content-Type: multipart/form-data; boundary=XX", NULL };
	struct buf body;
	buf_init(&body, 64 * 1024 * 1024);
	buf_add_text(&body, "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"");
	buf_add_str(&body, name);
	buf_add_text(&body, "\"\r\nContent-Type: image/png\r\n\r\n");
	buf_add_str(&body, bytes);
	buf_add_text(&body, "\r\n");
	buf_add_text(&body, more ? more : "");
	buf_add_text(&body, "--XX--\r\n");
	int status = ask_raw(w, who, "upload_media", NULL, NULL, headers, buf_str(&body));
	buf_done(&body);
	return status;
}

const char *answer_text(const struct world *w)
{
	static char text[1 << 20];
	snprintf(text, sizeof(text), "%.*s", (int)w->answer.body.n, w->answer.body.p ? w->answer.body.p : "");
	return text;
}

const char *answer_header(const struct world *w, const char *name)
{
	static char text[4096];
	for (size_t i = 0; i < w->answer.header_count; i++)
		if (str_is(w->answer.headers[i].name, name)) {
			snprintf(text, sizeof(text), "%.*s", STR_FMT(w->answer.headers[i].value));
			return text;
		}
	return NULL;
}

const char *at(const struct world *w, const char *path)
{
	static char scalar[64];
	const json_t *value = w->json;
	struct str rest = str_of(path), head;
	while (value && rest.n > 0) {
		char key[64];
		str_cut(&rest, '.', &head);
		snprintf(key, sizeof(key), "%.*s", STR_FMT(head));
		value = isdigit((unsigned char)key[0]) ? json_array_get(value, (size_t)atoi(key)) : json_object_get(value, key);
	}
	if (json_is_string(value))
		return json_string_value(value);
	if (json_is_integer(value)) {
		snprintf(scalar, sizeof(scalar), "%lld", (long long)json_integer_value(value));
		return scalar;
	}
	return json_is_null(value) ? "null" : json_is_true(value) ? "true" : json_is_false(value) ? "false" : "";
}

void make_draft(struct world *w, struct who who, const char *body, char ret_id[ID_LENGTH + 1])
{
	if (ask(w, who, "create_story", NULL, NULL, body) != 201) {
		fprintf(stderr, "%s\n", answer_text(w));
		abort();
	}
	snprintf(ret_id, ID_LENGTH + 1, "%s", at(w, "id"));
}

struct insert {
	const char *sql;
	struct id_bytes id, project;
};

static enum store_status insert_row(struct sql *sql, void *arg)
{
	struct insert *insert = arg;
	struct sql_statement *st = sql_prepare(sql, insert->sql);
	sql_bind_blob(st, 1, insert->id.b, 16);
	sql_bind_blob(st, 2, insert->project.b, 16);
	sql_bind_int(st, 3, WORLD_NOW);
	return sql_run(st);
}

struct id add_row(struct world *w, const char *sql, int project)
{
	struct id id = new_id(w);
	struct insert insert = { .sql = sql };
	assert(id_to_bytes(&id, &insert.id) && id_to_bytes(&w->projects[project], &insert.project));
	assert(database_write(store_database(w->store), insert_row, &insert) == STORE_OK);
	return id;
}

struct id add_social(struct world *w, int project)
{
	static const char sql[] = "INSERT INTO publishing_social_connections (id, project_id, provider, handle, status,"
		" sealed, created_at, updated_at) VALUES (?1, ?2, 'mastodon', '@a@b.example', 'active', x'5345435245542d31',"
		" ?3, ?3)";
	return add_row(w, sql, project);
}
