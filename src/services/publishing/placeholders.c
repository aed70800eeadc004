/* SPDX-License-Identifier: Apache-2.0
 * Placeholders of templates.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/placeholders.h"

#include "base/buf.h"
#include "base/text.h"

#define FILLED_MAX (1024 * 1024)

bool next_placeholder(struct str *rest, struct str *ret_before, struct str *ret_name)
{
	struct str all = *rest;

	for (size_t at = 0; at + 4 < all.n; at++) {
		size_t n = 0, start = at + 2;
		if (all.p[at] != '{' || all.p[at + 1] != '{')
			continue;
		while (start + n < all.n && (all.p[start + n] == '_' || base62_is(all.p[start + n])))
			n++;
		if (n == 0 || n > PLACEHOLDER_NAME_MAX || all.n - start - n < 2 ||
			memcmp(all.p + start + n, "}}", 2) != 0)
			continue;
		if (ret_before)
			*ret_before = (struct str){ all.p, at };
		*ret_name = (struct str){ all.p + start, n };
		*rest = (struct str){ all.p + start + n + 2, all.n - start - n - 2 };
		return true;
	}
	if (ret_before)
		*ret_before = all;
	*rest = (struct str){ NULL, 0 };
	return false;
}

static void add_value(
	struct buf *out, struct str name, const struct placeholder *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_is(name, values[i].name)) {
			buf_add_str(out, values[i].value);
			return;
		}
	buf_add_text(out, "{{");
	buf_add_str(out, name);
	buf_add_text(out, "}}");
}

/* The first so many characters. */
static struct str cut(struct str text, size_t chars_max)
{
	size_t n = 0;
	for (size_t chars = 0; n < text.n && chars < chars_max; chars++) {
		size_t step = utf8_next((struct str){ text.p + n, text.n - n });
		n += step > 0 ? step : 1;
	}
	return (struct str){ text.p, n };
}

struct str fill_placeholders(struct str body, const struct placeholder *values, size_t count, size_t chars_max,
	struct arena *arena)
{
	struct str before, name;
	struct buf out;

	buf_init(&out, FILLED_MAX);
	buf_reserve(&out, body.n + 1);
	while (next_placeholder(&body, &before, &name)) {
		buf_add_str(&out, before);
		add_value(&out, name, values, count);
	}
	buf_add_str(&out, before);
	struct str filled = out.failed ? (struct str){ NULL, 0 }
				       : arena_copy_str(arena, cut(buf_str(&out), chars_max));
	buf_done(&out);
	return filled;
}

struct str find_unknown_placeholder(struct str body, const char *const *names, size_t count)
{
	struct str name;

	while (next_placeholder(&body, NULL, &name)) {
		bool known = false;
		for (size_t i = 0; i < count && !known; i++)
			known = str_is(name, names[i]);
		if (!known)
			return name;
	}
	return (struct str){ NULL, 0 };
}
