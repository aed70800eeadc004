/* SPDX-License-Identifier: Apache-2.0
 * Completions for bash, zsh and fish: command words, options, and files where a value is one.
 * cli: may include every room.
 */
#include "cli/pages/pages.h"

#include <string.h>

/* ---- bash ---- */

static void bash_options(FILE *out, const struct cli_option *options)
{
	for (const struct cli_option *o = options; o && o->name; o++)
		fprintf(out, " --%s", o->name);
}

/* Options whose value only a person knows: a pattern of case. They may stand twice in it. */
static void bash_valued(FILE *out)
{
	const char *bar = "";
	for (size_t i = 0; cli_commands[i]; i++)
		for (const struct cli_option *o = cli_commands[i]->options; o && o->name; o++)
			if (o->value && strcmp(o->value, "FILE") != 0) {
				fprintf(out, "%s--%s", bar, o->name);
				bar = "|";
			}
}

void page_bash(FILE *out)
{
	fputs("# SPDX-License-Identifier: Apache-2.0\n"
	      "# bash completion for remit\n"
	      "_remit() {\n"
	      "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} path= word next "
	      "options\n"
	      "    local -A commands=(\n",
		out);
	for (size_t i = 0; cli_commands[i]; i++) {
		fprintf(out, "        [%c%s%c]='", '\'', cli_commands[i]->path, '\'');
		bash_options(out, cli_commands[i]->options);
		bash_options(out, cli_global_options);
		fputs("'\n", out);
	}
	fputs("    )\n"
		"    case $prev in\n"
		"        --config|--compile) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n"
		"        --preset) COMPREPLY=($(compgen -W \"$(remit presets 2>/dev/null |\n"
		"            awk 'NR > 1 { print $2 }')\" -- \"$cur\")); return ;;\n"
		"        ", out);
	bash_valued(out);
	fputs(") COMPREPLY=(); return ;;\n"
		"    esac\n"
		"    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
		"        [[ $word == -* ]] && break\n"
		"        path+=${path:+ }$word\n"
		"    done\n"
		"    while [[ -n $path && -z ${commands[$path]} ]]; do\n"
		"        for next in \"${!commands[@]}\"; do [[ $next == \"$path \"* ]] && break 2; done\n"
		"        [[ $path == *' '* ]] && path=${path% *} || path=\n"
		"    done\n"
		"    if [[ $cur == -* && -n $path ]]; then\n"
		"        COMPREPLY=($(compgen -W \"${commands[$path]}\" -- \"$cur\")); return\n"
		"    fi\n"
		"    for next in \"${!commands[@]}\"; do\n"
		"        [[ -z $path || $next == \"$path \"* ]] || continue\n"
		"        next=${next#\"$path\"}; next=${next# }\n"
		"        options+=\" ${next%% *}\"\n"
		"    done\n"
		"    COMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
		"    [[ -z $options ]] && COMPREPLY=($(compgen -f -- \"$cur\"))\n"
		"}\n"
		"complete -F _remit remit\n", out);
}

/* ---- zsh ---- */

/* Inside single quotes and a [description]. */
static void zsh_text(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", out);
		else if (strchr("[]:\\", *text))
			fprintf(out, "\\%c", *text);
		else
			fputc(*text, out);
	}
}

static void zsh_options(FILE *out, const struct cli_option *options)
{
	for (const struct cli_option *o = options; o && o->name; o++) {
		fprintf(out, " \\\n                '%s--%s[", o->many ? "*" : "", o->name);
		zsh_text(out, o->meaning);
		fputs("]", out);
		if (o->value)
			fprintf(out, ":%s:%s", o->value, strcmp(o->value, "FILE") == 0 ? "_files" : "");
		fputc('\'', out);
	}
}

void page_zsh(FILE *out)
{
	fputs("#compdef remit\n# SPDX-License-Identifier: Apache-2.0\n"
		"_remit() {\n"
		"    local -a commands\n"
		"    local path= word\n"
		"    integer used=1\n"
		"    commands=(\n", out);
	for (size_t i = 0; cli_commands[i]; i++) {
		fprintf(out, "        '%s:", cli_commands[i]->path);
		zsh_text(out, cli_commands[i]->summary);
		fputs("'\n", out);
	}
	fputs("    )\n"
		"    for word in ${words[2,CURRENT-1]}; do\n"
		"        [[ $word == -* ]] && break\n"
		"        path+=${path:+ }$word; (( used++ ))\n"
		"        (( ${commands[(I)$path:*]} )) && break\n"
		"    done\n"
		"    case $path in\n", out);
	for (size_t i = 0; cli_commands[i]; i++) {
		fprintf(out,
			"        '%s')\n            shift $(( used - 1 )) words; (( CURRENT -= used - 1 ))\n "
			"           _arguments",
			cli_commands[i]->path);
		zsh_options(out, cli_commands[i]->options);
		zsh_options(out, cli_global_options);
		fputs(" \\\n                '*::argument:_files' ;;\n", out);
	}
	fputs("        *)\n"
		"            local -a next\n"
		"            local line rest\n"
		"            for line in $commands; do\n"
		"                rest=${line%%:*}\n"
		"                [[ -z $path || $rest == \"$path \"* ]] || continue\n"
		"                rest=${rest#$path}; rest=${rest# }\n"
		"                next+=(\"${rest%% *}:${line#*:}\")\n"
		"            done\n"
		"            _describe command next ;;\n"
		"    esac\n"
		"}\n"
		"_remit \"$@\"\n", out);
}

/* ---- fish ---- */

static void fish_text(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void fish_options(FILE *out, const char *path, const struct cli_option *options)
{
	for (const struct cli_option *o = options; o && o->name; o++) {
		fprintf(out, "complete -c remit -n '__remit_at \"%s\"' -l %s%s -d '", path, o->name,
			!o->value ? "" : strcmp(o->value, "FILE") == 0 ? " -r -F" : " -x");
		fish_text(out, o->meaning);
		fputs("'\n", out);
	}
}

/* The words before the last one, into `ret`. */
static const char *split_path(const char *path, char *ret, size_t room)
{
	const char *last = strrchr(path, ' ');
	snprintf(ret, room, "%.*s", last ? (int)(last - path) : 0, path);
	return last ? last + 1 : path;
}

void page_fish(FILE *out)
{
	char before[100];
	fputs("# SPDX-License-Identifier: Apache-2.0\n# fish completion for remit\n"
		"function __remit_words\n"
		"    set -l words (commandline -opc)\n"
		"    set -e words[1]\n"
		"    string join ' ' -- (string match -v -- '-*' $words)\n"
		"end\n"
		"function __remit_next; test (__remit_words) = \"$argv[1]\"; end\n"
		"function __remit_at; string match -q -- \"$argv[1]*\" (__remit_words); end\n"
		"complete -c remit -f\n", out);
	for (size_t i = 0; cli_commands[i]; i++) {
		const struct cli_command *c = cli_commands[i];
		const char *last = split_path(c->path, before, sizeof(before));
		fprintf(out, "# %s\n", c->path);
		if (*before && !strchr(before, ' '))
			fprintf(out, "complete -c remit -n '__remit_next \"\"' -a %s\n", before);
		else if (*before)
			fprintf(out, "complete -c remit -n '__remit_next \"%.*s\"' -a %s\n",
				(int)(strchr(before, ' ') - before), before, strchr(before, ' ') + 1);
		fprintf(out, "complete -c remit -n '__remit_next \"%s\"' -a %s -d '", before, last);
		fish_text(out, c->summary);
		fputs("'\n", out);
		fish_options(out, c->path, c->options);
		fish_options(out, c->path, cli_global_options);
	}
}
