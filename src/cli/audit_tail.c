/* SPDX-License-Identifier: Apache-2.0
 * remit audit tail: the decisions that the gate made.
 * cli: may include every room.
 */
#include "cli/commands.h"
#include "cli/rows.h"

#include "base/clock.h"
#include "base/text.h"
#include "gate/audit.h"
#include <arpa/inet.h>
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

static const char *address_text(const uint8_t address[16], char ret[static INET6_ADDRSTRLEN])
{
	static const uint8_t none[16], mapped[12] = { [10] = 0xff, [11] = 0xff };
	if (memcmp(address, none, 16) == 0)
		return "unix";
	if (memcmp(address, mapped, 12) == 0)
		return inet_ntop(AF_INET, address + 12, ret, INET6_ADDRSTRLEN);
	return inet_ntop(AF_INET6, address, ret, INET6_ADDRSTRLEN);
}

static json_t *entry_json(const struct audit_entry *e, const char *request, const char *address)
{
	struct id token, owner, project;
	if (e->lost)
		return json_pack("{s:o, s:I}", "at", json_time(e->at_ms), "lost", (json_int_t)e->lost);
	id_from_bytes(&e->token, &token);
	id_from_bytes(&e->owner, &owner);
	id_from_bytes(&e->project, &project);
	return json_pack("{s:o, s:s, s:i, s:s, s:s%, s:s%, s:o, s:o, s:o, s:o, s:s, s:I}", "at",
		json_time(e->at_ms), "request", request, "status", (int)e->status, "reason",
		gate_reason_text(e->reason), "api", e->api.p ? e->api.p : "", e->api.n,
		"operation", e->operation.p ? e->operation.p : "", e->operation.n, "token",
		json_text(token.text), "owner", json_text(owner.text), "project", json_text(project.text),
		"principal", e->principal.n ? json_stringn(e->principal.p, e->principal.n) : json_null(),
		"address", address, "micros", (json_int_t)e->micros);
}

/* One line, at once: more may come only in hours. */
static void print_line(struct tailing *t, const struct audit_entry *e, const char *request,
	const char *address)
{
	struct cli *cli = t->cli;
	char at[TIME_TEXT_ROOM];
	struct id token;
	struct arena arena;

	time_to_text(e->at_ms, true, at);
	if (e->lost) {
		printf("%s  %llu records were lost here\n", at, (unsigned long long)e->lost);
		return;
	}
	const enum style style = e->reason == REMIT_ALLOWED ? STYLE_GOOD : STYLE_BAD;
	arena_init(&arena, 0);
	id_from_bytes(&e->token, &token);
	const char *operation = text_printable(e->operation, &arena);
	const char *principal = e->principal.n ? text_printable(e->principal, &arena) : NULL;
	printf("%s  %s%3u %-18s%s  %-40s  %s%s  %s  %s\n", at, style_on(&cli->out, style), e->status,
		gate_reason_text(e->reason), style_off(&cli->out, style),
		operation && *operation ? operation : "-", principal ? "" : "token ",
		principal ? principal : *token.text ? token.text : "-", address, request);
	arena_done(&arena);
}

static bool take_entry(void *ctx, const struct audit_entry *e)
{
	struct tailing *t = ctx;
	char request[33] = "", address[INET6_ADDRSTRLEN] = "";
	const char *from = address_text(e->address, address);

	hex_encode(e->request_id, sizeof(e->request_id), request);
	request[32] = '\0';
	if (!t->cli->json) {
		print_line(t, e, request, from ? from : "?");
	} else {
		json_t *document = entry_json(e, request, from ? from : "?");
		if (t->follow && document) {
			json_dumpf(document, stdout, JSON_COMPACT);
			putchar('\n');
			json_decref(document);
		} else {
			listing_add(&t->list, document, NULL);
		}
	}
	return !(t->follow && fflush(stdout) != 0) && !interrupted;
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
