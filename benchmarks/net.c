/* SPDX-License-Identifier: Apache-2.0
 * A server that answers 204 to everything, to be measured beside nginx `return 204`: what net costs
 * before anything is judged. Given a certificate and its key it speaks TLS, and HTTP/2 to who offers it.
 */
#include "net/server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static struct server *server;

static void on_request(struct exchange *x, void *state)
{
	static const struct answer no_content = { .status = 204 };
	(void)state;
	exchange_answer(x, &no_content);
}

static void on_signal(int signal_number)
{
	(void)signal_number;
	server_stop(server);
}

int main(int argc, char **argv)
{
	const struct tls_server_options tls = { argc > 4 ? argv[3] : NULL, argc > 4 ? argv[4] : NULL, true };
	struct server_listener listener = { argc > 1 ? argv[1] : "127.0.0.1:0", 0, argc > 4 ? &tls : NULL };
	struct server_options options = { .listeners = &listener, .listener_count = 1 };
	static const struct server_handler handler = { .request = on_request };
	char error[256];

	if (argc > 2)
		options.loops = (unsigned)strtoul(argv[2], NULL, 10);
	signal(SIGPIPE, SIG_IGN);
	if (!server_new(&options, &handler, &server, error)) {
		fprintf(stderr, "%s\n", error);
		return 1;
	}
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	printf("%u\n", server_port(server, 0));
	fflush(stdout);
	bool good = server_run(server);
	server_free(server);
	return good ? 0 : 1;
}
