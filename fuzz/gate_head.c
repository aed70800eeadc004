/* SPDX-License-Identifier: Apache-2.0
 * What the gate reads of a head before any decision: credentials, addresses, hosts, origins.
 */
#include "gate/client_address.h"
#include "gate/credentials.h"
#include "gate/doorman.h"

#include <netinet/in.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const origins[] = { "https://page.example.org" };
static const struct config_api own = { .name = "a", .host = "api.example.com", .origins = origins,
	.origin_count = 1 };
static const struct api api = { .config = &own };
static const char *const listens[] = { "127.0.0.1:8787" };
static const struct config config = { .public_url = "https://example.com", .listen = listens,
	.listen_count = 1 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_request request;
	struct http1_error error;
	size_t head;
	char why[512];
	if (http1_parse_request((const char *)data, size, 0, &request, &head, &error) != HTTP1_DONE)
		return 0;
	struct str token = { NULL, 0 };
	if (credentials_read(&request, &token) == CREDENTIALS_BEARER && token.n == 0)
		abort();
	struct trusted trusted = { .loopback = true };
	struct sockaddr_in peer = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	(void)client_address(&trusted, (struct sockaddr *)&peer, &request);
	struct doorman doorman;
	if (!doorman_init(&doorman, &config, why))
		abort();
	/* What is let in as a host is no longer than the longest of ours: nothing stands around it. */
	struct place place;
	if (doorman_knows_host(&doorman, request.authority, &api, &api, 1)
		&& (!place_from_text(request.authority, &place) || place.host.n > sizeof("api.example.com") - 1))
		abort();
	for (size_t i = 0; i < request.header_count; i++)
		if (doorman_knows_origin(&doorman, request.headers[i].value, &api) && request.headers[i].value.n > 64)
			abort();
	return 0;
}
