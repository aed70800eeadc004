/* SPDX-License-Identifier: Apache-2.0
 * remit audit verify: whether the log is whole, and where it is not.
 * cli: may include every room.
 */
#include "cli/commands.h"
#include "cli/rows.h"

#include "base/clock.h"
#include "gate/audit_verify.h"

enum cli_exit audit_verify_print(struct cli *cli, json_t *verdict)
{
	const bool whole = json_is_true(json_object_get(verdict, "whole"));
	const json_t *broken = json_object_get(verdict, "broken");
	long long lost = json_integer_value(json_object_get(verdict, "lost"));

	if (cli->json) {
		enum cli_exit status = cli_print_json(cli, verdict);
		return status == CLI_DONE && !whole ? CLI_REFUSED : status;
	}
	if (whole) {
		printf("whole: %lld records in %lld blocks of %lld segments\n",
			(long long)json_integer_value(json_object_get(verdict, "records")),
			(long long)json_integer_value(json_object_get(verdict, "blocks")),
			(long long)json_integer_value(json_object_get(verdict, "segments")));
		if (lost > 0)
			printf("%lld records were lost under load, as the log itself says\n", lost);
		json_decref(verdict);
		return CLI_DONE;
	}
	const char *segment = json_string_value(json_object_get(broken, "segment"));
	const char *what = json_string_value(json_object_get(broken, "what"));
	enum cli_exit status = cli_fail(cli, CLI_REFUSED, "the audit log is not whole: segment %s, byte %lld: %s.",
		segment ? segment : "?", (long long)json_integer_value(json_object_get(broken, "byte")),
		what ? what : "?");
	json_decref(verdict);
	return status;
}

static enum cli_exit run(struct cli *cli)
{
	const char *folder = cli_value(cli, "folder");
	struct audit_verdict verdict;
	char text[256];
	enum cli_exit status = cli_open_config(cli);

	if (status != CLI_DONE)
		return status;
	folder = folder ? folder : cli->config->audit_folder;
	if (!audit_verify(folder, clock_wall_ms(), &verdict, text))
		return cli_fail(cli, CLI_REFUSED, "%s.", text);
	(void)audit_verdict_keep(folder, &verdict); /* whoever may only read the log learns it all the same */
	return audit_verify_print(cli, audit_verdict_json(&verdict));
}

const struct cli_command command_audit_verify = {
	.path = "audit verify",
	.summary = "check that the audit log is whole",
	.arguments = "",
	.options =
		(const struct cli_option[]){
			{ "folder", "FOLDER", "another log than the store's: one of `remit mcp serve`" },
			{ 0 },
		},
	.examples =
		(const struct cli_example[]){
			{ "remit audit verify", "every block of every segment" },
			{ "remit audit verify --json", "for a program that runs it each night" },
			{ 0 },
		},
	.details = "Reads all of the log, also while a server writes it, and compares every block's hash with what it "
		   "holds and with the block after it. Exit status 1 names the first place where something was altered, "
		   "cut or taken away. What was deleted for its age is missing at the front only, and is no fault; so is "
		   "what was cut off at the very end before it was written whole.\n\nThe result is kept beside the log, for "
		   "`GET /admin/v1/audit/verify`.",
	.run = run,
};
