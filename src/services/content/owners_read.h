/* SPDX-License-Identifier: Apache-2.0
 * One reading of a site's users, roles and groups: made whole, then only read.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_CONTENT_OWNERS_READ_H
#define REMIT_SERVICES_CONTENT_OWNERS_READ_H

#include "services/content/owners.h"

struct owners_reading;

/* NULL without memory. */
struct owners_reading *owners_reading_new(const char *site, const struct remit_policy *policy);
/* Also of NULL. */
void owners_reading_free(struct owners_reading *reading);
/* Whether a file has come, gone or changed since. */
bool owners_reading_is_old(const struct owners_reading *reading, const char *site);
const struct owner *owners_reading_get(const struct owners_reading *reading, const struct id_bytes *number);
const struct owner *owners_reading_find(const struct owners_reading *reading, struct str who);

#endif
