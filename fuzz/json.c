/* SPDX-License-Identifier: Apache-2.0
 * The JSON scanner beside jansson: what one takes the other takes, but for the limits that either
 * states, and but for keys that stand twice, which the scanner leaves to json_select. Every string
 * that is taken decodes to valid UTF-8.
 */
#include "base/text.h"
#include "wire/json.h"

#include <jansson.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition) do { if (!(condition)) abort(); } while (0)

static void require_decodes(const struct json_scanner *s)
{
	char *text = malloc(s->raw.n + 1);
	size_t n = 0;
	/* No escape is shorter than what it stands for. */
	REQUIRE(text && json_decode(s->raw, text, s->raw.n, &n));
	struct str decoded = { text, n };
	REQUIRE(utf8_valid(decoded) && json_raw_eq(s->raw, decoded));
	REQUIRE(s->escaped == (memchr(s->raw.p, '\\', s->raw.n) != NULL));
	if (n > 0)
		REQUIRE(!json_raw_eq(s->raw, (struct str){ text, n - 1 }));
	free(text);
}

/* NULL where it is valid, else what is wrong. */
static const char *scan(struct str text)
{
	struct json_scanner s;
	json_scanner_init(&s, text);
	for (;;) {
		enum json_event event = json_next(&s);
		REQUIRE(s.p >= s.start && s.p <= s.end && s.depth <= LIMIT_JSON_DEPTH);
		if (event == JSON_EVENT_ERROR)
			return s.error;
		if (event == JSON_EVENT_END)
			return NULL;
		if (event == JSON_EVENT_KEY || (event == JSON_EVENT_VALUE && s.kind == JSON_KIND_STRING))
			require_decodes(&s);
	}
}

/* Skipping reads the same text, to the same end. */
static void require_skips(struct str text, bool valid)
{
	struct json_scanner s;
	json_scanner_init(&s, text);
	bool skipped = json_skip(&s) && json_next(&s) == JSON_EVENT_END;
	REQUIRE(skipped == valid);
}

static bool is_their_limit(const json_error_t *error)
{
	enum json_error_code code = json_error_code(error);
	return code == json_error_numeric_overflow || code == json_error_duplicate_key ||
	       code == json_error_null_byte_in_key;
}

static bool is_our_limit(const char *error)
{
	return strcmp(error, "Nested too deeply") == 0 || strcmp(error, "A number that is too long") == 0 ||
	       strcmp(error, "Too many values") == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	const char *wrong = scan(text);
	require_skips(text, !wrong);
	json_error_t error;
	size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL;
	json_t *tree = json_loadb(text.p, text.n, flags, &error);
	if (!wrong && !tree)
		REQUIRE(is_their_limit(&error));
	if (wrong && tree) /* jansson takes a NUL behind the value for the text's end */
		REQUIRE(is_our_limit(wrong) || memchr(text.p, '\0', text.n));
	json_decref(tree);
	return 0;
}
