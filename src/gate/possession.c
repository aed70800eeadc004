/* SPDX-License-Identifier: Apache-2.0
 * The request as the proof must name it: by public_url, or by the name under which it came, which the doorman knows.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/possession.h"

#include "gate/challenge.h"

static const char BEARER[] = "Bearer ";
#define CHALLENGE_MAX (16 * 1024)

/* public_url is an origin: a scheme and an authority, and no more. */
static void cut_origin(const char *url, struct str *ret_scheme, struct str *ret_authority)
{
	struct str rest = str_of(url);
	str_cut(&rest, ':', ret_scheme);
	*ret_authority = (struct str){ rest.p + 2, rest.n - 2 };
}

/* The proof, which stands once. What is wrong, or NULL. */
static const char *find_proof(const struct visit *v, struct str *ret)
{
	size_t count;
	*ret = http_request_header(v->request, STR("DPoP"), &count);
	if (v->forwarded)
		return "A token that is bound to a key is not proven to a proxy";
	if (count != 1)
		return count == 0 ? "There is no proof" : "There is more than one proof";
	return NULL;
}

enum token_result possession_judge(struct visit *v)
{
	struct str text;
	uint8_t jkt[REMIT_DIGEST_SIZE];
	v->unproven = find_proof(v, &text);
	if (v->unproven)
		return TOKEN_JUDGED;
	struct proof_wanted wanted = {
		.method = v->request->method_text,
		.other = v->request->authority,
		.path = v->path,
		.token = v->proving,
		.jkt = replica_token_key(v->edition->replica, v->record.token),
		.now_s = exchange_now_ms(v->x) / 1000,
	};
	cut_origin(v->edition->config->public_url, &wanted.scheme, &wanted.authority);
	enum proof_result result = proof_judge(v->gate->proofs, v->loop->hasher, text, &wanted, jkt, &v->unproven);
	if (result != PROOF_UNKNOWN)
		return TOKEN_JUDGED;
	v->unproven = "The proof cannot be judged just now";
	return TOKEN_FAILED;
}

struct str possession_challenge(struct visit *v, struct str challenge, struct str plain)
{
	bool bound = v->credential == REMIT_CREDENTIAL_FOUND && (v->record.flags & REMIT_RECORD_BOUND);
	struct str rest = v->unproven && plain.p ? plain : challenge;
	if ((!bound && !v->proving.p) || !str_starts(rest, STR(BEARER)))
		return challenge;
	struct buf out;
	buf_init(&out, CHALLENGE_MAX);
	buf_add_text(&out, "DPoP algs=\"" PROOF_ALGORITHMS "\", ");
	buf_add(&out, rest.p + sizeof(BEARER) - 1, rest.n - (sizeof(BEARER) - 1));
	if (v->unproven && plain.p) {
		buf_add_text(&out, ", error=\"invalid_dpop_proof\", error_description=");
		challenge_quote(&out, str_of(v->unproven));
	}
	struct str text = out.failed ? (struct str){ NULL, 0 } : arena_copy_str(exchange_arena(v->x), buf_str(&out));
	buf_done(&out);
	return text.p ? text : challenge;
}
