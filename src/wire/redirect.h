/* SPDX-License-Identifier: Apache-2.0
 * Redirect URIs of OAuth clients, read strictly (RFC 6749 section 3.1.2, RFC 8252): what a browser would read
 * in another way is no redirect URI. Pure.
 * wire: may include base, and nothing else of ours.
 */
#ifndef REMIT_WIRE_REDIRECT_H
#define REMIT_WIRE_REDIRECT_H

#include "base/str.h"

#define REDIRECT_BYTES_MAX 2048

enum redirect_kind {
	REDIRECT_WEB,      /* https, any host */
	REDIRECT_LOOPBACK, /* http to 127.0.0.1, [::1] or localhost: the port does not count */
	REDIRECT_APP,      /* a scheme that a native app has registered */
};

struct redirect { /* views into the text */
	enum redirect_kind kind;
	struct str scheme;
	struct str host;   /* with brackets; {NULL, 0} of an app */
	struct str port;   /* digits, or empty */
	struct str rest;   /* path and query */
	struct str origin; /* "https://app.example.com:8443", "com.example.app:" */
	bool has_query;
};

/* False with a clause such as "holds a user name" in *reterr. */
bool redirect_read(struct str text, struct redirect *ret, const char **reterr);
/* Whether what a request names is what was registered: byte for byte, but for the port on loopback. */
bool redirect_matches(struct str registered, struct str asked);

#endif
