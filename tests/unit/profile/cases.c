/* SPDX-License-Identifier: Apache-2.0
 * Cases out of a text file.
 */
#include "cases.h"

#include "../test.h"
#include <stdio.h>
#include <stdlib.h>

#define FILE_MAX (4 * 1024 * 1024)

struct buf cases_load(const char *name)
{
	struct buf text;
	char path[1024], block[4096];
	snprintf(path, sizeof(path), "%s/%s", TEST_FOLDER, name);
	buf_init(&text, FILE_MAX);
	FILE *file = fopen(path, "rb");
	for (size_t got; file && (got = fread(block, 1, sizeof(block), file)) > 0;)
		assert_true(buf_add(&text, block, got));
	if (file)
		fclose(file);
	return text;
}

struct buf cases_load_example(const char *page)
{
	char name[256];
	snprintf(name, sizeof(name), "../../../docs/%s", page);
	struct buf whole = cases_load(name), example;
	struct str rest = buf_str(&whole), line;

	buf_init(&example, FILE_MAX);
	while (str_cut(&rest, '\n', &line) && !str_is(line, "```yaml"))
		;
	while (str_cut(&rest, '\n', &line) && !str_is(line, "```"))
		buf_printf(&example, "%.*s\n", STR_FMT(line));
	buf_done(&whole);
	assert_true(example.n > 0);
	return example;
}

static void write_file(const char *name, struct str text)
{
	char path[1024];
	snprintf(path, sizeof(path), "%s/%s", TEST_FOLDER, name);
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(text.p, 1, text.n, file), text.n);
	assert_int_equal(fclose(file), 0);
}

void cases_golden(const char *name, struct str got)
{
	if (getenv("REMIT_WRITE_EXPECTED")) {
		write_file(name, got);
		return;
	}
	struct buf want = cases_load(name);
	if (!str_eq(buf_str(&want), got))
		fail_msg("%s differs. It should be:\n%.*s", name, STR_FMT(got));
	buf_done(&want);
}

void cases_format(const struct mistakes *m, struct buf *out)
{
	for (size_t i = 0; i < m->count && i < MISTAKES_MAX; i++) {
		const struct mistake *one = &m->list[i];
		if (strcmp(one->file, CASES_FILE) != 0)
			buf_printf(out, "%s:", one->file);
		buf_printf(out, "%u:%u %s", one->line, one->column, one->what);
		if (one->suggestion)
			buf_printf(out, " | %s", one->suggestion);
		buf_add_char(out, '\n');
	}
	if (m->count > MISTAKES_MAX)
		buf_printf(out, "and %zu more\n", m->count - MISTAKES_MAX);
}

/* The lines up to one that starts with `mark`, which stays in *rest. */
static struct str take_until(struct str *rest, const char *mark)
{
	struct str taken = { rest->p, 0 };
	while (rest->n > 0 && !str_starts(*rest, str_of(mark))) {
		const char *end = memchr(rest->p, '\n', rest->n);
		size_t n = end ? (size_t)(end - rest->p) + 1 : rest->n;
		taken.n += n;
		*rest = (struct str){ rest->p + n, rest->n - n };
	}
	return taken;
}

static void run_case(struct str title, struct str text, struct str want, cases_read *read, struct buf *all)
{
	static struct mistakes mistakes;
	struct buf got;

	buf_init(&got, FILE_MAX);
	mistakes_init(&mistakes);
	bool accepted = read(text, &mistakes);
	cases_format(&mistakes, &got);
	if (accepted != (mistakes.count == 0))
		fail_msg(
			"%.*s: accepted %d, but with %zu mistakes", STR_FMT(title), accepted, mistakes.count);
	mistakes_done(&mistakes);
	buf_printf(all, "%.*s%.*s---\n%.*s", STR_FMT(title), STR_FMT(text), STR_FMT(buf_str(&got)));
	if (!getenv("REMIT_WRITE_EXPECTED") && !str_eq(want, buf_str(&got)))
		fail_msg("%.*sexpected:\n%.*sgot:\n%.*s", STR_FMT(title), STR_FMT(want),
			STR_FMT(buf_str(&got)));
	buf_done(&got);
}

void cases_run(const char *name, cases_read *read)
{
	struct buf file = cases_load(name), all;
	struct str rest = buf_str(&file), line;
	size_t count = 0;

	buf_init(&all, FILE_MAX);
	buf_add_str(&all, take_until(&rest, "=== "));
	while (rest.n > 0) {
		struct str title = rest;
		assert_true(str_cut(&rest, '\n', &line));
		title.n = line.n + 1;
		struct str text = take_until(&rest, "---\n");
		assert_true(str_cut(&rest, '\n', &line));
		run_case(title, text, take_until(&rest, "=== "), read, &all);
		count++;
	}
	assert_true(count > 0 && !all.failed);
	if (getenv("REMIT_WRITE_EXPECTED"))
		write_file(name, buf_str(&all));
	buf_done(&all);
	buf_done(&file);
}
