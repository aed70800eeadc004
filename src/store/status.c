/* SPDX-License-Identifier: Apache-2.0
 * What a store may say, in words.
 * store: may include base, core and wire.
 */
#include "store/status.h"

const char *store_status_text(enum store_status status)
{
	switch (status) {
	case STORE_OK:
		return "done";
	case STORE_NOT_FOUND:
		return "not found";
	case STORE_EXISTS:
		return "it exists already";
	case STORE_CONFLICT:
		return "it is not in the state that this change needs";
	case STORE_INVALID:
		return "the store cannot keep this";
	case STORE_UNAVAILABLE:
		return "the store cannot be reached";
	case STORE_FULL:
		return "the store has no room left";
	case STORE_SCHEMA:
		return "the store's schema is not the one of this program";
	case STORE_NO_MEMORY:
		return "out of memory";
	case STORE_STOPPED:
		return "stopped";
	}
	return "unknown store status";
}
