/* SPDX-License-Identifier: Apache-2.0
 * The values of MCP's header fields: what decodes is UTF-8, and is found in the text that it came from. The
 * input is a value, a line's end, and JSON.
 */
#include "wire/mcp_header.h"

#include "base/text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition) do { if (!(condition)) abort(); } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str json = { (const char *)data, size }, value, text;
	if (size == 0)
		return 0;
	str_cut(&json, '\n', &value);
	char *room = malloc(value.n + 1), *quoted = malloc(value.n + 1);
	REQUIRE(room && quoted);
	if (mcp_header_decode(value, room, &text)) {
		REQUIRE(text.n <= value.n && utf8_valid(text));
		bool plain = !memchr(text.p, '"', text.n) && !memchr(text.p, '\\', text.n);
		for (size_t i = 0; i < text.n; i++)
			plain = plain && (unsigned char)text.p[i] >= 0x20;
		memcpy(quoted, text.p, text.n);
		if (plain)
			REQUIRE(mcp_header_is(value, JSON_KIND_STRING, (struct str){ quoted, text.n }, room));
	} else {
		REQUIRE(!mcp_header_is(value, JSON_KIND_STRING, STR("x"), room));
	}
	(void)mcp_header_is_within(value, json, room);
	free(room);
	free(quoted);
	return 0;
}
