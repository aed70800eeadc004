/* SPDX-License-Identifier: Apache-2.0
 * The list of mistakes, and what to suggest for a name that is nearly right.
 * profile: may include base and core.
 */
#include "profile/mistakes.h"

#include <assert.h>
#include <stdio.h>

#define WHAT_ROOM 512
#define DISTANCE_MAX 3 /* edits beyond which two names are no longer similar */
#define MEMORY_MAX (1024 * 1024)

void mistakes_init(struct mistakes *m)
{
	m->count = 0;
	arena_init(&m->arena, MEMORY_MAX);
}

void mistakes_done(struct mistakes *m)
{
	arena_done(&m->arena);
	m->count = 0;
}

/* A copy, or where there is no memory a constant that still says something. */
static const char *keep(struct mistakes *m, const char *text, const char *otherwise)
{
	const char *copy = arena_copy(&m->arena, str_of(text));
	return copy ? copy : otherwise;
}

/* Most mistakes of one run are of one file: its name is kept once. */
static const char *keep_file(struct mistakes *m, const char *file)
{
	if (m->count > 0 && strcmp(m->list[m->count - 1].file, file) == 0)
		return m->list[m->count - 1].file;
	return keep(m, file, "(no memory for its name)");
}

void mistakes_add(struct mistakes *m, const char *file, unsigned line, unsigned column,
	const char *suggestion, const char *format, ...)
{
	char what[WHAT_ROOM];
	va_list args;

	assert(file && format);
	if (m->count >= MISTAKES_MAX) {
		m->count++;
		return;
	}
	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	m->list[m->count] = (struct mistake){
		.file = keep_file(m, file),
		.line = line,
		.column = column,
		.what = keep(m, what, "a mistake (no memory to say which)"),
		.suggestion = suggestion ? keep(m, suggestion, NULL) : NULL,
	};
	m->count++;
}

const char *mistakes_suggest(struct mistakes *m, struct str name, const char *const *known, size_t count)
{
	const char *best = NULL;
	unsigned limit = name.n < 3 ? 1 : name.n < 6 ? 2 : DISTANCE_MAX;

	if (m->count >= MISTAKES_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		unsigned distance = str_distance(name, str_of(known[i]), limit);
		/* All letters changed is another name, however short. */
		if (distance > limit || distance >= name.n)
			continue;
		best = known[i];
		if (distance == 0)
			break;
		limit = distance - 1;
	}
	return best ? arena_printf(&m->arena, "did you mean \"%s\"?", best) : NULL;
}

bool mistakes_repeats(const struct mistakes *m, size_t index)
{
	const struct mistake *one = &m->list[index];
	for (size_t i = 0; i < index; i++) {
		const struct mistake *other = &m->list[i];
		if (other->line == one->line && other->column == one->column &&
			strcmp(other->file, one->file) == 0 && strcmp(other->what, one->what) == 0)
			return true;
	}
	return false;
}

/* Insertion keeps the order of those in one place; there are at most MISTAKES_MAX. */
void mistakes_sort(struct mistakes *m, size_t from)
{
	size_t end = m->count < MISTAKES_MAX ? m->count : MISTAKES_MAX;
	for (size_t i = from + 1; i < end; i++) {
		struct mistake one = m->list[i];
		size_t at = i;
		for (; at > from; at--) {
			const struct mistake *before = &m->list[at - 1];
			if (before->line < one.line
				|| (before->line == one.line && before->column <= one.column))
				break;
			m->list[at] = *before;
		}
		m->list[at] = one;
	}
}
