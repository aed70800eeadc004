/* SPDX-License-Identifier: Apache-2.0
 * The values of options that several commands take, and secrets, which come by stdin only.
 * cli: may include every room.
 */
#include "cli/command.h"

#include "admin/rows.h"
#include "base/clock.h"
#include "base/limits.h"
#include <errno.h>
#include <sodium.h>
#include <termios.h>
#include <unistd.h>

const struct authority_api *cli_api(struct cli *cli)
{
	struct authority_error error;
	const char *name = cli_value(cli, "api");

	if (!name && cli->config->api_count == 1)
		return &cli->authority.apis[0]; /* Remit's own is the last, and never meant without its name */
	if (!name) {
		cli_misused(cli, "there are %zu APIs: say which one by --api.", cli->config->api_count);
		return NULL;
	}
	const struct authority_api *api = authority_api(&cli->authority, name, &error);
	if (!api)
		cli_refuse(cli, AUTHORITY_NOT_FOUND, &error);
	return api;
}

enum cli_exit cli_rate(struct cli *cli, const char *text, uint16_t *ret)
{
	uint64_t rate;
	*ret = REMIT_RATE_DEFAULT;
	if (strcmp(text, "off") == 0) {
		*ret = REMIT_RATE_OFF;
		return CLI_DONE;
	}
	if (!str_to_u64(str_of(text), LIMIT_RATE_PER_MINUTE, &rate) || rate == 0)
		return cli_misused(cli, "--rate takes requests a minute, 1 to %d, or \"off\".",
			LIMIT_RATE_PER_MINUTE);
	*ret = (uint16_t)rate;
	return CLI_DONE;
}

enum cli_exit cli_expiry(struct cli *cli, const char *text, int64_t *ret_ms)
{
	if (expiry_read(text, clock_wall_ms(), ret_ms))
		return CLI_DONE;
	return cli_misused(cli, "--expires " EXPIRY_WORDS);
}

/* Reads up to the first line's end. False where there is more than fits. */
static bool read_line(size_t room, char *ret)
{
	size_t n = 0;
	char c;
	for (;;) {
		ssize_t got = read(STDIN_FILENO, &c, 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || c == '\n')
			break;
		if (n + 1 >= room)
			return false;
		ret[n++] = c;
	}
	if (n > 0 && ret[n - 1] == '\r')
		n--;
	ret[n] = '\0';
	return memchr(ret, '\0', n) == NULL;
}

enum cli_exit cli_read_secret(struct cli *cli, const char *prompt, size_t room, char *ret)
{
	struct termios before, quiet;
	const bool typed = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &before) == 0;

	if (typed) {
		fprintf(cli->err.file, "%s: ", prompt);
		fflush(cli->err.file);
		quiet = before;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	}
	bool fits = read_line(room, ret);
	if (typed) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
		fputc('\n', cli->err.file);
	}
	if (fits && *ret)
		return CLI_DONE;
	sodium_memzero(ret, room);
	return fits ? cli_misused(cli, "stdin was empty.") :
		      cli_fail(cli, CLI_REFUSED, "what came by stdin is too long, or no text.");
}
