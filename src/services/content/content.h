/* SPDX-License-Identifier: Apache-2.0
 * System B: the content service, nine tools over the flat files of a Statamic site.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_CONTENT_CONTENT_H
#define REMIT_SERVICES_CONTENT_CONTENT_H

#include "services/service.h"

struct content_options {
	const char *site; /* the site's folder, an absolute path */
	const struct remit_policy *policy;
};

/* What it is: its table of tools, for whoever judges rules without opening it. */
void content_describe(struct service *ret);
/* Reads the site. A sentence in reterr_text on failure. */
bool content_open(const struct content_options *options, struct service **ret, char reterr_text[256]);
/* NULL is nothing. */
void content_close(struct service *service);

#endif
