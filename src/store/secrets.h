/* SPDX-License-Identifier: Apache-2.0
 * The server's own key (`secrets_key`), and what is made with it: sealed secrets at rest, and
 * signatures on cursors. The key is read once and kept in locked memory.
 * store: may include base, core and wire.
 */
#ifndef REMIT_STORE_SECRETS_H
#define REMIT_STORE_SECRETS_H

#include "base/arena.h"
#include "base/buf.h"

struct secrets;

/* `from` is "file:PATH" (made with 32 random bytes and mode 0600 where it does not exist; refused
 * where others may read it) or "env:NAME" (64 hex digits). False with a sentence in reterr_text. */
bool secrets_open(const char *from, struct secrets **ret, char reterr_text[256]);
void secrets_close(struct secrets *secrets);

#define SECRETS_SEAL_EXTRA 40 /* bytes that sealing adds: nonce and tag */

/* Seals (XChaCha20-Poly1305); `purpose` names what it is for and must be the same to open. The
 * purpose-specific key is derived. ret_sealed has room for text.n + SECRETS_SEAL_EXTRA. */
bool secrets_seal(const struct secrets *secrets, const char *purpose, struct str text, uint8_t *ret_sealed);
bool secrets_unseal(const struct secrets *secrets, const char *purpose, struct str sealed, uint8_t *ret_text);

/* A keyed MAC of 16 bytes over purpose and text. */
void secrets_mac(const struct secrets *secrets, const char *purpose, struct str text, uint8_t ret_mac[16]);
/* Compares in constant time. */
bool secrets_mac_ok(const struct secrets *secrets, const char *purpose, struct str text,
	const uint8_t mac[16]);

/* 32 bytes that only this key gives for purpose and text (HMAC-SHA-256): what must come out the same twice
 * and is kept nowhere. */
void secrets_derive(const struct secrets *secrets, const char *purpose, struct str text, uint8_t ret[32]);

/* Page cursors (T07): base64url of the text and its MAC, made and read back for one purpose only.
 * Writing is false for a text of more than SECRETS_CURSOR_MAX bytes, or where `out` is full; reading
 * for a cursor that we did not make for this purpose. */
#define SECRETS_CURSOR_MAX 4000
bool secrets_cursor_write(const struct secrets *secrets, const char *purpose, struct str text,
	struct buf *out);
bool secrets_cursor_read(const struct secrets *secrets, const char *purpose, struct str cursor,
	struct arena *arena, struct str *ret_text);

#endif
