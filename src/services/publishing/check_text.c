/* SPDX-License-Identifier: Apache-2.0
 * The kinds of text that fields hold.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/check.h"

#include "base/clock.h"
#include "base/text.h"

#include <sys/stat.h>

#define ZONE_FOLDER "/usr/share/zoneinfo"
#define MAX_ZONE 64

/* No control characters, C1 among them; line ends and tabs only in what has more than one line. */
static bool is_clean(struct str text, bool lines)
{
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = (uint8_t)text.p[i];
		if ((c < 0x20 && !(lines && (c == '\n' || c == '\t'))) || c == 0x7f)
			return false;
		if (c == 0xc2 && i + 1 < text.n && (uint8_t)text.p[i + 1] < 0xa0)
			return false;
	}
	return true;
}

static void check_plain(struct check *c, const char *where, const struct field *field, struct str text)
{
	bool lines = field->kind == FIELD_TEXT;

	if (!utf8_valid(text))
		check_add(c, "%s%s must be valid UTF-8", where, field->name);
	else if (utf8_length(text) > field->max)
		check_add(c, "%s%s must be at most %zu characters, and has %zu", where, field->name,
			field->max, utf8_length(text));
	else if (!is_clean(text, lines))
		check_add(c, "%s%s must not hold control characters%s", where, field->name,
			  lines ? " but line feeds and tabs" : " or line ends");
	else if (text.n == 0 && (field->flags & FIELD_FILLED))
		check_add(c, "%s%s must not be empty", where, field->name);
}

/* A time of day and an offset must be there: a date alone would be taken as midnight in UTC. */
static void check_time(struct check *c, const char *where, const struct field *field, struct str text)
{
	int64_t ms;
	if (text.n < sizeof("2026-11-22T06:18:00Z") - 1 || !time_from_text(text, &ms) || ms <= 0)
		check_add(c, "%s%s must be a time with its offset, as in 2030-05-01T09:00:00+02:00", where,
			field->name);
}

int64_t local_from_text(struct str text)
{
	char whole[sizeof("2030-05-01T09:00:00Z")] = "";
	static const size_t short_length = sizeof("2030-05-01T09:00") - 1, length = sizeof("2030-05-01T09:00:00") - 1;
	int64_t ms;

	if ((text.n != short_length && text.n != length) || text.p[10] != 'T')
		return INT64_MIN;
	memcpy(whole, text.p, text.n);
	memcpy(whole + text.n, text.n == short_length ? ":00Z" : "Z", text.n == short_length ? 4 : 1);
	return time_from_text((struct str){ whole, sizeof(whole) - 1 }, &ms) ? ms / 1000 : INT64_MIN;
}

static void check_word(struct check *c, const char *where, const struct field *field, struct str text)
{
	struct str rest = str_of(field->hint), word;
	while (next_word(&rest, &word))
		if (str_eq(word, text))
			return;
	check_add(c, "%s%s must be one of: %s", where, field->name, field->hint);
}

static void check_slug(struct check *c, const char *where, const struct field *field, struct str text)
{
	bool ok = text.n > 0 && text.n <= field->max;
	for (size_t i = 0; ok && i < text.n; i++)
		ok = strchr("abcdefghijklmnopqrstuvwxyz0123456789-_", text.p[i]) && text.p[i] != '\0';
	if (!ok)
		check_add(c, "%s%s must be 1 to %zu of a-z, 0-9, - and _", where, field->name, field->max);
}

static bool is_host(struct str host)
{
	if (host.n == 0 || host.n > 253)
		return false;
	if (host.p[0] == '[') {
		if (host.n < 4 || host.p[host.n - 1] != ']')
			return false;
		for (size_t i = 1; i + 1 < host.n; i++)
			if (hex_value(host.p[i]) < 0 && host.p[i] != ':' && host.p[i] != '.')
				return false;
		return true;
	}
	for (size_t i = 0; i < host.n; i++)
		if (!base62_is(host.p[i]) && host.p[i] != '-' && host.p[i] != '.')
			return false;
	return host.p[0] != '.' && host.p[0] != '-';
}

static bool is_loopback(struct str host)
{
	return str_eq_ignore_case(host, STR("localhost")) || str_is(host, "127.0.0.1") ||
	       str_is(host, "[::1]");
}

/* The host of an absolute http or https URL that nothing could read in two ways: no user, no
 * fragment, no backslash, space or control character, only ASCII. */
static bool url_host(struct str url, bool *ret_https, struct str *ret_host)
{
	for (size_t i = 0; i < url.n; i++)
		if ((uint8_t)url.p[i] <= 0x20 || (uint8_t)url.p[i] >= 0x7f ||
			strchr("\\#\"<>^`{|}", url.p[i]))
			return false;
	bool https = str_starts(url, STR("https://"));
	if (!https && !str_starts(url, STR("http://")))
		return false;
	size_t skip = https ? 8 : 7, end = skip;
	while (end < url.n && url.p[end] != '/' && url.p[end] != '?')
		end++;
	struct str host = { url.p + skip, end - skip };
	const char *colon = host.n > 0 ? memrchr(host.p, ':', host.n) : NULL;
	if (colon && !memchr(colon, ']', (size_t)(host.p + host.n - colon))) {
		uint64_t port;
		struct str digits = { colon + 1, (size_t)(host.p + host.n - colon) - 1 };
		if (!str_to_u64(digits, 65535, &port) || port == 0)
			return false;
		host.n = (size_t)(colon - host.p);
	}
	*ret_https = https;
	*ret_host = host;
	return is_host(host);
}

static void check_url(struct check *c, const char *where, const struct field *field, struct str text)
{
	bool https = false;
	struct str host;
	bool hook = field->kind == FIELD_HOOK;

	if (text.n == 0 && !(field->flags & FIELD_FILLED) && !hook)
		return;
	if (text.n > MAX_URL)
		check_add(
			c, "%s%s must be at most %d bytes, and has %zu", where, field->name, MAX_URL, text.n);
	else if (!url_host(text, &https, &host) || (hook && !https && !is_loopback(host)))
		check_add(c, "%s%s must be %s URL without user, password or fragment", where, field->name,
			  hook ? "an https (on loopback also http)" : "an http or https");
}

/* The names of the IANA time zone database: parts of letters, digits, '_', '-' and '+' that start
 * with a capital, '/' between. Where the system has the database, the zone must be in it. */
static bool is_zone(struct str zone)
{
	char path[sizeof(ZONE_FOLDER) + 1 + MAX_ZONE];
	struct stat st;

	if (zone.n == 0 || zone.n > MAX_ZONE)
		return false;
	for (size_t i = 0; i < zone.n; i++) {
		char c = zone.p[i];
		bool first = i == 0 || zone.p[i - 1] == '/';
		if (first ? c < 'A' || c > 'Z'
			  : !base62_is(c) && c != '_' && c != '-' && c != '+' && c != '/')
			return false;
	}
	if (zone.p[zone.n - 1] == '/')
		return false;
	if (stat(ZONE_FOLDER, &st) != 0)
		return true;
	memcpy(path, ZONE_FOLDER "/", sizeof(ZONE_FOLDER));
	memcpy(path + sizeof(ZONE_FOLDER), zone.p, zone.n);
	path[sizeof(ZONE_FOLDER) + zone.n] = '\0';
	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

void check_field(struct check *c, const char *where, const struct field *field, struct str text)
{
	struct id id;

	switch (field->kind) {
	case FIELD_LINE: case FIELD_TEXT:
		check_plain(c, where, field, text);
		return;
	case FIELD_TIME:
		check_time(c, where, field, text);
		return;
	case FIELD_WORD:
		check_word(c, where, field, text);
		return;
	case FIELD_SLUG:
		check_slug(c, where, field, text);
		return;
	case FIELD_WEB: case FIELD_HOOK:
		check_url(c, where, field, text);
		return;
	case FIELD_ID:
		if (!id_parse(text, &id))
			check_add(c, "%s%s must be an id (a UUID)", where, field->name);
		return;
	case FIELD_ZONE:
		if (!is_zone(text))
			check_add(c, "%s%s must be an IANA time zone, as Europe/Berlin", where, field->name);
		return;
	case FIELD_LOCAL:
		if (local_from_text(text) == INT64_MIN)
			check_add(c, "%s%s must be a date and a time without an offset, as 2030-05-01T09:00",
				where, field->name);
		return;
	case FIELD_IDS:
	case FIELD_BOOL:
	case FIELD_NUMBER:
	case FIELD_WORDS:
	case FIELD_OBJECT:
	case FIELD_LIST:
	case FIELD_NEVER:
		return;
	}
}
