/* SPDX-License-Identifier: Apache-2.0
 * remit(1), in mdoc.
 * cli: may include every room.
 */
#include "cli/pages/pages.h"

#include <string.h>

#define LINE_WIDTH 70 /* before escapes */

/* Text that mdoc reads as it stands. */
static void put_text(FILE *out, const char *text)
{
	bool at_start = true;
	for (; *text; text++) {
		if (at_start && (*text == '.' || *text == '\''))
			fputs("\\&", out);
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else if (*text == '`')
			fputs("\\(ga", out);
		else if (*text == '\'')
			fputs("\\(aq", out);
		else if (*text == '~')
			fputs("\\(ti", out);
		else if (*text == '"')
			fputs("\\(dq", out);
		else if (*text == '^')
			fputs("\\(ha", out);
		else
			fputc(*text, out);
		at_start = *text == '\n';
	}
}

/* One word, or the rest of a line of an example. */
static void put_part(FILE *out, const char *text, size_t n)
{
	char part[512];
	snprintf(part, sizeof(part), "%.*s", (int)n, text);
	put_text(out, part);
}

/* Paragraphs with an empty line between. Lines are broken between words, so that no man page has
 * long ones, and after each sentence, as mdoc wants it. */
static void put_paragraphs(FILE *out, const char *text)
{
	size_t column = 0;
	while (*text) {
		size_t n = strcspn(text, " \n");
		const bool ends = n > 0 && strchr(".;", text[n - 1]);
		if (column > 0 && column + 1 + n > LINE_WIDTH) {
			fputc('\n', out);
			column = 0;
		}
		if (column > 0)
			fputc(' ', out);
		put_part(out, text, n);
		column += n + 1;
		text += n;
		if (strncmp(text, "\n\n", 2) == 0)
			fputs("\n.Pp\n", out);
		else if (ends)
			fputc('\n', out);
		if (*text == '\n' || ends)
			column = 0;
		text += strspn(text, " \n");
	}
	if (column > 0)
		fputc('\n', out);
}

static void put_option(FILE *out, const struct cli_option *o)
{
	fprintf(out, ".It Fl \\-");
	put_text(out, o->name);
	if (o->value)
		fprintf(out, " Ar %s", o->value);
	fputc('\n', out);
	char text[512];
	snprintf(text, sizeof(text), "%s%s%s.", o->meaning, o->required ? " (required)" : "",
		o->many ? " (may stand more than once)" : "");
	put_paragraphs(out, text);
}

static void put_options(FILE *out, const struct cli_option *options)
{
	if (!options || !options->name)
		return;
	fputs(".Bl -tag -width Ds\n", out);
	for (const struct cli_option *o = options; o->name; o++)
		put_option(out, o);
	fputs(".El\n", out);
}

static void put_command(FILE *out, const struct cli_command *c)
{
	fputs(".Ss ", out);
	put_text(out, c->path);
	fputs("\n.Nm\n.Cm ", out);
	put_text(out, c->path);
	if (*c->arguments) {
		fputs("\n.Ar ", out);
		for (const char *p = c->arguments; *p; p++) /* a bar is punctuation to a macro */
			if (*p == '|')
				fputs("\\&|", out);
			else
				put_text(out, (const char[]){ *p, '\0' });
	}
	fputs("\n.Pp\n", out);
	fprintf(out, "%c", c->summary[0] >= 'a' && c->summary[0] <= 'z' ? c->summary[0] - 32 : c->summary[0]);
	put_text(out, c->summary + 1);
	fputs(".\n", out);
	if (c->details)
		put_paragraphs(out, c->details);
	put_options(out, c->options);
	for (const struct cli_example *e = c->examples; e->line; e++) {
		fputs(".Pp\nExample, ", out);
		put_text(out, e->meaning);
		fputs(":\n.Dl ", out);
		put_text(out, e->line);
		fputc('\n', out);
	}
}

static void put_head(FILE *out)
{
	fputs(".\\\" SPDX-License-Identifier: Apache-2.0\n"
		".Dd November 22, 2026\n.Dt REMIT 1\n.Os\n"
		".Sh NAME\n.Nm remit\n.Nd scoped access tokens, and the gate that honours them\n"
		".Sh SYNOPSIS\n.Nm\n.Ar command\n.Op Ar arguments\n.Op Ar options\n"
		".Nm\n.Fl \\-version\n"
		".Sh DESCRIPTION\n.Nm\n"
		"makes access tokens that carry a fixed list of scopes,\n"
		"and lets a request through only when its token covers it.\n"
		"Results go to standard output, messages to standard error.\n"
		"Secrets are read from standard input and never from arguments.\n"
		".Pp\nEvery command takes:\n", out);
	put_options(out, cli_global_options);
	fputs(".Sh COMMANDS\n", out);
}

static void put_tail(FILE *out)
{
	fputs(".Sh ENVIRONMENT\n.Bl -tag -width Ds\n"
	      ".It Ev REMIT_CONFIG\nThe configuration file, where\n.Fl \\-config\nis not given.\n"
	      ".It Ev REMIT_LISTEN , REMIT_PUBLIC_URL , REMIT_STORE No ...\n"
	      "Stand in for the scalar of that name at the top of the configuration.\n"
	      ".It Ev NO_COLOR\nWhere it is set and not empty, nothing is coloured.\n.El\n"
	      ".Sh FILES\n.Bl -tag -width Ds\n"
	      ".It Pa ./remit.yaml , /etc/remit/remit.yaml\nThe configuration, looked for in this "
	      "order.\n.El\n"
	      ".Sh EXIT STATUS\n.Bl -tag -width Ds -compact\n"
	      ".It 0\nDone.\n.It 1\nRefused, or not found.\n.It 2\nWrong usage.\n"
	      ".It 3\nThe configuration has mistakes.\n.It 4\nThe store cannot be reached.\n.El\n",
		out);
}

void page_man(FILE *out)
{
	put_head(out);
	for (size_t i = 0; cli_commands[i]; i++)
		put_command(out, cli_commands[i]);
	put_tail(out);
}
