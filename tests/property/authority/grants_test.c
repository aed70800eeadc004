/* SPDX-License-Identifier: Apache-2.0
 * Whatever clients and people do, in whatever order, no token has a scope, a project or a life beyond what a
 * person approved for it; and what 64 do at once has the outcome of one.
 */
#include "../../unit/authority/oauth_fixture.h"

#include <inttypes.h>
#include <pthread.h>

#define STEPS 600
#define KEPT 64
#define AT_ONCE 64

static uint64_t state_of_random;

static uint64_t next_random(void)
{
	uint64_t z = state_of_random += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

static void seed(void)
{
	const char *given = getenv("REMIT_SEED");
	state_of_random = given ? strtoull(given, NULL, 0) : (uint64_t)clock_monotonic_ns();
	print_message("# REMIT_SEED=%" PRIu64 "\n", state_of_random);
}

/* ---- A model: what was approved ---- */

static const char *const names[] = { "stories:read", "stories:write", "stories:publish", "media:read", "projects:read" };
#define NAMES (sizeof(names) / sizeof(names[0]))

struct bound { /* of what a text may become at most */
	unsigned scopes; /* bits of names */
	struct id project, owner;
	int64_t ends_ms; /* 0: no bound */
};

struct held {
	char text[REMIT_TOKEN_ROOM];
	struct bound bound;
};

struct model {
	struct held access[KEPT], refresh[KEPT];
	size_t access_count, refresh_count;
	char public_client[40], machine[40], secret[OAUTH_SECRET_ROOM];
};

static unsigned random_scopes(void)
{
	unsigned set = (unsigned)(next_random() % (1u << NAMES));
	return set ? set : 1;
}

static const char *scope_words(struct served *s, unsigned set)
{
	struct buf out;
	buf_init(&out, 1024);
	for (size_t i = 0; i < NAMES; i++)
		if (set & 1u << i)
			buf_printf(&out, "%s%s", out.n > 0 ? "+" : "", names[i]);
	const char *text = arena_copy(&s->f->arena, buf_str(&out));
	buf_done(&out);
	return text;
}

static unsigned bits_of(const char *words)
{
	struct str rest = str_of(words), word;
	unsigned set = 0;
	while (rest.n > 0) {
		bool known = false;
		str_cut(&rest, ' ', &word);
		for (size_t i = 0; i < NAMES; i++)
			if (str_is(word, names[i])) {
				set |= 1u << i;
				known = true;
			}
		if (!known && !str_is(word, "offline_access"))
			fail_msg("a scope nobody approved: %.*s", STR_FMT(word));
	}
	return set;
}

static void keep(struct held *list, size_t *count, const char *text, const struct bound *bound)
{
	size_t place = *count < KEPT ? (*count)++ : (size_t)(next_random() % KEPT);
	snprintf(list[place].text, sizeof(list[place].text), "%s", text);
	list[place].bound = *bound;
}

/* The last answer gave a token: it lies within the bound, and so do those that it brings. */
static void check_given(struct served *s, struct model *m, const struct bound *bound)
{
	const char *text = member(s, "access_token");
	struct token_row row = row_of_text(s, text);
	struct bound own = { bits_of(row.scopes), row.project, row.owner, row.expires_ms };

	assert_int_equal(own.scopes & ~bound->scopes, 0);
	assert_int_equal(bits_of(member(s, "scope")), own.scopes);
	assert_true(id_eq(&row.owner, &bound->owner));
	if (id_is_set(&bound->project))
		assert_true(id_eq(&row.project, &bound->project));
	assert_true(row.expires_ms > s->oauth.now_ms);
	assert_true(row.expires_ms <= s->oauth.now_ms + 12 * INT64_C(3600000));
	if (bound->ends_ms)
		assert_true(row.expires_ms <= bound->ends_ms);
	keep(m->access, &m->access_count, text, &own);
	if (member(s, "refresh_token")[0])
		keep(m->refresh, &m->refresh_count, member(s, "refresh_token"), bound);
}

/* ---- Steps ---- */

static const char *approve_some(struct served *s, struct model *m, struct bound *ret)
{
	struct oauth_ask ask;
	const char *url, *ticked[NAMES];
	struct oauth_approval approval = { .user = next_random() % 2 ? s->f->ann : s->f->bob, .scopes = ticked };
	unsigned asked = random_scopes(), granted = 0;

	snprintf(s->client, sizeof(s->client), "%s", m->public_client);
	const char *query = ask_query(s, scope_words(s, asked), next_random() % 3 ? "+offline_access" : "");
	assert_int_equal(oauth_ask_read(&s->oauth, str_of(query), &s->f->arena, &ask), OAUTH_ASK_OK);
	approval.offline = next_random() % 4 != 0;
	approval.project = next_random() % 2 ? s->f->ann_project.text : NULL;
	for (size_t i = 0; i < NAMES; i++)
		if (next_random() % 3) {
			ticked[approval.scope_count++] = names[i];
			granted |= 1u << i;
		}
	enum authority_status status =
		oauth_ask_approve(&s->oauth, &ask, &approval, &s->f->arena, &url, &s->f->error);
	/* A box that was not on the page cannot be ticked. */
	assert_int_equal(status == AUTHORITY_OK, granted && !(granted & ~asked));
	if (status != AUTHORITY_OK)
		return NULL;
	*ret = (struct bound){ granted, { "" }, approval.user, 0 };
	if (approval.project)
		ret->project = s->f->ann_project;
	url = strstr(url, "code=") + 5;
	return arena_copy(&s->f->arena, (struct str){ url, strcspn(url, "&") });
}

static void step_grant(struct served *s, struct model *m)
{
	struct bound bound;
	const char *code = approve_some(s, m, &bound);
	if (!code)
		return;
	redeem(s, code, VERIFIER);
	assert_int_equal(s->answer.status, 200);
	check_given(s, m, &bound);
	assert_int_equal(bits_of(member(s, "scope")), bound.scopes);
	if (next_random() % 8 == 0) {
		const char *text = arena_copy(&s->f->arena, str_of(member(s, "access_token")));
		redeem(s, code, VERIFIER);
		assert_int_equal(s->answer.status, 400);
		assert_false(is_live(s, text));
	}
}

static void step_refresh(struct served *s, struct model *m)
{
	if (m->refresh_count == 0)
		return;
	struct held held = m->refresh[next_random() % m->refresh_count];
	const char *more = "";
	if (next_random() % 2)
		more = arena_printf(&s->f->arena, "&scope=%s", scope_words(s, random_scopes()));
	snprintf(s->client, sizeof(s->client), "%s", m->public_client);
	refresh(s, held.text, more);
	if (s->answer.status == 200)
		check_given(s, m, &held.bound);
}

static void step_exchange(struct served *s, struct model *m)
{
	if (m->access_count == 0)
		return;
	struct held held = m->access[next_random() % m->access_count];
	bool other = next_random() % 2;
	call(s, oauth_token, arena_printf(&s->f->arena, "grant_type=urn:ietf:params:oauth:grant-type:token-exchange"
		"&subject_token_type=urn:ietf:params:oauth:token-type:access_token&client_id=%s&client_secret=%s"
		"&subject_token=%s&scope=%s%s%s", m->machine, m->secret, held.text, scope_words(s, random_scopes()),
		other ? "&project=" : "", other ? s->f->ann_project.text : ""));
	if (s->answer.status == 200)
		check_given(s, m, &held.bound);
}

static void step_machine(struct served *s, struct model *m)
{
	const struct bound ceiling = { 1 | 2 | 8, { "" }, s->f->ann, 0 };
	call(s, oauth_token, arena_printf(&s->f->arena, "grant_type=client_credentials&client_id=%s&client_secret=%s&scope=%s",
		m->machine, m->secret, scope_words(s, random_scopes())));
	if (s->answer.status == 200)
		check_given(s, m, &ceiling);
}

/* A personal token of Ann's: the parent that a machine may exchange. */
static void step_parent(struct served *s, struct model *m)
{
	const char *scopes[] = { names[next_random() % NAMES], names[next_random() % NAMES] };
	struct token_request request = {
		.api = "publishing", .owner = ANN, .name = arena_printf(&s->f->arena, "p%" PRIu64, next_random()),
		.scopes = scopes, .scope_count = 2, .expiry = TOKEN_EXPIRY_AT,
		.expires_ms = s->oauth.now_ms + 1000 + (int64_t)(next_random() % 7200000),
		.project = next_random() % 2 ? s->f->ann_project.text : NULL,
	};
	struct store_actor actor = { "test", s->oauth.now_ms };
	struct token_issued issued;
	assert_int_equal(authority_token_create(&s->f->a, &request, &actor, &issued, &s->f->error), AUTHORITY_OK);
	struct token_row row = row_of_text(s, issued.text);
	struct bound bound = { bits_of(row.scopes), row.project, row.owner, row.expires_ms };
	keep(m->access, &m->access_count, issued.text, &bound);
}

static void step_revoke(struct served *s, struct model *m)
{
	if (m->access_count == 0)
		return;
	const struct held *held = &m->access[next_random() % m->access_count];
	struct token_row row = row_of_text(s, held->text);
	struct store_actor actor = { "test", s->oauth.now_ms };
	if (id_is_set(&row.grant) && next_random() % 4 == 0)
		assert_int_equal(oauth_app_revoke(&s->oauth, NULL, row.grant.text, &actor, NULL, &s->f->error), AUTHORITY_OK);
	else
		assert_int_equal(authority_token_revoke(&s->f->a, row.id.text, NULL, &actor, NULL, &s->f->error), AUTHORITY_OK);
	assert_false(is_live(s, held->text));
}

/* No living token has a parent that is not. */
static bool check_parent(void *ctx, const struct token_row *row)
{
	struct served *s = ctx;
	struct token_row parent;
	if (id_is_set(&row->parent)) {
		assert_int_equal(store_token_get(s->f->a.store, &row->parent, &s->f->arena, &parent), STORE_OK);
		assert_int_equal(parent.revoked_ms, 0);
		assert_true(!parent.expires_ms || parent.expires_ms >= row->expires_ms);
	}
	return true;
}

static void test_T10_O11_nothing_that_is_done_gives_more_than_was_approved(void **state)
{
	static void (*const steps[])(struct served *s, struct model *m) = {
		step_grant, step_grant, step_refresh, step_refresh, step_exchange, step_exchange, step_machine, step_parent,
		step_revoke,
	};
	static const char *ceiling[] = { "stories:read", "stories:write", "media:read" };
	static struct model m;
	struct served *s = *state;

	seed();
	memset(&m, 0, sizeof(m));
	register_client(s, CALLBACK);
	memcpy(m.public_client, s->client, sizeof(m.public_client));
	add_client(s, ceiling, 3, NULL);
	memcpy(m.machine, s->client, sizeof(m.machine));
	memcpy(m.secret, s->secret, sizeof(m.secret));
	for (int i = 0; i < STEPS; i++) {
		steps[next_random() % (sizeof(steps) / sizeof(steps[0]))](s, &m);
		s->oauth.now_ms += (int64_t)(next_random() % 40000);
	}
	const struct token_filter live = { .live_only = true, .now_ms = s->oauth.now_ms };
	assert_int_equal(store_token_each(s->f->a.store, &live, check_parent, s), STORE_OK);
	assert_true(m.access_count > 10);
}

/* ---- At once ---- */

struct racer {
	const struct oauth *oauth;
	const char *form;
	pthread_barrier_t *barrier;
	int status;
	char access[REMIT_TOKEN_ROOM], refresh[REMIT_TOKEN_ROOM];
};

static void copy_member(const struct oauth_answer *answer, const char *name, char *ret)
{
	char key[40];
	snprintf(key, sizeof(key), "\"%s\":\"", name);
	const char *at = memmem(answer->body.p, answer->body.n, key, strlen(key));
	if (at)
		snprintf(ret, REMIT_TOKEN_ROOM, "%.*s", (int)strcspn(at + strlen(key), "\""), at + strlen(key));
}

static void *race(void *arg)
{
	struct racer *racer = arg;
	struct oauth_request request = {
		STR("application/x-www-form-urlencoded"), { NULL, 0 }, str_of(racer->form),
	};
	struct oauth_answer answer;
	struct arena arena;

	arena_init(&arena, 0);
	oauth_answer_init(&answer);
	pthread_barrier_wait(racer->barrier);
	oauth_token(racer->oauth, &request, &arena, &answer);
	racer->status = answer.status;
	if (answer.status == 200) {
		copy_member(&answer, "access_token", racer->access);
		copy_member(&answer, "refresh_token", racer->refresh);
	}
	oauth_answer_done(&answer);
	arena_done(&arena);
	return NULL;
}

static void race_all(struct served *s, const char *form, struct racer racers[AT_ONCE])
{
	pthread_barrier_t barrier;
	pthread_t threads[AT_ONCE];

	assert_int_equal(pthread_barrier_init(&barrier, NULL, AT_ONCE), 0);
	for (int i = 0; i < AT_ONCE; i++) {
		racers[i] = (struct racer){ .oauth = &s->oauth, .form = form, .barrier = &barrier };
		assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
	}
	for (int i = 0; i < AT_ONCE; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&barrier);
}

static void test_T11_64_refreshes_at_once_leave_one_living_family(void **state)
{
	static struct racer racers[AT_ONCE];
	struct served *s = *state;

	register_client(s, CALLBACK);
	redeem(s, approve(s, "stories:read+offline_access"), VERIFIER);
	const char *form = arena_printf(&s->f->arena, "grant_type=refresh_token&client_id=%s&refresh_token=%s", s->client,
		member(s, "refresh_token"));
	race_all(s, form, racers);
	for (int i = 0; i < AT_ONCE; i++) {
		assert_int_equal(racers[i].status, 200);
		assert_string_equal(racers[i].access, racers[0].access);
		assert_string_equal(racers[i].refresh, racers[0].refresh);
	}
	assert_true(is_live(s, racers[0].access));
	refresh(s, racers[0].refresh, "");
	assert_int_equal(s->answer.status, 200);
}

static void test_O07_64_uses_of_a_code_at_once_give_one_token_at_most_and_it_is_dead(void **state)
{
	static struct racer racers[AT_ONCE];
	struct served *s = *state;
	const char *given = NULL;
	int good = 0;

	register_client(s, CALLBACK);
	const char *form = arena_printf(&s->f->arena, "grant_type=authorization_code&client_id=%s&code=%s&code_verifier="
		VERIFIER, s->client, approve(s, "stories:read+offline_access"));
	race_all(s, form, racers);
	for (int i = 0; i < AT_ONCE; i++)
		if (racers[i].status == 200) {
			good++;
			given = racers[i].access;
			refresh(s, racers[i].refresh, "");
			assert_int_equal(s->answer.status, 400);
		}
	assert_int_equal(good, 1);
	assert_false(is_live(s, given));
}

int main(void)
{
	static const struct CMUnitTest cases[] = {
		SERVED(test_T10_O11_nothing_that_is_done_gives_more_than_was_approved),
		SERVED(test_T11_64_refreshes_at_once_leave_one_living_family),
		SERVED(test_O07_64_uses_of_a_code_at_once_give_one_token_at_most_and_it_is_dead),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(cases, NULL, NULL) == 0 ? 0 : 1;
}
