/* SPDX-License-Identifier: Apache-2.0
 * A small world for tests of the publishing service: a real SQLite store in a folder of its own,
 * three people, two projects, and calls by the name of an operation.
 */
#ifndef REMIT_TESTS_UNIT_PUBLISHING_WORLD_H
#define REMIT_TESTS_UNIT_PUBLISHING_WORLD_H

#include "profile/profile.h"
#include "services/publishing/publishing.h"
#include "store/store.h"

#define WORLD_NOW 1900000000000LL /* 2030-03-17T17:46:40Z */

enum { OLGA, MARK, SIMON, PEOPLE }; /* owner of both, member of AURORA, stranger */
enum { AURORA, NORTHWIND, PROJECTS };

struct world {
	char folder[64];
	struct store *store;
	struct secrets *secrets;
	struct outbound *outbound;
	struct mistakes mistakes;
	struct profile *profile;
	struct service *service;
	struct id people[PEOPLE], projects[PROJECTS];
	int64_t now_ms;
	int ids; /* made by the world itself */
	struct arena arena; /* of the last call */
	struct service_answer answer;
	json_t *json;       /* of the last answer, or NULL */
};

struct world *world_new(void);
void world_free(struct world *w);

/* Who asks: a person, and a project that the token is bound to (-1: none). */
struct who {
	int person, bound;
	bool admin;
};

/* Asks an operation by name. id, query, body may be NULL. Returns the status; w->answer and w->json
 * hold the rest until the next call. */
int ask(struct world *w, struct who who, const char *operation, const char *id, const char *query, const char *body);
/* The same with header lines ("Name: value", NULL at the end) and a body of bytes. */
int ask_raw(struct world *w, struct who who, const char *operation, const char *id, const char *query, const char *const *headers, struct str body);
/* Uploads bytes as a file of this name. */
int upload(struct world *w, struct who who, struct str name, struct str bytes, const char *more);
/* The body of the last answer, NUL-terminated. */
const char *answer_text(const struct world *w);
const char *answer_header(const struct world *w, const char *name);
/* A text of the last answer by a path of keys and numbers: "data.0.id"; "" where it is not there. */
const char *at(const struct world *w, const char *path);
/* A new story as a draft; its id is copied. */
void make_draft(struct world *w, struct who who, const char *body, char ret_id[ID_LENGTH + 1]);

/* Rows that the service itself never makes: their ids. */
struct id add_social(struct world *w, int project);
struct id add_row(struct world *w, const char *sql, int project);

#endif
