/* SPDX-License-Identifier: Apache-2.0
 * Decisions on scopes against a model so plain that it is right by reading: sets are arrays of bool,
 * and every rule of decisions.md stands in it as it is written there.
 */
#include "../../unit/test.h"
#include "random.h"
#include <remit/remit.h>
#include <string.h>

#define SCOPES_MAX 150
#define PARTS_MAX 4 /* the base need and three conditions */
#define ALTERNATIVES_MAX 4
#define ROUNDS 400
#define QUESTIONS 60

struct model {
	size_t scopes, star;
	bool implies[SCOPES_MAX][SCOPES_MAX];
	bool is_umbrella[SCOPES_MAX];
	size_t parts, alternatives[PARTS_MAX];
	bool needs[PARTS_MAX][ALTERNATIVES_MAX][SCOPES_MAX];
	char names[SCOPES_MAX][8];
};

struct verdict {
	enum remit_reason reason;
	bool missing[SCOPES_MAX], needed[SCOPES_MAX];
};

/* D1, D2, D4. */
static bool covers(const struct model *m, const bool *granted, bool star_counts, size_t scope)
{
	if (granted[m->star] && star_counts)
		return true;
	if (granted[scope] && scope != m->star)
		return true;
	for (size_t u = 0; u < m->scopes; u++)
		if (granted[u] && m->implies[u][scope])
			return true;
	return false;
}

static size_t lacking(const struct model *m, const bool *needs, const bool *have)
{
	size_t n = 0;
	for (size_t s = 0; s < m->scopes; s++)
		n += needs[s] && !have[s];
	return n;
}

/* D6, D8. True where nothing is missing. */
static bool compare(const struct model *m, uint32_t whens, const bool *have, struct verdict *ret)
{
	bool all = true;
	memset(ret, 0, sizeof(*ret));
	for (size_t part = 0; part < m->parts; part++) {
		if (part > 0 && !(whens >> (part - 1) & 1))
			continue;
		size_t best = 0;
		for (size_t a = 1; a < m->alternatives[part]; a++)
			if (lacking(m, m->needs[part][a], have) < lacking(m, m->needs[part][best], have))
				best = a;
		for (size_t s = 0; s < m->scopes; s++) {
			ret->needed[s] |= m->needs[part][best][s];
			ret->missing[s] |= m->needs[part][best][s] && !have[s];
			all = all && !ret->missing[s];
		}
	}
	return all;
}

/* D24: whose fault a refusal is. */
static void judge(const struct model *m, uint32_t whens, const bool *granted, const bool *ceiling,
		  bool unlimited, struct verdict *ret)
{
	bool plain[SCOPES_MAX], effective[SCOPES_MAX];
	for (size_t s = 0; s < m->scopes; s++) {
		plain[s] = covers(m, granted, true, s);
		effective[s] =
			covers(m, granted, unlimited, s) && (!ceiling || covers(m, ceiling, unlimited, s));
	}
	enum remit_reason reason = REMIT_ALLOWED;
	if (!compare(m, whens, effective, ret)) {
		reason = REMIT_SCOPE_MISSING;
		if (compare(m, whens, plain, ret)) {
			reason = REMIT_OWNER_FORBIDDEN;
			compare(m, whens, effective, ret);
		}
	}
	ret->reason = reason;
}

static void fill(struct random *random, const struct model *m, bool *set, size_t one_in)
{
	for (size_t s = 0; s < m->scopes; s++)
		set[s] = random_below(random, one_in) == 0;
}

static void make_model(struct random *random, struct model *m)
{
	memset(m, 0, sizeof(*m));
	m->scopes = 2 + random_below(random, random_below(random, 2) ? 60 : SCOPES_MAX - 2);
	m->star = random_below(random, m->scopes);
	for (size_t s = 0; s < m->scopes; s++) {
		snprintf(m->names[s], sizeof(m->names[s]), s == m->star ? "*" : "s%zu", s);
		m->is_umbrella[s] = s != m->star && random_below(random, 8) == 0;
	}
	for (size_t u = 0; u < m->scopes; u++)
		for (size_t s = 0; m->is_umbrella[u] && s < m->scopes; s++)
			m->implies[u][s] = s != m->star && !m->is_umbrella[s] && random_below(random, 3) == 0;
	for (size_t u = 0; u < m->scopes; u++) { /* one that implies nothing is none */
		bool any = false;
		for (size_t s = 0; s < m->scopes; s++)
			any |= m->implies[u][s];
		m->is_umbrella[u] = any;
	}
	m->parts = 1 + random_below(random, PARTS_MAX);
	for (size_t p = 0; p < m->parts; p++) {
		m->alternatives[p] = 1 + random_below(random, ALTERNATIVES_MAX);
		for (size_t a = 0; a < m->alternatives[p]; a++) {
			for (size_t s = 0; s < m->scopes; s++)
				m->needs[p][a][s] = !m->is_umbrella[s] && random_below(random, m->scopes) < 2;
			if (lacking(m, m->needs[p][a], (bool[SCOPES_MAX]){ 0 }) == 0)
				m->needs[p][a][m->star] = true;
		}
	}
}

static void write_need(const struct model *m, size_t part, struct remit_need *ret,
		       struct remit_alternative *alternatives, const char *(*names)[SCOPES_MAX])
{
	for (size_t a = 0; a < m->alternatives[part]; a++) {
		size_t n = 0;
		for (size_t s = 0; s < m->scopes; s++)
			if (m->needs[part][a][s])
				names[a][n++] = m->names[s];
		alternatives[a] = (struct remit_alternative){ names[a], n };
	}
	*ret = (struct remit_need){ REMIT_NEED_SCOPES, alternatives, m->alternatives[part] };
}

static struct remit_policy *make_policy(const struct model *m)
{
	static const char *names[PARTS_MAX][ALTERNATIVES_MAX][SCOPES_MAX];
	struct remit_alternative alternatives[PARTS_MAX][ALTERNATIVES_MAX];
	struct remit_when whens[PARTS_MAX];
	struct remit_rule rule = {
		.method = "GET", .path = "/x", .whens = whens, .when_count = m->parts - 1
	};
	struct remit_builder *builder = remit_builder_new();
	struct remit_policy *policy = NULL;

	assert_non_null(builder);
	for (size_t s = 0; s < m->scopes; s++)
		assert_int_equal(remit_builder_scope(builder, m->names[s]), REMIT_OK);
	for (size_t u = 0; u < m->scopes; u++)
		for (size_t s = 0; s < m->scopes; s++)
			if (m->implies[u][s])
				assert_int_equal(remit_builder_implies(builder, m->names[u], m->names[s]),
						 REMIT_OK);
	write_need(m, 0, &rule.need, alternatives[0], names[0]);
	for (size_t p = 1; p < m->parts; p++) {
		whens[p - 1] = (struct remit_when){ .source = REMIT_SOURCE_QUERY, .name = "q" };
		write_need(m, p, &whens[p - 1].need, alternatives[p], names[p]);
	}
	assert_int_equal(remit_builder_rule(builder, &rule, NULL), REMIT_OK);
	assert_int_equal(remit_policy_build(builder, &policy), REMIT_OK);
	return policy;
}

static void to_words(const struct model *m, const bool *set, struct remit_scopes *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (size_t s = 0; s < m->scopes; s++)
		ret->word[s / 64] |= (uint64_t)set[s] << s % 64;
}

static void ask_both(struct random *random, const struct model *m, const struct remit_policy *policy)
{
	bool granted[SCOPES_MAX], ceiling[SCOPES_MAX];
	struct remit_scopes granted_words, ceiling_words;
	struct remit_record record = { 0 };
	struct verdict want;
	struct remit_decision got;

	fill(random, m, granted, 1 + random_below(random, 6));
	fill(random, m, ceiling, 1 + random_below(random, 3));
	if (random_below(random, 4))
		granted[m->star] = false;
	to_words(m, granted, &granted_words);
	to_words(m, ceiling, &ceiling_words);
	bool has_ceiling = random_below(random, 2);
	struct remit_question question = {
		.policy = policy, .whens = (uint32_t)random_u64(random), .credential = REMIT_CREDENTIAL_FOUND,
		.record = &record, .granted = granted_words.word, .owner_active = true,
		.owner_unlimited = random_below(random, 2), .ceiling = has_ceiling ? &ceiling_words : NULL,
	};
	judge(m, question.whens, granted, has_ceiling ? ceiling : NULL, question.owner_unlimited, &want);
	memset(&got, 0xff, sizeof(got));
	remit_decide(&question, &got);
	assert_int_equal(got.reason, want.reason);
	for (size_t s = 0; s < m->scopes; s++) {
		assert_int_equal(remit_scopes_has(&got.missing, s), want.missing[s]);
		assert_int_equal(remit_scopes_has(&got.needed, s), want.needed[s]);
		assert_false(want.missing[s] && remit_policy_scope_is_umbrella(policy, s));
		assert_int_equal(remit_scopes_cover(policy, &granted_words, s),
				 granted[s] || covers(m, granted, true, s));
	}
}

static void test_decisions_are_the_models(void **state)
{
	static struct model m;
	struct random random = random_start();
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		make_model(&random, &m);
		struct remit_policy *policy = make_policy(&m);
		for (int i = 0; i < QUESTIONS; i++)
			ask_both(&random, &m, policy);
		remit_policy_free(policy);
	}
}

static const struct CMUnitTest tests[] = { cmocka_unit_test(test_decisions_are_the_models) };

TEST_MAIN(tests)
