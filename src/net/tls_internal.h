/* SPDX-License-Identifier: Apache-2.0
 * What the files of TLS share.
 * net: may include base, core and wire.
 */
#ifndef REMIT_NET_TLS_INTERNAL_H
#define REMIT_NET_TLS_INTERNAL_H

#include "net/tls.h"

#include <openssl/ssl.h>
#include <stdatomic.h>

struct tls_context {
	atomic_uint refs;
	SSL_CTX *ssl;
	const unsigned char *protocols; /* as on the wire */
	unsigned protocols_n;
};

#endif
