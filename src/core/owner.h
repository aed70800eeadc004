/* SPDX-License-Identifier: Apache-2.0
 * Owners of tokens who are no people of the store: those of a site that an API works on. Whoever knows them answers
 * these questions; the gate and the authority ask.
 * core: may include base and <remit/remit.h>.
 */
#ifndef REMIT_CORE_OWNER_H
#define REMIT_CORE_OWNER_H

#include "base/id.h"

#include <remit/remit.h>

struct owner_view { /* what it points to lives for a call of a tool at least */
	struct id id;
	const char *name, *email; /* as the site writes them */
	bool super;               /* has everything */
	const struct remit_scopes *ceiling; /* what they can use at all; not looked at where super */
};

struct owner_source {
	void *ctx;
	/* By number. Without a lock or a wait: a loop asks. False: there is no such owner. */
	bool (*get)(void *ctx, const struct id_bytes *number, struct owner_view *ret);
	/* By the site's id, by number or by e-mail. */
	bool (*find)(void *ctx, struct str who, struct owner_view *ret);
	/* Whether a token of theirs may hold a scope. */
	bool (*may_hold)(void *ctx, const struct id_bytes *number, size_t scope);
};

#endif
