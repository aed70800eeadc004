/* SPDX-License-Identifier: Apache-2.0
 * One reading of a redirect URI, and the comparison with a registered one.
 * wire: may include base, and nothing else of ours.
 */
#include "wire/redirect.h"

#include "base/text.h"

/* Schemes that run, read or send something else in a browser; never an app's own. */
static const char *const refused_schemes[] = {
	"javascript", "data", "vbscript", "file", "blob", "about", "view-source", "filesystem", "ws", "wss", "ftp",
	"mailto", "tel", "sms", "jar", "intent", "chrome", "resource", "livescript", "mocha", "urn",
};
/* What we add to it (O05). */
static const char *const our_names[] = { "code", "state", "iss", "error", "error_description", "error_uri", "response" };

static bool fail(const char **reterr, const char *what)
{
	*reterr = what;
	return false;
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool check_bytes(struct str text, const char **reterr)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		if ((unsigned char)c <= 0x20 || (unsigned char)c >= 0x7f || strchr("\"<>\\^`{|}", c))
			return fail(reterr, "holds a character that no URI has");
		if (c == '#')
			return fail(reterr, "holds a fragment");
		if (c == '%' && (text.n - i < 3 || hex_value(text.p[i + 1]) < 0 || hex_value(text.p[i + 2]) < 0))
			return fail(reterr, "holds an incomplete %");
	}
	return true;
}

static bool read_scheme(struct str *rest, struct str *ret)
{
	if (!str_cut(rest, ':', ret) || ret->n == 0 || !is_alpha(ret->p[0]))
		return false;
	for (size_t i = 0; i < ret->n; i++)
		if (!is_alpha(ret->p[i]) && !is_digit(ret->p[i]) && !strchr("+-.", ret->p[i]))
			return false;
	return true;
}

/* A name or an IPv4 address of letters, digits, '-', '_' and '.', or something in brackets. */
static bool check_host(struct str host)
{
	bool bracketed = host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
	for (size_t i = bracketed; i < host.n - bracketed; i++) {
		char c = host.p[i];
		bool good = bracketed ? hex_value(c) >= 0 || c == ':' || c == '.'
			: is_alpha(c) || is_digit(c) || c == '-' || c == '_' || c == '.';
		if (!good)
			return false;
	}
	return host.n > 0;
}

static size_t authority_length(struct str rest)
{
	size_t n = 0;
	while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?')
		n++;
	return n;
}

static bool read_host(struct str authority, struct redirect *ret, const char **reterr)
{
	uint64_t port;
	if (memchr(authority.p, '@', authority.n))
		return fail(reterr, "holds a user name");
	size_t n = authority.n;
	while (n > 0 && is_digit(authority.p[n - 1]))
		n--;
	ret->host = authority;
	ret->port = (struct str){ authority.p + authority.n, 0 };
	if (n > 0 && authority.p[n - 1] == ':') {
		ret->host.n = n - 1;
		ret->port = (struct str){ authority.p + n, authority.n - n };
		if (!str_to_u64(ret->port, 65535, &port) || port == 0)
			return fail(reterr, "has a port that is none");
	}
	return check_host(ret->host) || fail(reterr, "has a host that is none");
}

static bool check_query(struct redirect *ret, const char **reterr)
{
	struct str query = ret->rest, pair, name;
	ret->has_query = str_cut(&query, '?', &pair);
	while (ret->has_query && query.n > 0) {
		str_cut(&query, '&', &pair);
		str_cut(&pair, '=', &name);
		if (memchr(name.p, '%', name.n) || memchr(name.p, ';', name.n))
			return fail(reterr, "has a name in its query that can be read in two ways");
		for (size_t i = 0; i < sizeof(our_names) / sizeof(our_names[0]); i++)
			if (str_eq_ignore_case(name, str_of(our_names[i])))
				return fail(reterr, "has a parameter that the answer brings");
	}
	return true;
}

static bool is_loopback(struct str host)
{
	return str_is(host, "127.0.0.1") || str_is(host, "[::1]") || str_is(host, "localhost");
}

static bool read_web(struct str text, bool tls, struct redirect *ret, const char **reterr)
{
	struct str rest = { ret->scheme.p + ret->scheme.n + 1, 0 };
	rest.n = (size_t)(text.p + text.n - rest.p);
	if (!str_starts(rest, STR("//")))
		return fail(reterr, "has no host");
	rest = (struct str){ rest.p + 2, rest.n - 2 };
	struct str authority = { rest.p, authority_length(rest) };
	if (!read_host(authority, ret, reterr))
		return false;
	ret->rest = (struct str){ authority.p + authority.n, rest.n - authority.n };
	ret->origin = (struct str){ text.p, (size_t)(ret->rest.p - text.p) };
	ret->kind = tls ? REDIRECT_WEB : REDIRECT_LOOPBACK;
	if (!tls && !is_loopback(ret->host))
		return fail(reterr, "must use https where its host is not 127.0.0.1, [::1] or localhost");
	return check_query(ret, reterr);
}

static bool is_refused(struct str scheme)
{
	for (size_t i = 0; i < sizeof(refused_schemes) / sizeof(refused_schemes[0]); i++)
		if (str_eq_ignore_case(scheme, str_of(refused_schemes[i])))
			return true;
	return false;
}

bool redirect_read(struct str text, struct redirect *ret, const char **reterr)
{
	struct redirect read = { .kind = REDIRECT_APP };
	struct str rest = text;
	if (text.n == 0 || text.n > REDIRECT_BYTES_MAX)
		return fail(reterr, "is empty or too long");
	if (!check_bytes(text, reterr))
		return false;
	if (!read_scheme(&rest, &read.scheme) || rest.n == 0)
		return fail(reterr, "is no absolute URI");
	bool http = str_eq_ignore_case(read.scheme, STR("http")), https = str_eq_ignore_case(read.scheme, STR("https"));
	if (http || https) {
		if (!read_web(text, https, &read, reterr))
			return false;
	} else {
		if (is_refused(read.scheme))
			return fail(reterr, "has a scheme that no app may have");
		read.rest = rest;
		read.origin = (struct str){ text.p, read.scheme.n + 1 };
		if (!check_query(&read, reterr))
			return false;
	}
	*ret = read;
	return true;
}

bool redirect_matches(struct str registered, struct str asked)
{
	struct redirect a, b;
	const char *why;
	if (!redirect_read(registered, &a, &why) || !redirect_read(asked, &b, &why))
		return false;
	if (str_eq(registered, asked))
		return true;
	return a.kind == REDIRECT_LOOPBACK && b.kind == REDIRECT_LOOPBACK && str_eq(a.scheme, b.scheme)
		&& str_eq(a.host, b.host) && str_eq(a.rest, b.rest);
}
