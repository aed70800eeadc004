/* SPDX-License-Identifier: Apache-2.0
 * The profile loader: no text may crash it; a text is accepted or gives a mistake; what is accepted
 * survives being saved and loaded.
 */
#include "profile/profile.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_image(const struct remit_policy *policy)
{
	uint8_t *first, *second;
	size_t first_size, second_size;
	struct remit_policy *loaded;

	if (remit_policy_save(policy, &first, &first_size) != REMIT_OK
		|| remit_policy_load(first, first_size, &loaded) != REMIT_OK
		|| remit_policy_save(loaded, &second, &second_size) != REMIT_OK)
		abort();
	if (first_size != second_size || memcmp(first, second, first_size) != 0)
		abort();
	remit_policy_free(loaded);
	free(first);
	free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mistakes mistakes;
	mistakes_init(&mistakes);
	struct profile *profile = profile_read((struct str){ (const char *)data, size }, "fuzz", &mistakes);
	if ((profile == NULL) != (mistakes.count > 0))
		abort();
	if (profile)
		check_image(profile->policy);
	profile_free(profile);
	mistakes_done(&mistakes);
	return 0;
}
