/* SPDX-License-Identifier: Apache-2.0
 * What an upload is and what it is called: both judged from outside bytes, neither believed.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/media.h"

#include "base/text.h"

#define SHOWN_CHARS 100

static const struct media_type types[] = {
	{ "image/jpeg", ".jpg" }, { "image/png", ".png" }, { "image/webp", ".webp" },
	{ "image/gif", ".gif" }, { "video/mp4", ".mp4" },
};

enum { JPEG, PNG, WEBP, GIF, MP4 };

/* ISO base media whose brand says that it is MPEG-4; QuickTime, HEIF and others have other brands.
 * The first box's size is small, so that no text ("<svgftypisom") is one. */
static bool is_mp4(struct str bytes)
{
	static const char brands[][5] = { "isom", "iso2", "iso3", "iso4", "iso5", "iso6", "mp41", "mp42",
					  "avc1", "M4V ", "MSNV", "dash" };
	if (bytes.n < 16 || memcmp(bytes.p, "\0\0", 2) != 0 || memcmp(bytes.p + 4, "ftyp", 4) != 0)
		return false;
	for (size_t i = 0; i < sizeof(brands) / sizeof(brands[0]); i++)
		if (memcmp(bytes.p + 8, brands[i], 4) == 0)
			return true;
	return false;
}

const struct media_type *media_sniff(struct str bytes)
{
	if (bytes.n >= 4 && memcmp(bytes.p, "\xff\xd8\xff", 3) == 0)
		return &types[JPEG];
	if (bytes.n >= 16 && memcmp(bytes.p, "\x89PNG\r\n\x1a\n", 8) == 0 &&
		memcmp(bytes.p + 12, "IHDR", 4) == 0)
		return &types[PNG];
	if (bytes.n >= 16 && memcmp(bytes.p, "RIFF", 4) == 0 && memcmp(bytes.p + 8, "WEBPVP8", 7) == 0)
		return &types[WEBP];
	if (bytes.n >= 13 && (memcmp(bytes.p, "GIF87a", 6) == 0 || memcmp(bytes.p, "GIF89a", 6) == 0))
		return &types[GIF];
	return is_mp4(bytes) ? &types[MP4] : NULL;
}

const struct media_type *media_type_find(struct str type)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (str_is(type, types[i].type))
			return &types[i];
	return NULL;
}

/* What stands after the last '/' or '\', before the last '.'. */
static struct str stem_of(struct str sent)
{
	size_t start = sent.n, end = sent.n;

	while (start > 0 && sent.p[start - 1] != '/' && sent.p[start - 1] != '\\')
		start--;
	while (end > start && sent.p[end - 1] != '.')
		end--;
	if (end <= start + 1) /* no dot, or only a leading one */
		end = sent.n + 1;
	return (struct str){ sent.p + start, end - 1 - start };
}

/* Characters that say nothing to people or turn text round are left out: controls, quotes that a
 * header would have to escape, and the Unicode marks for direction and no width. */
static bool is_shown(struct str c)
{
	uint8_t first = (uint8_t)c.p[0];
	if (c.n == 1)
		return first >= 0x20 && first != 0x7f && !strchr("\"*:<>?|%;", first);
	if (c.n == 2)
		return !(first == 0xc2 && (uint8_t)c.p[1] < 0xa0);
	if (c.n == 3 && first == 0xe2 && (uint8_t)c.p[1] == 0x80)
		return (uint8_t)c.p[2] < 0x8b || ((uint8_t)c.p[2] > 0x8f && (uint8_t)c.p[2] < 0xa8);
	return !(c.n == 3 && first == 0xe2 && (uint8_t)c.p[1] == 0x81 && (uint8_t)c.p[2] >= 0xa0);
}

void media_clean_name(struct str sent, const struct media_type *type, char ret_name[static MEDIA_NAME_ROOM])
{
	/* What is no text at all has no part worth keeping. */
	struct str stem = { "", 0 };
	size_t n = 0, room = MEDIA_NAME_ROOM - 8;

	if (sent.p && utf8_valid(sent) && !memchr(sent.p, '\0', sent.n))
		stem = stem_of(sent);
	for (size_t chars = 0; stem.n > 0 && chars < SHOWN_CHARS;) {
		struct str c = { stem.p, utf8_next(stem) };
		bool leading = n == 0 && (c.p[0] == '.' || c.p[0] == ' ');
		if (is_shown(c) && !leading && n + c.n <= room) {
			memcpy(ret_name + n, c.p, c.n);
			n += c.n;
			chars++;
		}
		stem = (struct str){ stem.p + c.n, stem.n - c.n };
	}
	while (n > 0 && (ret_name[n - 1] == ' ' || ret_name[n - 1] == '.'))
		n--;
	if (n == 0) {
		memcpy(ret_name, "upload", 6);
		n = 6;
	}
	memcpy(ret_name + n, type->extension, strlen(type->extension) + 1);
}
