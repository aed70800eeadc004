/* SPDX-License-Identifier: Apache-2.0
 * A real gate before a service without REST whose tools are those that the conformance suite of MCP asks a server for.
 *
 *   conforming_server CONFIG    makes the store, prints a token that covers everything and its port, and ends with stdin
 */
#include "authority/authority.h"
#include "base/clock.h"
#include "base/text.h"
#include "gate/gate.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define WAIT_NS (INT64_C(20) * 1000000000)

/* ---- The tools ---- */

static const char picture[] = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
static const char sound[] = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=";

static struct str bytes_of(const char *text, uint8_t room[256])
{
	size_t n = 0;
	if (!base64_decode(str_of(text), room, 256, &n))
		abort();
	return (struct str){ (const char *)room, n };
}

static void tell_text(struct service *service, struct service_call *call)
{
	(void)service;
	service_tool_text(call, STR("This is a simple text response for testing."));
}

static void tell_image(struct service *service, struct service_call *call)
{
	uint8_t room[256];
	(void)service;
	service_tool_image(call, bytes_of(picture, room), "image/png");
}

static void tell_audio(struct service *service, struct service_call *call)
{
	uint8_t room[256];
	(void)service;
	service_tool_audio(call, bytes_of(sound, room), "audio/wav");
}

static void tell_resource(struct service *service, struct service_call *call)
{
	(void)service;
	service_tool_resource(call, "test://embedded-resource", "text/plain",
		STR("This is an embedded resource content."));
}

static void tell_all(struct service *service, struct service_call *call)
{
	service_tool_text(call, STR("Multiple content types test:"));
	tell_image(service, call);
	service_tool_resource(call, "test://mixed-content-resource", "application/json",
		STR("{\"test\":\"data\",\"value\":123}"));
}

static void tell_error(struct service *service, struct service_call *call)
{
	(void)service;
	service_tool_fail(call, "This tool intentionally returns an error for testing");
}

static void tell_progress(struct service *service, struct service_call *call)
{
	(void)service;
	for (uint64_t done = 0; done <= 100; done += 50)
		service_progress(call, done, 100);
	service_tool_text(call, STR("Done."));
}

/* Until it is called off; says "begun" by its first note of progress. */
static void wait_long(struct service *service, struct service_call *call)
{
	const int64_t until = clock_monotonic_ns() + WAIT_NS;
	(void)service;
	service_progress(call, 1, 2);
	while (!service_is_cancelled(call) && clock_monotonic_ns() < until)
		nanosleep(&(struct timespec){ 0, 5000000 }, NULL);
	fprintf(stdout, "%s\n", service_is_cancelled(call) ? "cancelled" : "waited");
	fflush(stdout);
	service_tool_answer(call, json_pack("{s:b}", "cancelled", (int)service_is_cancelled(call)), false);
}

static void tell_arguments(struct service *service, struct service_call *call)
{
	(void)service;
	service_tool_answer(call, json_incref(call->json), false);
}

#define NOTHING "{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}"
#define TOOL(name_, run_) { .name = (name_), .summary = "The tool " name_, .run = (run_), .input = NOTHING, .hints = SERVICE_READS }

static const struct service_tool tools[] = {
	TOOL("test_simple_text", tell_text),
	TOOL("test_image_content", tell_image),
	TOOL("test_audio_content", tell_audio),
	TOOL("test_embedded_resource", tell_resource),
	TOOL("test_multiple_content_types", tell_all),
	TOOL("test_error_handling", tell_error),
	TOOL("test_tool_with_progress", tell_progress),
	TOOL("wait_long", wait_long),
	{ .name = "things", .summary = "Things", .run = tell_arguments, .input = "{\"type\":\"object\",\"properties\":{\"action\":"
		"{\"type\":\"string\",\"enum\":[\"list\",\"drop\",\"unmapped\"]}},\"required\":[\"action\"]}" },
};

static struct service conforming = { .name = "conforming", .title = "Conforming", .tools = tools,
	.tool_count = sizeof(tools) / sizeof(tools[0]) };

/* ---- Start ---- */

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "%s\n", what);
	exit(1);
}

static void make_tokens(const struct config *config, struct store *store)
{
	static const char *const all[] = { "things:list", "things:drop" };
	struct authority_api api = { config->apis[0].name, config->apis[0].profile };
	struct authority authority = { .store = store, .apis = &api, .api_count = 1 };
	struct store_actor who = { "cli:test", clock_wall_ms() };
	struct authority_error error = { "" };
	struct id id;
	must(authority_user_add(&authority, "ann@example.com", NULL, false, &who, &id, &error) == AUTHORITY_OK, error.text);
	for (size_t scopes = 2; scopes > 0; scopes--) {
		const struct token_request request = { .api = api.name, .owner = "ann@example.com", .name = scopes > 1 ? "all" : "one",
			.scopes = (const char **)(uintptr_t)all, .scope_count = scopes, .expiry = TOKEN_EXPIRY_NEVER };
		struct token_issued issued;
		must(authority_token_create(&authority, &request, &who, &issued, &error) == AUTHORITY_OK, error.text);
		printf("%s\n", issued.text);
		token_issued_done(&issued);
	}
}

static struct server *server;

static void *wait_for_end(void *arg)
{
	(void)arg;
	while (getchar() != EOF)
		continue;
	server_stop(server);
	return NULL;
}

int main(int argc, char **argv)
{
	char why[512] = "";
	struct store *store;
	struct gate *gate;
	struct mistakes mistakes;
	pthread_t thread;
	must(argc == 2, "conforming_server CONFIG");
	signal(SIGPIPE, SIG_IGN);
	must(authority_init(), "randomness");
	mistakes_init(&mistakes);
	struct config *config = config_load(argv[1], &mistakes);
	must(config, mistakes.count ? mistakes.list[0].what : "config");
	mistakes_done(&mistakes);
	must(store_open(config->store, STORE_MIGRATE, &store, why) == STORE_OK, why);
	make_tokens(config, store);
	const struct gate_api api = { &config->apis[0], &conforming };
	const struct gate_options options = { .config = config, .store = store, .apis = &api, .api_count = 1 };
	must(gate_new(&options, &gate, why), why);
	const struct server_listener listener = { config->listen[0], GATE_LISTENER_BOTH, NULL };
	const struct server_options server_options = { .listeners = &listener, .listener_count = 1, .loops = 2, .workers = 4 };
	const struct server_handler handler = gate_handler(gate);
	must(server_new(&server_options, &handler, &server, why), why);
	gate_set_server(gate, server);
	must(gate_start(gate, why), why);
	printf("%u\n", server_port(server, 0));
	fflush(stdout);
	must(pthread_create(&thread, NULL, wait_for_end, NULL) == 0, "thread");
	must(server_run(server), "server_run");
	pthread_join(thread, NULL);
	gate_free(gate);
	server_free(server);
	store_close(store);
	config_free(config);
	return 0;
}
