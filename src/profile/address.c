/* SPDX-License-Identifier: Apache-2.0
 * The forms of addresses, hosts and origins in a configuration. Pure: nothing is looked up.
 * profile: may include base and core.
 */
#include "profile/address.h"

#include "profile/config.h"
#include <arpa/inet.h>

#define HOST_MAX 253

static bool parse_ip(struct str s, int family, struct in6_addr *ret)
{
	char text[INET6_ADDRSTRLEN];
	if (s.n == 0 || s.n >= sizeof(text) || memchr(s.p, '\0', s.n))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	return inet_pton(family, text, ret) == 1;
}

static bool is_port(struct str s)
{
	uint64_t port;
	return s.n <= 5 && (s.n == 1 || (s.n > 1 && s.p[0] != '0')) && str_to_u64(s, 65535, &port);
}

/* Splits "host:port" or "[v6]:port"; *ret_port is {NULL, 0} where there is none. */
static bool split_port(struct str s, struct str *ret_host, struct str *ret_port)
{
	const char *end = s.n > 0 && s.p[0] == '[' ? memchr(s.p, ']', s.n) : NULL;
	size_t n = 0;

	if (s.n > 0 && s.p[0] == '[') {
		if (!end)
			return false;
		n = (size_t)(end - s.p) + 1;
	} else {
		while (n < s.n && s.p[n] != ':')
			n++;
	}
	*ret_host = (struct str){ s.p, n };
	*ret_port = (struct str){ NULL, 0 };
	if (n == s.n)
		return true;
	*ret_port = (struct str){ s.p + n + 1, s.n - n - 1 };
	return s.p[n] == ':' && is_port(*ret_port);
}

static bool is_ip_literal(struct str host)
{
	struct in6_addr ip;
	if (host.n > 2 && host.p[0] == '[')
		return parse_ip((struct str){ host.p + 1, host.n - 2 }, AF_INET6, &ip);
	return parse_ip(host, AF_INET, &ip);
}

bool address_is_socket(struct str s)
{
	struct str host, port;
	return split_port(s, &host, &port) && port.p && is_ip_literal(host);
}

bool address_is_wildcard(struct str s)
{
	struct str host, port;
	return split_port(s, &host, &port) && (str_is(host, "0.0.0.0") || str_is(host, "[::]"));
}

bool address_is_range(struct str s)
{
	struct in6_addr ip;
	struct str rest = s, address;
	uint64_t length;
	bool has_length = str_cut(&rest, '/', &address);
	bool v4 = parse_ip(address, AF_INET, &ip);

	if (!v4 && !parse_ip(address, AF_INET6, &ip))
		return false;
	return !has_length || str_to_u64(rest, v4 ? 32 : 128, &length);
}

static bool is_name(struct str host)
{
	char before = '.';
	for (size_t i = 0; i < host.n; i++) {
		char c = host.p[i];
		bool alnum = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		if (!alnum && c != '-' && c != '.')
			return false;
		if (before == '.' && !alnum)
			return false;
		before = c;
	}
	return host.n > 0 && host.n <= HOST_MAX && before != '.' && before != '-';
}

bool address_is_host(struct str s)
{
	struct str host, port;
	return split_port(s, &host, &port)
	       && (host.n > 0 && host.p[0] == '[' ? is_ip_literal(host) : is_name(host));
}

bool address_is_origin(struct str s)
{
	static const struct str schemes[] = { { "http://", 7 }, { "https://", 8 } };
	for (size_t i = 0; i < 2; i++) {
		if (str_starts(s, schemes[i]))
			return address_is_host((struct str){ s.p + schemes[i].n, s.n - schemes[i].n });
	}
	return false;
}

bool config_is_loopback(const char *address)
{
	struct str s = str_of(address), host, port;
	struct in6_addr ip;

	if (str_starts(s, STR("unix:")) || strcmp(address, "::1") == 0)
		return true;
	if (!split_port(s, &host, &port))
		return false;
	if (str_starts(host, STR("[")))
		return parse_ip((struct str){ host.p + 1, host.n - 2 }, AF_INET6, &ip)
		       && IN6_IS_ADDR_LOOPBACK(&ip);
	return parse_ip(host, AF_INET, &ip) && ((const unsigned char *)&ip)[0] == 127;
}
