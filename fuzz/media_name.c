/* SPDX-License-Identifier: Apache-2.0
 * The name and the first bytes of an upload (S02, S04): a shown name is short clean text that can
 * be no path, and what looks like markup is never taken for an image.
 */
#include "base/text.h"
#include "services/publishing/media.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition) do { if (!(condition)) abort(); } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input = { (const char *)data, size };
	const struct media_type *type = media_sniff(input);
	char name[MEDIA_NAME_ROOM];

	REQUIRE(!type || media_type_find(str_of(type->type)) == type);
	REQUIRE(!type || (data[0] != '<' && data[0] != ' '));
	if (!type)
		type = media_type_find(STR("image/png"));
	media_clean_name(input, type, name);
	struct str shown = str_of(name);
	REQUIRE(shown.n > strlen(type->extension) && utf8_valid(shown) && utf8_length(shown) <= 100 + strlen(type->extension));
	REQUIRE(name[0] != '.' && name[0] != ' ');
	for (size_t i = 0; i < shown.n; i++)
		REQUIRE((uint8_t)name[i] >= 0x20 && name[i] != 0x7f && !strchr("/\\\"", name[i]));
	return 0;
}
