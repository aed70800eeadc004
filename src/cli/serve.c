/* SPDX-License-Identifier: Apache-2.0
 * remit serve: config, store, secrets, services, gate, server, in this order; and back.
 * cli: may include every room.
 */
#include "cli/commands.h"
#include "cli/publishing_api.h"

#include "base/log.h"
#include "gate/gate.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

struct serving {
	struct cli *cli;
	struct secrets *secrets;
	struct outbound *outbound;
	struct gate_api *apis;
	size_t api_count; /* opened so far */
	struct gate *gate;
	struct server *server;
	struct server_listener *listeners;
	size_t listener_count;
	pthread_t signals;
	_Atomic bool over; /* the server has stopped: signals are no longer waited for */
};

static void stop_signals(sigset_t *ret)
{
	sigemptyset(ret);
	sigaddset(ret, SIGTERM);
	sigaddset(ret, SIGINT);
	sigaddset(ret, SIGHUP);
}

/* The first signal drains, the second ends at once. */
static void *await_signals(void *arg)
{
	struct serving *s = arg;
	sigset_t set;
	int number;

	stop_signals(&set);
	for (unsigned count = 0; sigwait(&set, &number) == 0 && !atomic_load(&s->over); count++) {
		if (count > 0) {
			log_warning("ended at once, by a second signal");
			_exit(128 + number);
		}
		log_info("draining: no new connections, running requests finish; a second signal ends at "
			 "once");
		server_stop(s->server);
	}
	return NULL;
}

/* Before anything is made or opened: all that does not fit, at once. */
static enum cli_exit check_services(struct cli *cli)
{
	struct mistakes *mistakes = malloc(sizeof(*mistakes));
	enum cli_exit status = CLI_DONE;

	if (!mistakes)
		return cli_fail(cli, CLI_CONFIG, "there is no memory.");
	mistakes_init(mistakes);
	publishing_api_check(cli->config, mistakes);
	cli_print_mistakes(cli, mistakes);
	if (mistakes->count > 0)
		status = cli_fail(cli, CLI_CONFIG, "the rules do not fit the service; nothing was started.");
	mistakes_done(mistakes);
	free(mistakes);
	return status;
}

/* A store that is not there yet is made; an old one is not changed without being asked. */
static enum cli_exit open_store(struct cli *cli)
{
	char text[256] = "";
	enum cli_exit status = cli_open_config(cli);

	if (status == CLI_DONE)
		status = check_services(cli);
	if (status != CLI_DONE)
		return status;
	if (!authority_init())
		return cli_fail(cli, CLI_STORE, "this machine gives no randomness.");
	enum store_status opened = store_open(cli->config->store, STORE_OPEN, &cli->store, text);
	if (opened == STORE_NOT_FOUND) {
		opened = store_open(cli->config->store, STORE_MIGRATE, &cli->store, text);
		if (opened == STORE_OK)
			log_info("made a new store: %s", cli->config->store);
	}
	if (opened == STORE_OK)
		return CLI_DONE;
	return cli_fail(cli, CLI_STORE, "%s.%s", text,
		opened == STORE_SCHEMA ? " `remit store migrate` brings an older store up to date." : "");
}

static enum cli_exit open_outbound(struct serving *s)
{
	const struct config *config = s->cli->config;
	const struct outbound_options options = {
		.allow = config->outbound_allow,
		.allow_count = config->outbound_allow_count,
		.ca = config->outbound_ca,
	};
	char text[256] = "";

	if (outbound_new(&options, &s->outbound, text))
		return CLI_DONE;
	return cli_fail(s->cli, CLI_CONFIG, "%s: %s.", config->file, text);
}

static enum cli_exit open_services(struct serving *s)
{
	struct cli *cli = s->cli;
	const struct config *config = cli->config;
	struct publishing_options options;
	char text[256] = "";

	s->apis = arena_alloc(&cli->arena, (config->api_count + 1) * sizeof(*s->apis));
	if (!s->apis)
		return cli_fail(cli, CLI_CONFIG, "there is no memory.");
	for (size_t i = 0; i < config->api_count; i++) {
		const struct config_api *api = &config->apis[i];
		if (api->upstream_count > 0) {
			s->apis[i].config = api;
			s->api_count = i + 1;
			continue;
		}
		if (!api->service || strcmp(api->service, "publishing") != 0)
			return cli_fail(cli, CLI_CONFIG,
				"%s:%u: API %s: there is no service \"%s\"; there is: publishing.",
				config->file, api->line, api->name, api->service ? api->service : "");
		if (!publishing_api_options(cli, api, s->secrets, &options))
			return cli_fail(cli, CLI_CONFIG, "there is no memory.");
		options.outbound = s->outbound;
		s->apis[i].config = api;
		if (!publishing_open(&options, &s->apis[i].service, text))
			return cli_fail(cli, CLI_STORE, "API %s: %s.", api->name, text);
		s->api_count = i + 1;
	}
	return CLI_DONE;
}

static enum cli_exit open_gate(struct serving *s)
{
	const struct gate_options options = {
		.config = s->cli->config, .store = s->cli->store, .apis = s->apis, .api_count = s->api_count,
	};
	char text[512] = "";
	return gate_new(&options, &s->gate, text) ? CLI_DONE : cli_fail(s->cli, CLI_CONFIG, "%s.", text);
}

/* Operations' pages are on their own listener, or on those that only this machine reaches. */
static bool list_listeners(struct serving *s)
{
	const struct config *config = s->cli->config;
	s->listeners = arena_alloc(&s->cli->arena, (config->listen_count + 1) * sizeof(*s->listeners));
	if (!s->listeners)
		return false;
	for (size_t i = 0; i < config->listen_count; i++) {
		const bool both = !config->operations && config_is_loopback(config->listen[i]);
		s->listeners[s->listener_count++] = (struct server_listener){
			config->listen[i], both ? GATE_LISTENER_BOTH : GATE_LISTENER_PUBLIC,
		};
	}
	if (config->operations)
		s->listeners[s->listener_count++] =
			(struct server_listener){ config->operations, GATE_LISTENER_OPERATIONS };
	return true;
}

static enum cli_exit open_server(struct serving *s)
{
	const struct config *config = s->cli->config;
	const struct config_limits *l = &config->limits;
	char text[256] = "";

	if (!list_listeners(s))
		return cli_fail(s->cli, CLI_CONFIG, "there is no memory.");
	const struct server_options options = {
		.listeners = s->listeners, .listener_count = s->listener_count, .loops = config->workers,
		.limits = {
			.head_ms = l->head_ms, .idle_ms = l->idle_ms, .body_ms = l->body_ms,
			.body_total_ms = l->body_total_ms, .write_ms = l->write_ms, .drain_ms = l->drain_ms,
			.connections = l->connections, .body_memory_bytes = l->body_memory_bytes,
		},
	};
	const struct server_handler handler = gate_handler(s->gate);
	if (!server_new(&options, &handler, &s->server, text))
		return cli_fail(s->cli, CLI_CONFIG, "%s.", text);
	gate_set_server(s->gate, s->server);
	return CLI_DONE;
}

static void announce(const struct serving *s)
{
	for (size_t i = 0; i < s->listener_count; i++) {
		const char *address = s->listeners[i].address;
		const char *colon = strrchr(address, ':');
		const unsigned port = server_port(s->server, i);
		if (port > 0 && colon)
			log_info("listening on %.*s:%u%s", (int)(colon - address), address, port,
				s->listeners[i].tag == GATE_LISTENER_OPERATIONS ? " (operations)" : "");
		else
			log_info("listening on %s", address);
		if (!config_is_loopback(address))
			log_warning("%s can be reached from other machines, without TLS: put it behind a "
				    "proxy that speaks TLS",
				address);
	}
}

static void announce_apis(const struct serving *s)
{
	for (size_t i = 0; i < s->api_count; i++) {
		const struct config_api *api = s->apis[i].config;
		log_info("API %s at %s%s, %zu operations", api->name, s->cli->config->public_url,
			api->profile->rest_base ? api->profile->rest_base : "",
			remit_policy_operations(api->profile->policy));
	}
}

/* With every signal that stops it blocked in every thread but one. */
static enum cli_exit run_server(struct serving *s)
{
	char text[512] = "";
	if (!gate_start(s->gate, text))
		return cli_fail(s->cli, CLI_STORE, "%s.", text);
	if (pthread_create(&s->signals, NULL, await_signals, s) != 0)
		return cli_fail(s->cli, CLI_REFUSED, "no thread can be started.");
	announce_apis(s);
	announce(s);
	bool ran = server_run(s->server);
	atomic_store(&s->over, true);
	pthread_kill(s->signals, SIGTERM); /* wakes sigwait, which then sees that it is over */
	pthread_join(s->signals, NULL);
	return ran ? CLI_DONE : cli_fail(s->cli, CLI_REFUSED, "an event loop could not start.");
}

/* Closes in the order in which nothing is used after its end. */
static void close_all(struct serving *s)
{
	gate_free(s->gate);
	server_free(s->server);
	for (size_t i = 0; i < s->api_count; i++)
		if (s->apis[i].service)
			publishing_close(s->apis[i].service);
	outbound_free(s->outbound);
	secrets_close(s->secrets);
}

static enum cli_exit run(struct cli *cli)
{
	struct serving s = { .cli = cli };
	char text[256] = "";
	sigset_t set;
	enum cli_exit status;

	stop_signals(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is as a full disk */
	status = open_store(cli);
	if (status == CLI_DONE && !secrets_open(cli->config->secrets_key, &s.secrets, text))
		status = cli_fail(cli, CLI_CONFIG, "%s.", text);
	if (status == CLI_DONE)
		status = open_outbound(&s);
	if (status == CLI_DONE)
		status = open_services(&s);
	if (status == CLI_DONE)
		status = open_gate(&s);
	if (status == CLI_DONE)
		status = open_server(&s);
	if (status == CLI_DONE)
		status = run_server(&s);
	close_all(&s);
	if (status == CLI_DONE)
		log_info("stopped");
	return status;
}

const struct cli_command command_serve = {
	.path = "serve",
	.summary = "run the server: gate, authority, services",
	.arguments = "",
	.examples =
		(const struct cli_example[]){
			{ "remit serve", "as ./remit.yaml says" },
			{ "REMIT_LISTEN=127.0.0.1:9000 remit serve --config /etc/remit/remit.yaml",
				"elsewhere, for once" },
			{ 0 },
		},
	.details = "Stays in the foreground and logs on stderr. SIGTERM and Ctrl-C drain: no new "
		   "connections, running requests finish. "
		   "A second signal ends at once.\n\nA store that does not exist is made; one of an older "
		   "version is left alone, and "
		   "`remit store migrate` brings it up to date.",
	.run = run,
};
