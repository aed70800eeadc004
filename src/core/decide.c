/* SPDX-License-Identifier: Apache-2.0
 * The decision. Everything else in this program serves these lines; what is not allowed here by a
 * `return REMIT_ALLOWED` is refused.
 * core: may include base and <remit/remit.h>.
 */
#include "core/policy.h"

/* The token alone: is it there, is it good, is it for us, is its owner. */
enum remit_reason remit_decide_token(const struct remit_question *q)
{
	switch (q->credential) {
	case REMIT_CREDENTIAL_NONE:
		return REMIT_NO_TOKEN;
	case REMIT_CREDENTIAL_MALFORMED:
		return REMIT_TOKEN_MALFORMED;
	case REMIT_CREDENTIAL_LOCAL:
		return REMIT_ALLOWED;
	case REMIT_CREDENTIAL_FOUND:
		break;
	case REMIT_CREDENTIAL_UNKNOWN:
	default:
		return REMIT_TOKEN_UNKNOWN;
	}
	const struct remit_record *token = q->record;
	if (!token)
		return REMIT_TOKEN_UNKNOWN;
	unsigned kind = token->flags & REMIT_RECORD_KIND;
	if (token->api != q->api)
		return REMIT_TOKEN_WRONG_API;
	if (kind != REMIT_TOKEN_PERSONAL && kind != REMIT_TOKEN_ACCESS)
		return REMIT_TOKEN_WRONG_KIND;
	if (token->flags & REMIT_RECORD_REVOKED)
		return REMIT_TOKEN_REVOKED;
	if (token->expires_s != 0 && q->now_s >= token->expires_s)
		return REMIT_TOKEN_EXPIRED;
	if (!q->owner_active)
		return REMIT_OWNER_INACTIVE;
	if (((token->flags & REMIT_RECORD_BOUND) != 0) != q->proven)
		return REMIT_TOKEN_UNPROVEN;
	return REMIT_ALLOWED;
}

/* What the token covers today: its scopes, but never more than its owner may use (D24). */
static void effective_scopes(const struct remit_question *q, const uint64_t *granted, uint64_t *ret)
{
	LEFT_UNSET uint64_t ceiling[REMIT_SCOPE_WORDS_MAX];

	scopes_expand(q->policy, granted, q->owner_unlimited, ret);
	if (!q->ceiling)
		return;
	scopes_expand(q->policy, q->ceiling->word, q->owner_unlimited, ceiling);
	for (size_t w = 0; w < q->policy->words; w++)
		ret[w] &= ceiling[w];
}

/* The scopes (D1 to D4, D6, D8). A token without scopes has none, never all. */
static enum remit_reason judge_scopes(const struct remit_question *q, const struct operation *operation,
				      struct remit_decision *ret)
{
	static const uint64_t no_scopes[REMIT_SCOPE_WORDS_MAX];
	const uint64_t *granted = q->granted ? q->granted : no_scopes;
	uint64_t *needed = ret->needed.word, *missing = ret->missing.word;
	LEFT_UNSET uint64_t have[REMIT_SCOPE_WORDS_MAX];

	effective_scopes(q, granted, have);
	if (need_compare(q->policy, operation, q->whens, have, needed, missing))
		return REMIT_ALLOWED;

	/* Refused. Whose fault: does the token lack it, or may its owner not use what it has? */
	scopes_expand(q->policy, granted, true, have);
	if (!need_compare(q->policy, operation, q->whens, have, needed, missing))
		return REMIT_SCOPE_MISSING;
	effective_scopes(q, granted, have);
	(void)need_compare(q->policy, operation, q->whens, have, needed, missing);
	return REMIT_OWNER_FORBIDDEN;
}

/* The project that the token is bound to, if it is (D19, D22). No scope changes anything of it. */
static enum remit_reason judge_project(const struct remit_question *q, const struct operation *operation)
{
	enum remit_project_rule rule = operation->shown.project;

	if (q->record->project == 0 || q->project == REMIT_PROJECT_ELSEWHERE)
		return REMIT_ALLOWED;
	if (rule == REMIT_PROJECT_NONE || rule == REMIT_PROJECT_INJECT)
		return REMIT_ALLOWED;
	if (rule != REMIT_PROJECT_SELECT || q->project != REMIT_PROJECT_NAMED)
		return REMIT_PROJECT_UNRESOLVED;
	if (q->project_named != q->record->project)
		return REMIT_PROJECT_FORBIDDEN;
	return REMIT_ALLOWED;
}

void remit_decide(const struct remit_question *q, struct remit_decision *ret)
{
	const struct operation *operation = policy_operation(q->policy, q->operation);

	for (size_t w = 0; w < q->policy->words; w++)
		ret->needed.word[w] = ret->missing.word[w] = 0;
	if (operation && operation->base.kind == REMIT_NEED_PUBLIC) {
		ret->reason = REMIT_ALLOWED;
		return;
	}
	ret->reason = remit_decide_token(q);
	if (ret->reason != REMIT_ALLOWED)
		return;
	if (!operation) {
		ret->reason = REMIT_UNMAPPED;
		return;
	}
	if (q->credential == REMIT_CREDENTIAL_LOCAL)
		return; /* there are no scopes to compare, and no project */
	ret->reason = judge_scopes(q, operation, ret);
	if (ret->reason == REMIT_ALLOWED)
		ret->reason = judge_project(q, operation);
}
