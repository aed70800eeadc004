/* SPDX-License-Identifier: Apache-2.0
 * What the operations share: the service, one call of it, reading what was sent, and answering.
 * admin: may include base, core, wire, store, authority, profile, net, gate and services/service.h.
 */
#ifndef REMIT_ADMIN_INTERNAL_H
#define REMIT_ADMIN_INTERNAL_H

#include "admin/admin.h"
#include "admin/rows.h"

struct admin {
	struct service service; /* first: the gate holds a pointer to this */
	const struct config *config;
	const struct gate_api *apis; /* the config's, opened */
	struct gate *gate;
	struct authority authority;
	struct arena arena;     /* as long as the service */
	struct str openapi;
};

/* One call, by a token that was found to be good and its owner to be an admin, just now, in the store. */
struct admin_call {
	struct admin *admin;
	struct service_call *call;
	const struct authority *authority;
	struct arena *arena;      /* the call's */
	struct store_actor actor; /* "token:<id>" */
	struct user_row owner;
	struct token_row token;
	bool has_ceiling;
	struct token_ceiling ceiling; /* where it has none: one that nothing fits */
};

/* Whoever calls is looked up, then `run` is called; refused where they are not, or no longer, an admin. */
void admin_run(struct service *service, struct service_call *call, void (*run)(struct admin_call *c));

/* ---- What was sent: false, and answered, where it is not as it should be ---- */

enum member_type { MEMBER_TEXT, MEMBER_TEXTS, MEMBER_FLAG, MEMBER_RATE, MEMBER_ANY };

struct texts {
	const char *const *list; /* NULL: the member is not there */
	size_t count;
};

struct member_rate {
	bool is_set;
	uint16_t rate;
};

struct member { /* of the body; null is as if it were not there */
	const char *name;
	enum member_type type;
	bool required;
	void *into; /* const char *, struct texts, bool, struct member_rate, json_t * (borrowed) */
};

bool admin_members(struct admin_call *c, const struct member *members, size_t count);
#define ADMIN_MEMBERS(c, members) admin_members((c), (members), sizeof(members) / sizeof((members)[0]))

/* A text of the path, the n-th; NULL, and answered, without memory. */
const char *admin_path(struct admin_call *c, size_t n);
/* A text of the query: NULL where it is not there. */
bool admin_query(struct admin_call *c, const char *name, const char **ret);
/* "true" or "false". */
bool admin_query_flag(struct admin_call *c, const char *name, bool *ret);
bool admin_query_number(struct admin_call *c, const char *name, uint64_t max, uint64_t *ret);
bool admin_query_time(struct admin_call *c, const char *name, int64_t *ret_ms);
bool admin_query_id(struct admin_call *c, const char *name, struct id_bytes *ret);
/* The API of this name; without one the only one there is beside Remit's own. NULL is answered. */
const struct authority_api *admin_api(struct admin_call *c, const char *name);
/* The live user that a query's text names. */
bool admin_user(struct admin_call *c, const char *who, struct user_row *ret);

/* ---- Answers ---- */

/* 503 where `json` is NULL. Takes it over. */
void admin_answer(struct admin_call *c, int status, json_t *json);
void admin_refuse(struct admin_call *c, enum authority_status status, const struct authority_error *error);
void admin_refuse_stored(struct admin_call *c, enum store_status status);
void admin_invalid(struct admin_call *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Waits until every running server has applied a change (D14); false, and answered, where one has not. */
bool admin_settle(struct admin_call *c, int64_t revision);
/* The same for what is answered in any case: says it in a header, for a text must not be lost. */
void admin_settle_beside(struct admin_call *c, int64_t revision);
/* {KEY: VALUE, DONE: true} once it has settled. */
void admin_done(struct admin_call *c, int64_t revision, const char *key, const char *value, const char *done);

/* The token that the path names, where the caller's ceiling lets it see it; else 404 as for none. */
bool admin_token(struct admin_call *c, struct token_row *ret);

#define ADMIN_PAGE 100
#define ADMIN_PAGE_MAX 1000

/* ---- Operations, by file ---- */

void whoami(struct admin_call *c);
void list_tokens(struct admin_call *c);
void get_token(struct admin_call *c);
void check_token(struct admin_call *c);
void revoke_token(struct admin_call *c);
void edit_token(struct admin_call *c);
void shrink_token(struct admin_call *c);
void create_token(struct admin_call *c);
void rotate_token(struct admin_call *c);
void regenerate_token(struct admin_call *c);
void list_scopes(struct admin_call *c);
void list_presets(struct admin_call *c);
void explain(struct admin_call *c);
void list_people(struct admin_call *c);
void add_person(struct admin_call *c);
void disable_person(struct admin_call *c);
void enable_person(struct admin_call *c);
void remove_person(struct admin_call *c);
void list_projects(struct admin_call *c);
void add_project(struct admin_call *c);
void remove_project(struct admin_call *c);
void list_members(struct admin_call *c);
void add_member(struct admin_call *c);
void remove_member(struct admin_call *c);
void list_audit(struct admin_call *c);
void get_audit_verify(struct admin_call *c);
void verify_audit(struct admin_call *c);
void list_events(struct admin_call *c);
void get_system(struct admin_call *c);

/* The table of operations, and the components of the OpenAPI document. */
extern const struct service_operation admin_operations[];
extern const size_t admin_operation_count;
extern const char admin_components[];
/* service.c: the document is public, and so has no caller. */
void admin_openapi(struct service *service, struct service_call *call);

#endif
