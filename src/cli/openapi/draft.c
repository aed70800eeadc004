/* SPDX-License-Identifier: Apache-2.0
 * The texts of a drafted profile and of a first remit.yaml. What comes out of a document stands in
 * them only as names, as quoted texts, or as one line of a comment.
 * cli: may include every room.
 */
#include "cli/openapi/openapi.h"

#define PREFIX_CHARS 3

static void add_quoted(struct buf *b, const char *text)
{
	buf_add_json(b, str_of(text));
}

/* Up to three characters of the API's name; Remit's own are taken. */
static void add_prefix(struct buf *b, const char *name)
{
	char prefix[PREFIX_CHARS + 1];
	size_t n = 0;
	for (; *name && n < PREFIX_CHARS; name++)
		if (*name != '-')
			prefix[n++] = *name;
	prefix[n] = '\0';
	buf_add_text(b, n == 0 || strcmp(prefix, "rmt") == 0 ? "api" : prefix);
}

/* ---- The vocabulary ---- */

static void add_scope(struct buf *b, const char *group, const char *does, const char *means, const char *tag)
{
	buf_printf(b, "  \"%s:%s\": ", group, does);
	buf_add_char(b, '"');
	buf_add_text(b, means);
	buf_add_char(b, ' ');
	/* The tag as JSON writes it, without its quotes. */
	struct buf quoted;
	buf_init(&quoted, 4096);
	buf_add_json(&quoted, str_of(tag));
	if (quoted.n >= 2 && !quoted.failed)
		buf_add(b, quoted.p + 1, quoted.n - 2);
	buf_done(&quoted);
	buf_add_text(b, "\"\n");
}

static void add_scopes(struct buf *b, const struct plan *plan)
{
	buf_add_text(b,
		"\n# Check: these are the document's tags, or the first words of its paths. Fewer scopes "
		"are\n"
		"# easier to grant well; what is dangerous deserves one of its own. Writing never implies\n"
		"# reading.\n"
		"scopes:\n");
	for (size_t i = 0; i < plan->group_count; i++) {
		const struct plan_group *group = &plan->groups[i];
		if (group->reads)
			add_scope(b, group->name, "read", "Read:", group->tag);
		if (group->writes)
			add_scope(b, group->name, "write", "Create, change and delete:", group->tag);
	}
}

static void add_preset(struct buf *b, const struct plan *plan, bool writes)
{
	for (size_t i = 0; i < plan->group_count; i++) {
		const struct plan_group *group = &plan->groups[i];
		if (group->reads)
			buf_printf(b, "      - \"%s:read\"\n", group->name);
		if (group->writes && writes)
			buf_printf(b, "      - \"%s:write\"\n", group->name);
	}
}

static void add_presets(struct buf *b, const struct plan *plan)
{
	bool reads = false;
	for (size_t i = 0; i < plan->group_count; i++)
		reads |= plan->groups[i].reads;
	buf_add_text(b,
		"\n# Check: what people choose from when they make a token. Add one for each job that a\n"
		"# program does.\n"
		"presets:\n");
	if (reads) {
		buf_add_text(b,
			"  read-only:\n    title: Read-only\n"
			"    for: Programs that look and change nothing.\n    default: true\n    scopes:\n");
		add_preset(b, plan, false);
	}
	buf_add_text(b,
		"  full:\n    title: Full access\n"
		"    for: Programs that may do all there is.\n    scopes:\n");
	add_preset(b, plan, true);
}

/* ---- Rules ---- */

static void add_notes(struct buf *b, const struct plan *plan, const struct plan_rule *rule)
{
	const struct openapi_operation *op = rule->operation;

	buf_add_text(b, *op->title ? " # " : " # check");
	buf_add_text(b, op->title);
	if (op->is_open)
		buf_add_text(b, "; the document asks for no credentials here: `public`?");
	if (op->origin && plan->origin && strcmp(op->origin, plan->origin) != 0)
		buf_add_text(b, "; the document serves this elsewhere");
	if (strcmp(op->method, "HEAD") == 0)
		buf_add_text(b, "; HEAD is judged as GET");
	if (rule->twin)
		buf_printf(b, "; judges %s too", rule->twin);
	buf_add_char(b, '\n');
}

static void add_rule(struct buf *b, const struct plan *plan, const struct plan_rule *rule)
{
	struct buf on;
	buf_init(&on, 16384);
	buf_printf(&on, "%s %s", rule->method, rule->path);
	buf_add_char(&on, '\0');
	buf_add_text(b, "    - { on: ");
	add_quoted(b, on.failed ? "" : on.p);
	buf_printf(b, ", need: \"%s:%s\"", plan->groups[rule->group].name, rule->writes ? "write" : "read");
	if (rule->project) {
		buf_add_text(b, ", project: ");
		add_quoted(b, rule->project);
	}
	buf_add_text(b, " }");
	add_notes(b, plan, rule);
	buf_done(&on);
}

static void add_refusal(struct buf *b, const struct plan_refusal *refusal, struct arena *arena)
{
	const char *path = line_of(str_of(refusal->operation->path), 300, arena),
		   *method = line_of(str_of(refusal->operation->method), 40, arena),
		   *why = line_of(str_of(refusal->why), 300, arena);
	buf_printf(b, "    # %s %s: %s%s\n", method ? method : "?", path ? path : "?", why ? why : "?",
		refusal->judged ? "; check: another path's rule judges it" : "");
}

static void add_refusals(struct buf *b, const struct plan *plan, struct arena *arena)
{
	if (plan->refusal_count == 0)
		return;
	buf_printf(b, "\n    # Without a rule of their own (%zu); refused for every token: %zu.\n",
		plan->refusal_count, plan_unmapped(plan));
	for (size_t i = 0; i < plan->refusal_count; i++)
		add_refusal(b, &plan->refusals[i], arena);
}

static void add_rules(struct buf *b, const struct plan *plan)
{
	size_t projects = 0;
	for (size_t i = 0; i < plan->rule_count; i++)
		projects += plan->rules[i].project != NULL;
	buf_add_text(b,
		"\n# Check each need: GET reads, everything else writes, which is wrong for a POST that "
		"only\n"
		"# searches.\n");
	if (projects == 0)
		buf_add_text(b, "# No parameter looks like a project.\n");
	else
		buf_add_text(b, "# Check each `project`: it must be what a token's project is bound to.\n");
	buf_add_text(b, "# Where a rule has no `project`, a token that is bound to one is refused.\n");
	buf_add_text(b, "rest:\n  base: ");
	add_quoted(b, *plan->base ? plan->base : "/");
	buf_add_text(b, "\n  rules:\n");
	for (size_t i = 0; i < plan->rule_count; i++)
		add_rule(b, plan, &plan->rules[i]);
}

/* ---- Whole files ---- */

void draft_head(struct buf *b, const char *name, const char *title)
{
	buf_printf(b, "profile: %s\ntitle: ", name);
	add_quoted(b, title);
	buf_add_text(b,
		"\n\n# The start of every token's text, so that people and scanners know one.\n"
		"tokens: { prefix: \"");
	add_prefix(b, name);
	buf_add_text(b, "\" }\n");
}

bool draft_profile(const struct plan *plan, const char *document, struct buf *ret)
{
	struct arena arena;
	arena_init(&arena, 0);
	const char *from = line_of(str_of(document), 200, &arena);
	buf_printf(ret,
		"# A draft by `remit init` out of %s: read it before you rely on it. What no rule maps is\n"
		"# refused for every token. `remit check-config --openapi FILE` tells what a newer "
		"document adds.\n",
		from ? from : "a document");
	draft_head(ret, plan->name, plan->title);
	add_scopes(ret, plan);
	add_presets(ret, plan);
	add_rules(ret, plan);
	add_refusals(ret, plan, &arena);
	arena_done(&arena);
	return !ret->failed;
}

bool draft_config(const char *name, const char *title, const char *upstream, const char *origin,
	struct buf *ret)
{
	buf_add_text(ret,
		"# Written by `remit init`. `remit check-config` tells every mistake of this file and its "
		"profiles.\n"
		"listen: 127.0.0.1:8787\n"
		"public_url: http://127.0.0.1:8787     # what clients call\n"
		"store: sqlite:var/remit.db            # people and tokens; made by `remit store migrate` "
		"or the server\n"
		"secrets_key: file:var/secrets.key     # made at the first start; keep a copy\n"
		"apis:\n");
	buf_printf(ret, "  # %s\n  %s:\n    profile: ./%s.yaml\n    upstream: ", title, name, name);
	add_quoted(ret, upstream);
	buf_add_text(ret, " # check: where the API itself listens\n");
	if (origin && strcmp(origin, upstream) != 0)
		buf_printf(ret, "    # The document says that it is served at %s\n", origin);
	return !ret->failed;
}

bool draft_example(const char *name, struct buf *ret)
{
	buf_add_text(ret,
		"# A profile to begin with, written by `remit init`: what tokens of this API can hold, and "
		"what each\n"
		"# request asks for. `remit init --openapi FILE` drafts one with every operation of a "
		"document.\n");
	draft_head(ret, name, "My API");
	buf_add_text(ret,
		"\n# The vocabulary. Its order is the order in which what a token lacks is named.\n"
		"scopes:\n"
		"  \"items:read\": Read items.\n"
		"  \"items:write\": Create, change and delete items.\n"
		"\n# What people choose from when they make a token.\n"
		"presets:\n"
		"  read-only:\n"
		"    title: Read-only\n"
		"    for: Programs that look and change nothing.\n"
		"    default: true\n"
		"    scopes: [\"items:read\"]\n"
		"  full:\n"
		"    title: Full access\n"
		"    for: Programs that may do all there is.\n"
		"    scopes: [\"items:read\", \"items:write\"]\n"
		"\n# The paths are the API's own, with what they share as `base`. What no rule maps is "
		"refused for every\n"
		"# token. A rule may name where a request's project stands: `project: path.id`, "
		"`query.project`,\n"
		"# `header.X-Project` or `body./projectId`.\n"
		"rest:\n"
		"  base: /\n"
		"  rules:\n"
		"    - { on: \"GET /items\", need: \"items:read\" }\n"
		"    - { on: \"GET /items/{id}\", need: \"items:read\" }\n"
		"    - { on: \"POST /items\", need: \"items:write\" }\n"
		"    - { on: \"PUT /items/{id}\", need: \"items:write\" }\n"
		"    - { on: \"PATCH /items/{id}\", need: \"items:write\" }\n"
		"    - { on: \"DELETE /items/{id}\", need: \"items:write\" }\n");
	return !ret->failed;
}
