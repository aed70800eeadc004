/* SPDX-License-Identifier: Apache-2.0
 * Every command, by the file that holds it.
 * cli: may include every room.
 */
#ifndef REMIT_CLI_COMMANDS_H
#define REMIT_CLI_COMMANDS_H

#include "cli/command.h"

extern const struct cli_command command_serve; /* serve.c */
extern const struct cli_command command_mcp_serve; /* mcp_serve.c */
extern const struct cli_command command_init; /* init.c */
extern const struct cli_command command_user_add, command_user_list, command_user_disable,
	command_user_enable, command_user_remove; /* user.c */
extern const struct cli_command command_project_add, command_project_list,
	command_project_remove; /* project.c */
extern const struct cli_command command_member_add, command_member_list, command_member_remove; /* member.c */
extern const struct cli_command command_token_create, command_token_rotate,
	command_token_regenerate; /* token_new.c */
extern const struct cli_command command_token_list, command_token_show,
	command_token_check; /* token_look.c */
extern const struct cli_command command_token_revoke, command_token_edit, command_token_shrink,
	command_token_prune; /* token_change.c */
extern const struct cli_command command_client_add, command_client_list, command_client_show,
	command_client_revoke; /* client.c */
extern const struct cli_command command_scopes, command_presets; /* vocabulary.c */
extern const struct cli_command command_explain; /* explain.c */
extern const struct cli_command command_check_config; /* check_config.c */
extern const struct cli_command command_store_migrate; /* store_migrate.c */
extern const struct cli_command command_audit_tail; /* audit_tail.c */
extern const struct cli_command command_audit_verify; /* audit_verify.c */
/* Takes the verdict over. */
enum cli_exit audit_verify_print(struct cli *cli, json_t *verdict);
extern const struct cli_command command_publishing_import; /* publishing_import.c */
extern const struct cli_command command_publishing_connection_add; /* publishing_connection.c */
extern const struct cli_command command_publishing_connection_list;
extern const struct cli_command command_publishing_connection_remove;
extern const struct cli_command command_detector_add, command_detector_list,
	command_detector_remove; /* publishing_detector.c */

#endif
