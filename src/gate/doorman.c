/* SPDX-License-Identifier: Apache-2.0
 * Names are compared whole, without case; nothing is a pattern.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/doorman.h"

#include "wire/http_class.h"

#include <arpa/inet.h>
#include <stdio.h>

bool place_from_text(struct str text, struct place *ret)
{
	size_t n = 0;
	if (text.n > 0 && text.p[0] == '[') {
		while (n < text.n && text.p[n] != ']')
			n++;
		if (n == text.n)
			return false;
		n++;
	} else {
		n = http_span(text.p, text.n, CLASS_HOST);
	}
	if (n == 0)
		return false;
	struct str port = { text.p + n, text.n - n };
	uint64_t number = 0;
	if (port.n > 0) {
		struct str digits = { port.p + 1, port.n - 1 };
		if (port.p[0] != ':' || digits.n == 0 || digits.p[0] == '0' || !str_to_u64(digits, 65535, &number))
			return false;
	}
	*ret = (struct place){ { text.p, n }, (unsigned)number };
	return true;
}

static unsigned port_of(unsigned port, struct str scheme)
{
	if (port)
		return port;
	return str_eq_ignore_case(scheme, STR("https")) ? 443 : 80;
}

static bool cut_scheme(struct str url, struct str *ret_scheme, struct str *ret_rest)
{
	for (size_t i = 0; i + 2 < url.n; i++) {
		if (url.p[i] != ':')
			continue;
		if (url.p[i + 1] != '/' || url.p[i + 2] != '/')
			return false;
		*ret_scheme = (struct str){ url.p, i };
		*ret_rest = (struct str){ url.p + i + 3, url.n - i - 3 };
		return str_eq_ignore_case(*ret_scheme, STR("http")) || str_eq_ignore_case(*ret_scheme, STR("https"));
	}
	return false;
}

bool doorman_init(struct doorman *doorman, const struct config *config, char reterr_text[512])
{
	memset(doorman, 0, sizeof(*doorman));
	doorman->config = config;
	struct str rest, authority;
	if (cut_scheme(str_of(config->public_url), &doorman->public_scheme, &rest)) {
		str_cut(&rest, '/', &authority);
		if (place_from_text(authority, &doorman->public_place))
			goto ports;
	}
	snprintf(reterr_text, 512, "%s: public_url: \"%s\" is no http or https URL", config->file,
		config->public_url);
	return false;
ports:
	for (size_t i = 0; i < config->listen_count; i++) {
		struct place place;
		if (place_from_text(str_of(config->listen[i]), &place))
			doorman_set_port(doorman, i, place.port);
	}
	return true;
}

void doorman_set_port(struct doorman *doorman, size_t listener, unsigned port)
{
	const struct config *config = doorman->config;
	if (listener < DOORMAN_PORTS && listener < config->listen_count
		&& config_is_loopback(config->listen[listener]))
		atomic_store_explicit(&doorman->loopback_ports[listener], port, memory_order_relaxed);
}

static bool is_loopback_name(struct str host)
{
	if (str_eq_ignore_case(host, STR("localhost")) || str_eq(host, STR("[::1]")))
		return true;
	char room[INET_ADDRSTRLEN];
	struct in_addr address;
	if (host.n >= sizeof(room) || host.n == 0)
		return false;
	memcpy(room, host.p, host.n);
	room[host.n] = '\0';
	return inet_pton(AF_INET, room, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

static bool is_own_loopback(const struct doorman *doorman, const struct place *place, unsigned port)
{
	bool ours = false;
	for (size_t i = 0; i < DOORMAN_PORTS && !ours && port; i++)
		ours = atomic_load_explicit(&doorman->loopback_ports[i], memory_order_relaxed) == port;
	return ours && is_loopback_name(place->host);
}

bool doorman_is_loopback(const struct doorman *doorman, struct str authority)
{
	struct place place;
	return is_loopback_name(doorman->public_place.host) && place_from_text(authority, &place)
		&& is_own_loopback(doorman, &place, place.port ? place.port : 80);
}

static bool is_public(const struct doorman *doorman, const struct place *place)
{
	const struct place *ours = &doorman->public_place;
	return str_eq_ignore_case(place->host, ours->host)
		&& port_of(place->port, doorman->public_scheme) == port_of(ours->port, doorman->public_scheme);
}

/* A name from the config. Without a port it stands for the two ports of the web. */
static bool is_named(const char *name, const struct place *place)
{
	struct place named;
	if (!name || !place_from_text(str_of(name), &named) || !str_eq_ignore_case(named.host, place->host))
		return false;
	if (named.port)
		return place->port == named.port;
	return place->port == 0 || place->port == 80 || place->port == 443;
}

static bool is_host_of(const struct api *api, const struct place *place)
{
	if (is_named(api->config->host, place))
		return true;
	for (size_t i = 0; i < api->config->host_count; i++)
		if (is_named(api->config->hosts[i], place))
			return true;
	return false;
}

bool doorman_knows_host(const struct doorman *doorman, struct str authority, const struct api *api,
	const struct api *apis, size_t api_count)
{
	struct place place;
	if (!place_from_text(authority, &place))
		return false;
	if (is_public(doorman, &place) || is_own_loopback(doorman, &place, place.port ? place.port : 80))
		return true;
	if (api)
		return is_host_of(api, &place);
	for (size_t i = 0; i < api_count; i++)
		if (is_host_of(&apis[i], &place))
			return true;
	return false;
}

/* http://localhost:3000 and the like, of a config entry or of the field. */
static bool origin_from_text(struct str text, struct str *ret_scheme, struct place *ret_place)
{
	struct str rest;
	return cut_scheme(text, ret_scheme, &rest) && place_from_text(rest, ret_place);
}

bool doorman_knows_origin(const struct doorman *doorman, struct str origin, const struct api *api)
{
	struct str scheme;
	struct place place;
	if (!origin_from_text(origin, &scheme, &place))
		return false;
	unsigned port = port_of(place.port, scheme);
	if (str_eq_ignore_case(scheme, doorman->public_scheme) && is_public(doorman, &place))
		return true;
	if (is_own_loopback(doorman, &place, port))
		return true;
	for (size_t i = 0; api && i < api->config->origin_count; i++) {
		struct str good_scheme;
		struct place good;
		if (origin_from_text(str_of(api->config->origins[i]), &good_scheme, &good)
			&& str_eq_ignore_case(scheme, good_scheme) && str_eq_ignore_case(place.host, good.host)
			&& port == port_of(good.port, good_scheme))
			return true;
	}
	return false;
}
