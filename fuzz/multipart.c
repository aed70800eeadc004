/* SPDX-License-Identifier: Apache-2.0
 * Forms: the boundary is the input's first line. What is taken has its data between boundary lines
 * that any reader sees, and, written out again, reads as the same parts.
 */
#include "base/buf.h"
#include "wire/multipart.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition) do { if (!(condition)) abort(); } while (0)

static void write_name(struct buf *out, struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '"')
			buf_add_text(out, "%22");
		else
			buf_add_char(out, name.p[i]);
	}
}

static void write_part(struct buf *out, const struct multipart_part *part, struct str boundary)
{
	buf_printf(out, "--%.*s\r\nContent-Disposition: form-data; name=\"", STR_FMT(boundary));
	write_name(out, part->name);
	buf_add_text(out, "\"");
	if (part->filename.p)
		buf_printf(out, "; filename=\"%.*s\"", STR_FMT(part->filename));
	if (part->content_type.p)
		buf_printf(out, "\r\nContent-Type: %.*s", STR_FMT(part->content_type));
	buf_add_text(out, "\r\n\r\n");
	buf_add_str(out, part->data);
	buf_add_text(out, "\r\n");
}

static bool same_view(struct str a, struct str b)
{
	return !a.p == !b.p && str_eq(a, b);
}

static void require_reads_again(const struct multipart *m, struct str boundary)
{
	struct buf out;
	buf_init(&out, 1 << 20);
	for (size_t i = 0; i < m->count; i++)
		write_part(&out, &m->parts[i], boundary);
	buf_printf(&out, "--%.*s--\r\n", STR_FMT(boundary));
	REQUIRE(!out.failed);
	struct arena arena;
	arena_init(&arena, 0);
	struct multipart again;
	const char *what;
	REQUIRE(multipart_parse(buf_str(&out), boundary, &arena, &again, &what) && again.count == m->count);
	for (size_t i = 0; i < m->count; i++) {
		REQUIRE(same_view(m->parts[i].name, again.parts[i].name));
		REQUIRE(same_view(m->parts[i].filename, again.parts[i].filename));
		REQUIRE(same_view(m->parts[i].content_type, again.parts[i].content_type));
		REQUIRE(same_view(m->parts[i].data, again.parts[i].data));
	}
	arena_done(&arena);
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str body = { (const char *)data, size }, boundary;
	if (size == 0 || size > 64 * 1024 || !str_cut(&body, '\n', &boundary))
		return 0;
	struct arena arena;
	arena_init(&arena, 0);
	struct multipart m;
	const char *what = NULL;
	bool parsed = multipart_parse(body, boundary, &arena, &m, &what);
	REQUIRE(parsed == !what);
	if (parsed) {
		for (size_t i = 0; i < m.count; i++) {
			struct str part = m.parts[i].data;
			REQUIRE(part.p >= body.p && part.p + part.n <= body.p + body.n);
		}
		require_reads_again(&m, boundary);
	}
	arena_done(&arena);
	return 0;
}
