/* SPDX-License-Identifier: Apache-2.0
 * Reading URLs strictly, and writing them anew.
 * outbound: may include base and wire.
 */
#include "outbound/url.h"

#include <arpa/inet.h>
#include <stdio.h>

#define LABEL_MAX 63

static bool refuse(const char **reterr, const char *what)
{
	*reterr = what;
	return false;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Two parsers read some of these in two ways; nobody needs them unescaped. */
static bool is_visible(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] <= ' ' || text.p[i] > '~' || text.p[i] == '\\')
			return false;
	return true;
}

static bool take_scheme(struct str *rest, struct url *ret)
{
	static const struct str schemes[] = { { "http://", 7 }, { "https://", 8 } };

	for (size_t i = 0; i < 2; i++) {
		const size_t n = schemes[i].n;
		if (rest->n < n || !str_eq_ignore_case((struct str){ rest->p, n }, schemes[i]))
			continue;
		ret->tls = i == 1;
		*rest = (struct str){ rest->p + n, rest->n - n };
		return true;
	}
	return false;
}

/* The length up to the first of the characters in `ends`. */
static size_t span_to(struct str text, const char *ends)
{
	size_t n = 0;

	while (n < text.n && !strchr(ends, text.p[n]))
		n++;
	return n;
}

static bool read_port(struct str text, struct url *ret)
{
	uint64_t port;

	if (text.n == 0 || text.p[0] == '0' || !str_to_u64(text, 65535, &port))
		return false;
	ret->port = (uint16_t)port;
	return true;
}

static bool read_v6(struct str text, struct url *ret)
{
	char copy[INET6_ADDRSTRLEN];

	if (text.n == 0 || text.n >= sizeof(copy))
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	ret->address.v6.sin6_family = AF_INET6;
	return inet_pton(AF_INET6, copy, &ret->address.v6.sin6_addr) == 1 &&
	       inet_ntop(AF_INET6, &ret->address.v6.sin6_addr, ret->host, sizeof(ret->host));
}

/* Letters, digits, hyphens and underscores in labels with a dot between. */
static bool is_name(struct str host)
{
	for (struct str rest = host, label; rest.n > 0;) {
		str_cut(&rest, '.', &label);
		if (label.n == 0 || label.n > LABEL_MAX || label.p[0] == '-' || label.p[label.n - 1] == '-')
			return false;
		for (size_t i = 0; i < label.n; i++) {
			const char c = label.p[i];
			if (!is_digit(c) && !(c >= 'a' && c <= 'z') && c != '-' && c != '_')
				return false;
		}
	}
	return host.n > 0 && host.p[host.n - 1] != '.';
}

/* Whether resolvers might take the name for an address: its last label starts with a digit (2130706433,
 * 0x7f.1, 127.1, 017700000001). No name at the top is written so. */
static bool looks_like_address(struct str host)
{
	size_t last = host.n;

	while (last > 0 && host.p[last - 1] != '.')
		last--;
	return last < host.n && is_digit(host.p[last]);
}

static bool read_host(struct str text, struct url *ret, const char **reterr)
{
	if (text.n == 0 || text.n >= sizeof(ret->host) - 1)
		return refuse(reterr, text.n == 0 ? "names no host" : "names a host that is too long");
	for (size_t i = 0; i < text.n; i++)
		ret->host[i] = (char)(text.p[i] >= 'A' && text.p[i] <= 'Z' ? text.p[i] + 32 : text.p[i]);
	ret->host[text.n] = '\0';
	const struct str host = { ret->host, text.n };
	if (!is_name(host))
		return refuse(reterr, "names no host that there can be");
	if (!looks_like_address(host))
		return true;
	ret->address.v4.sin_family = AF_INET;
	if (inet_pton(AF_INET, ret->host, &ret->address.v4.sin_addr) != 1)
		return refuse(reterr, "spells an address in a form that is not taken (write 192.0.2.1)");
	return true;
}

/* What stands between "//" and the path. */
static bool read_authority(struct str text, struct url *ret, const char **reterr)
{
	struct str port;

	if (memchr(text.p, '@', text.n))
		return refuse(reterr, "holds a user name or a password");
	ret->port = ret->tls ? 443 : 80;
	if (text.n > 0 && text.p[0] == '[') {
		const size_t end = span_to(text, "]");
		if (end == text.n || !read_v6((struct str){ text.p + 1, end - 1 }, ret))
			return refuse(reterr, "names no IPv6 address between the brackets");
		port = (struct str){ text.p + end + 1, text.n - end - 1 };
	} else {
		const size_t end = span_to(text, ":");
		if (!read_host((struct str){ text.p, end }, ret, reterr))
			return false;
		port = (struct str){ text.p + end, text.n - end };
	}
	if (port.n > 0 && (port.p[0] != ':' || !read_port((struct str){ port.p + 1, port.n - 1 }, ret)))
		return refuse(reterr, "names no port that there can be");
	if (ret->address.any.sa_family == AF_INET6)
		ret->address.v6.sin6_port = htons(ret->port);
	else
		ret->address.v4.sin_port = htons(ret->port);
	return true;
}

static void write_text(struct url *url, struct str path)
{
	const bool v6 = url->address.any.sa_family == AF_INET6;
	char port[8] = "";

	if (url->port != (url->tls ? 443 : 80))
		snprintf(port, sizeof(port), ":%u", url->port);
	snprintf(url->text, sizeof(url->text), "%s://%s%s%s%s%s%.*s", url->tls ? "https" : "http", v6 ? "[" : "",
		url->host, v6 ? "]" : "", port, path.n > 0 && path.p[0] == '/' ? "" : "/", STR_FMT(path));
}

bool url_read(struct str text, struct url *ret, const char **reterr)
{
	struct str rest = text;
	struct url url = { .tls = false };

	if (text.n > LIMIT_OUTBOUND_URL_BYTES)
		return refuse(reterr, "is too long");
	if (!is_visible(text))
		return refuse(reterr, "holds a character that must be escaped");
	if (!take_scheme(&rest, &url))
		return refuse(reterr, "must start with https:// or http://");
	const size_t n = span_to(rest, "/?#");
	if (!read_authority((struct str){ rest.p, n }, &url, reterr))
		return false;
	rest = (struct str){ rest.p + n, rest.n - n };
	write_text(&url, (struct str){ rest.p, span_to(rest, "#") });
	*ret = url;
	return true;
}

/* The text up to where a reference of each kind is put: behind the scheme, the authority, the last slash
 * of the path, the path. */
static size_t keep_of(const struct url *base, struct str location)
{
	const struct str text = str_of(base->text);
	const size_t scheme = base->tls ? sizeof("https:") - 1 : sizeof("http:") - 1;
	const struct str rest = { text.p + scheme + 2, text.n - scheme - 2 };
	const size_t authority = scheme + 2 + span_to(rest, "/?");
	const size_t path = authority + span_to((struct str){ text.p + authority, text.n - authority }, "?");

	if (str_starts(location, STR("//")))
		return scheme;
	if (str_starts(location, STR("/")))
		return authority;
	if (str_starts(location, STR("?")))
		return path;
	size_t slash = path;
	while (slash > authority && text.p[slash - 1] != '/')
		slash--;
	return slash;
}

bool url_join(const struct url *base, struct str location, struct url *ret, const char **reterr)
{
	char text[2 * URL_TEXT_ROOM];
	const size_t colon = span_to(location, ":"), other = span_to(location, "/?#");

	if (location.n == 0 || location.n > LIMIT_OUTBOUND_URL_BYTES)
		return refuse(reterr, location.n == 0 ? "is empty" : "is too long");
	if (colon < other)
		return url_read(location, ret, reterr);
	const int n = snprintf(text, sizeof(text), "%.*s%.*s", (int)keep_of(base, location), base->text,
		STR_FMT(location));
	return url_read((struct str){ text, (size_t)n }, ret, reterr);
}

bool url_same_origin(const struct url *a, const struct url *b)
{
	return a->tls == b->tls && a->port == b->port && strcmp(a->host, b->host) == 0;
}
