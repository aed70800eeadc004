/* SPDX-License-Identifier: Apache-2.0
 * Tables of text: columns that line up and fit.
 * cli: may include every room.
 */
#include "cli/screen.h"

#include <assert.h>

#define GAP 2        /* spaces between columns */
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

/* Takes from the widest column until it fits, or nothing can be taken. */
static void shrink(size_t *widths, size_t columns, size_t room)
{
	for (;;) {
		size_t total = GAP * (columns - 1), widest = 0;
		for (size_t i = 0; i < columns; i++) {
			total += widths[i];
			if (widths[i] > widths[widest])
				widest = i;
		}
		if (total <= room || widths[widest] <= NARROWEST)
			return;
		size_t over = total - room, spare = widths[widest] - NARROWEST;
		/* one at a time while others are nearly as wide, so that the cut is shared */
		widths[widest] -= over > 1 && spare > 1 ? 1 : (over < spare ? over : spare);
	}
}

static void print_cells(const struct table *table, const char *const *cells, const size_t *widths,
	const struct screen *screen, enum style style)
{
	fputs(style_on(screen, style), screen->file);
	for (size_t i = 0; i < table->columns; i++) {
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
		if (i + 1 < table->columns)
			fprintf(screen->file, "%*s", (int)(widths[i] - width + GAP), "");
	}
	fputs(style_off(screen, style), screen->file);
	fputc('\n', screen->file);
}

void table_print(const struct table *table, const struct screen *screen)
{
	size_t widths[TABLE_COLUMNS_MAX];
	measure(table, widths);
	if (screen->width > 0)
		shrink(widths, table->columns, screen->width);
	if (table->heads)
		print_cells(table, table->heads, widths, screen, STYLE_BOLD);
	for (const struct table_row *row = table->first; row; row = row->next)
		print_cells(table, row->cells, widths, screen, STYLE_PLAIN);
}
