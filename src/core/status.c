/* SPDX-License-Identifier: Apache-2.0
 * Words for what calls return, and the library's version.
 * core: may include base and <remit/remit.h>.
 */
#include <remit/remit.h>

const char *remit_status_text(enum remit_status status)
{
	switch (status) {
	case REMIT_OK:
		return "done";
	case REMIT_NO_MEMORY:
		return "out of memory";
	case REMIT_INVALID:
		return "not of the form that is asked for";
	case REMIT_EXISTS:
		return "there already";
	case REMIT_NOT_FOUND:
		return "not found";
	case REMIT_LIMIT:
		return "past a limit";
	case REMIT_AMBIGUOUS:
		return "stands for more than one thing";
	}
	return "unknown status";
}

const char *remit_version(void)
{
	return REMIT_VERSION;
}

const char *remit_reason_text(enum remit_reason reason)
{
	static const char *const texts[] = {
		[REMIT_ALLOWED] = "allowed",
		[REMIT_NO_TOKEN] = "no_token",
		[REMIT_TOKEN_MALFORMED] = "token_malformed",
		[REMIT_TOKEN_UNKNOWN] = "token_unknown",
		[REMIT_TOKEN_EXPIRED] = "token_expired",
		[REMIT_TOKEN_REVOKED] = "token_revoked",
		[REMIT_TOKEN_WRONG_API] = "token_wrong_api",
		[REMIT_TOKEN_WRONG_KIND] = "token_wrong_kind",
		[REMIT_OWNER_INACTIVE] = "owner_inactive",
		[REMIT_UNMAPPED] = "unmapped",
		[REMIT_SCOPE_MISSING] = "scope_missing",
		[REMIT_OWNER_FORBIDDEN] = "owner_forbidden",
		[REMIT_PROJECT_UNRESOLVED] = "project_unresolved",
		[REMIT_PROJECT_FORBIDDEN] = "project_forbidden",
		[REMIT_TOKEN_UNPROVEN] = "token_unproven",
	};
	_Static_assert(sizeof(texts) / sizeof(texts[0]) == REMIT_REASONS, "a word for each reason");
	return (unsigned)reason < REMIT_REASONS ? texts[reason] : "unknown_reason";
}
