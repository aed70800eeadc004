/* SPDX-License-Identifier: Apache-2.0
 * Media that stand in a JSON document in base64: what a tool of MCP can send. Such a document's own limit is far below
 * that of a form, which takes what is larger.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/media.h"

#include <sodium.h>

static const struct field fields[] = {
	{ "data", FIELD_TEXT, LIMIT_UPLOAD_BYTES, FIELD_REQUIRED | FIELD_FILLED, NULL },
	{ "filename", FIELD_LINE, MAX_NAME, 0, NULL },
	{ "alt_text", FIELD_TEXT, MAX_ALT_TEXT, 0, NULL },
	PROJECT_FIELDS,
};

/* With padding or without it, in lines or in one. */
static void decode(struct new_media *m, struct str text)
{
	uint8_t *bytes = arena_alloc(m->call->arena, text.n / 4 * 3 + 3);
	static const int variants[] = { sodium_base64_VARIANT_ORIGINAL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING };
	for (size_t i = 0; bytes && i < sizeof(variants) / sizeof(variants[0]); i++) {
		size_t n = 0;
		if (sodium_base642bin(bytes, text.n / 4 * 3 + 3, text.p, text.n, " \r\n\t", &n, NULL, variants[i]) != 0)
			continue;
		m->bytes = (struct str){ (const char *)bytes, n };
		return;
	}
	check_add(&m->check, "data must be base64");
}

void media_decode(struct new_media *m)
{
	const json_t *json = m->call->json;

	m->what = "data";
	check_object(&m->check, json, "", fields, sizeof(fields) / sizeof(fields[0]));
	m->named = get_project(&m->check, json);
	m->alt_text = get_text(json, "alt_text");
	if (m->check.count == 0)
		decode(m, get_text(json, "data"));
	if (m->check.count == 0 && m->bytes.n == 0)
		check_add(&m->check, "data must not be empty");
	m->type = media_sniff(m->bytes);
	if (m->type)
		media_clean_name(get_text(json, "filename"), m->type, m->name);
	if (media_may_add(m))
		media_add(m);
}
