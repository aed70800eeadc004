/* SPDX-License-Identifier: Apache-2.0
 * What the files of TLS share.
 * net: may include base, core and wire.
 */
#ifndef REMIT_NET_TLS_INTERNAL_H
#define REMIT_NET_TLS_INTERNAL_H

#include "net/tls.h"
#include "net/tls_tickets.h"

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>

struct tls_context {
	atomic_uint refs;
	SSL_CTX *ssl;
	const unsigned char *protocols; /* as on the wire */
	unsigned protocols_n;
	pthread_mutex_t tickets_lock;
	struct tls_ticket_keys tickets; /* of a server */
};

#endif
