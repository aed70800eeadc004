/* SPDX-License-Identifier: Apache-2.0
 * What an operation demands: its need, the conditions that add to it, and its project (D6, D22).
 * profile: may include base and core.
 */
#include "profile/draft.h"

struct source_prefix {
	const char *text;
	enum remit_source source;
};

static const struct source_prefix sources[] = {
	{ "path.", REMIT_SOURCE_PATH },
	{ "query.", REMIT_SOURCE_QUERY },
	{ "header.", REMIT_SOURCE_HEADER },
	{ "body.", REMIT_SOURCE_BODY },
	{ "arg.", REMIT_SOURCE_ARGUMENT },
};

bool draft_is_need_alone(const struct node *node)
{
	return node->kind != NODE_MAP || node_get(node, "any");
}

/* ---- Where a condition or a project is read from ---- */

static bool check_param(
	struct draft *d, const struct node *at, const char *name, const struct draft_place *place)
{
	if (!place->template)
		return false;
	for (size_t i = 0; i < place->template->param_count; i++) {
		if (strcmp(place->template->params[i], name) == 0)
			return true;
	}
	const char *near = mistakes_suggest(
		d->r.mistakes, str_of(name), place->template->params, place->template->param_count);
	reader_mistake(&d->r, at, near, "the path has no parameter %s", reader_show(&d->r, str_of(name)));
	return false;
}

/* RFC 6901: empty segments are fine, ~ stands only before 0 and 1. */
static bool check_pointer(struct draft *d, const struct node *at, const char *pointer)
{
	bool ok = pointer[0] == '/' && pointer[1];
	for (const char *p = pointer; *p && ok; p++)
		ok = *p != '~' || p[1] == '0' || p[1] == '1';
	if (!ok)
		reader_mistake(&d->r, at, "as in body./items/*/id, after RFC 6901", "%s is no JSON pointer",
			reader_show(&d->r, str_of(pointer)));
	return ok;
}

static bool check_header(struct draft *d, const struct node *at, const char *name)
{
	bool ok = *name != '\0';
	for (const char *p = name; *p; p++)
		ok = ok && *p > ' ' && *p < 0x7f && !strchr("\"(),/:;<=>?@[\\]{}", *p);
	if (!ok)
		reader_mistake(&d->r, at, NULL, "%s is no header's name", reader_show(&d->r, str_of(name)));
	return ok;
}

/* Which sources a REST rule and a tool have. */
static bool check_place(
	struct draft *d, const struct node *at, enum remit_source source, const struct draft_place *place)
{
	bool tool = !place->method;
	if (tool && source != REMIT_SOURCE_ARGUMENT && source != REMIT_SOURCE_HEADER) {
		reader_mistake(&d->r, at, "write arg./POINTER or header.NAME", "a tool has no %s",
			reader_show(&d->r, at->text));
		return false;
	}
	if (!tool && source == REMIT_SOURCE_ARGUMENT) {
		reader_mistake(
			&d->r, at, "write path., query., header. or body.", "only a tool has arguments");
		return false;
	}
	if (!tool && source == REMIT_SOURCE_BODY && strcmp(place->method, "GET") == 0) {
		reader_mistake(&d->r, at, NULL, "a GET request has no body, so this never matches");
		return false;
	}
	return true;
}

static bool check_source_name(struct draft *d, const struct node *at, enum remit_source source,
	const char *name, const struct draft_place *place)
{
	switch (source) {
	case REMIT_SOURCE_PATH:
		return check_param(d, at, name, place);
	case REMIT_SOURCE_QUERY:
		if (!*name)
			reader_mistake(&d->r, at, NULL, "the name of a query parameter is missing");
		return *name != '\0';
	case REMIT_SOURCE_HEADER:
		return check_header(d, at, name);
	case REMIT_SOURCE_BODY:
	case REMIT_SOURCE_ARGUMENT:
		return check_pointer(d, at, name);
	}
	return false;
}

static bool read_source(struct draft *d, const struct node *node, const struct draft_place *place,
	enum remit_source *ret, const char **ret_name)
{
	for (size_t i = 0; node->kind == NODE_TEXT && i < sizeof(sources) / sizeof(sources[0]); i++) {
		if (!str_starts(node->text, str_of(sources[i].text)))
			continue;
		const char *name = node->text.p + strlen(sources[i].text);
		if (!check_place(d, node, sources[i].source, place)
			|| !check_source_name(d, node, sources[i].source, name, place))
			return false;
		*ret = sources[i].source;
		*ret_name = name;
		return true;
	}
	reader_expected(&d->r, node,
		place->method ? "path.NAME, query.NAME, header.NAME or body./POINTER"
			      : "arg./POINTER or header.NAME");
	return false;
}

/* ---- Conditions ---- */

struct when_reader {
	struct draft *d;
	const struct draft_place *place;
	struct remit_when *when;
	unsigned tests; /* how many of the three are there */
	bool ok;
};

/* A parameter of the path is always there. */
static void read_test(struct when_reader *w, const struct node *node, enum remit_test test)
{
	w->tests++;
	w->when->test = test;
	if (!read_source(w->d, node, w->place, &w->when->source, &w->when->name)) {
		w->ok = false;
		return;
	}
	if (w->when->source == REMIT_SOURCE_PATH && test != REMIT_TEST_EQUALS) {
		reader_mistake(&w->d->r, node, "ask for its value with `equals`",
			"a parameter of the path is always present");
		w->ok = false;
	}
}

static void read_present(struct reader *r, const struct node *node, void *into)
{
	(void)r;
	read_test(into, node, REMIT_TEST_PRESENT);
}

static void read_absent(struct reader *r, const struct node *node, void *into)
{
	(void)r;
	read_test(into, node, REMIT_TEST_ABSENT);
}

static void read_equals(struct reader *r, const struct node *node, void *into)
{
	struct when_reader *w = into;
	const struct node *value = node->kind == NODE_LIST && node->count == 2 ? node->first->next : NULL;

	if (!value || value->kind != NODE_TEXT) {
		reader_expected(r, node, "[where, value]");
		w->tests++;
		w->ok = false;
		return;
	}
	read_test(w, node->first, REMIT_TEST_EQUALS);
	w->when->value = value->text.p;
}

static void read_when_need(struct reader *r, const struct node *node, void *into)
{
	struct when_reader *w = into;
	if (!draft_read_need(w->d, node, &w->when->need)) {
		w->ok = false;
	} else if (w->when->need.kind == REMIT_NEED_PUBLIC) {
		reader_mistake(r, node, NULL, "a condition can only ask for more, never for less");
		w->ok = false;
	}
}

static const struct reader_key when_keys[] = {
	{ "present", read_present, false },
	{ "absent", read_absent, false },
	{ "equals", read_equals, false },
	{ "need", read_when_need, true },
};

static bool read_when(
	struct draft *d, const struct node *node, const struct draft_place *place, struct remit_when *ret)
{
	struct when_reader w = { d, place, ret, 0, true };
	size_t before = d->r.mistakes->count;

	if (!READER_MAP(&d->r, node, "a condition", when_keys, &w))
		return false;
	if (w.tests != 1 && d->r.mistakes->count == before)
		reader_mistake(&d->r, node, NULL, "a condition has one of present, absent and equals");
	return w.ok && d->r.mistakes->count == before;
}

static bool read_whens(struct draft *d, const struct node *list, const struct draft_place *place,
	struct draft_demand *demand)
{
	if (list->kind != NODE_LIST) {
		reader_expected(&d->r, list, "a list of conditions");
		return false;
	}
	if (list->count > LIMIT_WHENS) {
		reader_mistake(&d->r, list, NULL, "%zu conditions, at most %d", list->count, LIMIT_WHENS);
		return false;
	}
	struct remit_when *whens = reader_alloc(&d->r, list, list->count, sizeof(*whens));
	bool ok = whens != NULL;
	size_t n = 0;
	for (const struct node *item = list->first; whens && item; item = item->next)
		ok &= read_when(d, item, place, &whens[n++]);
	demand->whens = whens;
	demand->when_count = n;
	return ok;
}

/* ---- Projects ---- */

static bool read_project(struct draft *d, const struct node *node, const struct draft_place *place,
	struct draft_demand *demand)
{
	if (node->kind == NODE_TEXT && str_is(node->text, "none")) {
		demand->project = REMIT_PROJECT_NONE;
		return true;
	}
	if (node->kind == NODE_TEXT && str_is(node->text, "inject")) {
		demand->project = REMIT_PROJECT_INJECT;
		return true;
	}
	if (!read_source(d, node, place, &demand->project_source, &demand->project_name))
		return false;
	if (memmem(node->text.p, node->text.n, "/*", 2)) {
		reader_mistake(&d->r, node, NULL, "a project is one value, \"*\" may be many");
		return false;
	}
	demand->project = REMIT_PROJECT_SELECT;
	return true;
}

bool draft_read_demand(struct draft *d, const struct node *need, const struct node *when,
	const struct node *project, const struct draft_place *place, struct draft_demand *ret)
{
	struct draft_demand demand = { 0 };
	bool ok = draft_read_need(d, need, &demand.need);
	bool public = ok && demand.need.kind == REMIT_NEED_PUBLIC;

	if (when)
		ok &= read_whens(d, when, place, &demand);
	if (project)
		ok &= read_project(d, project, place, &demand);
	if (public && (when || project)) {
		reader_mistake(&d->r, when ? when : project, "leave it out",
			"a public operation reads no token: `%s` cannot matter", when ? "when" : "project");
		ok = false;
	}
	*ret = demand;
	return ok;
}
