/* SPDX-License-Identifier: Apache-2.0
 *
 * libremit: scopes, rules, tokens and decisions, to embed.
 *
 *   1. Build a policy: a vocabulary of scopes and rules that say what each operation needs
 *      (remit_builder_*, remit_policy_build), or load a compiled one (remit_policy_load).
 *   2. Fill a table with the digests of the tokens that you issued (remit_token_write,
 *      remit_hasher_digest, remit_table_put).
 *   3. For each request find the operation (remit_policy_route, remit_policy_tool, ...), find the
 *      token (remit_token_check, remit_hasher_digest, remit_table_find), and ask (remit_decide).
 *
 * No I/O, no clock, no global state, no log: time and randomness are arguments. Memory is allocated
 * only where a policy, table, reader or hasher is made or grows; never by a look-up or a decision.
 * Every object may be used by one thread at a time unless its functions say more. C11 and C++.
 *
 * Limits: 4,096 scopes, 65,536 operations, 16 conditions an operation, 8 parameters a path,
 * 32 segments a path, 255 APIs a table, 4,294,967,294 tokens a table.
 */
#ifndef REMIT_REMIT_H
#define REMIT_REMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define REMIT_MUST_USE __attribute__((warn_unused_result))
#define REMIT_API __attribute__((visibility("default")))
#else
#define REMIT_MUST_USE
#define REMIT_API
#endif

enum remit_status {
	REMIT_OK = 0,
	REMIT_NO_MEMORY, /* nothing was changed */
	REMIT_INVALID,   /* an argument is not of the form that the function states; nothing was changed */
	REMIT_EXISTS,    /* the same name, or a rule of the same shape, is there already */
	REMIT_NOT_FOUND,
	REMIT_LIMIT,     /* past a limit stated above */
	REMIT_AMBIGUOUS, /* a name stands for more than one thing */
};

/* A constant English text for a status; never NULL. */
REMIT_API const char *remit_status_text(enum remit_status status);
/* The library's version, "MAJOR.MINOR.PATCH". */
REMIT_API const char *remit_version(void);

/* ---- Scope sets ------------------------------------------------------------------------------
 * A set is an array of words in vocabulary order: scope i is bit i % 64 of word i / 64. A policy
 * with n scopes uses remit_policy_words() words, which is one up to 64 scopes. */

#define REMIT_SCOPES_MAX 4096
#define REMIT_SCOPE_WORDS_MAX (REMIT_SCOPES_MAX / 64)

struct remit_scopes {
	uint64_t word[REMIT_SCOPE_WORDS_MAX]; /* those past remit_policy_words() are never read */
};

/* ---- Building a policy ----------------------------------------------------------------------- */

struct remit_builder; /* a policy being written */
struct remit_policy;  /* finished and immutable: any number of threads may read it */

/* What an operation asks of a token. */
enum remit_need_kind {
	REMIT_NEED_SCOPES = 0, /* one of the alternatives, each being "all of" (D6) */
	REMIT_NEED_TOKEN,      /* any valid token of the API */
	REMIT_NEED_PUBLIC,     /* nothing; a token is not even read */
};

struct remit_alternative {
	const char *const *scopes; /* names out of the vocabulary, NUL-terminated; at least one */
	size_t count;
};

struct remit_need {
	enum remit_need_kind kind;
	const struct remit_alternative *alternatives; /* for SCOPES: 1 to 16 */
	size_t count;
};

/* Where a condition or a project is read from. */
enum remit_source {
	REMIT_SOURCE_PATH = 0, /* a parameter of the path template */
	REMIT_SOURCE_QUERY,    /* a query parameter */
	REMIT_SOURCE_HEADER,   /* a header field, its name in any case */
	REMIT_SOURCE_BODY,     /* RFC 6901 pointer into the JSON body; a segment "*" is every array item */
	REMIT_SOURCE_ARGUMENT, /* the same into a tool's arguments */
};

enum remit_test {
	REMIT_TEST_PRESENT = 0, /* it is there, whatever its value, null included */
	REMIT_TEST_ABSENT,
	REMIT_TEST_EQUALS,      /* it is there and is this string, number or literal */
};

/* A condition that adds to the base need where it matches. */
struct remit_when {
	enum remit_test test;
	enum remit_source source;
	const char *name;  /* a parameter, field or pointer; copied */
	const char *value; /* for EQUALS: the text a string holds, or a JSON number, true, false, null; copied */
	struct remit_need need; /* SCOPES or TOKEN */
};

/* Where an operation names the project it works on (D22). */
enum remit_project_rule {
	REMIT_PROJECT_UNSTATED = 0, /* a project-bound token is refused */
	REMIT_PROJECT_NONE,         /* the operation touches no project's data */
	REMIT_PROJECT_INJECT,       /* what runs it filters by the token's project itself */
	REMIT_PROJECT_SELECT,       /* read from `project_source` and `project_name` */
};

struct remit_rule {
	const char *method; /* "GET"; HEAD, CONNECT and TRACE are refused, HEAD being judged as GET */
	const char *path;   /* "/stories/{id}", "/files/..." with a last segment "**" for all below */
	struct remit_need need;
	const struct remit_when *whens;
	size_t when_count; /* at most 16 */
	enum remit_project_rule project;
	enum remit_source project_source;
	const char *project_name;
};

/* One MCP tool, or one value of its selecting argument. */
struct remit_tool {
	const char *name;   /* "*" maps every tool that nothing else does */
	const char *select; /* the argument that selects, or NULL; the same in every call for one tool */
	const char *value;  /* the value this call maps, or NULL where nothing selects */
	struct remit_need need;
	const struct remit_when *whens;
	size_t when_count;
	enum remit_project_rule project;
	enum remit_source project_source;
	const char *project_name;
};

/* A builder, or NULL without memory. Free with remit_builder_free, or give it to remit_policy_build. */
REMIT_API struct remit_builder *remit_builder_new(void);
REMIT_API void remit_builder_free(struct remit_builder *builder);

/* Adds a scope at the end of the vocabulary. `name` is a scope token of RFC 6749 section 3.3, at
 * most 128 bytes; it is copied. "*" is the scope that covers all others of its vocabulary (D4).
 * REMIT_EXISTS, REMIT_INVALID, REMIT_LIMIT, REMIT_NO_MEMORY. */
REMIT_API REMIT_MUST_USE enum remit_status remit_builder_scope(struct remit_builder *builder, const char *name);

/* Declares that `umbrella` covers `scope` too (D2). One level: an umbrella implies no umbrella.
 * REMIT_NOT_FOUND where either is not in the vocabulary yet, REMIT_INVALID for "*" or a chain. */
REMIT_API REMIT_MUST_USE enum remit_status remit_builder_implies(struct remit_builder *builder, const char *umbrella, const char *scope);

/* Adds an operation. All text is copied. The operation's number, counted from 0 in the order of the
 * calls, is stored in *ret_operation (which may be NULL).
 * REMIT_EXISTS: method and path of this shape, this tool and value, are mapped already.
 * REMIT_NOT_FOUND: a need names a scope that is not in the vocabulary.
 * REMIT_INVALID: anything else that could never match or be met. */
REMIT_API REMIT_MUST_USE enum remit_status remit_builder_rule(struct remit_builder *builder, const struct remit_rule *rule, uint32_t *ret_operation);
REMIT_API REMIT_MUST_USE enum remit_status remit_builder_tool(struct remit_builder *builder, const struct remit_tool *tool, uint32_t *ret_operation);
/* `uri` is literal, or holds {parameters} that match one path segment each, or is "*". */
REMIT_API REMIT_MUST_USE enum remit_status remit_builder_resource(struct remit_builder *builder, const char *uri, const struct remit_need *need, uint32_t *ret_operation);
REMIT_API REMIT_MUST_USE enum remit_status remit_builder_prompt(struct remit_builder *builder, const char *name, const struct remit_need *need, uint32_t *ret_operation);

/* Finishes a policy. Frees the builder in every case; *ret is set only on success and is freed with
 * remit_policy_free once no reader is left. */
REMIT_API REMIT_MUST_USE enum remit_status remit_policy_build(struct remit_builder *builder, struct remit_policy **ret);
REMIT_API void remit_policy_free(struct remit_policy *policy);

/* The compiled form, as `remit check-config --compile` writes it: bytes with a version and a
 * checksum. *ret_bytes is malloc'ed and the caller's. Loading checks everything that building does:
 * REMIT_INVALID for bytes that no remit_policy_save wrote. */
REMIT_API REMIT_MUST_USE enum remit_status remit_policy_save(const struct remit_policy *policy, uint8_t **ret_bytes, size_t *ret_size);
REMIT_API REMIT_MUST_USE enum remit_status remit_policy_load(const uint8_t *bytes, size_t size, struct remit_policy **ret);

/* ---- Reading a policy ------------------------------------------------------------------------ */

REMIT_API size_t remit_policy_scopes(const struct remit_policy *policy);
REMIT_API size_t remit_policy_words(const struct remit_policy *policy);
REMIT_API size_t remit_policy_operations(const struct remit_policy *policy);
/* The name of a scope by its place; lives as long as the policy. */
REMIT_API const char *remit_policy_scope_name(const struct remit_policy *policy, size_t scope);
/* The place of a name (case matters); REMIT_NOT_FOUND where it is not in the vocabulary. */
REMIT_API REMIT_MUST_USE enum remit_status remit_policy_scope_find(const struct remit_policy *policy, const char *name, size_t length, size_t *ret_scope);
REMIT_API bool remit_policy_scope_is_umbrella(const struct remit_policy *policy, size_t scope);
REMIT_API bool remit_policy_implies(const struct remit_policy *policy, size_t umbrella, size_t scope);

#define REMIT_NO_OPERATION UINT32_MAX
#define REMIT_PARAMS_MAX 8

/* An operation as it was declared; the texts live as long as the policy. */
struct remit_operation {
	const char *text;    /* "GET /stories/{id}", "tool statamic-entries list", "resource s://{id}", "prompt draft" */
	enum remit_need_kind need;
	const struct remit_when *whens; /* `need` within is empty; the bits below speak of these, in order */
	size_t when_count;
	enum remit_project_rule project;
	enum remit_source project_source;
	const char *project_name;
	const char *const *params; /* names of the path's parameters, in order */
	size_t param_count;
};

/* NULL where there is no such operation. Lives as long as the policy. */
REMIT_API const struct remit_operation *remit_policy_operation(const struct remit_policy *policy, uint32_t operation);

/* The need of an operation with these conditions matched, part by part: `part` 0 is the base need,
 * then one for each matched condition. For each part `alternative` counts from 0. Fills *ret_scopes
 * and returns true while there is one. For showing a rule; a decision does not use it. */
REMIT_API bool remit_policy_need(const struct remit_policy *policy, uint32_t operation, uint32_t whens, size_t part, size_t alternative, struct remit_scopes *ret_scopes);

struct remit_param {
	const char *p; /* into the path that was matched */
	size_t n;
};

struct remit_match {
	uint32_t operation;
	size_t count;
	struct remit_param params[REMIT_PARAMS_MAX];
};

/* Decodes the path of a request target (without the query) once, and refuses what two parsers
 * could read in two ways: dot segments raw or encoded, %2F, %5C, %00, a backslash, "//", ';' in a
 * segment, '#', '?', control characters, invalid UTF-8, a segment that decodes to another %XX, an
 * incomplete %, more than 32 segments, anything that does not start with '/'.
 * `ret_path` has room for `length` bytes and is not NUL-terminated. */
REMIT_API REMIT_MUST_USE enum remit_status remit_path_decode(const char *raw, size_t length, char *ret_path, size_t *ret_length);

/* The canonical encoding of a decoded path: unreserved, sub-delims without ';', ':' and '@' stand as they are (RFC 3986
 * section 3.3), all else as %XX in upper case. `room` bytes at ret_raw; 3 * length is always enough.
 * REMIT_LIMIT where it does not fit. */
REMIT_API REMIT_MUST_USE enum remit_status remit_path_encode(const char *path, size_t length, char *ret_raw, size_t room, size_t *ret_length);

/* Finds the operation of a method and a decoded path. A literal segment beats a parameter, a
 * parameter beats "**". HEAD is looked up as GET. Matching is exact: case, and a slash at the end,
 * count. A parameter matches one segment that is not empty. REMIT_NOT_FOUND where no rule maps it; *ret->operation is then
 * REMIT_NO_OPERATION. The parameters are views into `path`. */
REMIT_API REMIT_MUST_USE enum remit_status remit_policy_route(const struct remit_policy *policy, const char *method, size_t method_length, const char *path, size_t path_length, struct remit_match *ret);

/* The argument that selects among a tool's operations: *ret_select is NULL where none does.
 * REMIT_NOT_FOUND where no rule maps the tool. */
REMIT_API REMIT_MUST_USE enum remit_status remit_policy_tool_select(const struct remit_policy *policy, const char *name, size_t length, const char **ret_select);
/* The operation of a tool and, where something selects, the value (else NULL, 0).
 * REMIT_NOT_FOUND where no rule maps it. */
REMIT_API REMIT_MUST_USE enum remit_status remit_policy_tool(const struct remit_policy *policy, const char *name, size_t length, const char *value, size_t value_length, uint32_t *ret_operation);
/* The known values of a tool's selecting argument, in declaration order; NULL past the last. */
REMIT_API const char *remit_policy_tool_value(const struct remit_policy *policy, const char *name, size_t length, size_t index);
REMIT_API REMIT_MUST_USE enum remit_status remit_policy_resource(const struct remit_policy *policy, const char *uri, size_t length, uint32_t *ret_operation);
REMIT_API REMIT_MUST_USE enum remit_status remit_policy_prompt(const struct remit_policy *policy, const char *name, size_t length, uint32_t *ret_operation);

/* ---- Scope algebra --------------------------------------------------------------------------- */

/* The set of these names. REMIT_NOT_FOUND where one is not in the vocabulary: its place in `names`
 * is then in *ret_unknown (which may be NULL), and *ret is unchanged. */
REMIT_API REMIT_MUST_USE enum remit_status remit_scopes_from_names(const struct remit_policy *policy, const char *const *names, size_t count, struct remit_scopes *ret, size_t *ret_unknown);
/* Whether a token with `granted` covers one scope: by "*", itself, or an umbrella (D1). */
REMIT_API bool remit_scopes_cover(const struct remit_policy *policy, const struct remit_scopes *granted, size_t scope);
static inline bool remit_scopes_has(const struct remit_scopes *set, size_t scope)
{
	return (set->word[scope / 64] >> (scope % 64)) & 1;
}
/* Writes the names of a set in vocabulary order, `separator` between them, and a NUL.
 * Returns the length without it; where that is `room` or more, the text was cut. */
REMIT_API size_t remit_scopes_text(const struct remit_policy *policy, const struct remit_scopes *set, const char *separator, char *ret_text, size_t room);

/* ---- Token texts (D11) ----------------------------------------------------------------------- */

enum remit_token_kind {
	REMIT_TOKEN_PERSONAL = 0, /* pat */
	REMIT_TOKEN_ACCESS,       /* oat: OAuth access */
	REMIT_TOKEN_REFRESH,      /* ort: OAuth refresh */
};

#define REMIT_TOKEN_RANDOM 30 /* bytes */
#define REMIT_TOKEN_ROOM 56   /* the longest text, and a NUL */
#define REMIT_DIGEST_SIZE 32

struct remit_token_form {
	enum remit_token_kind kind;
	size_t prefix_length; /* the prefix is the first bytes of the text */
};

/* Writes the text of a token: <prefix>_<kind>_<secret><check>, NUL-terminated. `prefix` is 1 to 3 of
 * a-z and 0-9. `random` comes from a cryptographic generator; the caller wipes it and the text.
 * REMIT_INVALID for a bad prefix or kind. */
REMIT_API REMIT_MUST_USE enum remit_status remit_token_write(const char *prefix, enum remit_token_kind kind, const uint8_t random[REMIT_TOKEN_RANDOM], char ret_text[REMIT_TOKEN_ROOM]);
/* Checks form and checksum. REMIT_INVALID where it is no token text; no look-up is then needed. */
REMIT_API REMIT_MUST_USE enum remit_status remit_token_check(const char *text, size_t length, struct remit_token_form *ret);
/* Whether it has the form of document B's older texts: 64 of 0-9A-Za-z. */
REMIT_API bool remit_token_is_alnum64(const char *text, size_t length);

/* SHA-256 with its context kept: one for each thread. NULL without memory. */
struct remit_hasher;
REMIT_API struct remit_hasher *remit_hasher_new(void);
REMIT_API void remit_hasher_free(struct remit_hasher *hasher);
/* The digest of a token's whole text, which is all that is ever stored (D12). False where the
 * library behind it fails; *ret_digest is then zero. */
REMIT_API REMIT_MUST_USE bool remit_hasher_digest(struct remit_hasher *hasher, const char *text, size_t length, uint8_t ret_digest[REMIT_DIGEST_SIZE]);

/* ---- The table of tokens --------------------------------------------------------------------- */

struct remit_table;
struct remit_reader;

enum remit_record_flags {
	REMIT_RECORD_KIND = 3u,        /* mask: enum remit_token_kind */
	REMIT_RECORD_REVOKED = 1u << 2,
	REMIT_RECORD_BOUND = 1u << 3,  /* to a key: the text alone is worth nothing (RFC 9449) */
};

#define REMIT_RATE_DEFAULT 0      /* what the API says */
#define REMIT_RATE_OFF UINT16_MAX /* no limit */

/* What is kept of a token. The numbers are the caller's own. */
struct remit_record {
	uint64_t granted;   /* from remit_table_grant, and read by a policy of the same vocabulary only */
	uint32_t owner;     /* whose it is */
	uint32_t project;   /* what it is bound to; 0 = not bound */
	uint32_t expires_s; /* seconds since 1970: invalid from then on; 0 = never */
	uint32_t token;     /* which token this is a text of */
	uint16_t rate;      /* requests a minute */
	uint8_t api;        /* its audience */
	uint8_t flags;      /* enum remit_record_flags */
};

/* A table with room for `expected` tokens before it first grows. */
REMIT_API REMIT_MUST_USE enum remit_status remit_table_new(size_t expected, struct remit_table **ret);
/* When no reader is left. */
REMIT_API void remit_table_free(struct remit_table *table);

/* Writers: one thread at a time. Readers may look up all the while, without a lock. */

/* Turns a set into what a record holds. Up to 64 scopes this is the set itself; beyond, equal sets are kept once. */
REMIT_API REMIT_MUST_USE enum remit_status remit_table_grant(struct remit_table *table, const struct remit_policy *policy, const struct remit_scopes *set, uint64_t *ret_granted);
/* Adds or replaces. Growth goes on a few slots a call, so that no call waits for it. */
REMIT_API REMIT_MUST_USE enum remit_status remit_table_put(struct remit_table *table, const uint8_t digest[REMIT_DIGEST_SIZE], const struct remit_record *record);
/* Marks as revoked. Never allocates and never waits: every look-up that starts after it returns
 * sees it. False where the digest is not there. */
REMIT_API bool remit_table_revoke(struct remit_table *table, const uint8_t digest[REMIT_DIGEST_SIZE]);
/* Forgets. False where it is not there. */
REMIT_API bool remit_table_remove(struct remit_table *table, const uint8_t digest[REMIT_DIGEST_SIZE]);
/* Continues growth by up to `slots`, and frees what no reader uses any more. True while there is more to do. */
REMIT_API bool remit_table_work(struct remit_table *table, size_t slots);

REMIT_API size_t remit_table_count(const struct remit_table *table);
REMIT_API size_t remit_table_bytes(const struct remit_table *table);

/* Readers: one for each thread. A reader tells when it holds nothing of the table, so that memory of
 * an outgrown part can be freed: remit_reader_pause before it waits (each turn of an event loop),
 * remit_reader_resume before it looks up again. A reader starts paused. */
REMIT_API REMIT_MUST_USE enum remit_status remit_reader_new(struct remit_table *table, struct remit_reader **ret);
REMIT_API void remit_reader_free(struct remit_reader *reader);
REMIT_API void remit_reader_resume(struct remit_reader *reader);
REMIT_API void remit_reader_pause(struct remit_reader *reader);
/* Starts to bring the record of a digest nearer while the caller does something else, as finding the
 * operation: remit_table_find then waits less for memory. Only a hint. The reader must be resumed. */
REMIT_API void remit_table_prefetch(struct remit_reader *reader, const uint8_t digest[REMIT_DIGEST_SIZE]);
/* Copies the record of a digest, if it is there. The reader must be resumed. */
REMIT_API REMIT_MUST_USE bool remit_table_find(struct remit_reader *reader, const uint8_t digest[REMIT_DIGEST_SIZE], struct remit_record *ret);
/* The words of what a record was granted: into the record up to 64 scopes, else into the table,
 * where they live as long as the table. */
REMIT_API const uint64_t *remit_table_granted(const struct remit_table *table, const struct remit_policy *policy, const struct remit_record *record);

/* ---- The decision ---------------------------------------------------------------------------- */

enum remit_credential {
	REMIT_CREDENTIAL_NONE = 0,  /* none was sent */
	REMIT_CREDENTIAL_MALFORMED, /* something that is no token text */
	REMIT_CREDENTIAL_UNKNOWN,   /* well-formed, not in the table */
	REMIT_CREDENTIAL_FOUND,     /* `record` and `granted` are set */
	/* No token, but whoever runs the program, known by other means: allowed whatever a rule maps. Never what a
	 * request says of itself. */
	REMIT_CREDENTIAL_LOCAL,
};

/* What the caller knows of the project that the request works on. */
enum remit_project {
	REMIT_PROJECT_ELSEWHERE = 0, /* what runs the operation judges the stored object itself (D20) */
	REMIT_PROJECT_UNNAMED,       /* nothing named one */
	REMIT_PROJECT_NAMED,         /* `project_named` */
};

struct remit_question {
	const struct remit_policy *policy;
	uint32_t operation; /* or REMIT_NO_OPERATION */
	uint32_t whens;     /* bit i: condition i of the operation matched */
	enum remit_credential credential;
	const struct remit_record *record;
	const uint64_t *granted; /* remit_policy_words() words */
	uint8_t api;
	uint32_t now_s;       /* wall clock, seconds since 1970 */
	bool owner_active;    /* the owner exists and is not disabled (D18) */
	bool owner_unlimited; /* the owner may use "*" (D24) */
	bool proven;          /* it came with a proof of a key: that of the record; none where it is bound to none */
	const struct remit_scopes *ceiling; /* what the owner may use at all; NULL: no limit but the above */
	enum remit_project project;
	uint32_t project_named;
};

enum remit_reason {
	REMIT_ALLOWED = 0,
	REMIT_NO_TOKEN,
	REMIT_TOKEN_MALFORMED,
	REMIT_TOKEN_UNKNOWN,
	REMIT_TOKEN_EXPIRED,
	REMIT_TOKEN_REVOKED,
	REMIT_TOKEN_WRONG_API,
	REMIT_TOKEN_WRONG_KIND, /* a refresh token is no access token */
	REMIT_OWNER_INACTIVE,
	REMIT_UNMAPPED,           /* no rule maps the operation (D7) */
	REMIT_SCOPE_MISSING,
	REMIT_OWNER_FORBIDDEN,    /* the token would cover it, its owner may not (D24) */
	REMIT_PROJECT_UNRESOLVED, /* bound, and the rule names no project (D22) */
	REMIT_PROJECT_FORBIDDEN,  /* bound to another project */
	REMIT_TOKEN_UNPROVEN,     /* bound to a key and not proven; or the other way round */
	REMIT_REASONS             /* how many there are */
};

/* A word for a reason as logs and metrics name it: "scope_missing". */
REMIT_API const char *remit_reason_text(enum remit_reason reason);
/* Whether it means 401: the token itself is missing or no good. */
static inline bool remit_reason_is_token(enum remit_reason reason)
{
	return (reason >= REMIT_NO_TOKEN && reason <= REMIT_OWNER_INACTIVE) || reason == REMIT_TOKEN_UNPROVEN;
}

struct remit_decision {
	enum remit_reason reason;
	struct remit_scopes needed;  /* all that the operation asks for; for SCOPE_MISSING, ALLOWED, OWNER_FORBIDDEN */
	struct remit_scopes missing; /* what the token lacks of it, all at once (D8); for SCOPE_MISSING, OWNER_FORBIDDEN */
};

/* The token alone, before any body is read: ALLOWED, or a reason for 401. Does not look at the operation. */
REMIT_API enum remit_reason remit_decide_token(const struct remit_question *question);
/* The whole decision. Pure; no allocation. */
REMIT_API void remit_decide(const struct remit_question *question, struct remit_decision *ret);

#ifdef __cplusplus
}
#endif

#endif
