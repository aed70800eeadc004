/* SPDX-License-Identifier: Apache-2.0
 * Bytes as text: base62, hex, base64url, UTF-8. CRC-32 is in crc32.c.
 * base: may include nothing but the C library.
 */
#include "base/text.h"

#include <assert.h>

#define BASE62_BYTES_MAX 32

static const char base62_digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64url_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Divides a big-endian number by 62 in place; returns the remainder. */
static unsigned divide_by_62(uint8_t *number, size_t n)
{
	unsigned rest = 0;
	for (size_t i = 0; i < n; i++) {
		unsigned v = rest << 8 | number[i];
		number[i] = (uint8_t)(v / 62);
		rest = v % 62;
	}
	return rest;
}

bool base62_encode(const uint8_t *bytes, size_t n, char *ret_text, size_t digits)
{
	uint8_t number[BASE62_BYTES_MAX] = { 0 };
	char text[64];
	uint8_t over = 0;

	assert(n <= sizeof(number) && digits <= sizeof(text));
	memcpy(number, bytes, n);
	for (size_t i = digits; i > 0; i--)
		text[i - 1] = base62_digits[divide_by_62(number, n)];
	for (size_t i = 0; i < n; i++)
		over |= number[i];
	if (over == 0)
		memcpy(ret_text, text, digits);
	explicit_bzero(number, sizeof(number));
	explicit_bzero(text, sizeof(text));
	return over == 0;
}

bool base62_encode_u64(uint64_t v, char *ret_text, size_t digits)
{
	uint64_t end = 1; /* 62 to the power of `digits`, as far as it is less than 2^64 */

	for (size_t i = 0; i < digits && i < 10; i++)
		end *= 62;
	if (digits <= 10 && v >= end)
		return false;
	for (size_t i = digits; i > 0; i--, v /= 62)
		ret_text[i - 1] = base62_digits[v % 62];
	return true;
}

bool base62_is(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* "00" to "ff": the two digits of each byte. */
#define SIXTEEN(high) \
	high "0" high "1" high "2" high "3" high "4" high "5" high "6" high "7" \
	high "8" high "9" high "a" high "b" high "c" high "d" high "e" high "f"
static const char hex_pairs[] = SIXTEEN("0") SIXTEEN("1") SIXTEEN("2") SIXTEEN("3") SIXTEEN("4")
	SIXTEEN("5") SIXTEEN("6") SIXTEEN("7") SIXTEEN("8") SIXTEEN("9") SIXTEEN("a") SIXTEEN("b")
	SIXTEEN("c") SIXTEEN("d") SIXTEEN("e") SIXTEEN("f");

void hex_encode(const uint8_t *bytes, size_t n, char *ret_text)
{
	for (size_t i = 0; i < n; i++)
		memcpy(ret_text + 2 * i, hex_pairs + 2 * bytes[i], 2);
}

bool hex_decode(struct str text, uint8_t *ret_bytes, size_t n)
{
	if (n > SIZE_MAX / 2 || text.n != 2 * n)
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (hex_value(text.p[i]) < 0)
			return false;
	for (size_t i = 0; i < n; i++)
		ret_bytes[i] = (uint8_t)(hex_value(text.p[2 * i]) << 4 | hex_value(text.p[2 * i + 1]));
	return true;
}

static size_t encode_digits(const uint8_t *bytes, size_t n, const char digits[static 64], char *ret_text)
{
	size_t out = 0;
	for (size_t i = 0; i < n; i += 3) {
		size_t left = n - i;
		uint32_t v = (uint32_t)bytes[i] << 16;
		v |= left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
		v |= left > 2 ? bytes[i + 2] : 0;
		ret_text[out++] = digits[v >> 18];
		ret_text[out++] = digits[v >> 12 & 63];
		if (left > 1)
			ret_text[out++] = digits[v >> 6 & 63];
		if (left > 2)
			ret_text[out++] = digits[v & 63];
	}
	return out;
}

size_t base64url_encode(const uint8_t *bytes, size_t n, char *ret_text)
{
	return encode_digits(bytes, n, base64url_digits, ret_text);
}

size_t base64_encode(const uint8_t *bytes, size_t n, char *ret_text)
{
	size_t out = encode_digits(bytes, n, base64_digits, ret_text);
	while (out % 4 != 0)
		ret_text[out++] = '=';
	return out;
}

/* `last` are the digits 62 and 63, in which the alphabets differ. */
static int base64_value(char c, const char last[static 2])
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == last[0] ? 62 : c == last[1] ? 63 : -1;
}

static bool decode_digits(struct str text, const char last[static 2], uint8_t *ret_bytes, size_t room, size_t *ret_n)
{
	uint32_t bits = 0;
	unsigned held = 0;
	size_t out = 0;

	if (text.n % 4 == 1 || text.n / 4 * 3 + text.n % 4 * 3 / 4 > room)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		int v = base64_value(text.p[i], last);
		if (v < 0)
			return false;
		bits = bits << 6 | (uint32_t)v;
		held += 6;
		if (held >= 8) {
			held -= 8;
			ret_bytes[out++] = (uint8_t)(bits >> held);
		}
	}
	if ((bits & ((1u << held) - 1)) != 0)
		return false;
	*ret_n = out;
	return true;
}

bool base64url_decode(struct str text, uint8_t *ret_bytes, size_t room, size_t *ret_n)
{
	return decode_digits(text, "-_", ret_bytes, room, ret_n);
}

bool base64_decode(struct str text, uint8_t *ret_bytes, size_t room, size_t *ret_n)
{
	size_t padding = 0;

	if (text.n % 4 != 0)
		return false;
	while (padding < 2 && padding < text.n && text.p[text.n - 1 - padding] == '=')
		padding++;
	return decode_digits((struct str){ text.p, text.n - padding }, "+/", ret_bytes, room, ret_n);
}

/* What a lead byte says: how many bytes, and the range that the second one must be in, which is
 * what shuts out overlong forms, surrogates and what lies past U+10FFFF (RFC 3629 section 4). */
static size_t utf8_lead(uint8_t lead, uint8_t *ret_low, uint8_t *ret_high)
{
	*ret_low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
	*ret_high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
	if (lead < 0x80)
		return 1;
	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

size_t utf8_next(struct str s)
{
	uint8_t low, high;
	size_t length = s.n > 0 ? utf8_lead((uint8_t)s.p[0], &low, &high) : 0;

	if (length > s.n)
		return 0;
	for (size_t i = 1; i < length; i++) {
		uint8_t c = (uint8_t)s.p[i];
		if (c < low || c > high)
			return 0;
		low = 0x80;
		high = 0xbf;
	}
	return length;
}

bool utf8_valid(struct str s)
{
	while (s.n > 0) {
		size_t length = utf8_next(s);
		if (length == 0)
			return false;
		s.p += length;
		s.n -= length;
	}
	return true;
}

size_t utf8_length(struct str s)
{
	size_t count = 0;
	for (size_t i = 0; i < s.n; i++)
		count += ((uint8_t)s.p[i] & 0xc0) != 0x80;
	return count;
}

bool host_is_localhost(struct str host)
{
	const struct str below = STR(".localhost");

	if (host.n > below.n && str_eq_ignore_case((struct str){ host.p + host.n - below.n, below.n }, below))
		return true;
	return str_eq_ignore_case(host, STR("localhost"));
}
