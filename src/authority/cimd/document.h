/* SPDX-License-Identifier: Apache-2.0
 * The document by which a client says who it is: its id is the URL under which it stands
 * (draft-ietf-oauth-client-id-metadata-document). Bytes to texts; who fetches them is in fetch.h.
 * authority: may include base, core, wire, store, profile and outbound.
 */
#ifndef REMIT_AUTHORITY_CIMD_DOCUMENT_H
#define REMIT_AUTHORITY_CIMD_DOCUMENT_H

#include "base/arena.h"
#include "base/str.h"

#define DOCUMENT_ERROR_ROOM 256

struct document { /* texts in the arena */
	const char *name;
	const char *redirects; /* a line each */
	const char *grants;    /* what such a client may have of what it asks for */
};

/* Whether a text may be such an id: https, a path, nothing that two readers could read in two ways, and no other
 * spelling of another id. */
bool document_url_is_good(struct str url, char reterr_text[static DOCUMENT_ERROR_ROOM]);
/* False with a sentence where the document is not that of `url`, lacks something, or says that it has a secret. */
bool document_read(struct str body, const char *url, struct arena *arena, struct document *ret,
	char reterr_text[static DOCUMENT_ERROR_ROOM]);
/* For how many seconds an answer may be used again, by its Cache-Control and Age (RFC 9111), within our bounds.
 * {NULL, 0} for a field that is not there. */
int64_t document_fresh_s(struct str cache_control, struct str age);

#endif
