/* SPDX-License-Identifier: Apache-2.0
 * check-config --openapi: operations of a document that no rule maps, and rules that map nothing of it.
 * cli: may include every room.
 */
#include "cli/coverage.h"
#include "cli/openapi/openapi.h"

#include "base/limits.h"
#include "profile/file.h"
#include <stdlib.h>

struct covering {
	struct cli *cli;
	const struct profile *profile;
	const struct openapi *document;
	struct coverage found;
};

/* The profile's file, as `remit explain` names it. */
static const char *file_of(struct covering *c)
{
	const char *file = c->profile->file;
	if (profile_builtin_text(file).p)
		file = arena_printf(&c->cli->arena, "profiles/%s.yaml", file);
	return file ? file : "";
}

/* "GET /api/v1/users", as requests have it. */
static const char *rule_text(struct covering *c, uint32_t rule)
{
	const char *text = remit_policy_operation(c->profile->policy, rule)->text;
	const int method = (int)strcspn(text, " ");
	const char *whole = arena_printf(&c->cli->arena, "%.*s %s%s", method, text, c->profile->rest_base,
		text + method + 1);
	return whole ? whole : text;
}

static const char *printable(struct covering *c, const char *text)
{
	const char *copy = text_printable(str_of(text), &c->cli->arena);
	return copy ? copy : "";
}

static void print(struct covering *c)
{
	for (size_t i = 0; i < c->found.unmapped_count; i++) {
		const struct openapi_operation *op = c->found.unmapped[i];
		printf("unmapped: %s %s: %s\n", printable(c, op->method),
			printable(c, op->full ? op->full : op->path), coverage_why(op, c->profile));
	}
	for (size_t i = 0; i < c->found.unused_count; i++) {
		const uint32_t rule = c->found.unused[i];
		printf("unused: %s:%u: \"%s\" maps nothing of the document\n", file_of(c),
			c->profile->operation_lines[rule], printable(c, rule_text(c, rule)));
	}
	printf("coverage: %zu of %zu operations mapped, %zu unused rule%s\n",
		c->document->count - c->found.unmapped_count, c->document->count, c->found.unused_count,
		c->found.unused_count == 1 ? "" : "s");
}

static bool fill(struct covering *c, json_t *to)
{
	json_t *unmapped = json_array(), *unused = json_array();

	for (size_t i = 0; i < c->found.unmapped_count; i++) {
		const struct openapi_operation *op = c->found.unmapped[i];
		json_array_append_new(unmapped,
			json_pack("{s:s, s:s, s:s}", "method", op->method, "path",
				op->full ? op->full : op->path, "why", coverage_why(op, c->profile)));
	}
	for (size_t i = 0; i < c->found.unused_count; i++) {
		const uint32_t rule = c->found.unused[i];
		json_array_append_new(unused,
			json_pack("{s:s, s:s, s:i}", "rule", rule_text(c, rule), "file", file_of(c), "line",
				 (int)c->profile->operation_lines[rule]));
	}
	json_t *count = json_integer((json_int_t)c->document->count);
	return json_object_set_new(to, "document_operations", count) == 0 &&
		json_object_set_new(to, "unmapped", unmapped) == 0 &&
		json_object_set_new(to, "unused", unused) == 0;
}

static enum cli_exit compare(struct covering *c, json_t *to)
{
	if (!coverage_find(c->document, c->profile, &c->cli->arena, &c->found))
		return cli_fail(c->cli, CLI_REFUSED, "there is no memory.");
	const bool fits = c->found.unmapped_count == 0 && c->found.unused_count == 0;
	if (!to)
		print(c);
	else if (!fill(c, to) || (!fits && json_object_set_new(to, "ok", json_false()) != 0))
		return cli_fail(c->cli, CLI_REFUSED, "there is no memory.");
	return fits ? CLI_DONE : CLI_REFUSED;
}

enum cli_exit coverage_say(
	struct cli *cli, const struct authority_api *api, const char *path, json_t *document)
{
	struct covering c = { .cli = cli, .profile = api->profile };
	struct mistakes *mistakes = malloc(sizeof(*mistakes));
	struct buf text;

	if (!mistakes)
		return cli_fail(cli, CLI_REFUSED, "there is no memory.");
	mistakes_init(mistakes);
	buf_init(&text, LIMIT_OPENAPI_BYTES);
	if (file_read(path, &text, mistakes))
		c.document = openapi_read(buf_str(&text), path, &cli->arena, mistakes);
	buf_done(&text);
	cli_print_mistakes(cli, mistakes);
	mistakes_done(mistakes);
	free(mistakes);
	if (!c.document)
		return cli_fail(cli, CLI_REFUSED, "the document cannot be read.");
	if (!c.profile->rest_base)
		return cli_fail(cli, CLI_REFUSED, "the profile of the API %s has no `rest` part.", api->name);
	return compare(&c, document);
}
