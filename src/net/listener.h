/* SPDX-License-Identifier: Apache-2.0
 * Addresses that we listen on, as bound sockets.
 * net: may include base, core and wire.
 */
#ifndef REMIT_NET_LISTENER_H
#define REMIT_NET_LISTENER_H

#include "base/str.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define LISTENER_BACKLOG 4096 /* the kernel lowers it to net.core.somaxconn */

struct tls_slot;

struct listener {
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	} address;
	socklen_t address_size;
	unsigned tag;
	struct tls_slot *tls; /* NULL: plain */
	unsigned port; /* 0 for a unix socket */
	dev_t device;  /* of a unix socket's file, to remove ours and no other */
	ino_t inode;
};

/* Reads "127.0.0.1:80", "[::1]:80" or "unix:/path". False with a sentence where it is none. */
bool listener_parse(const char *text, struct listener *ret, char reterr_text[static 256]);
/* Binds and listens `count` times: sockets of their own for TCP, where the kernel then spreads the
 * connections; duplicates of one for a unix socket. On failure none is open and a sentence is left. */
bool listener_open(struct listener *one, size_t count, int ret_fds[], char reterr_text[static 256]);
/* Removes the file of a unix socket, where it is still ours. */
void listener_remove(const struct listener *one);

#endif
