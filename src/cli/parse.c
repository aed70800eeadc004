/* SPDX-License-Identifier: Apache-2.0
 * From argv to a command, its arguments and options. Nothing is guessed: what is not understood is
 * refused, with the name that was probably meant.
 * cli: may include every room.
 */
#include "cli/command.h"
#include "cli/help.h"

#include "authority/nearest.h"
#include "base/text.h"
#include <assert.h>

#define WORDS_MAX 3 /* of a command's path */

/* Whether a text holds what looks like a token: a prefix, a kind, and a good many characters. */
static bool holds_token(const char *text)
{
	static const char *const kinds[] = { "_pat_", "_oat_", "_ort_" };
	for (size_t i = 0; i < 3; i++) {
		const char *at = strstr(text, kinds[i]);
		for (; at; at = strstr(at + 1, kinds[i])) {
			size_t n = 0;
			while (base62_is(at[5 + n]))
				n++;
			if (at > text && n >= 20)
				return true;
		}
	}
	return false;
}

static enum cli_exit refuse_secrets(struct cli *cli, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (holds_token(argv[i]))
			return cli_fail(cli, CLI_USAGE,
				"argument %d looks like a token, and arguments can be seen by every user of "
				"this "
				"machine.\nGive it on stdin (--token-stdin, or `remit token check`), and "
				"revoke that one: "
				"`remit token revoke ID`.",
				i);
	return CLI_DONE;
}

static const char *value_of(const char *argument, const char *name)
{
	size_t n = strlen(name);
	return strncmp(argument, name, n) == 0 && argument[n] == '=' ? argument + n + 1 : NULL;
}

/* Reads one that every command takes; *i moves past its value. */
static bool take_global(struct cli *cli, int argc, char **argv, int *i, enum cli_exit *ret_status)
{
	const char *argument = argv[*i], *value;

	*ret_status = CLI_DONE;
	if (strcmp(argument, "--json") == 0) {
		cli->json = true;
	} else if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) {
		cli->help = true;
	} else if (strcmp(argument, "--config") == 0) {
		if (*i + 1 >= argc)
			*ret_status = cli_misused(cli, "--config needs a FILE.");
		else
			cli->config_path = argv[++*i];
	} else if ((value = value_of(argument, "--config"))) {
		cli->config_path = value;
	} else {
		return false;
	}
	return true;
}

static const char *option_at(const void *ctx, size_t index)
{
	const struct cli_command *command = ctx;
	size_t own = 0;
	while (command->options && command->options[own].name)
		own++;
	return index < own ? command->options[index].name : cli_global_options[index - own].name;
}

static const struct cli_option *option_find(const struct cli_command *command, struct str name)
{
	for (const struct cli_option *o = command->options; o && o->name; o++)
		if (str_is(name, o->name))
			return o;
	return NULL;
}

static enum cli_exit unknown_option(struct cli *cli, struct str name)
{
	char *text = arena_copy(&cli->arena, name);
	const char *nearest = text ? name_nearest(text, option_at, cli->command) : NULL;
	const char *shown = text_printable(name, &cli->arena);
	if (nearest)
		return cli_misused(cli, "there is no option --%.60s; did you mean --%s?", shown ? shown : "",
			nearest);
	return cli_misused(cli, "there is no option --%.60s.", shown ? shown : "");
}

static enum cli_exit take_option(struct cli *cli, int argc, char **argv, int *i)
{
	struct str value = str_of(argv[*i] + 2), name;
	bool has_value = str_cut(&value, '=', &name);
	const struct cli_option *option = option_find(cli->command, name);
	const char *text = has_value ? value.p : NULL;

	if (!option)
		return unknown_option(cli, name);
	if (!option->value && has_value)
		return cli_misused(cli, "--%s takes no value.", option->name);
	if (option->value && !has_value) {
		if (*i + 1 >= argc)
			return cli_misused(cli, "--%s needs a value: %s.", option->name, option->value);
		text = argv[++*i];
	}
	for (size_t k = 0; !option->many && k < cli->given_count; k++)
		if (cli->given[k].option == option)
			return cli_misused(cli, "--%s stands twice.", option->name);
	if (cli->given_count == CLI_GIVEN_MAX)
		return cli_misused(cli, "there are more than %d options.", CLI_GIVEN_MAX);
	cli->given[cli->given_count++] = (struct cli_given){ option, text };
	return CLI_DONE;
}

static enum cli_exit check_complete(struct cli *cli)
{
	const struct cli_command *command = cli->command;
	if (cli->arg_count < command->args_min)
		return cli_misused(cli, "%s is missing: remit %s %s",
			cli->arg_count == 0 ? "an argument" : "another argument", command->path,
			command->arguments);
	for (const struct cli_option *o = command->options; o && o->name; o++)
		if (o->required && !cli_value(cli, o->name))
			return cli_misused(cli, "--%s %s is missing: %s.", o->name, o->value, o->meaning);
	return CLI_DONE;
}

static enum cli_exit parse_rest(struct cli *cli, int argc, char **argv, int from)
{
	bool options = true;
	enum cli_exit status = CLI_DONE;

	for (int i = from; i < argc && status == CLI_DONE; i++) {
		const char *argument = argv[i];
		if (options && strcmp(argument, "--") == 0) {
			options = false;
		} else if (options && take_global(cli, argc, argv, &i, &status)) {
			continue;
		} else if (options && strncmp(argument, "--", 2) == 0) {
			status = take_option(cli, argc, argv, &i);
		} else if (options && argument[0] == '-' && argument[1]) {
			status = cli_misused(cli, "options are written out, as in --%s.",
				cli_global_options[0].name);
		} else if (cli->arg_count >= cli->command->args_max) {
			/* not repeated: it may be a secret */
			status = cli_misused(cli, "there is one argument too many.");
		} else {
			cli->args[cli->arg_count++] = argument;
		}
	}
	if (status == CLI_DONE && !cli->help)
		status = check_complete(cli);
	return status;
}


/* Joins the first words with one space: "token create". */
static void join(char **words, size_t count, char *ret, size_t room)
{
	size_t n = 0;
	ret[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		int more = snprintf(ret + n, room - n, "%s%s", i > 0 ? " " : "", words[i]);
		if (more < 0 || (size_t)more >= room - n)
			return;
		n += (size_t)more;
	}
}

/* The longest path that the first words make. *ret_used tells how many. */
static const struct cli_command *match(char **words, size_t count, size_t *ret_used)
{
	char path[100];
	for (size_t n = count; n > 0; n--) {
		join(words, n, path, sizeof(path));
		const struct cli_command *command = command_find(path);
		if (command) {
			*ret_used = n;
			return command;
		}
	}
	return NULL;
}

struct candidates { /* the first so many words of each path; "" where it has fewer */
	struct arena *arena;
	size_t words;
};

static const char *candidate_at(const void *ctx, size_t index)
{
	const struct candidates *c = ctx;
	const char *path = cli_commands[index] ? cli_commands[index]->path : NULL, *end = path;

	if (!path)
		return NULL;
	for (size_t i = 0; i < c->words; i++) {
		if (i > 0 && *end++ != ' ')
			return "";
		end += strcspn(end, " ");
	}
	return arena_printf(c->arena, "%.*s", (int)(end - path), path);
}

/* The longest beginning that is like a command or a group decides. What is like nothing is repeated no
 * further than the first word that is wrong. */
static enum cli_exit no_such_command(struct cli *cli, char **words, size_t count)
{
	char path[100];
	size_t known = 0;

	for (struct candidates c = { &cli->arena, count }; c.words > 0; c.words--) {
		join(words, c.words, path, sizeof(path));
		const char *nearest = name_nearest(path, candidate_at, &c);
		if (command_is_group(path)) {
			known = c.words;
			break;
		}
		const char *shown = text_printable(str_of(path), &cli->arena);
		if (nearest)
			return cli_fail(cli, CLI_USAGE,
				"there is no command \"%.60s\"; did you mean `remit %s`?",
				shown ? shown : "", nearest);
	}
	join(words, known < count ? known + 1 : count, path, sizeof(path));
	const char *shown = text_printable(str_of(path), &cli->arena);
	join(words, known, path, sizeof(path));
	return cli_fail(cli, CLI_USAGE, "there is no command \"%.60s\". `remit %s%s--help` lists them.",
		shown ? shown : "", path, *path ? " " : "");
}

/* No command: an overview, a group's, or a mistake. */
static enum cli_exit without_command(struct cli *cli, char **words, size_t count)
{
	char path[100];
	join(words, count, path, sizeof(path));
	if (count == 0) {
		help_overview(cli->help ? &cli->out : &cli->err);
		return cli->help ? CLI_DONE : CLI_USAGE;
	}
	if (command_is_group(path)) {
		help_group(cli->help ? &cli->out : &cli->err, path);
		return cli->help ? CLI_DONE : CLI_USAGE;
	}
	return no_such_command(cli, words, count);
}

enum cli_exit cli_parse(struct cli *cli, int argc, char **argv)
{
	char *words[WORDS_MAX];
	size_t count = 0, used = 0;
	enum cli_exit status = refuse_secrets(cli, argc, argv);
	int i = 1;

	for (; i < argc && status == CLI_DONE && count < WORDS_MAX; i++) {
		if (take_global(cli, argc, argv, &i, &status))
			continue;
		if (count == 0 && strcmp(argv[i], "help") == 0) {
			cli->help = true;
			continue;
		}
		if (argv[i][0] == '-')
			break;
		words[count++] = argv[i];
	}
	if (status != CLI_DONE)
		return status;
	cli->command = match(words, count, &used);
	if (!cli->command) {
		if (count == 0 && i < argc)
			return cli_fail(cli, CLI_USAGE,
				"options stand behind a command. `remit --help` lists them.");
		return without_command(cli, words, count);
	}
	/* the words that were no part of the path are its first arguments */
	for (size_t k = used; k < count; k++) {
		if (cli->arg_count >= cli->command->args_max)
			return cli_misused(cli, "there is one argument too many.");
		cli->args[cli->arg_count++] = words[k];
	}
	return parse_rest(cli, argc, argv, i);
}

static const struct cli_option *own_option(const struct cli *cli, const char *name)
{
	const struct cli_option *option = option_find(cli->command, str_of(name));
	assert(option && "a command asks for an option that it does not declare");
	return option;
}

const char *cli_value(const struct cli *cli, const char *name)
{
	const struct cli_option *option = own_option(cli, name);
	for (size_t i = 0; i < cli->given_count; i++)
		if (cli->given[i].option == option)
			return cli->given[i].value;
	return NULL;
}

bool cli_flag(const struct cli *cli, const char *name)
{
	const struct cli_option *option = own_option(cli, name);
	for (size_t i = 0; i < cli->given_count; i++)
		if (cli->given[i].option == option)
			return true;
	return false;
}

const char *const *cli_values(struct cli *cli, const char *name, size_t *ret_count)
{
	const struct cli_option *option = own_option(cli, name);
	const char **values = arena_alloc(&cli->arena, (cli->given_count + 1) * sizeof(*values));
	size_t n = 0;
	assert(values && "no memory for a handful of pointers");
	for (size_t i = 0; i < cli->given_count; i++)
		if (cli->given[i].option == option)
			values[n++] = cli->given[i].value;
	*ret_count = n;
	return values;
}
