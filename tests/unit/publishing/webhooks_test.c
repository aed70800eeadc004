/* SPDX-License-Identifier: Apache-2.0
 * Webhook endpoints: what is refused, and that a secret is shown once and never again.
 */
#include "world.h"

#include "../test.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static const struct who olga_aurora = { OLGA, AURORA, false }, mark = { MARK, -1, false };

#define HOOK(url) "{\"url\":\"" url "\",\"events\":[\"story.published\"]}"
#define BAD_URL "url must be an https (on loopback also http) URL without user, password or fragment"

static void test_bad_webhooks_are_named(void **state)
{
	(void)state;
	static const struct { const char *body, *message; } cases[] = {
		{ HOOK("http://a.example/"), BAD_URL }, { HOOK("ftp://a.example/"), BAD_URL }, { HOOK("https://"), BAD_URL },
		{ HOOK("https://u@a.example/"), BAD_URL }, { HOOK("https://u:p@a.example/"), BAD_URL },
		{ HOOK("https://a.example/#x"), BAD_URL }, { HOOK("https://a.example\\\\@b.example/"), BAD_URL },
		{ HOOK("https://a.example:0/"), BAD_URL }, { HOOK("https://a.example:99999/"), BAD_URL },
		{ HOOK("https://a b.example/"), BAD_URL }, { HOOK("http://localhost.a.example/"), BAD_URL },
		{ HOOK("http://127.0.0.1.a.example/"), BAD_URL }, { HOOK("http://127.0.0.1@a.example/"), BAD_URL },
		{ HOOK("https://\\u00e4.example/"), BAD_URL }, { HOOK("HTTPS://a.example/"), BAD_URL }, { HOOK(""), BAD_URL },
		{ HOOK("https://10.0.0.1/"), "url is an address that only this machine's own networks have (outbound.allow permits such)" },
		{ HOOK("https://0x7f.1/"), "url spells an address in a form that is not taken (write 192.0.2.1)" },
		{ "{\"events\":[\"*\"]}", "url must be given" },
		{ "{\"url\":\"https://a.example/\"}", "events must be given" },
		{ "{\"url\":\"https://a.example/\",\"events\":[]}", "events must have 1 to 7 names, and has 0" },
		{ "{\"url\":\"https://a.example/\",\"events\":[\"*\",\"*\"]}", "events[1] stands twice" },
		{ "{\"url\":\"https://a.example/\",\"events\":[\"*\"],\"secret\":\"whsec_x\"}", "secret is not a known field" },
	};
	struct world *w = world_new();
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		assert_int_equal(ask(w, olga_aurora, "create_webhook", NULL, NULL, cases[i].body), 422);
		assert_string_equal(at(w, "error.message"), cases[i].message);
	}
	assert_int_equal(ask(w, olga_aurora, "create_webhook", NULL, NULL,
			     "{\"url\":\"https://a.example/\",\"events\":[\"story.gone\"]}"), 422);
	static const char *const good[] = { HOOK("https://a.example"), HOOK("https://a.example:8443/x?y=z"),
		HOOK("http://127.0.0.1:9/x"), HOOK("http://localhost/"), HOOK("http://[::1]:80/"), HOOK("https://[2606:4700::1111]/") };
	for (size_t i = 0; i < TEST_COUNT(good); i++)
		assert_int_equal(ask(w, olga_aurora, "create_webhook", NULL, NULL, good[i]), 201);
	world_free(w);
}

/* Whether a file of the store holds a text. */
static bool stored(const struct world *w, const char *name, const char *text)
{
	char path[256];
	static char bytes[8 << 20];
	snprintf(path, sizeof(path), "%s/%s", w->folder, name);
	int fd = open(path, O_RDONLY);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, bytes, sizeof(bytes));
	close(fd);
	return n > 0 && memmem(bytes, (size_t)n, text, strlen(text));
}

static void test_a_secret_is_shown_once(void **state)
{
	(void)state;
	struct world *w = world_new();
	char secret[128], id[ID_LENGTH + 1];

	assert_int_equal(ask(w, olga_aurora, "create_webhook", NULL, NULL,
		"{\"url\":\"https://find-me.example/\",\"events\":[\"*\"],\"description\":\"d\"}"), 201);
	snprintf(secret, sizeof(secret), "%s", at(w, "secret"));
	snprintf(id, sizeof(id), "%s", at(w, "id"));
	assert_int_equal(strlen(secret), 6 + 44);
	assert_memory_equal(secret, "whsec_", 6);
	static const struct { const char *operation, *body; bool one; } later[] = {
		{ "get_webhook", NULL, true }, { "list_webhooks", NULL, false },
		{ "update_webhook", "{\"enabled\":false}", true }, { "update_webhook", "{}", true },
		{ "update_webhook", "{\"secret\":\"x\"}", true }, { "list_webhooks", NULL, false },
	};
	for (size_t i = 0; i < TEST_COUNT(later); i++) {
		ask(w, olga_aurora, later[i].operation, later[i].one ? id : NULL, NULL, later[i].body);
		assert_null(strstr(answer_text(w), secret + 6));
		assert_null(strstr(answer_text(w), "whsec_"));
	}
	assert_true(stored(w, "remit.db-wal", "find-me.example") || stored(w, "remit.db", "find-me.example"));
	assert_false(stored(w, "remit.db-wal", secret + 6));
	assert_false(stored(w, "remit.db", secret + 6));
	ask(w, olga_aurora, "get_webhook", id, NULL, NULL);
	assert_string_equal(at(w, "enabled"), "false");
	assert_string_equal(at(w, "description"), "d");
	world_free(w);
}

static void test_a_webhook_is_changed_and_removed(void **state)
{
	(void)state;
	struct world *w = world_new();
	char id[ID_LENGTH + 1];
	assert_int_equal(ask(w, mark, "create_webhook", NULL, NULL, HOOK("https://a.example/")), 201);
	snprintf(id, sizeof(id), "%s", at(w, "id"));
	assert_int_equal(ask(w, mark, "update_webhook", id, NULL, "{\"events\":[\"*\"],\"url\":\"https://b.example/\"}"), 200);
	assert_string_equal(at(w, "events.0"), "*");
	assert_string_equal(at(w, "url"), "https://b.example/");
	assert_string_equal(at(w, "enabled"), "true");
	assert_int_equal(ask(w, mark, "update_webhook", id, NULL, "{\"url\":\"http://b.example/\"}"), 422);
	assert_int_equal(ask(w, mark, "delete_webhook", id, NULL, NULL), 204);
	assert_int_equal(w->answer.body.n, 0);
	assert_int_equal(ask(w, mark, "delete_webhook", id, NULL, NULL), 404);
	assert_int_equal(ask(w, mark, "get_webhook", id, NULL, NULL), 404);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_webhooks_are_named),
		cmocka_unit_test(test_a_secret_is_shown_once),
		cmocka_unit_test(test_a_webhook_is_changed_and_removed),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
