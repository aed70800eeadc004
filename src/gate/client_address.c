/* SPDX-License-Identifier: Apache-2.0
 * The last untrusted hop; never the first, which anybody can write.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/client_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

static const uint8_t MAPPED[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF };

static bool address_from_text(struct str text, struct address *ret)
{
	char room[INET6_ADDRSTRLEN + 1];
	if (text.n == 0 || text.n >= sizeof(room))
		return false;
	memcpy(room, text.p, text.n);
	room[text.n] = '\0';
	struct address a;
	if (inet_pton(AF_INET6, room, a.b) == 1) {
		*ret = a;
		return true;
	}
	memcpy(a.b, MAPPED, sizeof(MAPPED));
	if (inet_pton(AF_INET, room, a.b + 12) != 1)
		return false;
	*ret = a;
	return true;
}

/* An address as proxies write it: perhaps with a port, IPv6 perhaps in brackets. */
static bool hop_from_text(struct str text, struct address *ret)
{
	if (address_from_text(text, ret))
		return true;
	struct str host;
	if (text.n > 2 && text.p[0] == '[') {
		struct str rest = { text.p + 1, text.n - 1 };
		return str_cut(&rest, ']', &host) && (rest.n == 0 || rest.p[0] == ':')
			&& address_from_text(host, ret);
	}
	uint64_t port;
	return str_cut(&text, ':', &host) && str_to_u64(text, 65535, &port) && address_from_text(host, ret);
}

bool trusted_range_from_text(struct str text, struct trusted_range *ret)
{
	struct str address;
	struct trusted_range range;
	bool has_bits = str_cut(&text, '/', &address);
	if (!address_from_text(address, &range.address))
		return false;
	bool v4 = memcmp(range.address.b, MAPPED, sizeof(MAPPED)) == 0 && !memchr(address.p, ':', address.n);
	uint64_t bits = v4 ? 32 : 128;
	if (has_bits && !str_to_u64(text, bits, &bits))
		return false;
	range.bits = (uint8_t)(bits + (v4 ? 96 : 0));
	*ret = range;
	return true;
}

bool trusted_init(struct trusted *trusted, const struct config *config, struct arena *arena,
	char reterr_text[512])
{
	*trusted = (struct trusted){ .loopback = config->trust_loopback, .unix_sockets = config->trust_unix };
	trusted->ranges = arena_alloc(arena, (config->trusted_count + 1) * sizeof(*trusted->ranges));
	if (!trusted->ranges) {
		snprintf(reterr_text, 512, "out of memory");
		return false;
	}
	for (size_t i = 0; i < config->trusted_count; i++) {
		if (!trusted_range_from_text(str_of(config->trusted[i]), &trusted->ranges[i])) {
			snprintf(reterr_text, 512, "%s: trusted_proxies: \"%s\" is neither an address nor a range",
				config->file, config->trusted[i]);
			return false;
		}
		trusted->count++;
	}
	return true;
}

static bool in_range(const struct address *a, const struct trusted_range *range)
{
	unsigned whole = range->bits / 8, rest = range->bits % 8;
	if (memcmp(a->b, range->address.b, whole) != 0)
		return false;
	if (rest == 0)
		return true;
	unsigned mask = 0xFFu << (8 - rest) & 0xFFu;
	return (a->b[whole] & mask) == (range->address.b[whole] & mask);
}

static bool is_loopback(const struct address *a)
{
	static const uint8_t six[16] = { [15] = 1 };
	return memcmp(a->b, six, 16) == 0 || (memcmp(a->b, MAPPED, sizeof(MAPPED)) == 0 && a->b[12] == 127);
}

static bool is_trusted(const struct trusted *trusted, const struct address *a)
{
	if (trusted->loopback && is_loopback(a))
		return true;
	for (size_t i = 0; i < trusted->count; i++)
		if (in_range(a, &trusted->ranges[i]))
			return true;
	return false;
}

static struct address peer_address(const struct sockaddr *peer)
{
	struct address a = { { 0 } };
	if (peer->sa_family == AF_INET) {
		memcpy(a.b, MAPPED, sizeof(MAPPED));
		memcpy(a.b + 12, &((const struct sockaddr_in *)(const void *)peer)->sin_addr, 4);
	} else if (peer->sa_family == AF_INET6) {
		memcpy(a.b, &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr, 16);
	}
	return a;
}

bool client_peer_is_trusted(const struct trusted *trusted, const struct sockaddr *peer)
{
	struct address address = peer_address(peer);
	return peer->sa_family == AF_UNIX ? trusted->unix_sockets : is_trusted(trusted, &address);
}

/* Takes the last element off a comma-separated list. */
static struct str take_last(struct str *list)
{
	size_t at = list->n;
	while (at > 0 && list->p[at - 1] != ',')
		at--;
	struct str last = str_trim((struct str){ list->p + at, list->n - at });
	list->n = at > 0 ? at - 1 : 0;
	return last;
}

struct address client_address(const struct trusted *trusted, const struct sockaddr *peer,
	const struct http_request *request)
{
	struct address client = peer_address(peer);
	bool trust = client_peer_is_trusted(trusted, peer);
	/* Several fields are one list (RFC 9110 section 5.2): the last field holds its end. */
	for (size_t i = request->header_count; trust && i-- > 0;) {
		if (!str_eq_ignore_case(request->headers[i].name, STR("X-Forwarded-For")))
			continue;
		struct str list = request->headers[i].value;
		while (trust && list.n > 0) {
			struct address hop;
			if (!hop_from_text(take_last(&list), &hop))
				return client;
			client = hop;
			trust = is_trusted(trusted, &hop);
		}
	}
	return client;
}

/* A list, a second field or another word is no clear claim: who is right, nobody can tell (H05). */
bool client_is_secure(const struct trusted *trusted, const struct sockaddr *peer,
	const struct http_request *request, bool own)
{
	const struct str *claim = NULL;
	if (!client_peer_is_trusted(trusted, peer))
		return own;
	for (size_t i = 0; i < request->header_count; i++) {
		if (!str_eq_ignore_case(request->headers[i].name, STR("X-Forwarded-Proto")))
			continue;
		if (claim)
			return own;
		claim = &request->headers[i].value;
	}
	if (claim && str_eq_ignore_case(*claim, STR("https")))
		return true;
	return claim && str_eq_ignore_case(*claim, STR("http")) ? false : own;
}
