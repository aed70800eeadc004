/* SPDX-License-Identifier: Apache-2.0
 * The keys of session tickets, which clients keep for us (RFC 5077; RFC 8446 section 4.6.1). Whoever has such a
 * key reads what was sent by TLS 1.2 in sessions that it sealed, so none is used for long. In memory only.
 * net: may include base, core and wire.
 */
#ifndef REMIT_NET_TLS_TICKETS_H
#define REMIT_NET_TLS_TICKETS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

#define TLS_TICKET_KEY_NS (INT64_C(2) * 3600 * 1000000000) /* as long as OpenSSL lets a session live */

struct tls_ticket_key {
	uint8_t name[16], cipher[32], mac[32];
	int64_t made_ns;
	bool there;
};

struct tls_ticket_keys { /* those of one context; zeroed: none yet */
	struct tls_ticket_key now, before;
};

/* The key that seals, made where there is none that is young enough. False without randomness. */
bool tls_tickets_sealer(struct tls_ticket_keys *keys, int64_t now_ns, struct tls_ticket_key *ret);
/* The key of that name, while it may still open. *ret_old: a new ticket should take the place of the old one. */
bool tls_tickets_opener(const struct tls_ticket_keys *keys, const uint8_t name[static 16], int64_t now_ns,
			struct tls_ticket_key *ret, bool *ret_old);
void tls_tickets_wipe(struct tls_ticket_keys *keys);

/* For SSL_CTX_set_tlsext_ticket_key_evp_cb; the context is the SSL_CTX's app data. */
int tls_tickets_callback(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac,
			 int seal);

#endif
