/* SPDX-License-Identifier: Apache-2.0
 * Tables of text: columns that line up and fit.
 * cli: may include every room.
 */
#include "cli/screen.h"

#include <assert.h>

#define GAP 2        /* spaces between columns */
#define READABLE 16  /* a column goes rather than that the others are cut below this */
#define NARROWEST 8  /* no column is cut below this */

struct table_row {
	struct table_row *next;
	const char *cells[TABLE_COLUMNS_MAX];
};

void table_init(struct table *table, struct arena *arena, const char *const *heads, size_t columns)
{
	assert(columns > 0 && columns <= TABLE_COLUMNS_MAX);
	*table = (struct table){ .arena = arena, .heads = heads, .columns = columns };
	table->end = &table->first;
}

void table_add(struct table *table, const char *const *cells)
{
	struct table_row *row = ARENA_NEW(table->arena, struct table_row);
	for (size_t i = 0; row && i < table->columns; i++) {
		row->cells[i] = text_printable(str_of(cells[i] && *cells[i] ? cells[i] : "-"), table->arena);
		if (!row->cells[i])
			row = NULL;
	}
	if (!row) {
		table->failed = true;
		return;
	}
	*table->end = row;
	table->end = &row->next;
	table->count++;
}

static void measure(const struct table *table, size_t *ret_widths)
{
	for (size_t i = 0; i < table->columns; i++) {
		ret_widths[i] = table->heads ? text_width(str_of(table->heads[i])) : 0;
		for (const struct table_row *row = table->first; row; row = row->next) {
			size_t width = text_width(str_of(row->cells[i]));
			if (width > ret_widths[i])
				ret_widths[i] = width;
		}
	}
}

/* An id is for copying: it is shown whole. */
static bool is_whole(const struct table *table, size_t column)
{
	return table->heads && strcmp(table->heads[column], "ID") == 0;
}

/* What the columns take that are shown (those of width 0 are not), none but the whole ones wider than
 * `most`. */
static size_t total_width(const struct table *table, const size_t *widths, size_t most)
{
	size_t total = 0;
	for (size_t i = 0; i < table->columns; i++)
		if (widths[i] > 0)
			total += GAP + (widths[i] < most || is_whole(table, i) ? widths[i] : most);
	return total > 0 ? total - GAP : 0;
}

/* Hides the spare columns, one by one, until the others can be read. */
static void hide(const struct table *table, size_t *widths, size_t room)
{
	for (const uint8_t *spare = table->spare; spare && *spare; spare++)
		if (total_width(table, widths, READABLE) > room)
			widths[*spare] = 0;
}

/* Takes one from the widest column until it fits, or nothing can be taken: so the cut is shared. */
static void shrink(const struct table *table, size_t *widths, size_t room)
{
	for (size_t over = total_width(table, widths, SIZE_MAX); over > room; over--) {
		size_t widest = table->columns;
		for (size_t i = 0; i < table->columns; i++)
			if (!is_whole(table, i) && (widest == table->columns || widths[i] > widths[widest]))
				widest = i;
		if (widest == table->columns || widths[widest] <= NARROWEST)
			return;
		widths[widest]--;
	}
}

static void print_cells(const struct table *table, const char *const *cells, const size_t *widths,
	const struct screen *screen, enum style style)
{
	size_t last = table->columns - 1;
	while (last > 0 && widths[last] == 0)
		last--;
	fputs(style_on(screen, style), screen->file);
	for (size_t i = 0; i <= last; i++) {
		if (widths[i] == 0)
			continue;
		struct str cell = str_of(cells[i]);
		size_t width = text_width(cell);
		bool cut = width > widths[i];
		if (cut) {
			cell = text_cut(cell, widths[i] - 1);
			width = text_width(cell) + 1;
		}
		fwrite(cell.p, 1, cell.n, screen->file);
		if (cut)
			fputs("…", screen->file);
		if (i < last)
			fprintf(screen->file, "%*s", (int)(widths[i] - width + GAP), "");
	}
	fputs(style_off(screen, style), screen->file);
	fputc('\n', screen->file);
}

/* So that nobody takes a table for the whole. */
static void tell_hidden(const struct table *table, const size_t *widths, const struct screen *screen)
{
	size_t count = 0;
	for (size_t i = 0; i < table->columns; i++) {
		if (widths[i] > 0)
			continue;
		if (count++ == 0)
			fprintf(screen->file, "%snot shown here: ", style_on(screen, STYLE_DIM));
		fprintf(screen->file, "%s%s", count > 1 ? ", " : "", table->heads[i]);
	}
	if (count > 0)
		fprintf(screen->file, "%s\n", style_off(screen, STYLE_DIM));
}

void table_print(const struct table *table, const struct screen *screen)
{
	size_t widths[TABLE_COLUMNS_MAX];
	measure(table, widths);
	if (screen->width > 0) {
		hide(table, widths, screen->width);
		shrink(table, widths, screen->width);
	}
	if (table->heads)
		print_cells(table, table->heads, widths, screen, STYLE_BOLD);
	for (const struct table_row *row = table->first; row; row = row->next)
		print_cells(table, row->cells, widths, screen, STYLE_PLAIN);
	if (table->heads)
		tell_hidden(table, widths, screen);
}
