/* SPDX-License-Identifier: Apache-2.0
 * remit serve: config, store, secrets, services, gate, server, in this order; and back.
 * cli: may include every room.
 */
#include "cli/commands.h"
#include "cli/generation.h"
#include "cli/services.h"
#include "cli/tls_files.h"

#include "base/clock.h"
#include "base/log.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

struct serving {
	struct cli *cli;
	struct secrets *secrets;
	struct generation *generation; /* the newest; the gate's, once there is a gate */
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

/* Operations' pages are on their own listener, or on those that only this machine reaches. NULL without memory. */
static struct server_listener *list_listeners(struct arena *arena, const struct config *config, size_t *ret_count)
{
	struct server_listener *list = arena_alloc(arena, (config->listen_count + 1) * sizeof(*list));
	size_t count = 0;

	for (size_t i = 0; list && i < config->listen_count; i++) {
		const bool both = !config->operations && config_is_loopback(config->listen[i]);
		const struct tls_server_options *tls;
		if (!tls_files_options(arena, config, i, &tls))
			return NULL;
		list[count++] = (struct server_listener){
			config->listen[i], both ? GATE_LISTENER_BOTH : GATE_LISTENER_PUBLIC, tls,
		};
	}
	if (list && config->operations)
		list[count++] = (struct server_listener){ config->operations, GATE_LISTENER_OPERATIONS, NULL };
	*ret_count = count;
	return list;
}

/* Everything that can fail comes before the first thing that changes. */
static bool take_generation(struct serving *s, struct generation *next, char reterr_text[512])
{
	struct server_tls *tls;
	size_t count;
	const struct server_listener *listeners = list_listeners(&next->arena, next->config, &count);
	const struct gate_options options = {
		.config = next->config, .store = s->cli->store, .apis = next->apis, .api_count = next->api_count,
		.outbound = next->outbound, .over = generation_close, .owner = next,
	};

	snprintf(reterr_text, 512, "there is no memory");
	if (!listeners || !server_tls_load(s->server, listeners, &tls, reterr_text))
		return false;
	generation_set_gate(next, s->gate);
	if (!gate_reload(s->gate, &options, reterr_text)) {
		server_tls_drop(tls);
		return false;
	}
	server_tls_use(s->server, tls);
	return true;
}

/* False with a sentence, and nothing has changed. */
static bool take_config(struct serving *s, char reterr_text[512])
{
	const struct config *now = s->generation->config;
	struct generation *next;
	struct config *config = generation_config(now->file, reterr_text);
	if (!config)
		return false;
	if (!config_may_follow(config, now, reterr_text)
		|| generation_open(config, true, s->cli->store, s->secrets, &next, reterr_text) != CLI_DONE) {
		config_free(config);
		return false;
	}
	/* The old one rests first: once the gate has the next, it may be gone at any time. */
	generation_rest(s->generation);
	if (!generation_start(next, reterr_text) || !take_generation(s, next, reterr_text)) {
		char why[512] = "";
		generation_close(next);
		if (!generation_start(s->generation, why))
			log_error("%s", why);
		return false;
	}
	s->generation = next;
	tls_files_warn(config);
	return true;
}

static void reload(struct serving *s)
{
	char why[512] = "";
	int64_t began_ns = clock_monotonic_ns();
	if (take_config(s, why)) {
		const struct config *config = s->generation->config;
		log_info("reloaded: %zu API%s, %zu operations, in %lld ms", config->api_count,
			config->api_count == 1 ? "" : "s", generation_operations(s->generation),
			(long long)((clock_monotonic_ns() - began_ns) / 1000000));
		return;
	}
	gate_refused(s->gate, why);
	log_error("reload refused: %s; the old configuration goes on", why);
}

/* A terminal that is closed tells so by the same signal as a person who wants a reload, but from the kernel. */
static bool is_reload(int number, const siginfo_t *info)
{
	return number == SIGHUP && info->si_code != SI_KERNEL;
}

/* SIGHUP takes a new configuration. Of the others the first drains, the second ends at once. */
static void *await_signals(void *arg)
{
	const struct timespec step = { .tv_sec = 1 };
	struct serving *s = arg;
	unsigned stops = 0;
	sigset_t set;

	stop_signals(&set);
	while (!atomic_load(&s->over)) {
		siginfo_t info;
		const int number = sigtimedwait(&set, &info, &step);
		gate_tidy(s->gate);
		if (number < 0 || atomic_load(&s->over))
			continue;
		if (is_reload(number, &info)) {
			if (stops == 0)
				reload(s);
			continue;
		}
		if (stops++ > 0) {
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
	services_check(cli->config, mistakes);
	tls_files_check(cli->config, mistakes);
	cli_print_mistakes(cli, mistakes);
	if (mistakes->count > 0)
		status = cli_fail(cli, CLI_CONFIG, "what the configuration names does not fit; nothing was started.");
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
		return cli_attach(cli);
	return cli_fail(cli, CLI_STORE, "%s.%s", text,
		opened == STORE_SCHEMA ? " `remit store migrate` brings an older store up to date." : "");
}

static enum cli_exit open_services(struct serving *s)
{
	struct cli *cli = s->cli;
	char text[512] = "";
	enum cli_exit status = generation_open(cli->config, false, cli->store, s->secrets, &s->generation, text);
	return status == CLI_DONE ? CLI_DONE : cli_fail(cli, status, "%s.", text);
}

static enum cli_exit open_gate(struct serving *s)
{
	const struct gate_options options = {
		.config = s->cli->config, .store = s->cli->store, .secrets = s->secrets,
		.apis = s->generation->apis, .api_count = s->generation->api_count,
		.outbound = s->generation->outbound, .over = generation_close, .owner = s->generation,
	};
	char text[512] = "";
	if (!gate_new(&options, &s->gate, text))
		return cli_fail(s->cli, CLI_CONFIG, "%s.", text);
	generation_set_gate(s->generation, s->gate);
	return CLI_DONE;
}

static enum cli_exit open_server(struct serving *s)
{
	const struct config *config = s->cli->config;
	const struct config_limits *l = &config->limits;
	char text[256] = "";

	s->listeners = list_listeners(&s->cli->arena, config, &s->listener_count);
	if (!s->listeners)
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
			log_info("listening on %.*s:%u%s%s", (int)(colon - address), address, port,
				s->listeners[i].tls ? " (TLS)" : "",
				s->listeners[i].tag == GATE_LISTENER_OPERATIONS ? " (operations)" : "");
		else
			log_info("listening on %s", address);
		if (!s->listeners[i].tls && !config_is_loopback(address))
			log_warning("%s can be reached from other machines, without TLS: give it a certificate "
				    "(`tls`), or put it behind a proxy that speaks TLS",
				address);
	}
}

/* Whether clients come by an address of this machine. */
static bool is_public_url_here(const char *url)
{
	const char *place = strstr(url, "://");
	return !place || config_is_loopback(place + 3) || str_starts(str_of(place + 3), STR("localhost"));
}

/* Where clients come from elsewhere to a listener of this machine, something passes them on. */
static void warn_of_shared_operations(const struct serving *s)
{
	if (is_public_url_here(s->cli->config->public_url))
		return;
	for (size_t i = 0; i < s->listener_count; i++)
		if (s->listeners[i].tag == GATE_LISTENER_BOTH) {
			log_warning("/metrics is on %s beside the APIs: whatever passes requests on to it must "
				    "keep /metrics back, or give `operations` an address of its own",
				s->listeners[i].address);
			return;
		}
}

static void announce_apis(const struct serving *s)
{
	for (size_t i = 0; i < s->generation->api_count; i++) {
		const struct config_api *api = s->generation->apis[i].config;
		log_info("API %s at %s%s, %zu operations", api->name, s->cli->config->public_url,
			api->profile->rest_base ? api->profile->rest_base : "",
			remit_policy_operations(api->profile->policy));
	}
}

/* With every signal that is waited for blocked in every thread but one. */
static enum cli_exit run_server(struct serving *s)
{
	char text[512] = "";
	if (!gate_start(s->gate, text))
		return cli_fail(s->cli, CLI_STORE, "%s.", text);
	if (!generation_start(s->generation, text))
		return cli_fail(s->cli, CLI_REFUSED, "%s.", text);
	if (pthread_create(&s->signals, NULL, await_signals, s) != 0)
		return cli_fail(s->cli, CLI_REFUSED, "no thread can be started.");
	announce_apis(s);
	warn_of_shared_operations(s);
	announce(s);
	tls_files_warn(s->cli->config);
	bool ran = server_run(s->server);
	atomic_store(&s->over, true);
	pthread_kill(s->signals, SIGTERM); /* wakes sigwait, which then sees that it is over */
	pthread_join(s->signals, NULL);
	return ran ? CLI_DONE : cli_fail(s->cli, CLI_REFUSED, "an event loop could not start.");
}

/* Closes in the order in which nothing is used after its end. */
static void close_all(struct serving *s)
{
	if (!s->gate)
		generation_close(s->generation);
	gate_free(s->gate);
	server_free(s->server);
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
		   "A second signal ends at once.\n\nSIGHUP reads the configuration and the profiles again and "
		   "judges new requests by them; running requests go on by the old ones. One that has a "
		   "mistake, or that changes what only a restart can change, is refused whole: the log and "
		   "/readyz say why.\n\nA store that does not exist is made; one of an older "
		   "version is left alone, and "
		   "`remit store migrate` brings it up to date.",
	.run = run,
};
