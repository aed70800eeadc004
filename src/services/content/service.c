/* SPDX-License-Identifier: Apache-2.0
 * Opening and closing the content service.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/content/internal.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

void content_describe(struct service *ret)
{
	*ret = (struct service){ .name = "content", .title = "Content", .tools = content_tools,
		.tool_count = content_tool_count };
}

bool content_open(const struct content_options *options, struct service **ret, char reterr_text[256])
{
	struct content *c = calloc(1, sizeof(*c));
	if (!c || sodium_init() < 0) {
		snprintf(reterr_text, 256, "The content service cannot start: out of memory or of randomness");
		free(c);
		return false;
	}
	content_describe(&c->service);
	c->policy = options->policy;
	if (site_open(options->site, &c->site, reterr_text)
		&& owners_open(options->site, options->policy, &c->owners, reterr_text)) {
		owners_source(c->owners, &c->source);
		c->service.owners = &c->source;
		*ret = &c->service;
		return true;
	}
	content_close(&c->service);
	return false;
}

void content_close(struct service *service)
{
	if (!service)
		return;
	struct content *c = content_of(service);
	owners_close(c->owners);
	site_close(c->site);
	free(c);
}
