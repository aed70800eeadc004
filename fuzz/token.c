/* SPDX-License-Identifier: Apache-2.0
 * Token texts: whatever passes has the form, and no text near it passes too.
 */
#include "base/text.h"
#include <remit/remit.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_token(const char *text, size_t n)
{
	struct remit_token_form form;
	return remit_token_check(text, n, &form) == REMIT_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[REMIT_TOKEN_ROOM + 1];
	struct remit_token_form form;

	(void)remit_token_is_alnum64((const char *)data, size);
	bool passed = is_token((const char *)data, size);
	/* The same with a right checksum, so that what stands before it is judged. */
	if (size >= 7 && size < REMIT_TOKEN_ROOM) {
		memcpy(text, data, size);
		if (!base62_encode_u64(crc32_iso_hdlc(text, size - 6), text + size - 6, 6))
			abort();
		passed = is_token(text, size);
	} else if (passed) {
		abort(); /* longer or shorter than any token */
	}
	if (!passed)
		return 0;
	if (remit_token_check(text, size, &form) != REMIT_OK || form.prefix_length + 52 != size ||
	    form.kind > REMIT_TOKEN_REFRESH)
		abort();
	for (size_t i = form.prefix_length + 5; i < size; i++)
		if (!base62_is(text[i]))
			abort();
	text[size] = text[0];
	if (is_token(text, size - 1) || is_token(text, size + 1) || is_token(text + 1, size - 1))
		abort(); /* T01 */
	return 0;
}
