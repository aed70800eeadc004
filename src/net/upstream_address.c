/* SPDX-License-Identifier: Apache-2.0
 * Addresses of upstreams: parsed, and names looked up once.
 * net: may include base, core and wire.
 */
#include "net/upstream.h"

#include "base/text.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>

#define ERROR_ROOM 256

static bool find_unix(const char *path, struct upstream_address *ret)
{
	struct sockaddr_un *un = &ret->address.un;
	if (strlen(path) >= sizeof(un->sun_path))
		return false;
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, path, strlen(path) + 1);
	memcpy(ret->host, "localhost", sizeof("localhost"));
	return true;
}

static bool look_up(const char *host, const char *port, struct upstream_address *ret)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	struct addrinfo *found = NULL;

	if (getaddrinfo(host, port, &hints, &found) != 0)
		return false;
	bool good = found->ai_addrlen <= sizeof(ret->address);
	if (good)
		memcpy(&ret->address, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	return good;
}

/* "name", "name:port", "[v6]:port". How many addresses there are. */
static size_t find_tcp(const char *text, const char *port, struct upstream_address ret[static UPSTREAM_NAME_ADDRESSES])
{
	char host[UPSTREAM_HOST_ROOM];
	const char *start = text;
	size_t n = strcspn(text, ":");

	if (strlen(text) >= sizeof(host))
		return 0;
	if (*text == '[') {
		start = text + 1;
		n = strcspn(start, "]");
	}
	memcpy(host, start, n);
	host[n] = '\0';
	const char *rest = start + n + (*text == '[' ? 1 : 0);
	if (*rest == ':')
		port = rest + 1;
	memcpy(ret->host, text, strlen(text) + 1);
	memcpy(ret->name, host, n + 1);
	if (!host_is_localhost((struct str){ host, n }))
		return look_up(host, port, &ret[0]) ? 1 : 0;
	ret[1] = ret[0];
	ret[1].spare = true;
	return look_up("127.0.0.1", port, &ret[0]) && look_up("::1", port, &ret[1]) ? 2 : 0;
}

size_t upstream_address_find(const char *text, struct upstream_address ret[static UPSTREAM_NAME_ADDRESSES],
			     char reterr_text[static ERROR_ROOM])
{
	struct str all = str_of(text);
	size_t found = 0;

	ret[0] = (struct upstream_address){ .tls = str_starts(all, STR("https://")) };
	if (ret->tls)
		found = find_tcp(text + strlen("https://"), "443", ret);
	else if (str_starts(all, STR("http://unix:")))
		found = find_unix(text + strlen("http://unix:"), ret) ? 1 : 0;
	else if (str_starts(all, STR("http://")))
		found = find_tcp(text + strlen("http://"), "80", ret);
	if (found == 0)
		snprintf(reterr_text, ERROR_ROOM, "%.150s: there is no such address", text);
	return found;
}
