/* SPDX-License-Identifier: Apache-2.0
 * Ids, and scope names out of the vocabulary: no text here is anybody's but ours.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/identity.h"

static char fold(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c | 0x20);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-';
}

/* `start` is folded. */
static bool starts_folded(struct str name, const char *start)
{
	for (size_t i = 0; start[i]; i++)
		if (i >= name.n || fold(name.p[i]) != start[i])
			return false;
	return true;
}

static bool is_folded(struct str name, const char *whole)
{
	for (size_t i = 0; i < name.n; i++)
		if (whole[i] == '\0' || fold(name.p[i]) != whole[i])
			return false;
	return whole[name.n] == '\0';
}

bool identity_looks_like(struct str a, struct str b)
{
	bool same = a.n == b.n;
	for (size_t i = 0; same && i < a.n; i++)
		same = fold(a.p[i]) == fold(b.p[i]);
	return same;
}

/* Whether Connection names a field, which is then to be dropped before the request goes on. */
static bool is_dropped(struct str list, struct str name)
{
	bool more = true, found = false;
	while (more && !found) {
		struct str option;
		more = str_cut(&list, ',', &option);
		found = identity_looks_like(str_trim(option), name);
	}
	return found;
}

struct str identity_judged_header(const struct http_request *request, struct str name, size_t *ret_count)
{
	struct str value = http_request_header(request, name, ret_count);
	for (size_t i = 0; i < request->header_count; i++) {
		struct str other = request->headers[i].name;
		bool alias = other.n == name.n && !str_eq_ignore_case(other, name) && identity_looks_like(other, name);
		if (alias || (str_eq_ignore_case(other, STR("Connection"))
			&& is_dropped(request->headers[i].value, name)))
			*ret_count += 2;
	}
	return value;
}

bool identity_is_ours(struct str name)
{
	return starts_folded(name, "remit-");
}

bool identity_is_forwarding(struct str name)
{
	return starts_folded(name, "x-forwarded-") || is_folded(name, "forwarded")
		|| is_folded(name, "x-original-method") || is_folded(name, "x-original-uri")
		|| is_folded(name, "x-real-ip");
}

bool identity_is_override(struct str name)
{
	static const char *const names[] = { "x-http-method-override", "x-http-method", "x-method-override",
		"x-original-url", "x-rewrite-url" };
	if (name.n == 0 || fold(name.p[0]) != 'x')
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (is_folded(name, names[i]))
			return true;
	return false;
}

bool identity_is_our_cookie(struct str name)
{
	static const char *const prefixes[] = { "--host-", "--secure-" };
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		size_t n = strlen(prefixes[i]);
		if (starts_folded(name, prefixes[i]))
			return starts_folded((struct str){ name.p + n, name.n - n }, "remit");
	}
	return starts_folded(name, "remit");
}

bool identity_write_cookies(struct str value, struct buf *out)
{
	bool first = true;
	while (value.n > 0) {
		struct str pair, name, rest;
		str_cut(&value, ';', &pair);
		pair = rest = str_trim(pair);
		str_cut(&rest, '=', &name);
		if (pair.n == 0 || identity_is_our_cookie(str_trim(name)))
			continue;
		if (!first)
			buf_add_text(out, "; ");
		first = false;
		buf_add_str(out, pair);
	}
	return !out->failed;
}

static bool add_id(struct arena *arena, struct str name, const struct id_bytes *id, struct http_header *list,
	size_t *count)
{
	if (!id)
		return true;
	struct id text;
	id_from_bytes(id, &text);
	struct str value = arena_copy_str(arena, (struct str){ text.text, id_is_set(&text) ? ID_LENGTH : 0 });
	list[(*count)++] = (struct http_header){ name, value };
	return value.p != NULL;
}

/* What counts: "*" does not, where the owner may not use it. */
static bool add_scopes(const struct identity *who, struct arena *arena, struct http_header *list, size_t *count)
{
	struct remit_scopes set __attribute__((uninitialized)); /* as far as the policy has words */
	size_t star, words = remit_policy_words(who->policy);
	memcpy(set.word, who->granted, words * sizeof(*set.word));
	if (!who->unlimited && remit_policy_scope_find(who->policy, "*", 1, &star) == REMIT_OK)
		set.word[star / 64] &= ~(UINT64_C(1) << (star % 64));
	char text[IDENTITY_SCOPES_ROOM] __attribute__((uninitialized)); /* 4 kB; what is read was written */
	size_t n = remit_scopes_text(who->policy, &set, " ", text, sizeof(text));
	if (n == 0 || n >= sizeof(text))
		return true;
	struct str value = arena_copy_str(arena, (struct str){ text, n });
	list[(*count)++] = (struct http_header){ STR("Remit-Scopes"), value };
	return value.p != NULL;
}

bool identity_headers(const struct identity *who, struct arena *arena,
	struct http_header ret[static IDENTITY_HEADERS], size_t *ret_count)
{
	size_t count = 0;
	bool ok = add_id(arena, STR("Remit-User"), who->user, ret, &count)
		&& add_id(arena, STR("Remit-Token-Id"), who->token, ret, &count)
		&& add_id(arena, STR("Remit-Project"), who->project, ret, &count)
		&& (!who->granted || add_scopes(who, arena, ret, &count));
	if (ok)
		*ret_count = count;
	return ok;
}
