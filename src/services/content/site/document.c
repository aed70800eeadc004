/* SPDX-License-Identifier: Apache-2.0
 * Reading a file of a site, and writing a new one. Where the YAML of an entry ends is told as Statamic tells it: at
 * the first line that starts with three dashes; white space at the start of the body is nobody's.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/content/site/document.h"

#include "base/limits.h"
#include "base/text.h"
#include <stdio.h>

#define FENCE STR("---")

static bool refuse(struct value_problem *reterr, const char *what)
{
	*reterr = (struct value_problem){ 0 };
	snprintf(reterr->text, sizeof(reterr->text), "%s", what);
	return false;
}

static struct str trim_start(struct str s)
{
	while (s.n > 0 && (*s.p == ' ' || (*s.p >= '\t' && *s.p <= '\r' && *s.p != '\f')))
		s = (struct str){ s.p + 1, s.n - 1 };
	return s;
}

/* Finds the second fence. False where there is none. */
static bool find_body(struct document *d)
{
	const struct str text = d->text;
	const char *found = text.n > 0 ? memmem(text.p, text.n, "\n---", 4) : NULL;
	if (!found)
		return false;
	size_t at = (size_t)(found - text.p);
	d->fenced = true;
	d->yaml_end = at + 1;
	at += 4;
	while (at < text.n && (text.p[at] == ' ' || text.p[at] == '\t'))
		at++;
	if (at < text.n && text.p[at] == '\r')
		at++;
	if (at < text.n && text.p[at] == '\n')
		at++;
	d->body = at;
	d->content = trim_start((struct str){ text.p + at, text.n - at });
	return true;
}

bool document_parse(struct str text, enum document_kind kind, struct arena *arena, struct document *ret,
	struct value_problem *reterr)
{
	*ret = (struct document){ .kind = kind, .text = text, .yaml_end = text.n, .body = text.n, .arena = arena };
	if (text.n > LIMIT_CONTENT_FILE_BYTES)
		return refuse(reterr, "the file is larger than 4 MB");
	if (text.n > 0 && memchr(text.p, '\0', text.n))
		return refuse(reterr, "the file holds a NUL character");
	if (!utf8_valid(text))
		return refuse(reterr, "the file is not UTF-8");
	if (kind == DOCUMENT_ENTRY && str_starts(text, FENCE) && !find_body(ret))
		return refuse(reterr, "the front matter has no end (\"---\")");
	ret->root = value_read((struct str){ text.p, ret->yaml_end }, arena, reterr);
	if (!ret->root)
		return false;
	if (ret->root->kind == VALUE_LIST && ret->root->count == 0)
		ret->root->kind = VALUE_MAP;
	if (ret->root->kind != VALUE_MAP)
		return refuse(reterr, "the file holds no map of keys and values");
	if (ret->content.n > 0 && VALUE_GET(ret->root, "content"))
		return refuse(reterr, "the front matter has a key \"content\" while there is a body");
	return true;
}

json_t *document_json(const struct document *d)
{
	json_t *json = value_to_json(d->root);
	if (json && d->content.n > 0
		&& json_object_set_new_nocheck(json, "content", json_stringn_nocheck(d->content.p, d->content.n)) != 0) {
		json_decref(json);
		return NULL;
	}
	return json;
}

bool document_make(const json_t *wanted, enum document_kind kind, struct buf *out, struct value_problem *reterr)
{
	const json_t *content = kind == DOCUMENT_ENTRY ? json_object_get(wanted, "content") : NULL;
	json_t *yaml = json_copy((json_t *)(uintptr_t)wanted);
	struct buf members;
	if (!yaml)
		return refuse(reterr, "not enough memory");
	if (json_is_string(content))
		(void)json_object_del(yaml, "content");
	buf_init(&members, LIMIT_CONTENT_FILE_BYTES);
	const struct value_writer w = { .out = &members, .newline = "\n" };
	if (json_object_size(yaml) > 0)
		value_write_members(&w, yaml, 0);
	else
		buf_add_text(&members, "\n{}");
	json_decref(yaml);
	buf_add_text(out, kind == DOCUMENT_ENTRY ? "---\n" : "");
	if (members.n > 0)
		buf_add(out, members.p + 1, members.n - 1);
	buf_add_text(out, kind == DOCUMENT_ENTRY ? "\n---\n" : "\n");
	if (json_is_string(content))
		buf_add_str(out, trim_start((struct str){ json_string_value(content), json_string_length(content) }));
	bool good = !members.failed && !out->failed;
	buf_done(&members);
	return good || refuse(reterr, "the file would be larger than 4 MB, or there is not enough memory");
}
