/* SPDX-License-Identifier: Apache-2.0
 * Signatures of webhooks, as Standard Webhooks 1.0.0 (the HMAC-SHA256 form, "v1") says. Pure.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_PUBLISHING_SIGN_H
#define REMIT_SERVICES_PUBLISHING_SIGN_H

#include "base/buf.h"

#define SIGN_PREFIX "whsec_"
#define SIGN_SECRET_MIN 24 /* the specification's bounds on a secret's bytes */
#define SIGN_SECRET_MAX 64
#define SIGN_SECRET_TEXT_ROOM (sizeof(SIGN_PREFIX) + 4 * ((SIGN_SECRET_MAX + 2) / 3))
#define SIGN_SECRET_BYTES 32 /* of those that we make */

/* "whsec_" and the secret in base64. */
void sign_secret_text(struct str secret, char ret_text[static SIGN_SECRET_TEXT_ROOM]);
/* The bytes of such a text. False where it is none, or is out of the bounds. */
bool sign_secret_read(struct str text, uint8_t ret_secret[static SIGN_SECRET_MAX], size_t *ret_n);

/* Appends "v1,<base64>", behind a space where something stands in `out` already: a message may have
 * several signatures. `seconds` is what the header webhook-timestamp says. */
void sign_add(struct str secret, struct str id, int64_t seconds, struct str body, struct buf *out);

#endif
