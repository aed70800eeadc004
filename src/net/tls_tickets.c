/* SPDX-License-Identifier: Apache-2.0
 * A key seals for two hours and opens for two more.
 * net: may include base, core and wire.
 */
#include "net/tls_internal.h"

#include "base/clock.h"
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <openssl/rand.h>

static bool make_key(struct tls_ticket_key *key, int64_t now_ns)
{
	if (RAND_bytes(key->name, sizeof(key->name)) != 1 ||
	    RAND_priv_bytes(key->cipher, sizeof(key->cipher)) != 1 ||
	    RAND_priv_bytes(key->mac, sizeof(key->mac)) != 1)
		return false;
	key->made_ns = now_ns;
	key->there = true;
	return true;
}

static bool is_within(const struct tls_ticket_key *key, int64_t now_ns, int64_t ns)
{
	return key->there && now_ns - key->made_ns < ns;
}

bool tls_tickets_sealer(struct tls_ticket_keys *keys, int64_t now_ns, struct tls_ticket_key *ret)
{
	if (!is_within(&keys->now, now_ns, TLS_TICKET_KEY_NS)) {
		struct tls_ticket_key next;
		if (!make_key(&next, now_ns))
			return false;
		keys->before = keys->now;
		keys->now = next;
		OPENSSL_cleanse(&next, sizeof(next));
	}
	*ret = keys->now;
	return true;
}

bool tls_tickets_opener(const struct tls_ticket_keys *keys, const uint8_t name[static 16], int64_t now_ns,
			struct tls_ticket_key *ret, bool *ret_old)
{
	const struct tls_ticket_key *all[] = { &keys->now, &keys->before };

	for (size_t i = 0; i < 2; i++) {
		if (!is_within(all[i], now_ns, 2 * TLS_TICKET_KEY_NS) || memcmp(all[i]->name, name, 16) != 0)
			continue;
		*ret = *all[i];
		*ret_old = !is_within(all[i], now_ns, TLS_TICKET_KEY_NS);
		return true;
	}
	return false;
}

void tls_tickets_wipe(struct tls_ticket_keys *keys)
{
	OPENSSL_cleanse(keys, sizeof(*keys));
}

static bool set_mac(EVP_MAC_CTX *mac, struct tls_ticket_key *key)
{
	char digest[] = "SHA256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key->mac, sizeof(key->mac)),
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};
	return EVP_MAC_CTX_set_params(mac, params) == 1;
}

static bool find_key(struct tls_context *context, const unsigned char *name, bool seal, struct tls_ticket_key *ret,
		     bool *ret_old)
{
	int64_t now_ns = clock_monotonic_ns();

	pthread_mutex_lock(&context->tickets_lock);
	bool found = seal ? tls_tickets_sealer(&context->tickets, now_ns, ret) :
			    tls_tickets_opener(&context->tickets, name, now_ns, ret, ret_old);
	pthread_mutex_unlock(&context->tickets_lock);
	return found;
}

/* 1: used; 2: used, and a new ticket is due; 0: a handshake without a ticket; less: none at all. */
int tls_tickets_callback(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac,
			 int seal)
{
	struct tls_context *context = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	const EVP_CIPHER *aes = EVP_aes_256_cbc();
	struct tls_ticket_key key;
	bool old = false, good;

	if (!find_key(context, name, seal, &key, &old))
		return 0;
	if (seal) {
		memcpy(name, key.name, sizeof(key.name));
		good = RAND_bytes(iv, EVP_CIPHER_get_iv_length(aes)) == 1 &&
		       EVP_EncryptInit_ex2(cipher, aes, key.cipher, iv, NULL) == 1;
	} else {
		good = EVP_DecryptInit_ex2(cipher, aes, key.cipher, iv, NULL) == 1;
	}
	good = good && set_mac(mac, &key);
	OPENSSL_cleanse(&key, sizeof(key));
	if (!good)
		return -1;
	return old ? 2 : 1;
}
