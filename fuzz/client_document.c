/* SPDX-License-Identifier: Apache-2.0
 * A client's document that anybody may write: what is taken from it can be shown and followed.
 * The text's first line is the URL under which it stands.
 */
#include "authority/cimd/document.h"
#include "base/limits.h"
#include "base/text.h"
#include "wire/redirect.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition) do { if (!(condition)) abort(); } while (0)

static void require_good(const struct document *document)
{
	struct str rest = str_of(document->redirects), line;
	size_t count = 0;
	REQUIRE(document->name[0] && utf8_valid(str_of(document->name)));
	while (rest.n > 0) {
		struct redirect redirect;
		const char *why;
		str_cut(&rest, '\n', &line);
		REQUIRE(redirect_read(line, &redirect, &why));
		count++;
	}
	REQUIRE(count > 0 && count <= LIMIT_OAUTH_REDIRECTS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str body = { (const char *)data, size }, line;
	struct arena arena;
	struct document document;
	char why[DOCUMENT_ERROR_ROOM] = "";
	arena_init(&arena, 0);
	str_cut(&body, '\n', &line);
	char *url = arena_copy(&arena, line);
	bool good = document_url_is_good(line, why);
	REQUIRE(good == (why[0] == '\0'));
	REQUIRE(!good || (line.n <= LIMIT_CIMD_URL_BYTES && str_starts(line, STR("https://"))));
	if (url && document_read(body, url, &arena, &document, why))
		require_good(&document);
	int64_t fresh_s = document_fresh_s(line, body);
	REQUIRE(fresh_s >= LIMIT_CIMD_FRESH_LEAST_S && fresh_s <= LIMIT_CIMD_FRESH_MOST_S);
	arena_done(&arena);
	return 0;
}
