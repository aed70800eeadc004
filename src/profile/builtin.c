/* SPDX-License-Identifier: Apache-2.0
 * The profiles that come with the program: profiles/NAME.yaml, compiled in (embed.py writes
 * builtin_texts.h at build time).
 * profile: may include base and core.
 */
#include "profile/profile.h"

struct builtin {
	const char *name;
	const unsigned char *text;
	size_t size;
};

#include "builtin_texts.h"

#define BUILTIN_COUNT (sizeof(builtins) / sizeof(builtins[0]))

const char *profile_builtin_name(size_t index)
{
	return index < BUILTIN_COUNT ? builtins[index].name : NULL;
}

struct str profile_builtin_text(const char *name)
{
	for (size_t i = 0; i < BUILTIN_COUNT; i++) {
		if (strcmp(builtins[i].name, name) == 0)
			return (struct str){ (const char *)builtins[i].text, builtins[i].size };
	}
	return (struct str){ NULL, 0 };
}
