/* SPDX-License-Identifier: Apache-2.0
 * remit audit tail: the decisions that the gate made.
 * cli: may include every room.
 */
#include "cli/commands.h"
#include "cli/rows.h"

#include "base/clock.h"
#include "gate/audit.h"
#include <signal.h>

#define LAST_DEFAULT 20
#define LAST_MAX 1000000

static volatile sig_atomic_t interrupted;

static void note_interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

struct tailing {
	struct cli *cli;
	struct listing list;
	bool follow;
};

static const char *text_of(const json_t *record, const char *name)
{
	const char *text = json_string_value(json_object_get(record, name));
	return text && *text ? text : "-";
}

/* One line, at once: more may come only in hours. */
static void print_line(struct tailing *t, const json_t *record)
{
	const json_t *lost = json_object_get(record, "lost");
	const char *reason = text_of(record, "reason");
	const bool allowed = strcmp(reason, gate_reason_text(REMIT_ALLOWED)) == 0;
	const enum style style = allowed ? STYLE_GOOD : STYLE_BAD;
	char at[TIME_TEXT_ROOM];
	int64_t at_ms = 0;
	struct arena arena;

	(void)time_from_text(str_of(text_of(record, "at")), &at_ms);
	time_to_text(at_ms, true, at);
	if (lost) {
		printf("%s  %lld records were lost here\n", at, (long long)json_integer_value(lost));
		return;
	}
	arena_init(&arena, 0);
	const char *operation = text_printable(str_of(text_of(record, "operation")), &arena);
	const char *principal = text_printable(str_of(text_of(record, "principal")), &arena);
	bool has_principal = principal && strcmp(principal, "-") != 0;
	printf("%s  %s%3lld %-18s%s  %-40s  %s%s  %s  %s\n", at, style_on(&t->cli->out, style),
		(long long)json_integer_value(json_object_get(record, "status")), reason, style_off(&t->cli->out, style),
		operation ? operation : "-", has_principal ? "" : "token ",
		has_principal ? principal : text_of(record, "token"), text_of(record, "address"),
		text_of(record, "request"));
	arena_done(&arena);
}

/* Takes the record over. False where stdout is gone. */
static bool take_record(struct tailing *t, json_t *record)
{
	if (t->cli->json && !t->follow) {
		listing_add(&t->list, record, NULL);
		return true;
	}
	if (t->cli->json && record) {
		json_dumpf(record, stdout, JSON_COMPACT);
		putchar('\n');
	} else if (record) {
		print_line(t, record);
	}
	json_decref(record);
	return !t->follow || fflush(stdout) == 0;
}

static bool take_entry(void *ctx, const struct audit_entry *e)
{
	return take_record(ctx, audit_entry_json(e)) && !interrupted;
}

static bool go_on(void *ctx)
{
	(void)ctx;
	return !interrupted;
}

static enum cli_exit read_tail(struct cli *cli, struct audit_tail *tail)
{
	const char *token = cli_value(cli, "token"), *last = cli_value(cli, "last");
	struct id id;

	*tail = (struct audit_tail){
		.refused_only = cli_flag(cli, "refused"),
		.last = LAST_DEFAULT,
		.follow = cli_flag(cli, "follow"),
	};
	if (token && (!id_parse(str_of(token), &id) || !id_to_bytes(&id, &tail->token)))
		return cli_misused(cli, "--token takes a token's id.");
	if (last && !str_to_u64(str_of(last), LAST_MAX, &tail->last))
		return cli_misused(cli, "--last takes a number up to %d.", LAST_MAX);
	return CLI_DONE;
}

static enum cli_exit run(struct cli *cli)
{
	struct tailing t = { .cli = cli };
	struct audit_tail tail;
	char text[256] = "";
	enum cli_exit status = read_tail(cli, &tail);

	if (status == CLI_DONE)
		status = cli_open_config(cli);
	if (status != CLI_DONE)
		return status;
	t.follow = tail.follow;
	if (!listing_init(&t.list, cli, (const char *const[]){ "AT" }, 1))
		return cli_print_json(cli, NULL);
	struct sigaction action = { .sa_handler = note_interrupt };
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	const char *folder = cli_value(cli, "folder");
	if (!audit_read(folder ? folder : cli->config->audit_folder, &tail, take_entry, go_on, &t, text)) {
		json_decref(t.list.array);
		return cli_fail(cli, CLI_REFUSED, "%s.", text);
	}
	if (cli->json && !tail.follow)
		return listing_print(&t.list, STORE_OK, "records", "");
	json_decref(t.list.array);
	return CLI_DONE;
}

const struct cli_command command_audit_tail = {
	.path = "audit tail",
	.summary = "show the gate's decisions",
	.arguments = "",
	.options =
		(const struct cli_option[]){
			{ "token", "ID", "of this token only" },
			{ "refused", NULL, "refusals only" },
			{ "folder", "FOLDER", "another log than the store's: one of `remit mcp serve`" },
			{ "last", "N", "so many of the newest; 20 where it is not given" },
			{ "follow", NULL,
				"go on as more come, until Ctrl-C; with --json one document a line" },
			{ 0 },
		},
	.examples =
		(const struct cli_example[]){
			{ "remit audit tail --refused --follow", "what is being refused" },
			{ "remit audit tail --token 0199b2f0-5c1e-7abc-8def-0123456789ab --last 100 --json",
				"what one token did" },
			{ 0 },
		},
	.details = "Oldest first: time, status, reason, operation, the token's id (or who ran the program, `cli:USER`), the client's address, and "
		   "the request id that the "
		   "answer bore as Remit-Request-Id.",
	.run = run,
};
