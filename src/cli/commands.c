/* SPDX-License-Identifier: Apache-2.0
 * The table of commands.
 * cli: may include every room.
 */
#include "cli/commands.h"

const struct cli_option cli_global_options[] = {
	{ "config", "FILE", "the configuration; else $REMIT_CONFIG, ./remit.yaml, /etc/remit/remit.yaml" },
	{ "json", NULL, "print one JSON document on stdout" },
	{ "help", NULL, "tell more of this command" },
	{ 0 },
};

const struct cli_command *const cli_commands[] = {
	&command_serve,
	&command_mcp_serve,
	&command_init,
	&command_user_add,
	&command_user_list,
	&command_user_disable,
	&command_user_enable,
	&command_user_remove,
	&command_project_add,
	&command_project_list,
	&command_project_remove,
	&command_member_add,
	&command_member_list,
	&command_member_remove,
	&command_token_create,
	&command_token_list,
	&command_token_show,
	&command_token_check,
	&command_token_revoke,
	&command_token_rotate,
	&command_token_regenerate,
	&command_token_edit,
	&command_token_shrink,
	&command_token_prune,
	&command_client_add,
	&command_client_list,
	&command_client_show,
	&command_client_revoke,
	&command_scopes,
	&command_presets,
	&command_explain,
	&command_check_config,
	&command_store_migrate,
	&command_audit_tail,
	&command_audit_verify,
	&command_publishing_import,
	&command_publishing_connection_add,
	&command_publishing_connection_list,
	&command_publishing_connection_remove,
	&command_detector_add,
	&command_detector_list,
	&command_detector_remove,
	NULL,
};

const struct cli_command *command_find(const char *path)
{
	for (size_t i = 0; cli_commands[i]; i++)
		if (strcmp(cli_commands[i]->path, path) == 0)
			return cli_commands[i];
	return NULL;
}

bool command_is_group(const char *words)
{
	size_t n = strlen(words);
	for (size_t i = 0; cli_commands[i]; i++)
		if (strncmp(cli_commands[i]->path, words, n) == 0 && cli_commands[i]->path[n] == ' ')
			return true;
	return false;
}
