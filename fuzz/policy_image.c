/* SPDX-License-Identifier: Apache-2.0
 * Compiled policies: the bytes get a head and a checksum that are right, so that all between is read.
 * What loads is saved as the same bytes.
 */
#include "base/text.h"
#include <remit/remit.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try(const uint8_t *image, size_t size)
{
	struct remit_policy *policy;
	uint8_t *again;
	size_t again_size;

	if (remit_policy_load(image, size, &policy) != REMIT_OK)
		return;
	if (remit_policy_save(policy, &again, &again_size) != REMIT_OK || again_size != size ||
	    memcmp(again, image, size) != 0)
		abort();
	free(again);
	remit_policy_free(policy);
}

/* The corpus holds whole images, whose heads and checksums are replaced by the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try(data, size);
	if (size < 16)
		return 0;
	uint8_t *image = malloc(size);
	if (!image)
		abort();
	memcpy(image, data, size);
	memcpy(image, "REMITPOL\1\0\0\0", 12);
	uint32_t crc = crc32_iso_hdlc(image, size - 4);
	for (size_t i = 0; i < 4; i++)
		image[size - 4 + i] = (uint8_t)(crc >> 8 * i);
	try(image, size);
	free(image);
	return 0;
}
