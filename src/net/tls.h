/* SPDX-License-Identifier: Apache-2.0
 * TLS 1.2 and 1.3 without a socket: a context holds a certificate or the authorities that are trusted,
 * a session turns ciphertext into plaintext and back. Only these files know OpenSSL's sessions.
 * net: may include base, core and wire.
 */
#ifndef REMIT_NET_TLS_H
#define REMIT_NET_TLS_H

#include "base/buf.h"
#include "base/str.h"

#define TLS_ERROR_ROOM 256
#define TLS_RECORD_BYTES (16 * 1024 + 512) /* the largest record there is, with what surrounds it */

/* ---- Contexts: counted, and safe to use from any thread ---- */

struct tls_context;

struct tls_server_options {
	const char *cert; /* a file in PEM: the certificate, then those between it and its authority */
	const char *key;  /* a file in PEM, not encrypted */
	bool http2;       /* offered before HTTP/1.1 */
};

/* Reads the files. NULL with a sentence where one cannot be read or they do not belong together. */
struct tls_context *tls_context_new_server(const struct tls_server_options *options,
					   char reterr_text[static TLS_ERROR_ROOM]);
struct tls_client_options {
	const char *ca;         /* a file in PEM of the authorities that are trusted; NULL: the system's */
	const char *cert, *key; /* our own certificate, as above; NULL: none */
};

/* For connections that we make. The other end is always verified. NULL as above. */
struct tls_context *tls_context_new_client(const struct tls_client_options *options,
					   char reterr_text[static TLS_ERROR_ROOM]);
struct tls_context *tls_context_ref(struct tls_context *context);
void tls_context_unref(struct tls_context *context);

/* The context that new connections get, which may be replaced while others take it. */
struct tls_slot;

struct tls_slot *tls_slot_new(struct tls_context *first); /* takes the reference; NULL without memory */
void tls_slot_free(struct tls_slot *slot);
/* A reference of the caller's own. */
struct tls_context *tls_slot_take(struct tls_slot *slot);
/* Takes the reference; sessions of the old one go on with it. */
void tls_slot_put(struct tls_slot *slot, struct tls_context *next);

/* ---- Sessions: one of each connection ---- */

struct tls_session;

/* The server's end. It keeps a reference of its own. NULL without memory. */
struct tls_session *tls_session_new(struct tls_context *context);
/* The client's end. The other one's certificate must be for `name`, a name or an address. */
struct tls_session *tls_session_new_client(struct tls_context *context, const char *name);
void tls_session_free(struct tls_session *session);

enum tls_result {
	TLS_MORE,   /* all that came is used; more must come */
	TLS_FULL,   /* the room for plaintext is full; there may be more of it */
	TLS_END,    /* the other end said that it sends no more */
	TLS_FAILED, /* no TLS, or refused; only what is in `out` may still be sent */
	TLS_PLAIN,  /* a request in plain HTTP; nothing was sent, and it may be answered so */
};

/* Moves on over the ciphertext in *came that was used, and writes plaintext to into[0..room); *ret_n says
 * how much, in every case. What must be sent meanwhile is appended to `out`: the handshake, alerts. */
enum tls_result tls_session_read(struct tls_session *session, struct str *came, char *into, size_t room,
				 struct buf *out, size_t *ret_n);
/* Appends the ciphertext of `text` to `out`. Only where it is open. False without memory. */
bool tls_session_write(struct tls_session *session, struct str text, struct buf *out);
/* Appends the word that nothing more is sent, once; nothing where there is no one to hear it. */
void tls_session_end(struct tls_session *session, struct buf *out);

/* The sessions of one thread that were used last and keep their buffers, some 33 kB each, for what they do next:
 * without, each request would cost two of them anew. All others hold none between two records. */
#define TLS_WARM 64
struct tls_warm {
	struct tls_session *list[TLS_WARM]; /* NULL: free */
	unsigned next;
};

/* After each use of an open session: it is among them, and another is no more. It leaves by itself when it is
 * freed; `warm` must live longer. */
void tls_session_warm(struct tls_session *session, struct tls_warm *warm);

/* Whether the handshake is done, and nothing is broken. */
bool tls_session_is_open(const struct tls_session *session);
/* Whether there is plaintext that tls_session_read would hand out without more ciphertext. */
bool tls_session_has_plaintext(const struct tls_session *session);
/* Whether it holds bytes that came, of a record that is not whole perhaps. */
bool tls_session_has_begun(const struct tls_session *session);
/* The protocol that was agreed on (ALPN), as "http/1.1" or "h2"; empty where the client named none. */
struct str tls_session_protocol(const struct tls_session *session);
/* Why it failed, for a log. */
void tls_session_why(const struct tls_session *session, char ret_text[static TLS_ERROR_ROOM]);

#endif
