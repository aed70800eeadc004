/* SPDX-License-Identifier: Apache-2.0
 * A document brought to what it should say: its YAML by splices, its body whole; and read again before anybody
 * writes it.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/content/site/document_edit.h"

#include "base/limits.h"
#include <stdio.h>
#include <stdlib.h>

static bool refuse(struct value_problem *reterr, const char *what)
{
	*reterr = (struct value_problem){ 0 };
	snprintf(reterr->text, sizeof(reterr->text), "%s", what);
	return false;
}

/* ---- Splices ---- */

void edit_splice(struct editor *e, size_t start, size_t end, struct str text)
{
	if (e->count == e->room) {
		size_t room = e->room > 0 ? 2 * e->room : 16;
		struct splice *more = realloc(e->splices, room * sizeof(*more));
		if (!more) {
			e->failed = true;
			return;
		}
		e->splices = more;
		e->room = room;
	}
	e->splices[e->count] = (struct splice){ start, end, text, e->count };
	e->count++;
}

static int by_place(const void *a, const void *b)
{
	const struct splice *x = a, *y = b;
	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

bool edit_apply(struct editor *e, struct buf *out)
{
	size_t at = 0;
	if (e->failed)
		return false;
	if (e->count > 0)
		qsort(e->splices, e->count, sizeof(*e->splices), by_place);
	for (size_t i = 0; i < e->count; i++) {
		const struct splice *s = &e->splices[i];
		const bool behind = s->start == s->end && s->start < at; /* what it stood at has gone with its lines */
		if ((s->start < at && !behind) || s->end > e->d->text.n)
			return false;
		if (!behind)
			buf_add(out, e->d->text.p + at, s->start - at);
		buf_add_str(out, s->text);
		at = behind ? at : s->end;
	}
	buf_add(out, e->d->text.p + at, e->d->text.n - at);
	return !out->failed;
}

/* ---- The body ---- */

static struct str without_start(const json_t *content)
{
	struct str s = { json_string_value(content), json_string_length(content) };
	while (s.n > 0 && strchr(" \t\n\v\r", *s.p))
		s = (struct str){ s.p + 1, s.n - 1 };
	return s;
}

/* What the file will say when it is read: an empty body is none, and white space before it is dropped. */
static json_t *as_read(const struct document *d, const json_t *wanted)
{
	json_t *copy = json_copy((json_t *)(uintptr_t)wanted);
	const json_t *content = json_object_get(wanted, "content");
	if (!copy || d->kind != DOCUMENT_ENTRY || VALUE_GET(d->root, "content") || !json_is_string(content))
		return copy;
	struct str body = without_start(content);
	if (body.n == 0)
		(void)json_object_del(copy, "content");
	else if (body.n < json_string_length(content))
		(void)json_object_set_new(copy, "content", json_stringn(body.p, body.n));
	return copy;
}

static void change_body(struct editor *e, struct str body)
{
	const struct document *d = e->d;
	if (!d->fenced || str_eq(body, d->content))
		return;
	bool on_fence = d->body == 0 || d->text.p[d->body - 1] != '\n';
	if (on_fence)
		edit_splice(e, d->body, d->body, str_of(e->newline));
	edit_splice(e, d->body, d->text.n, body);
}

/* An entry that had no body and no fences gets both. */
static bool add_fences(struct str yaml, const char *newline, struct str body, struct buf *out)
{
	buf_printf(out, "---%s", newline);
	buf_add_str(out, yaml);
	if (yaml.n > 0 && yaml.p[yaml.n - 1] != '\n')
		buf_add_text(out, newline);
	buf_printf(out, "---%s", newline);
	buf_add_str(out, body);
	return !out->failed;
}

/* ---- All of it ---- */

static bool write_change(struct editor *e, const json_t *wanted, struct buf *out)
{
	const json_t *content = json_object_get(wanted, "content");
	const bool is_body = e->d->kind == DOCUMENT_ENTRY && !VALUE_GET(e->d->root, "content") && json_is_string(content);
	struct str body = { "", 0 };
	struct buf yaml;
	json_t *rest = json_copy((json_t *)(uintptr_t)wanted);

	if (!rest)
		return false;
	if (is_body) {
		body = (struct str){ json_string_value(content), json_string_length(content) };
		(void)json_object_del(rest, "content");
	}
	edit_root(e, rest);
	json_decref(rest);
	change_body(e, body);
	if (e->d->fenced || body.n == 0)
		return edit_apply(e, out);
	buf_init(&yaml, LIMIT_CONTENT_FILE_BYTES);
	bool good = edit_apply(e, &yaml) && add_fences(buf_str(&yaml), e->newline, body, out);
	buf_done(&yaml);
	return good;
}

static bool reads_as(struct str text, const struct document *d, const json_t *wanted, struct value_problem *reterr)
{
	struct document again;
	struct arena arena;
	arena_init(&arena, 0);
	bool good = document_parse(text, d->kind, &arena, &again, reterr);
	json_t *json = good ? document_json(&again) : NULL;
	if (good && (!json || !json_equal(json, wanted)))
		good = refuse(reterr, "the file cannot be edited in place without changing what it says");
	json_decref(json);
	arena_done(&arena);
	return good;
}

/* One attempt: false with a problem, and nothing in `out`. */
static bool attempt(struct editor *e, const json_t *target, struct buf *out, struct value_problem *reterr)
{
	const size_t start = out->n;
	e->count = 0;
	bool good = write_change(e, target, out)
		|| refuse(reterr, "the file would be larger than 4 MB, or there is not enough memory");
	const struct str written = out->n > start ? (struct str){ out->p + start, out->n - start } : STR("");
	good = good && reads_as(written, e->d, target, reterr);
	if (!good)
		out->n = start;
	return good;
}

bool document_change(const struct document *d, const json_t *wanted, struct buf *out, struct value_problem *reterr)
{
	const char *line = d->text.n > 0 ? memchr(d->text.p, '\n', d->text.n) : NULL;
	struct editor e = {
		.d = d, .yaml = { d->text.p, d->yaml_end },
		.newline = line && line > d->text.p && line[-1] == '\r' ? "\r\n" : "\n",
	};
	json_t *target = as_read(d, wanted);
	if (!target)
		return refuse(reterr, "not enough memory");
	bool good = attempt(&e, target, out, reterr);
	for (unsigned again = 0; !good && !e.failed && !out->failed && again < 2; again++) {
		e.coarse = true;
		e.quoted = again == 1;
		good = attempt(&e, target, out, reterr);
	}
	free(e.splices);
	json_decref(target);
	return good;
}
