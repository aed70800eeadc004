/* SPDX-License-Identifier: Apache-2.0
 * From argv to a command: what is not understood is refused, and secrets are never repeated.
 */
#include "../test.h"

#include "cli/command.h"
#include <stdlib.h>

struct parsed {
	struct cli cli;
	char *said;
	size_t said_length;
	enum cli_exit status;
};

static void parse(struct parsed *p, const char *const *words)
{
	char *argv[40] = { (char *)(uintptr_t)"remit" };
	int argc = 1;

	for (; words[argc - 1]; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	cli_init(&p->cli);
	FILE *file = open_memstream(&p->said, &p->said_length);
	p->cli.out = (struct screen){ .file = file };
	p->cli.err = (struct screen){ .file = file };
	p->status = cli_parse(&p->cli, argc, argv);
	fclose(file);
}

static void done(struct parsed *p)
{
	free(p->said);
	cli_done(&p->cli);
}

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void test_refusals(void **state)
{
	(void)state;
	static const struct { const char *words[8]; const char *says; } cases[] = {
		{ { "tokn", "list" }, "did you mean `remit token list`" },
		{ { "token", "crate" }, "did you mean `remit token create`" },
		{ { "project", "member", "ad" }, "did you mean `remit project member add`" },
		{ { "tokn" }, "did you mean `remit token`" },
		{ { "token", "lst", "x" }, "no command \"token lst\"; did you mean `remit token list`" },
		{ { "token", "xyzzyxyzzy", "secret" }, "no command \"token xyzzyxyzzy\". `remit token --help`" },
		{ { "project", "member" }, "remit project member list" },
		{ { "xyzzyxyzzy", "secret" }, "no command \"xyzzyxyzzy\". `remit --help`" },
		{ { "--frob", "token" }, "behind a command" },
		{ { "token" }, "one more word" },
		{ { "token", "list", "--alll" }, "did you mean --all" },
		{ { "token", "list", "--zzzzzzzzzz" }, "no option" },
		{ { "token", "list", "-a" }, "written out" },
		{ { "token", "list", "extra" }, "too many" },
		{ { "token", "list", "--", "extra" }, "too many" },
		{ { "token", "list", "--all=yes" }, "takes no value" },
		{ { "token", "list", "--user" }, "needs a value" },
		{ { "token", "list", "--user", "a", "--user", "b" }, "stands twice" },
		{ { "token", "show" }, "missing" },
		{ { "project", "member", "add", "x" }, "another argument is missing" },
		{ { "token", "create", "--user", "a" }, "--name NAME is missing" },
		{ { "scopes", "--config" }, "needs a FILE" },
	};
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct parsed p;
		parse(&p, cases[i].words);
		if (p.status != CLI_USAGE || !strstr(p.said, cases[i].says))
			fail_msg("%s %s: %d, %s", cases[i].words[0], cases[i].words[1], (int)p.status,
				p.said);
		done(&p);
	}
}

static void test_D12_a_token_in_the_arguments_is_refused_and_not_repeated(void **state)
{
	(void)state;
	static const char text[] = "sl_pat_0IrPir7SE7iBOHlFhMGwewCNAGFTQm27fvhmGtQ010m4NLR";
	static const char assigned[] = "--name=stm_oat_0IrPir7SE7iBOHlFhMGwewCNAGFTQm27fvhmGtQ010m4NLR";
	const char *const *cases[] = {
		WORDS("token", "show", text),
		WORDS("token", "create", assigned),
		WORDS(text),
		WORDS("explain", "--token-stdin", "GET",
			"/x?t=sl_ort_0IrPir7SE7iBOHlFhMGwewCNAGFTQm27fvhmGtQ010m4NLR"),
	};
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct parsed p;
		parse(&p, cases[i]);
		assert_int_equal(p.status, CLI_USAGE);
		assert_non_null(strstr(p.said, "looks like a token"));
		assert_null(strstr(p.said, "0IrPir7SE7iBOHlF"));
		done(&p);
	}
}

static void test_what_only_resembles_a_token_is_taken(void **state)
{
	(void)state;
	struct parsed p;
	parse(&p, WORDS("token", "list", "--user", "my_pat_name"));
	assert_int_equal(p.status, CLI_DONE);
	assert_string_equal(cli_value(&p.cli, "user"), "my_pat_name");
	done(&p);
}

static void test_options_and_arguments_in_any_order(void **state)
{
	(void)state;
	struct parsed p;
	size_t count;
	parse(&p,
		WORDS("--json", "--config=a.yaml", "token", "--config", "b.yaml", "shrink", "ID", "--keep",
			"a", "--keep=b"));
	assert_int_equal(p.status, CLI_DONE);
	assert_string_equal(p.cli.command->path, "token shrink");
	assert_true(p.cli.json);
	assert_string_equal(p.cli.config_path, "b.yaml");
	assert_int_equal(p.cli.arg_count, 1);
	assert_string_equal(p.cli.args[0], "ID");
	const char *const *keep = cli_values(&p.cli, "keep", &count);
	assert_int_equal(count, 2);
	assert_string_equal(keep[0], "a");
	assert_string_equal(keep[1], "b");
	done(&p);
}

static void test_behind_two_dashes_all_are_arguments(void **state)
{
	(void)state;
	struct parsed p;
	parse(&p, WORDS("project", "add", "--owner", "a@b", "--", "--json"));
	assert_int_equal(p.status, CLI_DONE);
	assert_string_equal(p.cli.args[0], "--json");
	assert_false(p.cli.json);
	done(&p);
}

static void test_help_needs_no_arguments(void **state)
{
	(void)state;
	struct parsed p;
	parse(&p, WORDS("token", "create", "--help"));
	assert_int_equal(p.status, CLI_DONE);
	assert_true(p.cli.help);
	done(&p);
	parse(&p, WORDS("help", "token", "create"));
	assert_int_equal(p.status, CLI_DONE);
	assert_true(p.cli.help);
	assert_string_equal(p.cli.command->path, "token create");
	done(&p);
}

/* The table itself: help, man page and completions can say nothing that it lacks. */
static void test_every_command_is_whole(void **state)
{
	(void)state;
	for (size_t i = 0; cli_commands[i]; i++) {
		const struct cli_command *c = cli_commands[i];
		assert_non_null(c->run);
		assert_non_null(c->examples);
		assert_non_null(c->examples[0].line);
		assert_true(c->args_min <= c->args_max && c->args_max <= CLI_ARGS_MAX);
		assert_true((c->args_max > 0) == (*c->arguments != '\0'));
		assert_ptr_equal(command_find(c->path), c);
		for (const struct cli_option *o = c->options; o && o->name; o++) {
			assert_non_null(o->meaning);
			assert_true(!o->required || o->value);
			for (const struct cli_option *g = cli_global_options; g->name; g++)
				assert_string_not_equal(o->name, g->name);
		}
		for (const struct cli_example *e = c->examples; e->line; e++)
			assert_true(strstr(e->line, "remit ") && strstr(e->line, c->path) && e->meaning);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_refusals),
	cmocka_unit_test(test_D12_a_token_in_the_arguments_is_refused_and_not_repeated),
	cmocka_unit_test(test_what_only_resembles_a_token_is_taken),
	cmocka_unit_test(test_options_and_arguments_in_any_order),
	cmocka_unit_test(test_behind_two_dashes_all_are_arguments),
	cmocka_unit_test(test_help_needs_no_arguments),
	cmocka_unit_test(test_every_command_is_whole),
};

TEST_MAIN(tests)
