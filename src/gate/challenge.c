/* SPDX-License-Identifier: Apache-2.0
 * Written by appending to small buffers: a refusal must cost no more than an answer.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/challenge.h"

#include "gate/fit.h"
#include "gate/mcp.h"

#define HEADER_MAX 8192

const char challenge_no_token_body[] =
	"{\"error\":{\"code\":\"unauthorized\",\"message\":\"Missing bearer token\"}}";
const char challenge_bad_token_body[] =
	"{\"error\":{\"code\":\"invalid_token\",\"message\":\"Token is invalid, expired or revoked\"}}";

bool challenge_quote(struct buf *out, struct str text)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		if (c < 0x20 || c >= 0x7F)
			continue;
		if (c == '"' || c == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, (char)c);
	}
	return buf_add_char(out, '"');
}

/* Moves what was written into the arena and empties the buffer. {NULL, 0} without memory. */
static struct str keep(struct buf *out, struct arena *arena)
{
	struct str text = out->failed ? (struct str){ NULL, 0 } : arena_copy_str(arena, buf_str(out));
	buf_reset(out);
	return text;
}

struct str challenge_token(const struct api *api, struct str metadata, struct str scope, const char *error,
	struct arena *arena)
{
	struct buf out;
	buf_init(&out, HEADER_MAX);
	buf_add_text(&out, "Bearer realm=");
	buf_add_str(&out, api->realm);
	buf_add_text(&out, ", ");
	buf_add_str(&out, metadata);
	if (scope.n > 0) {
		buf_add_text(&out, ", scope=");
		challenge_quote(&out, scope);
	}
	buf_add_text(&out, error);
	struct str text = keep(&out, arena);
	buf_done(&out);
	return text;
}

bool challenge_prepare(struct api *api, const char *public_url, struct arena *arena)
{
	struct buf out;
	buf_init(&out, HEADER_MAX);
	challenge_quote(&out, str_of(api->config->name));
	api->realm = keep(&out, arena);
	buf_add_text(&out, "resource_metadata=\"");
	buf_add_text(&out, public_url);
	buf_add_text(&out, "/.well-known/oauth-protected-resource");
	buf_add_str(&out, api->base.p ? api->base : STR(""));
	buf_add_char(&out, '"');
	api->metadata = keep(&out, arena);
	buf_done(&out);
	if (!api->realm.p || !api->metadata.p)
		return false;
	struct str none = { NULL, 0 };
	api->no_token = challenge_token(api, api->metadata, none, "", arena);
	api->bad_token = challenge_token(api, api->metadata, none, ", error=\"invalid_token\"", arena);
	return api->no_token.p && api->bad_token.p;
}

/* The names of a set in vocabulary order. They hold neither quotes nor backslashes (RFC 6749 section 3.3). */
static void add_scopes(struct buf *out, const struct remit_policy *policy, const struct remit_scopes *set,
	const char *separator)
{
	bool first = true;
	for (size_t w = 0; w < remit_policy_words(policy); w++) {
		for (uint64_t bits = set->word[w]; bits; bits &= bits - 1) {
			if (!first)
				buf_add_text(out, separator);
			first = false;
			buf_add_text(out, remit_policy_scope_name(policy, w * 64 + (size_t)__builtin_ctzll(bits)));
		}
	}
}

static const char MISSING[] = "Token missing scope(s): ";

bool challenge_scopes(const struct api *api, struct str metadata, const struct remit_decision *decision,
	bool suggest, struct buf *scratch,
	struct arena *arena, struct str *ret_body, struct str *ret_header)
{
	buf_reset(scratch);
	buf_add_text(scratch, "{\"error\":{\"code\":\"insufficient_scope\",\"message\":\"");
	buf_add_text(scratch, MISSING);
	add_scopes(scratch, api->policy, &decision->missing, ", ");
	buf_add_text(scratch, "\"}}");
	struct str body = keep(scratch, arena);

	buf_add_text(scratch, "Bearer realm=");
	buf_add_str(scratch, api->realm);
	buf_add_text(scratch, ", error=\"insufficient_scope\", scope=\"");
	add_scopes(scratch, api->policy, &decision->needed, " ");
	buf_add_text(scratch, "\", error_description=\"");
	buf_add_text(scratch, MISSING);
	add_scopes(scratch, api->policy, &decision->missing, ", ");
	const struct profile_preset *preset = suggest ? profile_smallest_preset(api->profile, &decision->needed) : NULL;
	if (preset) {
		buf_add_text(scratch, ". Make a token with the preset ");
		buf_add_text(scratch, preset->handle);
		buf_add_text(scratch, ", which has what is needed.");
	}
	buf_add_text(scratch, "\", ");
	buf_add_str(scratch, metadata);
	struct str header = keep(scratch, arena);
	if (!body.p || !header.p)
		return false;
	*ret_body = body;
	*ret_header = header;
	return true;
}

/* The refusal of a token that has nothing of what the rule asks of everybody. */
static bool prepare_refusal(const struct api *api, struct api_rule *rule, const struct remit_scopes *base,
	struct arena *arena)
{
	size_t words = remit_policy_words(api->policy);
	const struct remit_decision decision = { .reason = REMIT_SCOPE_MISSING, .needed = *base, .missing = *base };
	uint64_t *need = arena_alloc(arena, words * sizeof(*need));
	struct buf scratch;
	buf_init(&scratch, 8 * HEADER_MAX);
	bool ok = need != NULL, rest = fit_is_rest(rule->operation);
	struct str metadata = rest ? api->metadata : api->mcp.metadata;
	for (int suggest = 0; ok && suggest < 2; suggest++)
		ok = challenge_scopes(api, metadata, &decision, suggest, &scratch, arena, &rule->lacks_all,
			&rule->lacks_all_challenge[suggest]);
	if (ok && !rest) {
		mcp_write_missing(&scratch, api->policy, base);
		rule->lacks_all = keep(&scratch, arena);
		ok = rule->lacks_all.p != NULL;
	}
	buf_done(&scratch);
	if (ok)
		memcpy(need, base->word, words * sizeof(*need));
	rule->base_need = need;
	return ok;
}

bool challenge_scopes_made(const struct api_rule *rule, size_t words, const struct remit_decision *decision,
	bool suggest, struct str *ret_body, struct str *ret_header)
{
	size_t n = words * sizeof(uint64_t);
	if (!rule->base_need || memcmp(decision->missing.word, rule->base_need, n) != 0
		|| memcmp(decision->needed.word, rule->base_need, n) != 0)
		return false;
	*ret_body = rule->lacks_all;
	*ret_header = rule->lacks_all_challenge[suggest];
	return true;
}

bool challenge_prepare_rule(const struct api *api, struct api_rule *rule, struct arena *arena)
{
	struct remit_scopes base;
	struct str scope = { NULL, 0 };
	struct buf out;
	buf_init(&out, HEADER_MAX);
	if (remit_policy_need(api->policy, (uint32_t)(rule - api->rules), 0, 0, 0, &base)) {
		add_scopes(&out, api->policy, &base, " ");
		scope = keep(&out, arena);
	}
	buf_done(&out);
	if (scope.p && !prepare_refusal(api, rule, &base, arena))
		return false;
	struct str metadata = fit_is_rest(rule->operation) ? api->metadata : api->mcp.metadata;
	rule->no_token = challenge_token(api, metadata, scope, "", arena);
	rule->bad_token = challenge_token(api, metadata, scope, ", error=\"invalid_token\"", arena);
	return rule->no_token.p && rule->bad_token.p;
}

bool challenge_owner(const struct api *api, const struct remit_decision *decision, struct buf *scratch,
	struct arena *arena, struct str *ret_body)
{
	buf_reset(scratch);
	buf_add_text(scratch,
		"{\"error\":{\"code\":\"owner_forbidden\",\"message\":\"The token's owner may not use scope(s): ");
	add_scopes(scratch, api->policy, &decision->missing, ", ");
	buf_add_text(scratch, "\"}}");
	struct str body = keep(scratch, arena);
	*ret_body = body;
	return body.p != NULL;
}

bool challenge_rate(uint32_t limit, uint32_t retry_s, struct arena *arena, struct str *ret_body)
{
	char *text = arena_printf(arena,
		"{\"error\":{\"code\":\"rate_limited\",\"message\":\"Rate limit exceeded (%u/min). "
		"Retry after %us.\",\"limit\":%u,\"retry_after_seconds\":%u}}", limit, retry_s, limit, retry_s);
	*ret_body = str_of(text);
	return text != NULL;
}
