/* SPDX-License-Identifier: Apache-2.0
 * A gate before a toy service in memory, over real sockets: for the order and the bytes of answers.
 *
 *   gate_server CONFIG    makes the store, prints the id of a project and its port, then obeys stdin:
 *   token NAME OWNER SCOPE[,SCOPE] RATE EXPIRES_MS PROJECT   prints the text ("-": none)
 *   bound NAME SCOPES                      prints a token of Ann's that is bound to the first of two keys
 *   proof KEY ALG METHOD URL TOKEN JTI AGE_S  prints a proof by key 0 or 1 ("-" for TOKEN: no ath)
 *   revoke NAME, disable EMAIL, enable EMAIL                  prints "ok"
 *   audit [NAME]                           prints one line a record, then "."
 */
#include "../signer.h"
#include "authority/authority.h"
#include "authority/dpop/proof.h"
#include "base/clock.h"
#include "gate/audit.h"
#include "gate/gate.h"
#include "wire/jose.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NAMES_MAX 64

static struct store *store;
static struct authority authority;
static struct authority_api apis[4];
static struct config *config;
static struct server *server;
static struct {
	char name[64];
	struct id id;
} names[NAMES_MAX];
static size_t name_count;

/* ---- The service: says who called and with what ---- */

static void tell_call(struct service *service, struct service_call *call)
{
	(void)service;
	const struct service_caller *caller = call->caller;
	service_answer_json(call, call->operation->success, json_pack("{s:s,s:b,s:s,s:i,s:s%,s:b}",
		"operation", call->operation->name, "admin", (int)caller->admin,
		"project", caller->project.text, "bytes", (int)call->body.n, "param",
		call->param_count ? call->params[0].p : "",
		call->param_count ? call->params[0].n : (size_t)0, "json", call->json != NULL));
}

static void be_private(struct service *service, struct service_call *call)
{
	tell_call(service, call);
	service_answer_header(call, "Cache-Control",
		str_is(call->params[0], "private") ? "private, max-age=60" : "public, max-age=60");
}

static const struct service_parameter mode[] = { { "mode", "string", "How." } };

static const struct service_operation operations[] = {
	{ .name = "health", .method = "GET", .path = "/health", .on_loop = true, .run = tell_call,
		.summary = "Health", .success = 200 },
	{ .name = "open", .method = "GET", .path = "/open", .on_loop = true, .run = tell_call,
		.summary = "Open",
		.success = 200 },
	{ .name = "get_thing", .method = "GET", .path = "/things/{id}", .run = be_private, .summary = "One",
		.success = 200 },
	{ .name = "make_thing", .method = "POST", .path = "/things", .body = SERVICE_BODY_JSON,
		.run = tell_call,
		.summary = "Make", .success = 201, .parameters = mode, .parameter_count = 1 },
	{ .name = "poke_thing", .method = "POST", .path = "/things/{id}/poke", .body = SERVICE_BODY_OPTIONAL,
		.run = tell_call, .summary = "Poke", .success = 200 },
	{ .name = "drop_thing", .method = "DELETE", .path = "/things/{id}", .run = tell_call,
		.summary = "Drop",
		.success = 200 },
	{ .name = "upload", .method = "POST", .path = "/upload", .body = SERVICE_BODY_MULTIPART,
		.run = tell_call,
		.summary = "Upload", .success = 201 },
};

static struct service toy = {
	.name = "toy", .title = "Toy", .operations = operations,
		.operation_count = sizeof(operations) / sizeof(operations[0]), .judges_projects = true,
};

/* ---- What the test asks for ---- */

static struct store_actor actor(void)
{
	return (struct store_actor){ "cli:test", clock_wall_ms() };
}

static const char *id_of(const char *name)
{
	for (size_t i = 0; i < name_count; i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].id.text;
	return "";
}

static void make_token(char *name, const char *owner, char *scope_list, unsigned rate, long long expires_ms,
	const char *project)
{
	const char *scopes[16];
	struct token_request request = { .api = apis[0].name, .owner = owner, .name = name, .scopes = scopes,
		.project = strcmp(project, "-") ? project : NULL, .rate = (uint16_t)rate,
		.expiry = expires_ms ? TOKEN_EXPIRY_AT : TOKEN_EXPIRY_NEVER, .expires_ms = expires_ms };
	char *rest = NULL;
	if (strncmp(name, "other-", 6) == 0)
		request.api = apis[1].name;
	for (char *scope = strtok_r(scope_list, ",", &rest); scope
		&& strcmp(scope, "-") != 0; scope = strtok_r(NULL, ",", &rest))
		scopes[request.scope_count++] = scope;
	struct token_issued issued;
	struct authority_error error;
	struct store_actor who = actor();
	if (authority_token_create(&authority, &request, &who, &issued, &error) != AUTHORITY_OK) {
		printf("error %s\n", error.text);
		return;
	}
	assert(name_count < NAMES_MAX);
	snprintf(names[name_count].name, sizeof(names[0].name), "%s", name);
	names[name_count++].id = issued.id;
	printf("%s\n", issued.text);
	token_issued_done(&issued);
}

/* ---- Tokens that are bound to a key, and proofs of it ---- */

static struct signer signers[2];
static struct remit_hasher *hasher;

static void digest_of(const char *text, size_t n, uint8_t ret[static REMIT_DIGEST_SIZE])
{
	if (!remit_hasher_digest(hasher, text, n, ret))
		abort();
}

static void make_bound(const char *name, char *scopes)
{
	uint8_t digest[REMIT_DIGEST_SIZE], random[30] = { (uint8_t)name_count, 7 };
	char text[REMIT_TOKEN_ROOM], canonical[JWK_CANONICAL_ROOM];
	struct user_row ann;
	struct arena arena;
	struct jwk jwk;
	struct store_actor who = actor();
	arena_init(&arena, 0);
	for (char *c = scopes; *c; c++)
		*c = *c == ',' ? ' ' : *c;
	struct token_row row = { .id = id_make(who.now_ms, random), .kind = REMIT_TOKEN_ACCESS, .name = name,
		.api = apis[0].name, .scopes = scopes, .created_ms = who.now_ms, .key = { .bound = true } };
	if (store_user_find(store, "ann@example.com", &arena, &ann) != STORE_OK || !jwk_read(str_of(signers[0].jwk), &jwk) ||
		remit_token_write("ty", REMIT_TOKEN_ACCESS, random, text) != REMIT_OK)
		abort();
	row.owner = ann.id;
	digest_of(canonical, jwk_canonical(&jwk, canonical), row.key.jkt);
	digest_of(text, strlen(text), digest);
	bool added = store_token_add(store, &row, digest, &who, NULL) == STORE_OK;
	arena_done(&arena);
	snprintf(names[name_count].name, sizeof(names[0].name), "%s", name);
	names[name_count++].id = row.id;
	printf("%s\n", added ? text : "error");
}

static void make_proof(const char *line)
{
	char alg[16], method[16], url[512], token[64], jti[300], claims[2048], text[4096], ath[PROOF_JKT_CHARS + 1];
	unsigned key;
	int age_s;
	uint8_t digest[REMIT_DIGEST_SIZE];
	if (sscanf(line, "proof %u %15s %15s %511s %63s %299s %d", &key, alg, method, url, token, jti, &age_s) != 7)
		abort();
	digest_of(token, strlen(token), digest);
	proof_jkt_text(digest, ath);
	snprintf(claims, sizeof(claims), "{\"htm\":\"%s\",\"htu\":\"%s\",\"jti\":\"%s\",\"iat\":%lld%s%s%s}", method, url, jti,
		(long long)clock_wall_ms() / 1000 - age_s, strcmp(token, "-") ? ",\"ath\":\"" : "", strcmp(token, "-") ? ath : "",
		strcmp(token, "-") ? "\"" : "");
	struct signer signer = signers[key & 1];
	char header[1200];
	snprintf(header, sizeof(header), "{\"typ\":\"dpop+jwt\",\"alg\":\"%s\",\"jwk\":%s}", alg, signer.jwk);
	signer_jws(&signer, header, claims, text);
	printf("%s\n", text);
}

static void change(const char *verb, const char *what)
{
	struct authority_error error = { "" };
	struct authority_lagging lagging;
	struct store_actor who = actor();
	int64_t revision = 0;
	enum authority_status status;
	if (strcmp(verb, "revoke") == 0)
		status = authority_token_revoke(&authority, id_of(what), "test", &who, &revision, &error);
	else
		status = authority_user_disable(&authority, what, strcmp(verb, "disable") == 0, &who,
			&revision, &error);
	if (status == AUTHORITY_OK)
		status = authority_wait_applied(&authority, revision, 2000, &lagging, &error);
	printf("%s\n", status == AUTHORITY_OK ? "ok" : error.text);
}

static bool tell_entry(void *ctx, const struct audit_entry *entry)
{
	(void)ctx;
	printf("%d %s %.*s %.*s %llu\n", entry->status, gate_reason_text(entry->reason), STR_FMT(entry->api),
		STR_FMT(entry->operation), (unsigned long long)entry->lost);
	return true;
}

static void tell_audit(const char *name)
{
	struct audit_tail tail = { .last = 1000 };
	struct id id;
	char why[256] = "";
	usleep(100000);
	if (*name && id_parse(str_of(id_of(name)), &id))
		id_to_bytes(&id, &tail.token);
	if (!audit_read(config->audit_folder, &tail, tell_entry, NULL, NULL, why))
		printf("error %s\n", why);
	printf(".\n");
}

static void *obey(void *arg)
{
	(void)arg;
	char line[1024], verb[32], a[64], b[256], scopes[256], project[64];
	unsigned rate;
	long long expires_ms;
	while (fgets(line, sizeof(line), stdin)) {
		a[0] = '\0';
		int n = sscanf(line, "%31s %63s %255s %255s %u %lld %63s", verb, a, b, scopes, &rate,
			&expires_ms, project);
		if (n >= 1 && strcmp(verb, "proof") == 0)
			make_proof(line);
		else if (n == 7)
			make_token(a, b, scopes, rate, expires_ms, project);
		else if (n == 3 && strcmp(verb, "bound") == 0)
			make_bound(a, b);
		else if (n >= 1 && strcmp(verb, "audit") == 0)
			tell_audit(a);
		else if (n >= 1)
			change(verb, a);
		fflush(stdout);
	}
	server_stop(server);
	return NULL;
}

/* ---- Start ---- */

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "%s\n", what);
	exit(1);
}

static void open_config(const char *file)
{
	static struct mistakes mistakes;
	mistakes_init(&mistakes);
	config = config_load(file, &mistakes);
	must(config, mistakes.count ? mistakes.list[0].what : "config");
	mistakes_done(&mistakes);
	for (size_t i = 0; i < config->api_count; i++)
		apis[i] = (struct authority_api){ config->apis[i].name, config->apis[i].profile };
	authority = (struct authority){ .apis = apis, .api_count = config->api_count };
}

static void open_store(void)
{
	char why[256] = "";
	struct authority_error error;
	struct store_actor who = actor();
	struct id id, project;
	must(store_open(config->store, STORE_MIGRATE, &store, why) == STORE_OK, why);
	authority.store = store;
	must(authority_user_add(&authority, "root@example.com", NULL, true, &who, &id,
		&error) == AUTHORITY_OK, "user");
	must(authority_user_add(&authority, "ann@example.com", NULL, false, &who, &id,
		&error) == AUTHORITY_OK, "user");
	must(authority_project_add(&authority, apis[0].name, "P", "ann@example.com", &who, &project,
		&error) == AUTHORITY_OK, "project");
	printf("%s\n", project.text);
}

int main(int argc, char **argv)
{
	must(argc == 2, "gate_server CONFIG");
	signal(SIGPIPE, SIG_IGN);
	must(authority_init(), "randomness");
	hasher = remit_hasher_new();
	signers[0] = signer_new("ES256");
	signers[1] = signer_new("ES256");
	open_config(argv[1]);
	open_store();
	struct gate_api list[4];
	for (size_t i = 0; i < config->api_count; i++)
		list[i] = (struct gate_api){ &config->apis[i], &toy };
	struct gate_options options = { .config = config, .store = store, .apis = list,
		.api_count = config->api_count };
	struct gate *gate;
	char why[512] = "";
	must(gate_new(&options, &gate, why), why);
	struct server_listener listener = { config->listen[0], GATE_LISTENER_BOTH, NULL };
	struct server_options server_options = { .listeners = &listener, .listener_count = 1, .loops = 2,
		.workers = 2 };
	struct server_handler handler = gate_handler(gate);
	must(server_new(&server_options, &handler, &server, why), why);
	gate_set_server(gate, server);
	must(gate_start(gate, why), why);
	printf("%u\n", server_port(server, 0));
	fflush(stdout);
	pthread_t thread;
	must(pthread_create(&thread, NULL, obey, NULL) == 0, "thread");
	must(server_run(server), "server_run");
	pthread_join(thread, NULL);
	gate_free(gate);
	server_free(server);
	store_close(store);
	config_free(config);
	remit_hasher_free(hasher);
	signer_free(&signers[0]);
	signer_free(&signers[1]);
	return 0;
}
