/* SPDX-License-Identifier: Apache-2.0
 * The configuration's loader: no text may crash it; a text is accepted or gives a mistake.
 */
#include "profile/config.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A profile's path leads to a file: none of this machine's is read. */
static bool names_a_file(struct str text)
{
	const char *at = memmem(text.p, text.n, "profile", 7);
	return at && memchr(at, '/', text.n - (size_t)(at - text.p));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mistakes mistakes;
	struct str text = { (const char *)data, size };

	if (size == 0 || names_a_file(text))
		return 0;
	mistakes_init(&mistakes);
	struct config *config = config_read(text, "fuzz", "/nowhere", &mistakes);
	if ((config == NULL) != (mistakes.count > 0))
		abort();
	config_free(config);
	mistakes_done(&mistakes);
	return 0;
}
