/* SPDX-License-Identifier: Apache-2.0
 * What a command is, and what it is handed. One table (commands.c) drives dispatch, --help, the
 * man page and the completions.
 * cli: may include every room.
 */
#ifndef REMIT_CLI_COMMAND_H
#define REMIT_CLI_COMMAND_H

#include "authority/authority.h"
#include "cli/screen.h"
#include "profile/config.h"

#include <jansson.h>

enum cli_exit {
	CLI_DONE = 0,
	CLI_REFUSED = 1, /* refused, or not found */
	CLI_USAGE = 2,
	CLI_CONFIG = 3,
	CLI_STORE = 4,   /* the store cannot be reached */
};

struct cli;

struct cli_option {
	const char *name;    /* without the dashes; NULL ends a list */
	const char *value;   /* what its value is called, "FILE" or "EMAIL"; NULL: it takes none */
	const char *meaning; /* a sentence without its full stop */
	bool many;           /* may stand more than once */
	bool required;
};

struct cli_example {
	const char *line;    /* NULL ends a list */
	const char *meaning;
};

struct cli_command {
	const char *path;      /* "token create" */
	const char *summary;   /* one line, no full stop */
	const char *arguments; /* "ID [JSON]"; "" for none */
	unsigned args_min, args_max;
	const struct cli_option *options;   /* without those that every command takes; NULL for none */
	const struct cli_example *examples; /* at least one */
	const char *details;   /* paragraphs with an empty line between; or NULL */
	enum cli_exit (*run)(struct cli *cli);
};

/* The table, ended by NULL, in the order in which people read it. */
extern const struct cli_command *const cli_commands[];
/* What every command takes. */
extern const struct cli_option cli_global_options[];

/* NULL where there is none. */
const struct cli_command *command_find(const char *path);
/* Whether a command's path starts with these words: "token". */
bool command_is_group(const char *words);

#define CLI_ARGS_MAX 8
#define CLI_GIVEN_MAX 128

struct cli_given {
	const struct cli_option *option;
	const char *value;
};

/* One run of a command. */
struct cli {
	const struct cli_command *command;
	const char *config_path;
	bool json, help;
	const char *args[CLI_ARGS_MAX];
	size_t arg_count;
	struct cli_given given[CLI_GIVEN_MAX];
	size_t given_count;
	struct screen out, err;
	struct arena arena;
	/* From cli_open_config on: */
	struct config *config;
	struct authority authority;
	/* From cli_open_store on: */
	struct store *store;
	struct store_actor actor;
	char actor_name[80];
	struct owners **owners; /* of the APIs that have a site */
	size_t owner_count;
};

void cli_init(struct cli *cli);
void cli_done(struct cli *cli);
/* Finds the command and reads its arguments. What is not CLI_DONE was told on stderr. */
enum cli_exit cli_parse(struct cli *cli, int argc, char **argv);
/* All of the program but its main. */
int cli_main(int argc, char **argv);

/* ---- For commands: what was given ---- */

/* The value of an option, or NULL. The option must be one of the command's. */
const char *cli_value(const struct cli *cli, const char *name);
bool cli_flag(const struct cli *cli, const char *name);
/* All values of an option that may stand more than once: in the arena. */
const char *const *cli_values(struct cli *cli, const char *name, size_t *ret_count);
/* The API that --api names; without it the only one there is. NULL was told. After cli_open_config. */
const struct authority_api *cli_api(struct cli *cli);
/* "N" or "off" as a record's rate. */
enum cli_exit cli_rate(struct cli *cli, const char *text, uint16_t *ret);
/* "90d", "never" or a time (RFC 3339): 0 for never. */
enum cli_exit cli_expiry(struct cli *cli, const char *text, int64_t *ret_ms);
/* Reads a secret from stdin, up to the end of its first line; without echo where a person types. */
enum cli_exit cli_read_secret(struct cli *cli, const char *prompt, size_t room, char *ret);

/* ---- For commands: what they work on ---- */

/* The config file that is meant: in the arena. NULL was told. */
const char *cli_find_config(struct cli *cli);
enum cli_exit cli_open_config(struct cli *cli);
/* The config too. */
enum cli_exit cli_open_store(struct cli *cli);
/* For who opens the store alone: the places that the config names for APIs' tokens. */
enum cli_exit cli_attach(struct cli *cli);
/* Prints mistakes, each on its line, on stderr. */
void cli_print_mistakes(struct cli *cli, const struct mistakes *mistakes);
/* Waits until every running server knows of a change, and says which does not (D14). */
enum cli_exit cli_settle(struct cli *cli, int64_t revision);
/* Makes a change to what the first argument names, and waits as cli_settle does. */
typedef enum authority_status cli_change(const struct authority *a, const char *what,
	const struct store_actor *actor, int64_t *ret_revision, struct authority_error *reterr);
enum cli_exit cli_make_change(struct cli *cli, cli_change *change);
/* The same for what only adds, as a new token, so that the next line of a script can use it. A server
 * that lags learns of it later: no failure. */
void cli_let_know(struct cli *cli, int64_t revision);

/* ---- For commands: what they say ---- */

/* "remit: ..." on stderr; returns the status. */
enum cli_exit cli_fail(struct cli *cli, enum cli_exit status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same for a mistake of usage: names the command's help too. */
enum cli_exit cli_misused(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
enum cli_exit cli_refuse(struct cli *cli, enum authority_status status, const struct authority_error *error);
enum cli_exit cli_store_failed(struct cli *cli, enum store_status status);
/* A message on stderr. */
void cli_note(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A document on stdout; frees it. NULL is a lack of memory. */
enum cli_exit cli_print_json(struct cli *cli, json_t *document);

#endif
