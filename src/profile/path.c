/* SPDX-License-Identifier: Apache-2.0
 * Path templates: "/stories/{id}", "/files/" and a last segment "**" for all below; and the URIs of
 * resources. What the gate's own decoding of a path refuses could never match: it is a mistake here.
 * profile: may include base and core.
 */
#include "profile/draft.h"

#include "base/buf.h"
#include "base/text.h"

#define PATH_MAX_BYTES 2048

static bool is_param_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (!base62_is(c) && c != '_' && c != '-')
			return false;
	}
	return s.n > 0;
}

static bool is_param(struct str segment)
{
	return segment.n > 2 && segment.p[0] == '{' && segment.p[segment.n - 1] == '}'
	       && is_param_name((struct str){ segment.p + 1, segment.n - 2 });
}

/* A path that no request can have, whatever its segments are. NULL where it is fine. */
static const char *find_fault(struct str path)
{
	if (path.n == 0 || path.p[0] != '/')
		return "a path starts with /";
	if (path.n > PATH_MAX_BYTES)
		return "the path is too long";
	if (memmem(path.p, path.n, "//", 2))
		return "\"//\" is refused in every request, so this never matches";
	for (size_t i = 0; i < path.n; i++) {
		unsigned char c = (unsigned char)path.p[i];
		if (c == '%')
			return "write the path decoded, without %";
		if (c <= ' ' || strchr("\\;?#", c))
			return "space, \\, ; ? and # cannot stand in a path";
	}
	return NULL;
}

static const char *find_segment_fault(struct str segment, bool last)
{
	if (str_is(segment, ".") || str_is(segment, ".."))
		return "dot segments are refused in every request, so this never matches";
	if (str_is(segment, "**"))
		return last ? NULL : "\"**\" can only be the last segment";
	if (is_param(segment))
		return NULL;
	if (memchr(segment.p, '{', segment.n) || memchr(segment.p, '}', segment.n))
		return "a parameter is a whole segment: {name}";
	if (memchr(segment.p, '*', segment.n))
		return "\"*\" is no wildcard within a segment: write {name}, or \"**\" at the end";
	if (segment.n > 1 && segment.p[0] == ':')
		return "write a parameter as {name}";
	return NULL;
}

static bool add_param(struct draft *d, const struct node *at, struct str segment, struct draft_template *t)
{
	const char *name = arena_copy(d->r.arena, (struct str){ segment.p + 1, segment.n - 2 });
	if (!name)
		return false;
	if (t->param_count == LIMIT_PATH_PARAMS) {
		reader_mistake(&d->r, at, NULL, "more than %d parameters in a path", LIMIT_PATH_PARAMS);
		return false;
	}
	for (size_t i = 0; i < t->param_count; i++) {
		if (strcmp(t->params[i], name) == 0) {
			reader_mistake(&d->r, at, NULL, "the parameter {%s} stands twice in the path", name);
			return false;
		}
	}
	t->params[t->param_count++] = name;
	return true;
}

static bool take_segment(struct draft *d, const struct node *at, struct str segment, bool last,
	struct draft_template *t, struct buf *shape)
{
	const char *fault = find_segment_fault(segment, last);
	if (fault) {
		reader_mistake(&d->r, at, NULL, "%s: %s", reader_show(&d->r, segment), fault);
		return false;
	}
	buf_add_char(shape, '/');
	if (is_param(segment)) {
		buf_add_text(shape, "{}");
		return add_param(d, at, segment, t);
	}
	return buf_add_str(shape, segment);
}

bool draft_read_path(struct draft *d, const struct node *at, struct str path, struct draft_template *ret)
{
	struct draft_template t = { 0 };
	struct buf shape;
	struct str segment, rest;
	size_t segments = d->base_segments;
	bool ok = true;

	const char *fault = find_fault(path);
	if (fault) {
		reader_mistake(
			&d->r, at, NULL, "the path %s can never match: %s", reader_show(&d->r, path), fault);
		return false;
	}
	buf_init(&shape, PATH_MAX_BYTES + 1);
	rest = (struct str){ path.p + 1, path.n - 1 };
	for (bool more = true; more && ok; segments++) {
		more = str_cut(&rest, '/', &segment);
		ok = take_segment(d, at, segment, !more, &t, &shape);
	}
	if (ok && segments > LIMIT_PATH_SEGMENTS) {
		reader_mistake(&d->r, at, NULL, "a path of more than %d segments", LIMIT_PATH_SEGMENTS);
		ok = false;
	}
	t.shape = arena_copy(d->r.arena, buf_str(&shape));
	ok = ok && !shape.failed && t.shape;
	buf_done(&shape);
	if (ok)
		*ret = t;
	return ok;
}

const char *profile_path_fault(struct str path, size_t base_segments, struct arena *arena)
{
	static const struct node nowhere;
	struct mistakes mistakes;
	struct draft_template template;
	const char *fault = NULL;

	mistakes_init(&mistakes);
	struct draft d = { .r = { arena, &mistakes, "" }, .base_segments = base_segments };
	if (!draft_read_path(&d, &nowhere, path, &template)) {
		const char *what = mistakes.count > 0 ? mistakes.list[0].what : "there is no memory";
		fault = arena_copy(arena, str_of(what));
		fault = fault ? fault : "there is no memory";
	}
	mistakes_done(&mistakes);
	return fault;
}

/* ---- Resources ---- */

bool draft_read_uri(struct draft *d, const struct node *at, struct str uri, const char **ret_shape)
{
	struct buf shape;
	struct str segment, rest = uri;
	bool any = str_is(uri, "*"), ok = uri.n > 0 && uri.n <= PATH_MAX_BYTES;

	buf_init(&shape, PATH_MAX_BYTES + 1);
	for (size_t i = 0; i < uri.n; i++)
		ok = ok && (unsigned char)uri.p[i] > ' ' && (unsigned char)uri.p[i] < 0x7f;
	for (bool more = true; more && ok;) {
		more = str_cut(&rest, '/', &segment);
		bool braces = memchr(segment.p, '{', segment.n) || memchr(segment.p, '}', segment.n);
		ok = braces ? is_param(segment) : any || !memchr(segment.p, '*', segment.n);
		buf_add_str(&shape, braces ? STR("{}") : segment);
		if (more)
			buf_add_char(&shape, '/');
	}
	if (!ok)
		reader_mistake(&d->r, at, "as in notes://{id}, or \"*\"",
			"%s is no URI in which each {parameter} is a whole segment", reader_show(&d->r, uri));
	const char *text = ok ? arena_copy(d->r.arena, buf_str(&shape)) : NULL;
	buf_done(&shape);
	if (text)
		*ret_shape = text;
	return text != NULL;
}
