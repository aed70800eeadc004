/* SPDX-License-Identifier: Apache-2.0
 * The profiles that come with the program, word for word against the documents that they stand for,
 * and every decision that follows from them (decisions.txt).
 */
#include "../test.h"

#include "cases.h"
#include "profile/profile.h"
#include <stdio.h>

static struct mistakes mistakes;

struct words {
	const char *name, *text;
};

struct preset_words {
	const char *handle, *title, *purpose, *scopes;
	bool is_default;
};

/* ---- The documents' own words ---- */

static const struct words publishing_scopes[] = {
	{ "projects:read", "List + read project metadata." },
	{ "projects:write", "Update project settings." },
	{ "templates:read", "List + read templates." },
	{ "connections:read", "List social/data connections (no secrets)." },
	{ "moments:read", "Read detected moments." },
	{ "stories:read", "Read draft / scheduled / published stories." },
	{ "stories:write", "Create + edit stories." },
	{ "stories:publish", "Schedule + publish stories." },
	{ "media:read", "List project media." },
	{ "media:write", "Upload media or register remote URLs." },
	{ "webhooks:read", "List webhook endpoints + deliveries." },
	{ "webhooks:write", "Create + manage webhook endpoints." },
	{ "*", "Full access — every scope above. Treat as admin." },
};

static const struct preset_words publishing_presets[] = {
	{ "ai-agent", "AI agent (full)",
		"Claude Desktop / ChatGPT MCP setups that should be able to ship posts.",
		"projects:read templates:read connections:read moments:read stories:read stories:write "
		"stories:publish media:read media:write webhooks:read",
		false },
	{ "read-only", "Read-only", "Dashboards, analytics scripts, anything that should never publish.",
		"projects:read templates:read connections:read moments:read stories:read media:read "
		"webhooks:read",
		true },
	{ "publish-only", "Publish-only", "External schedulers / pipelines that draft + ship.",
		"stories:read stories:write stories:publish media:read", false },
	{ "webhooks-only", "Webhooks-only", "Tools that manage webhook fan-out without touching content.",
		"webhooks:read webhooks:write", false },
};

/* Each scope's own example: what GET /api/v1/… and the others ask for. */
static const struct {
	const char *scope, *method, *path;
} publishing_examples[] = {
	{ "projects:read", "GET", "/projects" },
	{ "projects:write", "PATCH", "/projects/7" },
	{ "templates:read", "GET", "/templates" },
	{ "connections:read", "GET", "/social-connections" },
	{ "moments:read", "GET", "/moments" },
	{ "stories:read", "GET", "/stories" },
	{ "stories:write", "POST", "/stories" },
	{ "stories:publish", "POST", "/stories/7/publish" },
	{ "media:read", "GET", "/media" },
	{ "media:write", "POST", "/media" },
	{ "webhooks:read", "GET", "/webhooks" },
	{ "webhooks:write", "POST", "/webhooks" },
};

static const struct words statamic_scopes[] = {
	{ "*", "Full access to all tools and actions" },
	{ "content:read", "Read entries, terms, and globals across all content routers" },
	{ "content:write", "Create, update, delete content across all content routers" },
	{ "blueprints:read", "Read blueprint definitions and field schemas" },
	{ "blueprints:write", "Create, update, delete blueprints" },
	{ "entries:read", "Read entries across collections" },
	{ "entries:write", "Create, update, publish, unpublish, delete entries" },
	{ "terms:read", "Read taxonomy terms" },
	{ "terms:write", "Create, update, delete terms" },
	{ "globals:read", "Read global sets and their values" },
	{ "globals:write", "Update global values, manage global sets" },
	{ "structures:read", "Read collections, taxonomies, navigations, sites" },
	{ "structures:write", "Create, update, delete structural configuration" },
	{ "assets:read", "Read asset containers and files" },
	{ "assets:write", "Upload, move, copy, delete assets" },
	{ "users:read", "Read user data, roles, groups" },
	{ "users:write", "Create, update, delete users and role assignments" },
	{ "system:read", "Read system info, health status, cache state, config" },
	{ "system:write", "Clear caches, manage system operations" },
	{ "content-facade:read", "Read content audit and cross-reference data" },
	{ "content-facade:write", "Write content facade operations" },
};

/* The document ends these sentences with the colon before each list. */
static const struct preset_words statamic_presets[] = {
	{ "read-only", "Read-Only Exploration",
		"Safe for any environment. The AI assistant can inspect everything but change nothing.",
		"content:read blueprints:read entries:read terms:read globals:read structures:read "
		"assets:read system:read",
		true },
	{ "content-editing", "Content Editing",
		"For content management workflows — create and edit entries, terms, and globals.",
		"content:read content:write entries:read entries:write terms:read terms:write globals:read "
		"globals:write",
		false },
	{ "full-development", "Full Development", "For local development only — unrestricted access.", "*",
		false },
};

static const char *const statamic_domains[] = { "blueprints", "entries", "terms", "globals", "structures",
	"assets", "users", "system", "content-facade" };

/* ---- Word for word ---- */

static struct profile *load(const char *name)
{
	mistakes_init(&mistakes);
	struct profile *p = profile_load(name, &mistakes);
	if (!p)
		fail_msg("%s: line %u: %s", name, mistakes.list[0].line, mistakes.list[0].what);
	assert_int_equal(mistakes.count, 0);
	mistakes_done(&mistakes);
	return p;
}

static void check_scopes(const struct profile *p, const struct words *words, size_t count)
{
	assert_int_equal(p->scope_count, count);
	assert_int_equal(remit_policy_scopes(p->policy), count);
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(p->scopes[i].name, words[i].name);
		assert_string_equal(p->scopes[i].meaning, words[i].text);
		assert_string_equal(remit_policy_scope_name(p->policy, i), words[i].name);
	}
}

static void check_presets(const struct profile *p, const struct preset_words *words, size_t count)
{
	assert_int_equal(p->preset_count, count);
	for (size_t i = 0; i < count; i++) {
		const struct profile_preset *preset = profile_preset(p, words[i].handle);
		char scopes[1024] = "";
		assert_ptr_equal(preset, &p->presets[i]);
		assert_string_equal(preset->title, words[i].title);
		assert_string_equal(preset->purpose, words[i].purpose);
		assert_int_equal(preset->is_default, words[i].is_default);
		for (size_t j = 0; j < preset->scope_count; j++) {
			strcat(scopes, j > 0 ? " " : "");
			strcat(scopes, preset->scopes[j]);
		}
		assert_string_equal(scopes, words[i].scopes);
	}
	assert_null(profile_preset(p, "no-such"));
}

static void test_publishing_word_for_word(void **state)
{
	struct profile *p = load("publishing");
	(void)state;
	check_scopes(p, publishing_scopes, TEST_COUNT(publishing_scopes));
	check_presets(p, publishing_presets, TEST_COUNT(publishing_presets));
	assert_string_equal(p->name, "publishing");
	assert_string_equal(p->token_prefix, "sl");
	assert_string_equal(p->rest_base, "/api/v1");
	assert_string_equal(p->mcp_endpoint, "/api/mcp");
	assert_int_equal(p->rate_personal, 120);
	assert_int_equal(p->rate_access, 60);
	assert_false(p->stdio_bypass || p->accept_alnum64);
	assert_int_equal(p->visible_personal, PROFILE_VISIBLE_GRANTED);
	assert_int_equal(p->visible_access, PROFILE_VISIBLE_ASKABLE);
	assert_int_equal(p->default_lifetime_ms + p->max_lifetime_ms, 0);
	for (size_t i = 0; i < p->scope_count; i++)
		assert_false(remit_policy_scope_is_umbrella(p->policy, i));
	profile_free(p);
}

static void test_publishing_examples(void **state)
{
	struct profile *p = load("publishing");
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(publishing_examples); i++) {
		struct remit_match match;
		struct remit_scopes needed;
		size_t scope;
		const char *path = publishing_examples[i].path, *method = publishing_examples[i].method;
		assert_int_equal(
			remit_policy_route(p->policy, method, strlen(method), path, strlen(path), &match),
			REMIT_OK);
		assert_int_equal(remit_policy_scope_find(p->policy, publishing_examples[i].scope,
					 strlen(publishing_examples[i].scope), &scope),
			REMIT_OK);
		assert_true(remit_policy_need(p->policy, match.operation, 0, 0, 0, &needed));
		for (size_t s = 0; s < p->scope_count; s++)
			assert_int_equal(remit_scopes_has(&needed, s), s == scope);
	}
	profile_free(p);
}

static void test_statamic_word_for_word(void **state)
{
	struct profile *p = load("statamic");
	(void)state;
	check_scopes(p, statamic_scopes, TEST_COUNT(statamic_scopes));
	check_presets(p, statamic_presets, TEST_COUNT(statamic_presets));
	assert_string_equal(p->token_prefix, "stm");
	assert_string_equal(p->mcp_endpoint, "/mcp/statamic");
	assert_null(p->rest_base);
	assert_true(p->stdio_bypass && p->accept_alnum64);
	assert_int_equal(p->rate_personal, 60);
	assert_int_equal(p->rate_access, 0);
	profile_free(p);
}

/* Every action asks for its own domain's :read or :write, and both exist. */
static void test_statamic_domains(void **state)
{
	struct profile *p = load("statamic");
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(statamic_domains); i++) {
		char tool[64], scopes[2][64];
		snprintf(tool, sizeof(tool), "statamic-%s", statamic_domains[i]);
		snprintf(scopes[0], sizeof(scopes[0]), "%s:read", statamic_domains[i]);
		snprintf(scopes[1], sizeof(scopes[1]), "%s:write", statamic_domains[i]);
		const char *value, *select;
		assert_int_equal(remit_policy_tool_select(p->policy, tool, strlen(tool), &select), REMIT_OK);
		assert_string_equal(select, "action");
		for (size_t n = 0; (value = remit_policy_tool_value(p->policy, tool, strlen(tool), n)); n++) {
			struct remit_scopes needed;
			uint32_t operation;
			char text[128];
			assert_int_equal(remit_policy_tool(p->policy, tool, strlen(tool), value,
						 strlen(value), &operation),
				REMIT_OK);
			assert_true(remit_policy_need(p->policy, operation, 0, 0, 0, &needed));
			remit_scopes_text(p->policy, &needed, " ", text, sizeof(text));
			assert_true(strcmp(text, scopes[0]) == 0 || strcmp(text, scopes[1]) == 0);
		}
		assert_non_null(remit_policy_tool_value(p->policy, tool, strlen(tool), 0));
	}
	profile_free(p);
}

static void test_names_of_builtins(void **state)
{
	(void)state;
	assert_string_equal(profile_builtin_name(0), "publishing");
	assert_string_equal(profile_builtin_name(1), "statamic");
	assert_string_equal(profile_builtin_name(2), "remit");
	assert_null(profile_builtin_name(3));
	assert_null(profile_builtin_text("nothing").p);
}

/* ---- Every decision ---- */

/* One line: allowed, or what is missing. */
static void judge(const struct profile *p, uint32_t operation, uint32_t whens,
	const struct remit_scopes *granted, struct buf *out)
{
	struct remit_record record = { .api = 1 };
	struct remit_question q = {
		.policy = p->policy,
		.operation = operation,
		.whens = whens,
		.credential = REMIT_CREDENTIAL_FOUND,
		.record = &record,
		.granted = granted->word,
		.api = 1,
		.now_s = 1,
		.owner_active = true,
		.owner_unlimited = true,
	};
	struct remit_decision decision;
	char missing[1024];

	remit_decide(&q, &decision);
	if (decision.reason == REMIT_ALLOWED) {
		buf_add_text(out, "allowed\n");
		return;
	}
	assert_int_equal(decision.reason, REMIT_SCOPE_MISSING);
	remit_scopes_text(p->policy, &decision.missing, ", ", missing, sizeof(missing));
	buf_printf(out, "missing %s\n", missing);
}

static void judge_operation(const struct profile *p, uint32_t operation, struct buf *out)
{
	const struct remit_operation *o = remit_policy_operation(p->policy, operation);

	for (uint32_t whens = 0; whens < 1u << o->when_count; whens++) {
		buf_add_text(out, o->text);
		for (size_t i = 0; i < o->when_count; i++) {
			if (whens >> i & 1)
				buf_printf(out, " +%s", o->whens[i].name);
		}
		buf_add_char(out, '\n');
		for (size_t i = 0; i < p->preset_count; i++) {
			struct remit_scopes set;
			assert_int_equal(remit_scopes_from_names(p->policy, p->presets[i].scopes,
						 p->presets[i].scope_count, &set, NULL),
				REMIT_OK);
			buf_printf(out, "  %s: ", p->presets[i].handle);
			judge(p, operation, whens, &set, out);
		}
	}
}

static void test_T04_decisions(void **state)
{
	struct buf out;
	(void)state;
	buf_init(&out, 1024 * 1024);
	for (size_t i = 0; profile_builtin_name(i); i++) {
		struct profile *p = load(profile_builtin_name(i));
		struct remit_scopes none = { 0 };
		buf_printf(&out, "# %s\n", p->name);
		for (uint32_t o = 0; o < remit_policy_operations(p->policy); o++)
			judge_operation(p, o, &out);
		/* A token without scopes covers what needs none, and nothing else. */
		for (uint32_t o = 0; o < remit_policy_operations(p->policy); o++) {
			const struct remit_operation *operation = remit_policy_operation(p->policy, o);
			buf_printf(&out, "no scopes, %s: ", operation->text);
			judge(p, o, 0, &none, &out);
		}
		profile_free(p);
	}
	assert_false(out.failed);
	cases_golden("decisions.txt", buf_str(&out));
	buf_done(&out);
}

static void check_smallest(const struct profile *p, const char *const *names, size_t count, const char *want)
{
	struct remit_scopes needed;
	assert_int_equal(remit_scopes_from_names(p->policy, names, count, &needed, NULL), REMIT_OK);
	const struct profile_preset *preset = profile_smallest_preset(p, &needed);
	if (!want)
		assert_null(preset);
	else
		assert_string_equal(preset->handle, want);
}

static void test_smallest_preset(void **state)
{
	struct profile *a = load("publishing"), *b = load("statamic");
	(void)state;
	check_smallest(a, (const char *[]){ "stories:read" }, 1, "publish-only");
	check_smallest(a, (const char *[]){ "projects:read" }, 1, "read-only");
	check_smallest(a, (const char *[]){ "stories:publish", "media:write" }, 2, "ai-agent");
	check_smallest(a, (const char *[]){ "webhooks:write" }, 1, "webhooks-only");
	check_smallest(a, (const char *[]){ "projects:write" }, 1, NULL);
	check_smallest(b, (const char *[]){ "entries:write" }, 1, "content-editing");
	check_smallest(b, (const char *[]){ "users:write" }, 1, "full-development");
	profile_free(a);
	profile_free(b);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_publishing_word_for_word),
	cmocka_unit_test(test_publishing_examples),
	cmocka_unit_test(test_statamic_word_for_word),
	cmocka_unit_test(test_statamic_domains),
	cmocka_unit_test(test_names_of_builtins),
	cmocka_unit_test(test_T04_decisions),
	cmocka_unit_test(test_smallest_preset),
};

TEST_MAIN(tests)
