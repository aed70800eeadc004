/* SPDX-License-Identifier: Apache-2.0
 * UUIDs (RFC 9562) as text and as bytes.
 * base: may include nothing but the C library.
 */
#include "base/id.h"

#include "base/text.h"

static bool is_hyphen_place(size_t i)
{
	return i == 8 || i == 13 || i == 18 || i == 23;
}

static bool is_nil(const struct id_bytes *bytes)
{
	static const struct id_bytes nil;
	return memcmp(bytes, &nil, sizeof(nil)) == 0;
}

static bool parse_bytes(struct str text, struct id_bytes *ret)
{
	char digits[32];
	size_t n = 0;

	if (text.n != ID_LENGTH)
		return false;
	for (size_t i = 0; i < ID_LENGTH; i++) {
		if (!is_hyphen_place(i))
			digits[n++] = text.p[i];
		else if (text.p[i] != '-')
			return false;
	}
	return hex_decode((struct str){ digits, sizeof(digits) }, ret->b, sizeof(ret->b));
}

struct id id_make(int64_t now_ms, const uint8_t random[static 10])
{
	struct id_bytes bytes;
	struct id id;

	for (size_t i = 0; i < 6; i++)
		bytes.b[i] = (uint8_t)((uint64_t)now_ms >> (40 - 8 * i));
	memcpy(bytes.b + 6, random, 10);
	bytes.b[6] = (uint8_t)(0x70 | (bytes.b[6] & 0x0f)); /* version 7 */
	bytes.b[8] = (uint8_t)(0x80 | (bytes.b[8] & 0x3f)); /* variant of RFC 9562 */
	id_from_bytes(&bytes, &id);
	return id;
}

bool id_parse(struct str text, struct id *ret)
{
	struct id_bytes bytes;

	if (!parse_bytes(text, &bytes) || is_nil(&bytes))
		return false;
	id_from_bytes(&bytes, ret);
	return true;
}

bool id_to_bytes(const struct id *id, struct id_bytes *ret)
{
	struct id_bytes bytes = { { 0 } };

	if (id_is_set(id) && (memchr(id->text, '\0', ID_LENGTH) || id->text[ID_LENGTH] != '\0' ||
			      !parse_bytes((struct str){ id->text, ID_LENGTH }, &bytes)))
		return false;
	*ret = bytes;
	return true;
}

void id_from_bytes(const struct id_bytes *bytes, struct id *ret)
{
	char digits[32];
	char *text = ret->text;

	if (is_nil(bytes)) {
		memset(ret, 0, sizeof(*ret));
		return;
	}
	hex_encode(bytes->b, sizeof(bytes->b), digits);
	memcpy(text, digits, 8);
	memcpy(text + 9, digits + 8, 4);
	memcpy(text + 14, digits + 12, 4);
	memcpy(text + 19, digits + 16, 4);
	memcpy(text + 24, digits + 20, 12);
	text[8] = text[13] = text[18] = text[23] = '-';
	text[ID_LENGTH] = '\0';
}
