/* SPDX-License-Identifier: Apache-2.0
 * Tables of special addresses, and ranges that are allowed all the same.
 * outbound: may include base and wire.
 */
#include "outbound/guard.h"

#include <arpa/inet.h>
#include <stdlib.h>

#define V4(a, b, c, d) { (a), (b), (c), (d) }

/* IANA's registry of IPv4 special-purpose addresses, and what is no unicast. */
static const struct guard_range special_v4[] = {
	{ AF_INET, V4(0, 0, 0, 0), 8 },       /* this network */
	{ AF_INET, V4(10, 0, 0, 0), 8 },      /* private */
	{ AF_INET, V4(100, 64, 0, 0), 10 },   /* a carrier's own */
	{ AF_INET, V4(127, 0, 0, 0), 8 },     /* loopback */
	{ AF_INET, V4(169, 254, 0, 0), 16 },  /* link-local; the metadata of clouds */
	{ AF_INET, V4(172, 16, 0, 0), 12 },   /* private */
	{ AF_INET, V4(192, 0, 0, 0), 24 },    /* protocols' own */
	{ AF_INET, V4(192, 0, 2, 0), 24 },    /* documentation */
	{ AF_INET, V4(192, 31, 196, 0), 24 }, /* AS112 */
	{ AF_INET, V4(192, 52, 193, 0), 24 }, /* AMT */
	{ AF_INET, V4(192, 88, 99, 0), 24 },  /* 6to4 relays */
	{ AF_INET, V4(192, 168, 0, 0), 16 },  /* private */
	{ AF_INET, V4(192, 175, 48, 0), 24 }, /* AS112 */
	{ AF_INET, V4(198, 18, 0, 0), 15 },   /* benchmarks */
	{ AF_INET, V4(198, 51, 100, 0), 24 }, /* documentation */
	{ AF_INET, V4(203, 0, 113, 0), 24 },  /* documentation */
	{ AF_INET, V4(224, 0, 0, 0), 4 },     /* multicast */
	{ AF_INET, V4(240, 0, 0, 0), 4 },     /* reserved, broadcast */
};

/* All that is given out as global unicast; what is outside of it is special. */
static const struct guard_range global_v6 = { AF_INET6, { 0x20 }, 3 };
/* And of it these. */
static const struct guard_range special_v6[] = {
	{ AF_INET6, { 0x20, 0x01, 0x00 }, 23 },             /* protocols' own: Teredo, ORCHID */
	{ AF_INET6, { 0x20, 0x01, 0x0d, 0xb8 }, 32 },       /* documentation */
	{ AF_INET6, { 0x20, 0x02 }, 16 },                   /* 6to4 */
	{ AF_INET6, { 0x26, 0x20, 0x00, 0x4f, 0x80 }, 48 }, /* AS112 */
	{ AF_INET6, { 0x3f, 0xff }, 20 },                   /* documentation */
};
/* The IPv4 address in the last four bytes is who is called (RFC 6052). */
static const struct guard_range nat64 = { AF_INET6, { 0x00, 0x64, 0xff, 0x9b }, 96 };

struct word {
	const char *name;
	struct guard_range ranges[4];
	size_t count;
};

static const struct word words[] = {
	{ "loopback", { { AF_INET, V4(127, 0, 0, 0), 8 }, { AF_INET6, { [15] = 1 }, 128 } }, 2 },
	{ "private",
	  { { AF_INET, V4(10, 0, 0, 0), 8 }, { AF_INET, V4(172, 16, 0, 0), 12 },
	    { AF_INET, V4(192, 168, 0, 0), 16 }, { AF_INET6, { 0xfc }, 7 } }, 4 },
	{ "link-local", { { AF_INET, V4(169, 254, 0, 0), 16 }, { AF_INET6, { 0xfe, 0x80 }, 10 } }, 2 },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The bytes of an address; NULL for what is no IP address. */
static const uint8_t *bytes_of(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return (const uint8_t *)&((const struct sockaddr_in *)(const void *)address)->sin_addr;
	if (address->sa_family == AF_INET6)
		return (const uint8_t *)&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
	return NULL;
}

static bool is_in(const struct guard_range *range, int family, const uint8_t *bytes)
{
	const unsigned whole = range->bits / 8, rest = range->bits % 8;

	if (family != range->family || memcmp(bytes, range->bytes, whole) != 0)
		return false;
	return rest == 0 || ((bytes[whole] ^ range->bytes[whole]) & (0xffu << (8 - rest)) & 0xffu) == 0;
}

static bool is_in_any(const struct guard_range *ranges, size_t count, int family, const uint8_t *bytes)
{
	for (size_t i = 0; i < count; i++)
		if (is_in(&ranges[i], family, bytes))
			return true;
	return false;
}

bool guard_is_special(const struct sockaddr *address)
{
	const uint8_t *bytes = bytes_of(address);

	if (!bytes)
		return true;
	if (address->sa_family == AF_INET)
		return is_in_any(special_v4, COUNT(special_v4), AF_INET, bytes);
	if (is_in(&nat64, AF_INET6, bytes))
		return is_in_any(special_v4, COUNT(special_v4), AF_INET, bytes + 12);
	return !is_in(&global_v6, AF_INET6, bytes) ||
	       is_in_any(special_v6, COUNT(special_v6), AF_INET6, bytes);
}

bool guard_allows(const struct guard *guard, const struct sockaddr *address)
{
	const uint8_t *bytes = bytes_of(address);

	return !guard_is_special(address) ||
	       (bytes && is_in_any(guard->ranges, guard->count, address->sa_family, bytes));
}

static bool read_range(const char *text, struct guard_range *ret)
{
	char address[INET6_ADDRSTRLEN];
	struct str rest = str_of(text), head;
	const bool has_bits = str_cut(&rest, '/', &head);
	struct guard_range range = { .family = AF_INET, .bits = 32 };
	uint64_t bits;

	if (head.n == 0 || head.n >= sizeof(address))
		return false;
	memcpy(address, head.p, head.n);
	address[head.n] = '\0';
	if (inet_pton(AF_INET, address, range.bytes) != 1) {
		range = (struct guard_range){ .family = AF_INET6, .bits = 128 };
		if (inet_pton(AF_INET6, address, range.bytes) != 1)
			return false;
	}
	if (has_bits) {
		if (!str_to_u64(rest, range.bits, &bits))
			return false;
		range.bits = (unsigned)bits;
	}
	*ret = range;
	return true;
}

static bool add_allowed(struct guard *guard, const char *text)
{
	for (size_t i = 0; i < COUNT(words); i++) {
		if (strcmp(text, words[i].name) != 0)
			continue;
		memcpy(guard->ranges + guard->count, words[i].ranges,
			words[i].count * sizeof(words[i].ranges[0]));
		guard->count += words[i].count;
		return true;
	}
	return read_range(text, &guard->ranges[guard->count]) && ++guard->count > 0;
}

bool guard_init(struct guard *guard, const char *const *allow, size_t count)
{
	*guard = (struct guard){ .ranges = calloc(4 * count + 1, sizeof(struct guard_range)) };
	if (!guard->ranges)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!add_allowed(guard, allow[i])) {
			guard_done(guard);
			return false;
		}
	return true;
}

void guard_done(struct guard *guard)
{
	free(guard->ranges);
	*guard = (struct guard){ .ranges = NULL };
}
