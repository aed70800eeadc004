/* SPDX-License-Identifier: Apache-2.0
 * Which key a request proves to hold (RFC 9449 section 5).
 * authority: may include base, core, wire, store, profile and outbound.
 */
#include "authority/oauth/internal.h"

static enum proof_result judge(const struct oauth *oauth, struct remit_hasher *hasher,
	const struct oauth_request *request, const char *path, struct store_key *ret, const char **ret_why)
{
	struct str authority = str_of(oauth->issuer), scheme;
	str_cut(&authority, ':', &scheme);
	const struct proof_wanted wanted = {
		.method = STR("POST"), .scheme = scheme, .authority = { authority.p + 2, authority.n - 2 },
		.path = str_of(path), .now_s = oauth->now_ms / 1000,
	};
	return proof_judge(oauth->proofs, hasher, request->proof, &wanted, ret->jkt, ret_why);
}

bool bind_read(const struct oauth *oauth, const struct oauth_request *request, const char *path,
	struct store_key *ret, struct oauth_answer *reterr)
{
	const char *why = "There is more than one proof";
	enum proof_result result = PROOF_BAD;

	ret->bound = request->proof_count > 0 && oauth->proofs;
	if (!ret->bound)
		return true;
	if (request->proof_count == 1) {
		struct remit_hasher *hasher = remit_hasher_new();
		result = hasher ? judge(oauth, hasher, request, path, ret, &why) : PROOF_UNKNOWN;
		remit_hasher_free(hasher);
	}
	switch (result) {
	case PROOF_GOOD:
		return true;
	case PROOF_BAD:
		return answer_error(reterr, 400, "invalid_dpop_proof", why);
	case PROOF_UNKNOWN:
		break;
	}
	return answer_unavailable(reterr);
}

bool bind_holds(const struct store_key *bound, const struct store_key *proven)
{
	return !bound->bound || (proven->bound && memcmp(bound->jkt, proven->jkt, sizeof(bound->jkt)) == 0);
}
