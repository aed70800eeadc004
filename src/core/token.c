/* SPDX-License-Identifier: Apache-2.0
 * The text of a token (D11): <prefix>_<kind>_<secret><check>. At most 55 bytes, one block of SHA-256.
 * Nothing here compares secrets: the check is a checksum of what the caller sent himself.
 * core: may include base and <remit/remit.h>.
 */
#include "base/str.h"
#include "base/text.h"
#include <remit/remit.h>

#define PREFIX_MAX 3
#define SECRET_CHARS 41
#define CHECK_CHARS 6
#define TAIL_CHARS (5 + SECRET_CHARS + CHECK_CHARS) /* "_pat_", secret, check */
#define ALNUM64_CHARS 64

_Static_assert(PREFIX_MAX + TAIL_CHARS + 1 == REMIT_TOKEN_ROOM, "the longest text and a NUL");

static const char kinds[][6] = {
	[REMIT_TOKEN_PERSONAL] = "_pat_",
	[REMIT_TOKEN_ACCESS] = "_oat_",
	[REMIT_TOKEN_REFRESH] = "_ort_",
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static bool is_prefix(const char *p, size_t n)
{
	if (n < 1 || n > PREFIX_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!(p[i] >= 'a' && p[i] <= 'z') && !(p[i] >= '0' && p[i] <= '9'))
			return false;
	return true;
}

#define EVERY_BYTE(v) (UINT64_C(0x0101010101010101) * (v))

/* The high bit of each of 8 characters that is not one of 0-9A-Za-z. Adding 0x80 - x to a byte below
 * 0x80 sets its high bit where it is x or more, and never carries into the next. */
static uint64_t not_base62(const char *p)
{
	uint64_t c;
	memcpy(&c, p, 8);
	uint64_t lower = c | EVERY_BYTE(0x20);
	uint64_t digits = (c + EVERY_BYTE(0x80 - '0')) & ~(c + EVERY_BYTE(0x80 - '9' - 1));
	uint64_t letters = (lower + EVERY_BYTE(0x80 - 'a')) & ~(lower + EVERY_BYTE(0x80 - 'z' - 1));
	return (c | ~(digits | letters)) & EVERY_BYTE(0x80);
}

/* At least 8 characters; the last 8 may overlap those before. */
static bool is_base62(const char *p, size_t n)
{
	uint64_t bad = not_base62(p + n - 8);
	for (size_t i = 0; i + 8 < n; i += 8)
		bad |= not_base62(p + i);
	return bad == 0;
}

/* In two halves, whose divisions do not wait for each other. */
static void write_check(const char *text, size_t n, char *ret_check)
{
	const uint32_t half = 62 * 62 * 62;
	uint32_t crc = crc32_iso_hdlc(text, n);

	(void)base62_encode_u64(crc / half, ret_check, CHECK_CHARS / 2);
	(void)base62_encode_u64(crc % half, ret_check + CHECK_CHARS / 2, CHECK_CHARS / 2);
}

enum remit_status remit_token_write(const char *prefix, enum remit_token_kind kind,
				    const uint8_t random[REMIT_TOKEN_RANDOM], char ret_text[REMIT_TOKEN_ROOM])
{
	size_t n = prefix ? strnlen(prefix, PREFIX_MAX + 1) : 0;

	if (!is_prefix(prefix, n) || (unsigned)kind >= KINDS)
		return REMIT_INVALID;
	memcpy(ret_text, prefix, n);
	memcpy(ret_text + n, kinds[kind], 5);
	n += 5;
	if (!base62_encode(random, REMIT_TOKEN_RANDOM, ret_text + n, SECRET_CHARS))
		return REMIT_INVALID; /* never: 62^41 > 2^240 */
	n += SECRET_CHARS;
	write_check(ret_text, n, ret_text + n);
	ret_text[n + CHECK_CHARS] = '\0';
	return REMIT_OK;
}

enum remit_status remit_token_check(const char *text, size_t length, struct remit_token_form *ret)
{
	char check[CHECK_CHARS];
	size_t prefix = length - TAIL_CHARS; /* wraps where it is too short, and is then no length */
	size_t kind = 0;

	if (prefix < 1 || prefix > PREFIX_MAX || !is_prefix(text, prefix))
		return REMIT_INVALID;
	while (kind < KINDS && memcmp(text + prefix, kinds[kind], 5) != 0)
		kind++;
	if (kind == KINDS || !is_base62(text + prefix + 5, SECRET_CHARS + CHECK_CHARS))
		return REMIT_INVALID;
	write_check(text, length - CHECK_CHARS, check);
	if (memcmp(check, text + length - CHECK_CHARS, CHECK_CHARS) != 0)
		return REMIT_INVALID;
	*ret = (struct remit_token_form){ (enum remit_token_kind)kind, prefix };
	return REMIT_OK;
}

bool remit_token_is_alnum64(const char *text, size_t length)
{
	return length == ALNUM64_CHARS && is_base62(text, ALNUM64_CHARS);
}
