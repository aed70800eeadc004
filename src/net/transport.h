/* SPDX-License-Identifier: Apache-2.0
 * The seam between a connection and its socket where TLS is spoken. Everything else sees plaintext: what
 * came stands in the connection's input, what is answered goes through output.c. A plain connection has
 * no struct transport.
 * net: may include base, core and wire.
 */
#ifndef REMIT_NET_TRANSPORT_H
#define REMIT_NET_TRANSPORT_H

#include "net/tls.h"

#include <uv.h>

#define TRANSPORT_READ_BYTES (64 * 1024)

struct connection;
struct loop;

struct transport {
	struct tls_session *session;
	struct str came; /* ciphertext not yet used: in the loop's buffer while its event runs, else in `kept` */
	char *kept;
	bool eof; /* no more ciphertext comes */
};

/* For a connection that was accepted on a listener with TLS. False without memory. */
bool transport_open(struct connection *c);
void transport_close(struct connection *c);

/* Where ciphertext is read to; {NULL, 0} without memory. */
uv_buf_t transport_room(struct connection *c);
/* That much of it came. */
void transport_came(struct connection *c, size_t n);
/* Decrypts what has come into the connection's input, where that is wanted and has room. True where it came
 * further, so that the connection may go on. */
bool transport_receive(struct connection *c);
/* At the end of an event: what could not be used yet is kept. */
void transport_settle(struct connection *c);
/* Whether transport_receive has something to do as soon as there is room. */
bool transport_waits(const struct connection *c);

/* Encrypts and writes. */
void transport_send(struct connection *c, struct str text);
/* Tells the client that nothing more comes (close_notify), once. */
void transport_send_end(struct connection *c);

/* Whether the handshake is done. Before that nothing can be answered. */
bool transport_is_open(const struct connection *c);
/* Whether a handshake, or a record, has begun and is not whole. */
bool transport_has_begun(const struct connection *c);

void transport_free_buffers(struct loop *loop);

#endif
