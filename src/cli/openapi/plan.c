/* SPDX-License-Identifier: Apache-2.0
 * From a document's operations to what a profile says of them: the base that they share, a group of
 * scopes for each tag, a rule for each operation that a rule can map.
 * cli: may include every room.
 */
#include "cli/openapi/openapi.h"

#include "base/limits.h"
#include "profile/config.h"

#define GROUP_CHARS 60
#define PARAM_CHARS 80
#define BASE_CHARS 200

struct planning {
	const struct openapi *document;
	struct plan *plan;
	struct arena *arena;
	json_t *names;  /* names of groups that are taken */
	json_t *tags;   /* of each tag: its group */
	json_t *shapes; /* of each method and shape: its rule */
	size_t base_segments;
	bool failed;    /* no memory */
};

/* ---- The base ---- */

static bool is_plain_segment(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		const char c = s.p[i] | 0x20;
		if (!(c >= 'a' && c <= 'z') && !(s.p[i] >= '0' && s.p[i] <= '9') &&
			!strchr("-_.", s.p[i]))
			return false;
	}
	return s.n > 0 && s.p[0] != '.';
}

/* How much of `a` is whole plain segments that `b` starts with too. */
static size_t shared(const char *a, const char *b)
{
	size_t end = 0;
	while (a[end] == '/') {
		size_t n = strcspn(a + end + 1, "/") + 1;
		if (strncmp(a + end, b + end, n) != 0 || (b[end + n] != '\0' && b[end + n] != '/') ||
			!is_plain_segment((struct str){ a + end + 1, n - 1 }))
			break;
		end += n;
	}
	return end;
}

static void find_base(struct planning *p)
{
	const char *base = NULL;
	size_t n = 0;

	for (size_t i = 0; i < p->document->count; i++) {
		const struct openapi_operation *op = &p->document->operations[i];
		if (!op->full)
			continue;
		const char *text = base ? base : op->base;
		char *cut = arena_copy(p->arena, (struct str){ text, base ? n : strlen(text) });
		if (!cut) {
			p->failed = true;
			return;
		}
		n = shared(cut, op->base);
		cut[n] = '\0';
		base = cut;
	}
	p->plan->base = base && n > 0 && n <= BASE_CHARS && !config_own_path(base) ? base : "";
	for (const char *c = p->plan->base; *c; c++)
		p->base_segments += *c == '/';
}

/* ---- Groups ---- */

/* The first segment that is no parameter. */
static struct str first_word(const char *path)
{
	struct str rest = str_of(path), segment;
	for (bool more = true; more;) {
		more = str_cut(&rest, '/', &segment);
		if (segment.n > 0 && !memchr(segment.p, '{', segment.n))
			return segment;
	}
	return (struct str){ NULL, 0 };
}

/* A name that no other group has. */
static const char *free_name(struct planning *p, const char *wanted)
{
	const char *name = arena_copy(p->arena, str_of(wanted));
	for (size_t i = 2; name && json_object_get(p->names, name); i++)
		name = arena_printf(p->arena, "%s-%zu", wanted, i);
	if (!name || json_object_set_new(p->names, name, json_true()) != 0)
		p->failed = true;
	return name;
}

static size_t group_of(struct planning *p, const struct openapi_operation *op, const char *path)
{
	char name[GROUP_CHARS];
	struct str tag = op->tag ? str_of(op->tag) : (struct str){ NULL, 0 };

	name_of(tag, name, sizeof(name));
	if (!*name) {
		tag = first_word(path);
		name_of(tag, name, sizeof(name));
	}
	if (!*name) {
		tag = STR("api");
		memcpy(name, "api", sizeof("api"));
	}
	const json_t *known = json_object_getn(p->tags, tag.p, tag.n);
	if (known)
		return (size_t)json_integer_value(known);
	const size_t place = p->plan->group_count;
	if (place == LIMIT_OPENAPI_GROUPS)
		return place;
	struct plan_group *group = &p->plan->groups[p->plan->group_count++];
	group->tag = line_of(tag, GROUP_CHARS, p->arena);
	group->name = free_name(p, name);
	if (!group->tag || !group->name ||
		json_object_setn_new(p->tags, tag.p, tag.n, json_integer((json_int_t)place)) != 0)
		p->failed = true;
	return place;
}

/* ---- Paths ---- */

static bool has_param(const struct buf *path, struct str name)
{
	struct buf wanted;
	buf_init(&wanted, PARAM_CHARS + 16);
	buf_add_char(&wanted, '{');
	buf_add_str(&wanted, name);
	buf_add_char(&wanted, '}');
	const bool found = path->n > 0 && memmem(path->p, path->n, wanted.p, wanted.n);
	buf_done(&wanted);
	return found;
}

/* A name may stand but once in a path. */
static void add_param(struct buf *path, struct str name)
{
	char other[PARAM_CHARS + 8];
	const struct str start = { name.p, name.n < PARAM_CHARS ? name.n : PARAM_CHARS };

	snprintf(other, sizeof(other), "%.*s", STR_FMT(start));
	for (unsigned i = 2; has_param(path, str_of(other)) && i < 100; i++)
		snprintf(other, sizeof(other), "%.*s_%u", STR_FMT(start), i);
	buf_printf(path, "{%s}", other);
}

/* The rule's path and its shape. What is no whole parameter is left as it is: the profile's own check
 * then says what is wrong with it. */
static const char *write_path(const char *path, struct buf *ret, struct buf *shape)
{
	struct str rest = str_of(path + 1), segment;
	for (bool more = true; more;) {
		more = str_cut(&rest, '/', &segment);
		const char last = segment.n > 0 ? segment.p[segment.n - 1] : '\0';
		const bool whole = segment.n > 2 && segment.p[0] == '{' && last == '}' &&
			!memchr(segment.p + 1, '{', segment.n - 1) && !memchr(segment.p, '}', segment.n - 1);
		if (memchr(segment.p, '*', segment.n) || (whole && memchr(segment.p, '+', segment.n)))
			return "a parameter is one segment; write a rule with \"**\" for all below";
		buf_add_char(ret, '/');
		buf_add_char(shape, '/');
		if (whole)
			add_param(ret, (struct str){ segment.p + 1, segment.n - 2 });
		else
			buf_add_str(ret, segment);
		buf_add_str(shape, whole ? STR("{}") : segment);
	}
	return NULL;
}

/* ---- Rules ---- */

static bool is_reading(const char *method)
{
	return strcmp(method, "GET") == 0 || strcmp(method, "OPTIONS") == 0;
}

/* A second operation of a shape is judged by the first one's rule. */
static bool is_twin(struct planning *p, struct plan_rule *rule, const char *shape)
{
	const json_t *first = json_object_get(p->shapes, shape);
	if (!first) {
		if (json_object_set_new(p->shapes, shape, json_integer((json_int_t)p->plan->rule_count)) != 0)
			p->failed = true;
		return false;
	}
	struct plan_rule *other = &p->plan->rules[json_integer_value(first)];
	if (strcmp(other->operation->path, rule->operation->path) != 0)
		other->twin = line_of(str_of(rule->operation->path), 200, p->arena);
	return true;
}

static const char *add_rule(struct planning *p, struct plan_rule *rule, const char *shape)
{
	if (is_twin(p, rule, shape))
		return NULL;
	rule->group = group_of(p, rule->operation, rule->path);
	if (rule->group == LIMIT_OPENAPI_GROUPS)
		return "its tag is one too many: a profile has at most 4096 scopes";
	rule->writes = !is_reading(rule->method);
	struct plan_group *group = &p->plan->groups[rule->group];
	group->writes |= rule->writes;
	group->reads |= !rule->writes;
	p->plan->rules[p->plan->rule_count++] = *rule;
	return NULL;
}

static const char *method_fault(const char *method)
{
	static const char *const known[] = { "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS" };
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(method, known[i]) == 0)
			return NULL;
	return strcmp(method, "TRACE") == 0 ? "TRACE is refused in every request"
					    : "the gate knows no such method";
}

/* Why there is no rule for an operation; NULL where there is one now. */
static const char *plan_rule(struct planning *p, const struct openapi_operation *op)
{
	struct plan_rule rule = { .operation = op,
		.method = strcmp(op->method, "HEAD") == 0 ? "GET" : op->method };
	const char *fault = op->full ? method_fault(rule.method) : op->fault;
	const char *own = !fault && !*p->plan->base ? config_own_path(op->full) : NULL;
	struct buf path, shape;

	if (own)
		return arena_printf(p->arena, "the server itself answers %s", own);
	if (fault)
		return fault;
	buf_init(&path, LIMIT_TARGET_BYTES);
	buf_init(&shape, LIMIT_TARGET_BYTES);
	buf_printf(&shape, "%s ", rule.method);
	fault = write_path(op->full + strlen(p->plan->base), &path, &shape);
	if (!fault && (path.failed || shape.failed))
		fault = "the path is too long";
	if (!fault) {
		rule.path = arena_copy(p->arena, buf_str(&path));
		const char *key = arena_copy(p->arena, buf_str(&shape));
		fault = rule.path ? profile_path_fault(str_of(rule.path), p->base_segments, p->arena) : "";
		if (!rule.path || !key)
			p->failed = true;
		else if (!fault)
			fault = add_rule(p, &rule, key);
	}
	buf_done(&path);
	buf_done(&shape);
	return fault;
}

static void plan_rules(struct planning *p)
{
	const size_t count = p->document->count;
	p->plan->rules = arena_alloc(p->arena, count * sizeof(struct plan_rule));
	p->plan->refusals = arena_alloc(p->arena, count * sizeof(struct plan_refusal));
	p->plan->groups = arena_alloc(p->arena, LIMIT_OPENAPI_GROUPS * sizeof(struct plan_group));
	p->failed |= !p->plan->rules || !p->plan->refusals || !p->plan->groups;
	for (size_t i = 0; i < count && !p->failed; i++) {
		const struct openapi_operation *op = &p->document->operations[i];
		const char *why = plan_rule(p, op);
		if (why)
			p->plan->refusals[p->plan->refusal_count++] = (struct plan_refusal){ op, why, false };
		if (op->origin && !p->plan->origin)
			p->plan->origin = op->origin;
	}
}

struct plan *plan_make(const struct openapi *document, const char *name, const char *file,
	struct arena *arena, struct mistakes *mistakes)
{
	struct planning p = { document, ARENA_NEW(arena, struct plan), arena, json_object(), json_object(),
		json_object(), 0, false };

	p.failed = !p.plan || !p.names || !p.tags || !p.shapes;
	if (!p.failed) {
		p.plan->name = name;
		p.plan->title = *document->title ? document->title : name;
		find_base(&p);
	}
	if (!p.failed)
		plan_rules(&p);
	if (!p.failed)
		plan_projects(p.plan, arena);
	json_decref(p.names);
	json_decref(p.tags);
	json_decref(p.shapes);
	if (p.failed)
		mistakes_add(mistakes, file, 0, 0, NULL, "not enough memory to draft a profile");
	else if (p.plan->rule_count == 0)
		mistakes_add(mistakes, file, 0, 0, NULL, "no operation of the document can be mapped: %s",
			p.plan->refusals[0].why);
	else
		return p.plan;
	return NULL;
}

/* Both lists are in the document's order. */
bool plan_settle(struct plan *plan, const struct coverage *coverage)
{
	bool any = false;
	for (size_t i = 0, j = 0; i < plan->refusal_count; i++) {
		while (j < coverage->unmapped_count &&
			coverage->unmapped[j] < plan->refusals[i].operation)
			j++;
		plan->refusals[i].judged = j == coverage->unmapped_count ||
			coverage->unmapped[j] != plan->refusals[i].operation;
		any |= plan->refusals[i].judged;
	}
	return any;
}

size_t plan_unmapped(const struct plan *plan)
{
	size_t count = 0;
	for (size_t i = 0; i < plan->refusal_count; i++)
		count += !plan->refusals[i].judged;
	return count;
}
