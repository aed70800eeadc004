/* SPDX-License-Identifier: Apache-2.0
 * multipart/form-data, cut where every reader cuts it, or refused: no preamble, no epilogue, no
 * boundary line that only some would take for one.
 * wire: may include base, and nothing else of ours.
 */
#include "wire/multipart.h"

#include "base/text.h"
#include "wire/http1.h"
#include "wire/http_class.h"

#define PART_HEADERS_MAX 4096
#define BOUNDARY_MAX 70

static bool fail(const char **reterr_what, const char *what)
{
	*reterr_what = what;
	return false;
}

static struct str drop(struct str s, size_t n)
{
	return (struct str){ s.p + n, s.n - n };
}

/* RFC 2046 section 5.1.1, but for the space, which no sender uses and some readers trim. */
static bool boundary_is_valid(struct str boundary)
{
	if (boundary.n == 0 || boundary.n > BOUNDARY_MAX)
		return false;
	for (size_t i = 0; i < boundary.n; i++)
		if (!strchr("'()+_,-./:=?", boundary.p[i]) && !base62_is(boundary.p[i]))
			return false;
	return memchr(boundary.p, '\0', boundary.n) == NULL;
}

/* The next place where `line`, "--boundary", stands at a line's start. *ret_at: where in `body` it
 * does. The CRLF before it belongs to it. */
static bool find_boundary(struct str body, struct str line, size_t *ret_at, const char **reterr_what)
{
	size_t at = 0;
	for (;;) {
		const char *found = memmem(body.p + at, body.n - at, line.p, line.n);
		if (!found)
			return fail(reterr_what, "The last boundary is missing");
		at = (size_t)(found - body.p);
		if (at == 0)
			return fail(reterr_what, "A part without headers");
		if (at >= 2 && found[-1] == '\n' && found[-2] == '\r')
			break;
		if (found[-1] == '\n' || found[-1] == '\r')
			return fail(reterr_what, "A boundary stands behind a bare CR or LF");
		at += line.n;
	}
	*ret_at = at;
	return true;
}

/* %22, as which browsers send a quote in a name, becomes that quote. */
static bool decode_name(struct str raw, struct arena *arena, struct str *ret)
{
	if (raw.n == 0 || !memmem(raw.p, raw.n, "%22", 3)) {
		*ret = raw;
		return true;
	}
	char *text = arena_alloc(arena, raw.n);
	if (!text)
		return false;
	size_t n = 0;
	for (size_t i = 0; i < raw.n; i++) {
		bool quote = raw.n - i >= 3 && memcmp(raw.p + i, "%22", 3) == 0;
		text[n++] = quote ? '"' : raw.p[i];
		i += quote ? 2 : 0;
	}
	*ret = (struct str){ text, n };
	return true;
}

static bool read_disposition(struct str value, struct arena *arena, struct multipart_part *part,
	const char **reterr_what)
{
	struct str name, extended_name, extended;
	/* A disposition has the parameters of a media type, but no slash: it is given one. */
	char *copy = arena_printf(arena, "x/%.*s", STR_FMT(value));
	if (!copy)
		return fail(reterr_what, "No memory for a part");
	struct str as_type = str_of(copy), type;
	if (!http_media_type(as_type, &type) || !str_eq_ignore_case(drop(type, 2), STR("form-data")))
		return fail(reterr_what, "A part's Content-Disposition is not form-data, or not well-formed");
	if (!http_media_parameter(as_type, STR("name"), &name) ||
	    !http_media_parameter(as_type, STR("filename"), &part->filename) ||
	    !http_media_parameter(as_type, STR("name*"), &extended_name) ||
	    !http_media_parameter(as_type, STR("filename*"), &extended))
		return fail(reterr_what, "A part's Content-Disposition holds a parameter twice");
	if (extended.p || extended_name.p)
		return fail(reterr_what, "A part has a name* or filename*");
	if (name.n == 0)
		return fail(reterr_what, "A part has no name");
	if (!utf8_valid(name) || !utf8_valid(part->filename))
		return fail(reterr_what, "A part's name or filename is not UTF-8");
	if (!decode_name(name, arena, &part->name))
		return fail(reterr_what, "No memory for a part");
	return true;
}

/* The transfer encodings that change no byte. */
static bool encoding_is_none(struct str value)
{
	return str_eq_ignore_case(value, STR("binary")) || str_eq_ignore_case(value, STR("8bit")) ||
	       str_eq_ignore_case(value, STR("7bit"));
}

static bool read_header(struct str line, struct arena *arena, struct multipart_part *part,
	const char **reterr_what)
{
	struct str name, value = line;
	if (!str_cut(&value, ':', &name) || !http_is_token(name) || !http_is_text(value))
		return fail(reterr_what, "A part's header is not well-formed");
	value = str_trim(value);
	if (str_eq_ignore_case(name, STR("content-disposition"))) {
		if (part->name.p)
			return fail(reterr_what, "A part has two Content-Dispositions");
		return read_disposition(value, arena, part, reterr_what);
	}
	if (str_eq_ignore_case(name, STR("content-type"))) {
		struct str type;
		if (part->content_type.p || !http_media_type(value, &type))
			return fail(reterr_what, "A part's Content-Type stands twice, or is not well-formed");
		part->content_type = value;
	}
	if (str_eq_ignore_case(name, STR("content-transfer-encoding")) && !encoding_is_none(value))
		return fail(reterr_what, "A part has a transfer encoding");
	return true;
}

/* Header lines up to the empty one; what follows it is the part's data. */
static bool read_part(struct str part_text, struct arena *arena, struct multipart_part *ret,
	const char **reterr_what)
{
	struct multipart_part part = { 0 };
	struct str rest = part_text;
	for (;;) {
		const char *crlf = rest.n > 0 ? memmem(rest.p, rest.n, "\r\n", 2) : NULL;
		size_t n = crlf ? (size_t)(crlf - rest.p) : 0;
		if (!crlf || (size_t)(crlf - part_text.p) > PART_HEADERS_MAX)
			return fail(reterr_what, "A part's headers do not end");
		struct str line = { rest.p, n };
		rest = drop(rest, n + 2);
		if (n == 0)
			break;
		if (!read_header(line, arena, &part, reterr_what))
			return false;
	}
	if (!part.name.p)
		return fail(reterr_what, "A part has no Content-Disposition");
	part.data = rest;
	*ret = part;
	return true;
}

/* What stands behind a boundary: CRLF and another part, or "--" and the end. */
static bool read_boundary_end(struct str *rest, bool *ret_last, const char **reterr_what)
{
	if (str_starts(*rest, STR("\r\n"))) {
		*rest = drop(*rest, 2);
		*ret_last = false;
		return true;
	}
	if (!str_starts(*rest, STR("--")))
		return fail(reterr_what, "A line goes on behind its boundary");
	struct str tail = drop(*rest, 2);
	if (tail.n > 0 && !str_eq(tail, STR("\r\n")))
		return fail(reterr_what, "More bytes behind the last boundary");
	*ret_last = true;
	return true;
}

bool multipart_parse(struct str body, struct str boundary, struct arena *arena, struct multipart *ret,
	const char **reterr_what)
{
	char line_text[2 + BOUNDARY_MAX] = "--";
	if (!boundary_is_valid(boundary))
		return fail(reterr_what, "The boundary is not one");
	memcpy(line_text + 2, boundary.p, boundary.n);
	struct str line = { line_text, 2 + boundary.n };
	if (!str_starts(body, line))
		return fail(reterr_what, "The body does not start with its boundary");
	struct str rest = drop(body, line.n);
	bool last;
	ret->count = 0;
	if (!read_boundary_end(&rest, &last, reterr_what))
		return false;
	while (!last) {
		size_t at;
		if (!find_boundary(rest, line, &at, reterr_what))
			return false;
		if (ret->count == MULTIPART_PARTS_MAX)
			return fail(reterr_what, "Too many parts");
		if (!read_part((struct str){ rest.p, at - 2 }, arena, &ret->parts[ret->count], reterr_what))
			return false;
		ret->count++;
		rest = drop(rest, at + line.n);
		if (!read_boundary_end(&rest, &last, reterr_what))
			return false;
	}
	return true;
}

const struct multipart_part *multipart_get(const struct multipart *m, const char *name, size_t *ret_count)
{
	struct str wanted = str_of(name);
	const struct multipart_part *part = NULL;
	size_t count = 0;
	for (size_t i = 0; i < m->count; i++) {
		if (!str_eq_ignore_case(m->parts[i].name, wanted))
			continue;
		bool exact = str_eq(m->parts[i].name, wanted);
		if (exact && !part)
			part = &m->parts[i];
		count += exact ? 1 : 2;
	}
	if (ret_count)
		*ret_count = count;
	return part;
}
