/* SPDX-License-Identifier: Apache-2.0
 * Configurations: every mistake (configs.txt), defaults, the environment, where relative paths start.
 */
#include "../test.h"

#include "cases.h"
#include "profile/address.h"
#include "profile/config.h"
#include <stdio.h>
#include <stdlib.h>

#define LEAST "apis: { publishing: { profile: publishing, service: publishing } }\n"

static struct mistakes mistakes;

/* Mistakes name files with their folder, which is cut off: configs.txt is the same anywhere. */
static void cut_folder(struct mistakes *m)
{
	for (size_t i = 0; i < m->count && i < MISTAKES_MAX; i++) {
		if (strncmp(m->list[i].file, TEST_FOLDER "/", sizeof(TEST_FOLDER)) == 0)
			m->list[i].file += sizeof(TEST_FOLDER);
	}
}

static bool read_case(struct str text, struct mistakes *m)
{
	struct config *c = config_read(text, CASES_FILE, TEST_FOLDER, m);
	bool accepted = c != NULL;
	config_free(c);
	cut_folder(m);
	return accepted;
}

static void test_S03_T05_mistakes(void **state)
{
	(void)state;
	cases_run("configs.txt", read_case);
}

static struct config *read_good(const char *text, const char *folder, config_env *env)
{
	mistakes_init(&mistakes);
	struct config *c = config_read_env(str_of(text), CASES_FILE, folder, env, &mistakes);
	if (!c)
		fail_msg("%s:%u: %s", mistakes.list[0].file, mistakes.list[0].line, mistakes.list[0].what);
	mistakes_done(&mistakes);
	return c;
}

static void test_defaults(void **state)
{
	struct config *c = read_good(LEAST, ".", NULL);
	(void)state;
	assert_int_equal(c->listen_count, 1);
	assert_string_equal(c->listen[0], "127.0.0.1:8787");
	assert_null(c->operations);
	assert_string_equal(c->public_url, "http://127.0.0.1:8787");
	assert_string_equal(c->store, "sqlite:var/remit.db");
	assert_string_equal(c->audit_folder, "var/remit.db.audit");
	assert_string_equal(c->secrets_key, "file:var/secrets.key");
	assert_int_equal(c->workers, 0);
	assert_int_equal(c->max_staleness_ms, 1000);
	/* Nobody speaks for a client's address unless the file says so. */
	assert_false(c->trust_loopback || c->trust_unix);
	assert_int_equal(c->trusted_count, 0);
	assert_true(c->audit_keep_ms == INT64_C(90) * 24 * 3600 * 1000);
	assert_true(c->audit_max_bytes == UINT64_C(10000000000));
	assert_int_equal(c->audit_when_full, CONFIG_FULL_COUNT);
	assert_int_equal(c->limits.json_body_bytes + c->limits.connections + c->limits.head_ms, 0);
	assert_int_equal(c->api_count, 1);
	assert_ptr_equal(config_api(c, "publishing"), &c->apis[0]);
	assert_null(config_api(c, "content"));
	assert_string_equal(c->apis[0].profile->name, "publishing");
	assert_string_equal(c->apis[0].service, "publishing");
	assert_null(c->apis[0].host);
	assert_int_equal(c->apis[0].line, 1);
	config_free(c);
}

static void test_public_url_follows_from_a_listener_with_TLS(void **state)
{
	struct config *c = read_good("listen: [{addr: \"127.0.0.1:443\", tls: {cert: c, key: k}}]\n" LEAST, ".",
		NULL);
	(void)state;
	assert_string_equal(c->public_url, "https://127.0.0.1:443");
	config_free(c);
}

static void test_everything(void **state)
{
	struct config *c =
		read_good("listen: [\"127.0.0.1:1\", {addr: \"[::1]:2\", tls: {cert: c.pem, key: /k}}, \"unix:run/s\"]\n"
			  "operations: \"127.0.0.1:3\"\n"
			  "public_url: https://api.example.com\n"
			  "store: sqlite:data/x.db\n"
			  "secrets_key: env:KEY\n"
			  "workers: 3\n"
			  "max_staleness: 2s\n"
			  "trusted_proxies: [unix, 10.0.0.0/8]\n"
			  "outbound: {allow: [loopback, 10.0.0.0/8], ca: tls/ca.pem}\n"
			  "audit: {keep: 1d, max_bytes: 1MB, when_full: refuse}\n"
			  "limits: {json_body: 2kB, connections: 9, drain_timeout: 3s}\n"
			  "apis: {a: {profile: publishing, service: publishing, host: h, hosts: [i, j], "
			  "origins: [\"https://k\"]}}\n",
			"/srv/remit", NULL);
	(void)state;
	assert_int_equal(c->listen_count, 3);
	assert_string_equal(c->listen[1], "[::1]:2");
	assert_null(config_listen_tls(c, 0));
	assert_string_equal(config_listen_tls(c, 1)->cert, "/srv/remit/c.pem");
	assert_string_equal(config_listen_tls(c, 1)->key, "/k");
	assert_int_equal(config_listen_tls(c, 1)->line, 1);
	assert_null(config_listen_tls(c, 2));
	assert_string_equal(c->listen[2], "unix:/srv/remit/run/s");
	assert_string_equal(c->operations, "127.0.0.1:3");
	assert_string_equal(c->public_url, "https://api.example.com");
	assert_string_equal(c->store, "sqlite:/srv/remit/data/x.db");
	assert_string_equal(c->audit_folder, "/srv/remit/data/x.db.audit");
	assert_string_equal(c->secrets_key, "env:KEY");
	assert_int_equal(c->workers, 3);
	assert_int_equal(c->max_staleness_ms, 2000);
	assert_true(c->trust_unix && !c->trust_loopback);
	assert_int_equal(c->trusted_count, 1);
	assert_string_equal(c->trusted[0], "10.0.0.0/8");
	assert_int_equal(c->outbound_allow_count, 2);
	assert_string_equal(c->outbound_allow[1], "10.0.0.0/8");
	assert_string_equal(c->outbound_ca, "/srv/remit/tls/ca.pem");
	assert_int_equal(c->audit_when_full, CONFIG_FULL_REFUSE);
	assert_int_equal(c->limits.json_body_bytes, 2000);
	assert_int_equal(c->limits.connections, 9);
	assert_int_equal(c->limits.drain_ms, 3000);
	assert_string_equal(c->apis[0].host, "h");
	assert_int_equal(c->apis[0].host_count, 2);
	assert_string_equal(c->apis[0].hosts[1], "j");
	assert_int_equal(c->apis[0].origin_count, 1);
	config_free(c);
}

static void test_upstreams(void **state)
{
	struct config *c = read_good(
		"apis: {a: {profile: publishing, host: a, upstream: [\"http://127.0.0.1:3000\", \"http://[::1]:3000\", "
		"\"http://unix:/run/app.sock\", \"http://app\"], authorization: \"file:key\", html: trusted}, "
		"b: {profile: publishing, host: b, upstream: \"http://app.example:1\", authorization: \"env:A\"}}\n",
		"/srv/remit", NULL);
	(void)state;
	assert_null(c->apis[0].service);
	assert_int_equal(c->apis[0].upstream_count, 4);
	assert_string_equal(c->apis[0].upstreams[2], "http://unix:/run/app.sock");
	assert_string_equal(c->apis[0].authorization, "file:/srv/remit/key");
	assert_true(c->apis[0].html_trusted && !c->apis[1].html_trusted);
	assert_int_equal(c->apis[1].upstream_count, 1);
	assert_string_equal(c->apis[1].authorization, "env:A");
	config_free(c);
}

static void test_example_of_the_docs(void **state)
{
	struct buf text = cases_load_example("configuration.md");
	(void)state;
	assert_true(buf_add_char(&text, '\0'));
	config_free(read_good(text.p, ".", NULL));
	buf_done(&text);
}

static const char *good_env(const char *name)
{
	static const char *const values[][2] = {
		{ "REMIT_LISTEN", "127.0.0.1:99" },
		{ "REMIT_STORE", "sqlite:/tmp/x.db" },
		{ "REMIT_WORKERS", "2" },
		{ "REMIT_MAX_STALENESS", "" },
		{ "REMIT_APIS", "x" },
		{ "REMIT_CONFIG", "y" },
	};
	for (size_t i = 0; i < TEST_COUNT(values); i++) {
		if (strcmp(values[i][0], name) == 0)
			return values[i][1];
	}
	return NULL;
}

static const char *bad_env(const char *name)
{
	return strcmp(name, "REMIT_WORKERS") == 0 ? "many" : NULL;
}

static void test_environment(void **state)
{
	struct config *c = read_good("listen: \"127.0.0.1:1\"\nworkers: 7\n" LEAST, "/x", good_env);
	(void)state;
	assert_string_equal(c->listen[0], "127.0.0.1:99");
	assert_string_equal(c->public_url, "http://127.0.0.1:99");
	assert_string_equal(c->store, "sqlite:/tmp/x.db");
	assert_string_equal(c->audit_folder, "/tmp/x.db.audit");
	assert_int_equal(c->workers, 2);
	assert_int_equal(c->max_staleness_ms, 1000);
	config_free(c);

	mistakes_init(&mistakes);
	assert_null(config_read_env(STR(LEAST), CASES_FILE, ".", bad_env, &mistakes));
	assert_int_equal(mistakes.count, 1);
	assert_string_equal(mistakes.list[0].file, "REMIT_WORKERS");
	assert_string_equal(mistakes.list[0].what, "expected a number from 0 to 256, got \"many\"");
	mistakes_done(&mistakes);
}

/* What a running server takes, and what it does not; with every key that is wrong. */
static void test_what_may_follow(void **state)
{
	static const struct {
		const char *next, *why; /* NULL: it may */
	} cases[] = {
		{ "listen: 127.0.0.1:1\nworkers: 7\nstore: sqlite:/a.db\n", NULL },
		{ "listen: 127.0.0.1:1\nworkers: 7\nstore: sqlite:/a.db\nmax_staleness: 3s\npublic_url: http://other.example\n"
		  "trusted_proxies: [loopback]\naudit: { keep: 1d, max_bytes: 1GB, when_full: refuse }\n"
		  "limits: { json_body: 4kB, upstream_head_timeout: 2s }\n", NULL },
		{ "listen: 127.0.0.1:2\nworkers: 7\nstore: sqlite:/a.db\n",
		  "only a restart changes listen (127.0.0.1:1, now to be 127.0.0.1:2)" },
		{ "listen: [127.0.0.1:1, 127.0.0.1:2]\nworkers: 7\nstore: sqlite:/a.db\n",
		  "only a restart changes listen (none, now to be 127.0.0.1:2)" },
		{ "listen: [{ addr: \"127.0.0.1:1\", tls: { cert: a, key: b } }]\nworkers: 7\nstore: sqlite:/a.db\n",
		  "only a restart changes listen: tls (none, now to be there)" },
		{ "listen: 127.0.0.1:1\noperations: 127.0.0.1:9\nworkers: 7\nstore: sqlite:/a.db\n",
		  "only a restart changes operations (none, now to be 127.0.0.1:9)" },
		{ "listen: 127.0.0.1:1\nstore: sqlite:/b.db\nlimits: { drain_timeout: 1s }\n",
		  "only a restart changes store (sqlite:/a.db, now to be sqlite:/b.db), the audit log's "
		  "folder (/a.db.audit, now to be /b.db.audit), workers (7, now to be the default), "
		  "limits.drain_timeout (the default, now to be 1000 ms)" },
		{ "listen: 127.0.0.1:1\nworkers: 7\nstore: sqlite:/a.db\nsecrets_key: env:OTHER\n",
		  "only a restart changes secrets_key (file:/x/var/secrets.key, now to be env:OTHER)" },
	};
	char text[600], why[512];
	(void)state;
	snprintf(text, sizeof(text), "%s" LEAST, cases[0].next);
	struct config *now = read_good(text, "/x", NULL);
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		snprintf(text, sizeof(text), "%s" LEAST, cases[i].next);
		struct config *next = read_good(text, "/x", NULL);
		bool may = config_may_follow(next, now, why);
		assert_int_equal(may, cases[i].why == NULL);
		if (!may)
			assert_string_equal(strstr(why, "only a restart"), cases[i].why);
		config_free(next);
	}
	config_free(now);
}

static void test_no_file(void **state)
{
	(void)state;
	mistakes_init(&mistakes);
	assert_null(config_load("/no/such/remit.yaml", &mistakes));
	assert_null(config_load("/dev/null", &mistakes));
	assert_null(config_load(TEST_FOLDER, &mistakes));
	assert_int_equal(mistakes.count, 3);
	assert_string_equal(mistakes.list[0].what, "the file cannot be read: No such file or directory");
	assert_string_equal(mistakes.list[1].what, "this is no regular file");
	assert_string_equal(mistakes.list[2].what, "this is no regular file");
	mistakes_done(&mistakes);
}

static void test_loopback(void **state)
{
	static const char *const yes[] = { "127.0.0.1:80", "127.9.9.9", "[::1]:80", "::1", "unix:/x" };
	static const char *const no[] = { "0.0.0.0:80", "128.0.0.1", "[::]:80", "[::2]:80", "localhost:80",
		"", "127.0.0.1.example.com:80", "[::1", "1270.0.0.1" };
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(yes); i++)
		assert_true(config_is_loopback(yes[i]));
	for (size_t i = 0; i < TEST_COUNT(no); i++)
		assert_false(config_is_loopback(no[i]));
}

static const char *statamic_env(const char *name)
{
	static const struct {
		const char *name, *value;
	} list[] = {
		{ "STATAMIC_MCP_MAX_TOKEN_LIFETIME", "30" },
		{ "STATAMIC_MCP_RATE_LIMIT_MAX", "7" },
		{ "STATAMIC_MCP_WEB_PATH", "mcp/other" },
	};
	for (size_t i = 0; i < TEST_COUNT(list); i++)
		if (strcmp(list[i].name, name) == 0)
			return list[i].value;
	return NULL;
}

static const char *statamic_bad_env(const char *name)
{
	return strncmp(name, "STATAMIC_MCP_", 13) == 0 ? "../x/" : NULL;
}

static void test_the_package_s_names_in_the_environment(void **state)
{
	static const char text[] = "apis:\n  a: { profile: statamic, service: content, site: . }\n"
		"  b: { profile: publishing, service: publishing }\n";
	(void)state;
	mistakes_init(&mistakes);
	struct config *config = config_read_env(str_of(text), "remit.yaml", "/etc", statamic_env, &mistakes);
	assert_non_null(config);
	const struct profile *a = config->apis[0].profile, *b = config->apis[1].profile;
	assert_true(a->max_lifetime_ms == INT64_C(30) * 86400000 && a->default_lifetime_ms == a->max_lifetime_ms);
	assert_int_equal(a->rate_personal, 7);
	assert_string_equal(a->mcp_endpoint, "/mcp/other");
	assert_true(b->max_lifetime_ms == 0 && b->rate_personal != 7);
	config_free(config);
	assert_null(config_read_env(str_of(text), "remit.yaml", "/etc", statamic_bad_env, &mistakes));
	assert_int_equal(mistakes.count, 3);
	assert_string_equal(mistakes.list[0].file, "STATAMIC_MCP_MAX_TOKEN_LIFETIME");
	mistakes_done(&mistakes);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_S03_T05_mistakes),
	cmocka_unit_test(test_defaults),
	cmocka_unit_test(test_public_url_follows_from_a_listener_with_TLS),
	cmocka_unit_test(test_everything),
	cmocka_unit_test(test_upstreams),
		cmocka_unit_test(test_example_of_the_docs),
	cmocka_unit_test(test_environment),
	cmocka_unit_test(test_the_package_s_names_in_the_environment),
	cmocka_unit_test(test_what_may_follow),
	cmocka_unit_test(test_no_file),
	cmocka_unit_test(test_loopback),
};

TEST_MAIN(tests)
