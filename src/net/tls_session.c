/* SPDX-License-Identifier: Apache-2.0
 * A session: OpenSSL between two views. It reads from the ciphertext that came and writes to a buffer, by
 * a BIO of our own, and so never sees a socket. Between two calls it holds no more than a record that is
 * not whole.
 * net: may include base, core and wire.
 */
#include "net/tls_internal.h"

#include "base/limits.h"
#include <assert.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

struct tls_session {
	SSL *ssl;
	struct tls_context *context;
	/* Only while a call of ours runs: */
	struct str *came;
	struct buf *out;
	/* */
	uint32_t silent; /* bytes that came since the last one of plaintext */
	bool failed, ended, said_end;
	struct tls_session **warm; /* its place there, or NULL */
	unsigned long error;
};

/* ---- The BIO ---- */

static int bio_read(BIO *bio, char *into, size_t room, size_t *ret_n)
{
	struct tls_session *s = BIO_get_data(bio);
	size_t n = s->came && s->came->n < room ? s->came->n : room;

	BIO_clear_retry_flags(bio);
	if (!s->came || n == 0) {
		BIO_set_retry_read(bio);
		return 0;
	}
	memcpy(into, s->came->p, n);
	s->came->p += n;
	s->came->n -= n;
	s->silent += (uint32_t)n;
	*ret_n = n;
	return 1;
}

static int bio_write(BIO *bio, const char *bytes, size_t n, size_t *ret_n)
{
	struct tls_session *s = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	*ret_n = n;
	return buf_add(s->out, bytes, n) ? 1 : 0;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
	(void)bio, (void)number, (void)pointer;
	return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO_METHOD *bio_method;

__attribute__((constructor)) static void make_bio_method(void)
{
	bio_method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "remit");
	if (!bio_method || BIO_meth_set_read_ex(bio_method, bio_read) != 1 ||
	    BIO_meth_set_write_ex(bio_method, bio_write) != 1 ||
	    BIO_meth_set_ctrl(bio_method, bio_control) != 1)
		abort();
}

/* ---- Life ---- */

static struct tls_session *new_session(struct tls_context *context)
{
	struct tls_session *s = calloc(1, sizeof(*s));
	BIO *bio = BIO_new(bio_method);

	if (s)
		s->ssl = SSL_new(context->ssl);
	if (!s || !s->ssl || !bio) {
		if (s)
			SSL_free(s->ssl);
		BIO_free(bio);
		free(s);
		ERR_clear_error();
		return NULL;
	}
	BIO_set_data(bio, s);
	BIO_set_init(bio, 1);
	SSL_set_bio(s->ssl, bio, bio);
	s->context = tls_context_ref(context);
	return s;
}

struct tls_session *tls_session_new(struct tls_context *context)
{
	struct tls_session *s = new_session(context);

	if (s)
		SSL_set_accept_state(s->ssl);
	return s;
}

/* A name is asked for (SNI) and stands whole, or for one label as "*", in the certificate; an address is
 * compared as such (RFC 9110 section 4.3.4). */
static bool expect_name(SSL *ssl, const char *name)
{
	if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1)
		return true;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(ssl, name) == 1 &&
	       SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, (void *)(uintptr_t)name) == 1;
}

struct tls_session *tls_session_new_client(struct tls_context *context, const char *name)
{
	struct tls_session *s = new_session(context);

	if (s && !expect_name(s->ssl, name)) {
		tls_session_free(s);
		s = NULL;
	}
	ERR_clear_error();
	if (s)
		SSL_set_connect_state(s->ssl);
	return s;
}

void tls_session_free(struct tls_session *s)
{
	if (!s)
		return;
	if (s->warm)
		*s->warm = NULL;
	SSL_free(s->ssl);
	tls_context_unref(s->context);
	free(s);
}

void tls_session_warm(struct tls_session *s, struct tls_warm *warm)
{
	if (s->warm || !tls_session_is_open(s))
		return;
	struct tls_session **place = &warm->list[warm->next++ % TLS_WARM];
	if (*place) {
		(*place)->warm = NULL;
		SSL_set_mode((*place)->ssl, SSL_MODE_RELEASE_BUFFERS);
		(void)SSL_free_buffers((*place)->ssl); /* later, where it has a record that is not whole */
	}
	SSL_clear_mode(s->ssl, SSL_MODE_RELEASE_BUFFERS);
	*place = s;
	s->warm = place;
}

/* What is left of an error would be taken for that of the next call. */
static void forget_errors(void)
{
	if (ERR_peek_error() != 0)
		ERR_clear_error();
}

/* ---- Reading ---- */

/* What a call of OpenSSL that did not succeed means. */
static enum tls_result judge(struct tls_session *s, int result)
{
	switch (SSL_get_error(s->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return TLS_MORE;
	case SSL_ERROR_ZERO_RETURN:
		s->ended = true;
		return TLS_END;
	default:
		break;
	}
	s->failed = true;
	s->error = ERR_peek_error();
	return ERR_GET_LIB(s->error) == ERR_LIB_SSL && ERR_GET_REASON(s->error) == SSL_R_HTTP_REQUEST ?
		       TLS_PLAIN :
		       TLS_FAILED;
}

static enum tls_result read_plaintext(struct tls_session *s, char *into, size_t room, size_t *ret_n)
{
	while (*ret_n < room) {
		size_t n = 0;
		int result = SSL_read_ex(s->ssl, into + *ret_n, room - *ret_n, &n);
		if (result != 1)
			return judge(s, result);
		s->silent = 0;
		*ret_n += n;
		if (s->came->n == 0 && SSL_pending(s->ssl) == 0)
			return TLS_MORE; /* as it would say itself, for more */
	}
	return TLS_FULL;
}

/* Handshakes, tickets and new keys come and cost without a word of plaintext: they have a bound. */
static enum tls_result go_on(struct tls_session *s, char *into, size_t room, size_t *ret_n)
{
	enum tls_result result = TLS_FULL;

	if (s->failed)
		return TLS_FAILED;
	if (s->ended)
		return TLS_END;
	if (!SSL_is_init_finished(s->ssl)) {
		int done = SSL_do_handshake(s->ssl);
		result = done == 1 ? TLS_FULL : judge(s, done);
	}
	if (result == TLS_FULL)
		result = read_plaintext(s, into, room, ret_n);
	if (s->silent > LIMIT_TLS_SILENT_BYTES && result == TLS_MORE) {
		s->failed = true;
		result = TLS_FAILED;
	}
	return result;
}

enum tls_result tls_session_read(struct tls_session *s, struct str *came, char *into, size_t room,
				 struct buf *out, size_t *ret_n)
{
	assert(!s->came && !s->out);
	*ret_n = 0;
	forget_errors();
	s->came = came;
	s->out = out;
	enum tls_result result = go_on(s, into, room, ret_n);
	s->came = NULL;
	s->out = NULL;
	forget_errors();
	return result;
}

/* ---- Writing ---- */

bool tls_session_write(struct tls_session *s, struct str text, struct buf *out)
{
	assert(!s->came && !s->out && tls_session_is_open(s) && !s->said_end);
	forget_errors();
	s->out = out;
	while (text.n > 0 && !s->failed) {
		size_t n = 0;
		if (SSL_write_ex(s->ssl, text.p, text.n, &n) != 1) {
			s->error = ERR_peek_error();
			s->failed = true;
		}
		text.p += n;
		text.n -= n;
	}
	s->out = NULL;
	forget_errors();
	return !s->failed && !out->failed;
}

void tls_session_end(struct tls_session *s, struct buf *out)
{
	if (!tls_session_is_open(s) || s->said_end)
		return;
	forget_errors();
	s->out = out;
	(void)SSL_shutdown(s->ssl);
	s->out = NULL;
	s->said_end = true;
	forget_errors();
}

/* ---- What it is ---- */

bool tls_session_is_open(const struct tls_session *s)
{
	return !s->failed && SSL_is_init_finished(s->ssl);
}

bool tls_session_has_plaintext(const struct tls_session *s)
{
	return SSL_pending(s->ssl) > 0;
}

bool tls_session_has_begun(const struct tls_session *s)
{
	return SSL_has_pending(s->ssl) == 1;
}

struct str tls_session_protocol(const struct tls_session *s)
{
	const unsigned char *p = NULL;
	unsigned n = 0;

	SSL_get0_alpn_selected(s->ssl, &p, &n);
	return (struct str){ (const char *)p, n };
}

void tls_session_why(const struct tls_session *s, char ret_text[static TLS_ERROR_ROOM])
{
	const char *reason = s->error ? ERR_reason_error_string(s->error) : NULL;
	const long verified = SSL_get_verify_result(s->ssl);

	if (ERR_GET_REASON(s->error) == SSL_R_CERTIFICATE_VERIFY_FAILED && verified != X509_V_OK) {
		snprintf(ret_text, TLS_ERROR_ROOM, "its certificate is not good: %s",
			 X509_verify_cert_error_string(verified));
		return;
	}
	snprintf(ret_text, TLS_ERROR_ROOM, "%s", reason ? reason : "the other end broke TLS");
}
