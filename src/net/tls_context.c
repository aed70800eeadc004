/* SPDX-License-Identifier: Apache-2.0
 * Contexts: what is spoken, the files behind it, and the place where one is replaced by the next.
 * net: may include base, core and wire.
 */
#include "net/tls_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX (1024 * 1024) /* a chain of certificates is some 10 kB */

/* AEAD and forward secrecy only; TLS 1.3 has no others. None that HTTP/2 forbids (RFC 9113 appendix A). */
#define CIPHERS_12 "ECDHE+AESGCM:ECDHE+CHACHA20"
#define GROUPS "X25519:P-256:P-384"

static void say(char reterr_text[static TLS_ERROR_ROOM], const char *file, const char *what)
{
	snprintf(reterr_text, TLS_ERROR_ROOM, "%.160s: %s", file, what);
}

/* ---- Files ---- */

static bool read_all(int fd, size_t size, struct buf *ret)
{
	errno = EFBIG;
	/* The whole room at once: growing would leave copies of a key behind. */
	if (!buf_reserve(ret, size + 1))
		return false;
	while (ret->n < ret->cap) {
		ssize_t n = read(fd, ret->p + ret->n, ret->cap - ret->n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0;
		ret->n += (size_t)n;
	}
	return false;
}

/* ret is released by buf_done_secret in every case. */
static bool read_file(const char *path, struct buf *ret, char reterr_text[static TLS_ERROR_ROOM])
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	bool good = fd >= 0 && fstat(fd, &st) == 0;

	buf_init(ret, FILE_BYTES_MAX);
	if (good && !S_ISREG(st.st_mode)) {
		say(reterr_text, path, "this is no regular file");
		close(fd);
		return false;
	}
	if (!good || !read_all(fd, (size_t)st.st_size, ret)) {
		say(reterr_text, path, strerror(errno));
		good = false;
	}
	if (fd >= 0)
		close(fd);
	return good;
}

/* OpenSSL's own would ask at the terminal. */
static int give_no_password(char *text, int size, int writing, void *arg)
{
	(void)text, (void)size, (void)writing, (void)arg;
	return -1;
}

/* ---- The certificate and its key ---- */

/* The rest of the chain, up to the end of the file. */
static bool add_chain(SSL_CTX *ssl, BIO *file)
{
	X509 *one;

	while ((one = PEM_read_bio_X509(file, NULL, give_no_password, NULL)) != NULL)
		if (SSL_CTX_add0_chain_cert(ssl, one) != 1) {
			X509_free(one);
			return false;
		}
	return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
}

static bool use_certificate(SSL_CTX *ssl, const char *path, char reterr_text[static TLS_ERROR_ROOM])
{
	struct buf text;
	BIO *file = NULL;
	X509 *leaf = NULL;
	bool good = read_file(path, &text, reterr_text);

	if (!good)
		goto out;
	file = BIO_new_mem_buf(text.p, (int)text.n);
	leaf = file ? PEM_read_bio_X509_AUX(file, NULL, give_no_password, NULL) : NULL;
	good = false;
	if (!leaf)
		say(reterr_text, path, "there is no certificate in PEM in it");
	else if (SSL_CTX_use_certificate(ssl, leaf) != 1)
		say(reterr_text, path, "the certificate cannot be used: its key or its signature is too weak");
	else if (!add_chain(ssl, file))
		say(reterr_text, path, "a certificate behind the first cannot be used");
	else
		good = true;
out:
	X509_free(leaf);
	BIO_free(file);
	buf_done_secret(&text);
	return good;
}

static bool use_key(SSL_CTX *ssl, const char *path, const char *cert, char reterr_text[static TLS_ERROR_ROOM])
{
	struct buf text;
	BIO *file = NULL;
	EVP_PKEY *key = NULL;
	bool good = read_file(path, &text, reterr_text);

	if (!good)
		goto out;
	file = BIO_new_mem_buf(text.p, (int)text.n);
	key = file ? PEM_read_bio_PrivateKey(file, NULL, give_no_password, NULL) : NULL;
	good = false;
	if (!key)
		say(reterr_text, path, "there is no private key in PEM in it, or it is encrypted");
	else if (X509_check_private_key(SSL_CTX_get0_certificate(ssl), key) != 1)
		snprintf(reterr_text, TLS_ERROR_ROOM, "%.100s: the key is not that of the certificate in %.100s",
			 path, cert);
	else if (SSL_CTX_use_PrivateKey(ssl, key) != 1)
		say(reterr_text, path, "the key cannot be used");
	else
		good = true;
out:
	EVP_PKEY_free(key);
	BIO_free(file);
	buf_done_secret(&text);
	return good;
}

/* ---- ALPN ---- */

/* Ours by our own order. A client that names protocols, but none of ours, is told so (RFC 7301 section 3.2):
 * what it takes us for, we are not. */
static int choose_protocol(SSL *ssl, const unsigned char **ret, unsigned char *ret_n,
			   const unsigned char *theirs, unsigned theirs_n, void *arg)
{
	const struct tls_context *context = arg;
	unsigned char *chosen;

	(void)ssl;
	if (SSL_select_next_proto(&chosen, ret_n, context->protocols, context->protocols_n, theirs, theirs_n) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*ret = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static void offer_protocols(struct tls_context *context, bool http2)
{
	static const unsigned char all[] = "\x02h2\x08http/1.1";
	const size_t first = http2 ? 0 : 3;

	context->protocols = all + first;
	context->protocols_n = (unsigned)(sizeof(all) - 1 - first);
}

/* ---- Contexts ---- */

static bool set_policy(SSL_CTX *ssl)
{
	char groups[] = GROUPS; /* OpenSSL's macro casts const away */

	SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CLEANSE_PLAINTEXT |
				 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
	SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS); /* but for those that are warm */
	SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF); /* tickets: the client keeps the session */
	return SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_cipher_list(ssl, CIPHERS_12) == 1 && SSL_CTX_set1_groups_list(ssl, groups) == 1;
}

static struct tls_context *new_context(const SSL_METHOD *method)
{
	struct tls_context *context = calloc(1, sizeof(*context));

	if (!context)
		return NULL;
	atomic_init(&context->refs, 1);
	pthread_mutex_init(&context->tickets_lock, NULL);
	context->ssl = SSL_CTX_new(method);
	if (context->ssl && set_policy(context->ssl))
		return context;
	tls_context_unref(context);
	return NULL;
}

struct tls_context *tls_context_new_server(const struct tls_server_options *options,
					   char reterr_text[static TLS_ERROR_ROOM])
{
	struct tls_context *context = new_context(TLS_server_method());

	if (!context) {
		say(reterr_text, options->cert, "TLS cannot be set up");
		return NULL;
	}
	offer_protocols(context, options->http2);
	SSL_CTX_set_alpn_select_cb(context->ssl, choose_protocol, context);
	SSL_CTX_set_app_data(context->ssl, context);
	SSL_CTX_set_tlsext_ticket_key_evp_cb(context->ssl, tls_tickets_callback);
	bool good = use_certificate(context->ssl, options->cert, reterr_text) &&
		    use_key(context->ssl, options->key, options->cert, reterr_text);
	ERR_clear_error();
	if (good)
		return context;
	tls_context_unref(context);
	return NULL;
}

static bool use_authorities(SSL_CTX *ssl, const char *path, char reterr_text[static TLS_ERROR_ROOM])
{
	struct buf text;
	bool good = !path || read_file(path, &text, reterr_text); /* for a word on what is wrong with it */

	if (path)
		buf_done(&text);
	if (!good)
		return false;
	if (path ? SSL_CTX_load_verify_file(ssl, path) == 1 : SSL_CTX_set_default_verify_paths(ssl) == 1)
		return true;
	say(reterr_text, path ? path : "the system's authorities", "there is no certificate in PEM in it");
	return false;
}

struct tls_context *tls_context_new_client(const struct tls_client_options *options,
					   char reterr_text[static TLS_ERROR_ROOM])
{
	struct tls_context *context = new_context(TLS_client_method());

	if (!context) {
		say(reterr_text, "upstream", "TLS cannot be set up");
		return NULL;
	}
	offer_protocols(context, false);
	SSL_CTX_set_verify(context->ssl, SSL_VERIFY_PEER, NULL);
	bool good = SSL_CTX_set_alpn_protos(context->ssl, context->protocols, context->protocols_n) == 0 &&
		    use_authorities(context->ssl, options->ca, reterr_text);
	if (good && options->cert)
		good = use_certificate(context->ssl, options->cert, reterr_text) &&
		       use_key(context->ssl, options->key, options->cert, reterr_text);
	ERR_clear_error();
	if (good)
		return context;
	tls_context_unref(context);
	return NULL;
}

struct tls_context *tls_context_ref(struct tls_context *context)
{
	atomic_fetch_add(&context->refs, 1);
	return context;
}

void tls_context_unref(struct tls_context *context)
{
	if (!context || atomic_fetch_sub(&context->refs, 1) != 1)
		return;
	SSL_CTX_free(context->ssl);
	tls_tickets_wipe(&context->tickets);
	pthread_mutex_destroy(&context->tickets_lock);
	free(context);
}

/* ---- The place of a context ---- */

struct tls_slot {
	pthread_mutex_t lock; /* held for as long as a reference takes */
	struct tls_context *now;
};

struct tls_slot *tls_slot_new(struct tls_context *first)
{
	struct tls_slot *slot = calloc(1, sizeof(*slot));

	if (!slot)
		return NULL;
	pthread_mutex_init(&slot->lock, NULL);
	slot->now = first;
	return slot;
}

void tls_slot_free(struct tls_slot *slot)
{
	if (!slot)
		return;
	tls_context_unref(slot->now);
	pthread_mutex_destroy(&slot->lock);
	free(slot);
}

struct tls_context *tls_slot_take(struct tls_slot *slot)
{
	pthread_mutex_lock(&slot->lock);
	struct tls_context *context = tls_context_ref(slot->now);
	pthread_mutex_unlock(&slot->lock);
	return context;
}

void tls_slot_put(struct tls_slot *slot, struct tls_context *next)
{
	pthread_mutex_lock(&slot->lock);
	struct tls_context *old = slot->now;
	slot->now = next;
	pthread_mutex_unlock(&slot->lock);
	tls_context_unref(old);
}
