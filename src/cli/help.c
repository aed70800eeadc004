/* SPDX-License-Identifier: Apache-2.0
 * `remit --help`, `remit token --help`, `remit token create --help`.
 * cli: may include every room.
 */
#include "cli/help.h"

#define TEXT_WIDTH 90 /* longer lines are hard to read */

/* Help is never cut: a terminal wraps it. */
static void print_uncut(const struct table *table, const struct screen *screen)
{
	struct screen wide = *screen;
	wide.width = 0;
	table_print(table, &wide);
}

static void print_commands(const struct screen *screen, const char *group)
{
	struct arena arena;
	struct table table;
	size_t n = group ? strlen(group) : 0;

	arena_init(&arena, 0);
	table_init(&table, &arena, NULL, 2);
	for (size_t i = 0; cli_commands[i]; i++) {
		const struct cli_command *c = cli_commands[i];
		if (group && !(strncmp(c->path, group, n) == 0 && c->path[n] == ' '))
			continue;
		const char *line = arena_printf(&arena, "  remit %s", c->path);
		table_add(&table, (const char *[]){ line, c->summary });
	}
	print_uncut(&table, screen);
	arena_done(&arena);
}

static void add_options(struct table *table, const struct cli_option *options)
{
	for (const struct cli_option *o = options; o && o->name; o++) {
		const char *left = arena_printf(table->arena, "  --%s%s%s%s", o->name, o->value ? " " : "",
			o->value ? o->value : "", o->many ? " ..." : "");
		table_add(table, (const char *[]){ left, o->meaning });
	}
}

/* A command's own, if any, and those of every command. */
static void print_options(const struct screen *screen, const struct cli_option *own)
{
	struct arena arena;
	struct table table;

	arena_init(&arena, 0);
	table_init(&table, &arena, NULL, 2);
	add_options(&table, own);
	add_options(&table, cli_global_options);
	print_uncut(&table, screen);
	arena_done(&arena);
}

static void heading(const struct screen *screen, const char *text)
{
	fprintf(screen->file, "\n%s%s%s\n", style_on(screen, STYLE_BOLD), text,
		style_off(screen, STYLE_BOLD));
}

/* Breaks lines between words; an empty line stays one. */
static void print_wrapped(const struct screen *screen, const char *text)
{
	const size_t width = screen->width > 0 && screen->width < TEXT_WIDTH ? screen->width : TEXT_WIDTH;
	size_t column = 0;

	while (*text) {
		size_t n = strcspn(text, " \n");
		if (column > 0 && column + 1 + n > width) {
			fputc('\n', screen->file);
			column = 0;
		}
		column += (size_t)fprintf(screen->file, "%s%.*s", column > 0 ? " " : "", (int)n, text);
		text += n;
		for (; *text == ' ' || *text == '\n'; text++)
			if (*text == '\n') {
				fputc('\n', screen->file);
				column = 0;
			}
	}
	fputc('\n', screen->file);
}

void help_overview(const struct screen *screen)
{
	fprintf(screen->file,
		"remit " REMIT_VERSION
		": access tokens with a fixed list of scopes, and the gate that honours them.\n");
	heading(screen, "Usage");
	fputs("  remit COMMAND [ARGUMENTS] [OPTIONS]\n", screen->file);
	heading(screen, "Commands");
	print_commands(screen, NULL);
	heading(screen, "Options of every command");
	print_options(screen, NULL);
	fputs("\n`remit --version` prints the version alone.\n", screen->file);
	heading(screen, "To begin");
	fputs("  remit serve\n"
	      "  remit user add you@example.com --admin\n"
	      "  remit token create --user you@example.com --name laptop --preset read-only\n\n"
	      "`remit COMMAND --help` tells more of a command, with examples; `man remit` tells all.\n",
		screen->file);
}

void help_group(const struct screen *screen, const char *words)
{
	fprintf(screen->file, "remit %s needs one more word:\n\n", words);
	print_commands(screen, words);
	fprintf(screen->file, "\n`remit %s ... --help` tells more, with examples.\n", words);
}

void help_command(const struct screen *screen, const struct cli_command *c)
{
	fprintf(screen->file, "remit %s: %s.\n", c->path, c->summary);
	heading(screen, "Usage");
	fprintf(screen->file, "  remit %s%s%s", c->path, *c->arguments ? " " : "", c->arguments);
	for (const struct cli_option *o = c->options; o && o->name; o++)
		if (o->required)
			fprintf(screen->file, " --%s %s", o->name, o->value);
	fputs(" [OPTIONS]\n", screen->file);
	if (c->details) {
		fputc('\n', screen->file);
		print_wrapped(screen, c->details);
	}
	heading(screen, "Options");
	print_options(screen, c->options);
	heading(screen, "Examples");
	for (const struct cli_example *e = c->examples; e->line; e++)
		fprintf(screen->file, "  %s# %s%s\n  %s\n", style_on(screen, STYLE_DIM), e->meaning,
			style_off(screen, STYLE_DIM), e->line);
}
