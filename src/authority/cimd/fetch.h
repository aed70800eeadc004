/* SPDX-License-Identifier: Apache-2.0
 * Reads the document of a client whose id is a URL, and keeps it in the store as long as its server says, within
 * bounds. What a stranger can make us call is bounded: how many at once, how often one, and never a special address.
 * authority: may include base, core, wire, store, profile and outbound.
 */
#ifndef REMIT_AUTHORITY_CIMD_FETCH_H
#define REMIT_AUTHORITY_CIMD_FETCH_H

#include "authority/oauth/oauth.h"
#include "outbound/outbound.h"

struct documents;

/* `outbound` lives longer. False without memory. */
bool documents_new(struct outbound *outbound, struct documents **ret);
/* When no call is under way. NULL is nothing. */
void documents_free(struct documents *documents);

/* struct oauth's fetch_client, ctx being the documents. For workers: it may wait for some seconds. */
bool documents_fetch(void *ctx, const struct oauth *oauth, const char *url, struct arena *arena,
	char reterr_text[256]);

#endif
