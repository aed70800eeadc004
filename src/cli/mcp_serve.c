/* SPDX-License-Identifier: Apache-2.0
 * remit mcp serve: the tools of an API over stdio. The gate itself judges each message, on a socket that only this
 * process knows, so that nothing is decided in another way than at the endpoint.
 * cli: may include every room.
 */
#include "cli/commands.h"
#include "cli/generation.h"
#include "cli/mcp_pump.h"

#include "base/log.h"
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOKEN_ROOM 256
#define KEY_BYTES 32
#define SESSIONS_MAX 64 /* at once, on one store */

struct session {
	struct cli *cli;
	const struct config_api *api;
	char token[TOKEN_ROOM]; /* or our own key, where none is needed */
	struct gate_local local; /* principal NULL: a token is needed */
	const char *audit_folder;
	int held;     /* what says that the folder is this session's, or -1 */
	char *folder; /* ours alone, for the socket; in the arena */
	const char *socket;
	struct secrets *secrets;
	struct generation *generation;
	struct gate *gate;
	struct server *server;
	struct pump *pump;
};

static struct server *running; /* for the signals' sake */

static void note_signal(int number)
{
	(void)number;
	server_stop(running);
}

static void stop(void *ctx)
{
	server_stop(((struct session *)ctx)->server);
}

/* ---- What it is for ---- */

static bool has_tools(const struct config_api *api)
{
	return api->profile->mcp_endpoint;
}

static enum cli_exit find_api(struct session *s)
{
	const char *name = cli_value(s->cli, "api");
	const struct config *config = s->cli->config;
	for (size_t i = 0; i < config->api_count; i++) {
		const struct config_api *api = &config->apis[i];
		if (name ? strcmp(api->name, name) != 0 : !has_tools(api))
			continue;
		if (s->api)
			return cli_misused(s->cli, "there is more than one API with tools: say which one by --api.");
		s->api = api;
	}
	if (!s->api)
		return cli_fail(s->cli, CLI_REFUSED, "there is no such API with tools in the configuration.");
	if (has_tools(s->api))
		return CLI_DONE;
	return cli_fail(s->cli, CLI_REFUSED, "the profile of the API %s has no `mcp` part.", s->api->name);
}

/* Whether the environment asks for a token where the profile would do without. */
static bool is_forced(void)
{
	static const char *const names[] = { "STATAMIC_MCP_FORCE_WEB_MODE", "REMIT_FORCE_WEB_MODE" };
	static const char *const no[] = { "", "false", "0", "off", "no" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);
		bool yes = value != NULL;
		for (size_t k = 0; yes && k < sizeof(no) / sizeof(no[0]); k++)
			yes = !str_eq_ignore_case(str_of(value), str_of(no[k]));
		if (yes)
			return true;
	}
	return false;
}

/* Without a token: the gate knows us by a key that nobody else has, on a socket that nobody else knows. */
static enum cli_exit go_local(struct session *s, bool has_token)
{
	uint8_t key[KEY_BYTES];
	const struct passwd *user = getpwuid(getuid());
	randombytes_buf(key, sizeof(key));
	sodium_bin2hex(s->token, sizeof(s->token), key, sizeof(key));
	sodium_memzero(key, sizeof(key));
	char *principal = user ? arena_printf(&s->cli->arena, "cli:%s", user->pw_name)
			       : arena_printf(&s->cli->arena, "cli:%u", (unsigned)getuid());
	s->local = (struct gate_local){ .api = s->api->name, .key = s->token, .principal = principal };
	if (has_token)
		log_warning("REMIT_TOKEN is not looked at: the profile of %s says `stdio: bypass`; "
			    "REMIT_FORCE_WEB_MODE=true asks for a token", s->api->name);
	return principal ? CLI_DONE : cli_fail(s->cli, CLI_REFUSED, "there is no memory.");
}

/* Takes the token out of the environment, where others could read it longer than we need it. */
static enum cli_exit take_token(struct session *s)
{
	char *given = getenv("REMIT_TOKEN");
	const size_t n = given ? strlen(given) : 0;
	bool good = n > 0 && n < sizeof(s->token);
	for (size_t i = 0; good && i < n; i++)
		good = given[i] > ' ' && given[i] < 0x7f;
	const bool local = s->api->profile->stdio_bypass && !is_forced();
	if (good && !local)
		memcpy(s->token, given, n + 1);
	if (given)
		sodium_memzero(given, n);
	unsetenv("REMIT_TOKEN");
	if (local)
		return go_local(s, n > 0);
	if (good)
		return CLI_DONE;
	return cli_fail(s->cli, CLI_REFUSED, n == 0 ? "REMIT_TOKEN is not set: put a token of the API %s into the "
		"environment." : "REMIT_TOKEN holds no token of the API %s.", s->api->name);
}

/* ---- Its own places ---- */

/* Takes a folder for as long as the session lasts: the descriptor that holds it, or -1. */
static int take_folder(const char *folder)
{
	int at = mkdir(folder, 0700) == 0 || errno == EEXIST ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	int held = at < 0 ? -1 : openat(at, "session", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (at >= 0)
		close(at);
	if (held < 0 || flock(held, LOCK_EX | LOCK_NB) == 0)
		return held;
	close(held);
	return -1;
}

/* A log is one process's: `remit serve` has the store's, and each session the first that nobody writes. */
static enum cli_exit choose_audit(struct session *s)
{
	for (unsigned i = 0; i < SESSIONS_MAX; i++) {
		s->audit_folder = arena_printf(&s->cli->arena, "%s.stdio-%u", s->cli->config->audit_folder, i);
		s->held = s->audit_folder ? take_folder(s->audit_folder) : -1;
		if (s->held >= 0)
			return CLI_DONE;
	}
	return cli_fail(s->cli, CLI_REFUSED, "no audit log can be written beside %s.", s->cli->config->audit_folder);
}

static enum cli_exit make_folder(struct session *s)
{
	const char *base = getenv("XDG_RUNTIME_DIR");
	char *folder = arena_printf(&s->cli->arena, "%s/remit-mcp-XXXXXX", base && *base == '/' ? base : "/tmp");
	if (!folder || !mkdtemp(folder))
		return cli_fail(s->cli, CLI_REFUSED, "no folder for a socket can be made.");
	s->folder = folder;
	s->socket = arena_printf(&s->cli->arena, "%s/socket", folder);
	return s->socket ? CLI_DONE : cli_fail(s->cli, CLI_REFUSED, "there is no memory.");
}

/* ---- Opening and closing ---- */

static enum cli_exit open_gate(struct session *s)
{
	char text[512] = "";
	struct cli *cli = s->cli;
	if (!secrets_open(cli->config->secrets_key, &s->secrets, text))
		return cli_fail(cli, CLI_CONFIG, "%s.", text);
	enum cli_exit status = generation_open(cli->config, false, cli->store, s->secrets, &s->generation, text);
	if (status != CLI_DONE)
		return cli_fail(cli, status, "%s.", text);
	const struct gate_options options = {
		.config = cli->config, .store = cli->store, .secrets = s->secrets, .audit_folder = s->audit_folder,
		.apis = s->generation->apis, .api_count = s->generation->api_count,
		.over = generation_close, .owner = s->generation, .local = s->local.principal ? &s->local : NULL,
	};
	return gate_new(&options, &s->gate, text) ? CLI_DONE : cli_fail(cli, CLI_CONFIG, "%s.", text);
}

static enum cli_exit open_server(struct session *s)
{
	char text[512] = "";
	const struct config_limits *l = &s->cli->config->limits;
	const struct server_listener listener = { arena_printf(&s->cli->arena, "unix:%s", s->socket),
		GATE_LISTENER_LOCAL, NULL };
	const struct server_options options = {
		.listeners = &listener, .listener_count = 1, .loops = 1, .workers = 4,
		.limits = { .body_ms = l->body_ms, .body_total_ms = l->body_total_ms, .drain_ms = l->drain_ms,
			.body_memory_bytes = l->body_memory_bytes },
	};
	const struct server_handler handler = gate_handler(s->gate);
	if (!listener.address || !server_new(&options, &handler, &s->server, text))
		return cli_fail(s->cli, CLI_REFUSED, "%s.", text);
	gate_set_server(s->gate, s->server);
	return gate_start(s->gate, text) ? CLI_DONE : cli_fail(s->cli, CLI_STORE, "%s.", text);
}

/* Host as clients would send it to the endpoint. */
static struct str host_of(const struct session *s)
{
	const char *url = s->cli->config->public_url, *place = strstr(url, "://");
	struct str rest = str_of(place ? place + 3 : url), host;
	str_cut(&rest, '/', &host);
	return s->api->host ? str_of(s->api->host) : host;
}

static enum cli_exit run_session(struct session *s)
{
	const struct config *config = s->cli->config;
	const struct pump_options options = {
		.socket = s->socket, .endpoint = s->api->profile->mcp_endpoint, .host = host_of(s), .token = s->token,
		.message_max = config->limits.mcp_body_bytes ? config->limits.mcp_body_bytes : LIMIT_MCP_BODY_BYTES,
		.over = stop, .ctx = s,
	};
	struct sigaction action = { .sa_handler = note_signal };
	running = s->server;
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	s->pump = pump_start(&options);
	if (!s->pump)
		return cli_fail(s->cli, CLI_REFUSED, "no thread can be started.");
	bool ran = server_run(s->server);
	pump_stop(s->pump);
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	return ran ? CLI_DONE : cli_fail(s->cli, CLI_REFUSED, "an event loop could not start.");
}

static void close_all(struct session *s)
{
	if (!s->gate)
		generation_close(s->generation);
	gate_free(s->gate);
	server_free(s->server);
	secrets_close(s->secrets);
	sodium_memzero(s->token, sizeof(s->token));
	if (s->held >= 0)
		close(s->held);
	if (s->folder) {
		(void)unlink(s->socket);
		(void)rmdir(s->folder);
	}
}

static enum cli_exit run(struct cli *cli)
{
	struct session s = { .cli = cli, .held = -1 };
	enum cli_exit (*const steps[])(struct session *s) = { find_api, take_token, choose_audit, make_folder, open_gate,
		open_server, run_session };
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is as a full disk */
	enum cli_exit status = cli_open_store(cli);
	for (size_t i = 0; status == CLI_DONE && i < sizeof(steps) / sizeof(steps[0]); i++)
		status = steps[i](&s);
	close_all(&s);
	return status;
}

const struct cli_command command_mcp_serve = {
	.path = "mcp serve",
	.summary = "an API's tools of MCP over stdin and stdout",
	.arguments = "",
	.options =
		(const struct cli_option[]){
			{ "api", "API", "whose tools; may be left out where only one has some" },
			{ 0 },
		},
	.examples =
		(const struct cli_example[]){
			{ "REMIT_TOKEN=$TOKEN remit mcp serve --api publishing",
				"what a client of MCP starts, with a token in its environment" },
			{ 0 },
		},
	.details = "One message a line, in both eras of the protocol; what is logged goes to stderr. The token in "
		   "REMIT_TOKEN is judged at each message as at the endpoint: scopes, project, rate, "
		   "revocation.\n\nAn API whose profile says `stdio: bypass` needs no token, and its scopes are not asked "
		   "for: what any rule maps is allowed, and recorded as done by cli:USER. With REMIT_FORCE_WEB_MODE or "
		   "STATAMIC_MCP_FORCE_WEB_MODE set to anything but false, 0, off or no it needs one too.\n\nWhat is decided goes into a log of its own, beside that of `remit serve`: "
		   "AUDIT.stdio-0 and so on, AUDIT being the store's. Stories that are queued go out by "
		   "`remit serve`.\n\nEnds when stdin does.",
	.run = run,
};
