/* SPDX-License-Identifier: Apache-2.0
 * Who owns tokens of a site: its users, with what their roles and groups let them do (D24). Read from users/,
 * resources/users/roles.yaml and groups.yaml, and followed while they change. A file that cannot be read is named in a
 * log line and gives nobody anything.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_CONTENT_OWNERS_H
#define REMIT_SERVICES_CONTENT_OWNERS_H

#include "base/id.h"
#include "base/str.h"
#include "core/owner.h"

#include <remit/remit.h>

struct owners;

/* A user of the site. Handed out as a view that is never changed, and lives for OWNER_VIEW_S after that, so that a
 * loop may hold it without a lock; nobody keeps it longer than a call. */
struct owner {
	struct id id;      /* the number that tokens, the gate and the log know them by: owners_number */
	const char *name;  /* the site's own id of them: the key `id` */
	const char *email; /* the name of their file */
	bool super;        /* of themselves, or by a role: has everything */
	struct remit_scopes ceiling; /* what they can use at all, on any handle, without umbrellas; for super: everything */
	const char *const *permissions; /* "view blog entries": of all their roles, sorted */
	size_t permission_count;
};
#define OWNER_VIEW_S 60

/* Reads the users of the site at `site`, an absolute path, and follows them from then on by a thread of its own. A
 * folder or file that is not there has no users, no roles. `policy` is the API's: it says which scopes there are. */
bool owners_open(const char *site, const struct remit_policy *policy, struct owners **ret, char reterr_text[256]);
void owners_close(struct owners *owners);
/* Reads again what has changed, now. */
void owners_refresh(struct owners *owners);

/* The number of an owner as a site writes it: a UUID is itself, any other text has one that is made of it. False for
 * an empty text, or one longer than 255 bytes. */
bool owners_number(struct str name, struct id *ret);

/* By number, by any thread, without a lock. NULL: the site has no such user, and their tokens are no good (D18). */
const struct owner *owners_get(const struct owners *owners, const struct id_bytes *number);
/* By the site's id or by e-mail, without case. */
const struct owner *owners_find(const struct owners *owners, struct str who);

/* What the gate and the authority ask. */
void owners_source(struct owners *owners, struct owner_source *ret);

/* Whether they may: `permission` is as Statamic names it, {} standing for the handle: "edit {} entries" of "blog".
 * Super users may always. */
bool owner_may(const struct owner *owner, const char *permission, struct str handle);
/* The same where the permission has no handle: "configure fields". */
bool owner_may_plain(const struct owner *owner, const char *permission);
/* Whether a token of theirs may hold a scope: one that they can use, or an umbrella over such a one. */
bool owner_may_hold(const struct owner *owner, const struct remit_policy *policy, size_t scope);

#endif
