/* SPDX-License-Identifier: Apache-2.0
 * The forms of addresses, hosts and origins in a configuration. Pure: nothing is looked up.
 * profile: may include base and core.
 */
#ifndef REMIT_PROFILE_ADDRESS_H
#define REMIT_PROFILE_ADDRESS_H

#include "base/str.h"

/* "127.0.0.1:8787", "[::1]:8787", port 0 included. Names are no addresses: what they stand for may change. */
bool address_is_socket(struct str s);
/* "10.0.0.0/8", "::1": an address, or a range with its prefix length. */
bool address_is_range(struct str s);
/* "api.example.com", "127.0.0.1:8787", "[::1]": lower case, with or without a port. */
bool address_is_host(struct str s);
/* "https://app.example.com": http or https, a host, nothing behind it. */
bool address_is_origin(struct str s);
/* Whether it is an address of every interface, which nobody can call: "0.0.0.0:80", "[::]:80". */
bool address_is_wildcard(struct str s);

#endif
