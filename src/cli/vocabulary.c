/* SPDX-License-Identifier: Apache-2.0
 * remit scopes, remit presets: what tokens can be made of.
 * cli: may include every room.
 */
#include "cli/commands.h"
#include "cli/rows.h"

/* The APIs that are meant: one by --api, or all. */
static enum cli_exit choose(struct cli *cli, const struct authority_api **ret_first, size_t *ret_count)
{
	const char *name = cli_value(cli, "api");
	enum cli_exit status = cli_open_config(cli);

	if (status != CLI_DONE)
		return status;
	*ret_first = cli->authority.apis;
	*ret_count = cli->config->api_count; /* Remit's own by its name only */
	if (!name)
		return CLI_DONE;
	*ret_count = 1;
	*ret_first = cli_api(cli);
	return *ret_first ? CLI_DONE : CLI_REFUSED;
}

static enum cli_exit run_scopes(struct cli *cli)
{
	static const char *const heads[] = { "API", "SCOPE", "WHAT IT GRANTS" };
	const struct authority_api *apis;
	struct listing list;
	size_t count;
	enum cli_exit status = choose(cli, &apis, &count);

	if (status != CLI_DONE)
		return status;
	if (!listing_init(&list, cli, heads, 3))
		return cli_print_json(cli, NULL);
	for (size_t a = 0; a < count; a++)
		for (size_t i = 0; i < apis[a].profile->scope_count; i++) {
			const struct profile_scope *scope = &apis[a].profile->scopes[i];
			listing_add(&list, scope_json(&apis[a], i),
				(const char *[]){ apis[a].name, scope->name, scope->meaning });
		}
	return listing_print(&list, STORE_OK, "scopes", "There is no API.");
}

/* Scopes with a space between, in the arena. */
static const char *join(struct cli *cli, const struct profile_preset *preset)
{
	const char *text = "";
	for (size_t i = 0; text && i < preset->scope_count; i++)
		text = arena_printf(&cli->arena, "%s%s%s", text, i > 0 ? " " : "", preset->scopes[i]);
	return text ? text : "";
}

static enum cli_exit run_presets(struct cli *cli)
{
	static const char *const heads[] = { "API", "PRESET", "TITLE", "USE IT FOR", "SCOPES" };
	static const uint8_t spare[] = { 4, 2, 3, 0 };
	const struct authority_api *apis;
	struct listing list;
	size_t count;
	enum cli_exit status = choose(cli, &apis, &count);

	if (status != CLI_DONE)
		return status;
	if (!listing_init(&list, cli, heads, 5))
		return cli_print_json(cli, NULL);
	list.table.spare = spare;
	for (size_t a = 0; a < count; a++)
		for (size_t i = 0; i < apis[a].profile->preset_count; i++) {
			const struct profile_preset *p = &apis[a].profile->presets[i];
			const char *scopes = join(cli, p);
			listing_add(&list,
				preset_json(&apis[a], i),
				(const char *[]){ apis[a].name, p->handle, p->title, p->purpose, scopes });
		}
	return listing_print(&list, STORE_OK, "presets", "There is no preset.");
}

const struct cli_command command_scopes = {
	.path = "scopes",
	.summary = "list the scopes of an API",
	.arguments = "",
	.options = (const struct cli_option[]){ { "api", "API", "of this one; else of all" }, { 0 } },
	.examples =
		(const struct cli_example[]){
			{ "remit scopes --api publishing", "the vocabulary, in its order" }, { 0 } },
	.run = run_scopes,
};

const struct cli_command command_presets = {
	.path = "presets",
	.summary = "list the presets of an API",
	.arguments = "",
	.options = (const struct cli_option[]){ { "api", "API", "of this one; else of all" }, { 0 } },
	.examples =
		(const struct cli_example[]){
			{ "remit presets --api publishing", "what `token create --preset` takes" }, { 0 } },
	.run = run_presets,
};
