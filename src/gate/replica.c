/* SPDX-License-Identifier: Apache-2.0
 * Rows of the store become records of the table; what cannot be understood grants nothing.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/replica.h"

#include "base/log.h"
#include "gate/granting.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>

#define TABLE_STEP 64 /* slots of the table's growth done at each turn of the feed */

struct replica {
	struct roster *roster;
	struct roster_holder held;
	const struct replica_api *apis;
	size_t api_count;
	_Atomic(struct remit_table *) table;
	struct remit_table *outgrown; /* replaced by a new load; freed when no loop reads it */
	struct remit_reader *own;     /* the feed's reader of `table` */
	struct granting *grants;
	struct reach *reach; /* NULL: no API needs it */
	char **upstreams; /* names, owned; ended by NULL */
	int64_t revision;
	bool loaded;
	pthread_mutex_t lock; /* over the list of loops' readers */
	struct replica_reader *readers;
};

static uint32_t number_of_person(void *ctx, const struct id *person)
{
	struct id_bytes id;
	return id_to_bytes(person, &id) ? roster_person(ctx, &id) : 0;
}

static bool make_reach(struct replica *r)
{
	size_t count = 0;
	r->upstreams = calloc(r->api_count + 1, sizeof(*r->upstreams));
	for (size_t i = 0; r->upstreams && i < r->api_count; i++) {
		if (!r->apis[i].is_upstream)
			continue;
		r->upstreams[count] = strdup(r->apis[i].name);
		if (!r->upstreams[count++])
			return false;
	}
	const char *const *names = (const char *const *)r->upstreams;
	return names && (count == 0 || reach_new(names, count, number_of_person, r->roster, &r->reach));
}

static bool make_parts(struct replica *r, uint64_t expected)
{
	size_t room = expected > SIZE_MAX / 8 ? SIZE_MAX / 8 : (size_t)expected;
	struct remit_table *table = NULL;
	if (remit_table_new(room, &table) != REMIT_OK)
		return false;
	atomic_init(&r->table, table);
	return remit_reader_new(table, &r->own) == REMIT_OK && make_reach(r) && granting_new(&r->grants)
		&& roster_holder_init(&r->held, r->roster);
}

bool replica_new(struct roster *roster, const struct replica_api *apis, size_t api_count, uint64_t expected,
	struct replica **ret)
{
	struct replica *r = calloc(1, sizeof(*r));
	if (!r)
		return false;
	r->roster = roster;
	r->apis = apis;
	r->api_count = api_count;
	pthread_mutex_init(&r->lock, NULL);
	if (!make_parts(r, expected)) {
		replica_free(r);
		return false;
	}
	*ret = r;
	return true;
}

void replica_free(struct replica *r)
{
	if (!r)
		return;
	assert(!r->readers);
	roster_holder_done(&r->held);
	remit_reader_free(r->own);
	remit_table_free(atomic_load(&r->table));
	remit_table_free(r->outgrown);
	granting_free(r->grants);
	reach_free(r->reach);
	for (size_t i = 0; r->upstreams && r->upstreams[i]; i++)
		free(r->upstreams[i]);
	free(r->upstreams);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

/* ---- APIs ---- */

/* NULL: this server does not have it. */
static const struct replica_api *find_api(const struct replica *r, struct str name)
{
	for (size_t i = 0; i < r->api_count; i++)
		if (str_is(name, r->apis[i].name))
			return &r->apis[i];
	return NULL;
}

static bool same_words(const struct remit_policy *a, const struct remit_policy *b)
{
	size_t count = remit_policy_scopes(a);
	if (count != remit_policy_scopes(b))
		return false;
	for (size_t i = 0; i < count; i++)
		if (strcmp(remit_policy_scope_name(a, i), remit_policy_scope_name(b, i)) != 0)
			return false;
	return true;
}

bool replica_fits(const struct replica *r, const struct replica_api *apis, size_t api_count)
{
	if (api_count != r->api_count)
		return false;
	for (size_t i = 0; i < api_count; i++) {
		const struct replica_api *ours = find_api(r, str_of(apis[i].name));
		if (!ours || ours->number != apis[i].number || ours->is_upstream != apis[i].is_upstream
			|| !same_words(ours->policy, apis[i].policy))
			return false;
	}
	return true;
}

void replica_set_apis(struct replica *r, const struct replica_api *apis, size_t api_count)
{
	assert(api_count == r->api_count);
	r->apis = apis;
}

/* ---- Rows ---- */

uint32_t replica_expiry_seconds(int64_t ms)
{
	if (ms == 0)
		return 0;
	int64_t s = ms / 1000;
	return s < 1 ? 1 : s > UINT32_MAX ? UINT32_MAX : (uint32_t)s;
}

static bool fill_record(struct replica *r, struct remit_table *table, const struct store_text *text,
	struct remit_record *record)
{
	static const struct id_bytes none;
	const struct replica_api *api = find_api(r, text->api);
	*record = (struct remit_record){
		.api = api ? api->number : REPLICA_NO_API,
		.expires_s = replica_expiry_seconds(text->expires_ms),
		.rate = text->rate,
		.flags = (uint8_t)((unsigned)text->kind | (text->revoked_ms ? REMIT_RECORD_REVOKED : 0u) |
			(text->key.bound ? REMIT_RECORD_BOUND : 0u)),
		.owner = roster_person(r->roster, &text->owner),
		.project = roster_project(r->roster, &text->project),
	};
	bool bound = memcmp(&text->project, &none, sizeof(none)) != 0;
	if (bound && record->project == 0)
		return false; /* a token that is bound must never look as if it were not */
	return !api || granting_of(r->grants, table, api, text->scopes, &record->granted);
}

static bool put_text(struct replica *r, struct remit_table *table, const struct store_text *text)
{
	struct remit_record record;
	if (!fill_record(r, table, text, &record))
		return false;
	record.token = roster_hold(&r->held, text);
	if (record.token == 0)
		return false;
	size_t before = remit_table_count(table);
	bool put = remit_table_put(table, text->digest, &record) == REMIT_OK;
	if (remit_table_count(table) == before)
		roster_drop(&r->held, record.token); /* it was counted when it came */
	return put;
}

static void remove_text(struct replica *r, const uint8_t digest[REMIT_DIGEST_SIZE])
{
	struct remit_record before;
	if (!remit_table_find(r->own, digest, &before))
		return;
	remit_table_remove(atomic_load_explicit(&r->table, memory_order_relaxed), digest);
	roster_drop(&r->held, before.token);
}

/* ---- Loading ---- */

struct loading {
	struct replica *replica;
	struct remit_table *table;
	bool people, no_memory;
};

static bool load_text(void *ctx, const struct store_text *text)
{
	struct loading *loading = ctx;
	loading->no_memory = !put_text(loading->replica, loading->table, text);
	return !loading->no_memory;
}

static bool load_user(void *ctx, const struct user_row *user)
{
	struct loading *loading = ctx;
	if (loading->people)
		loading->no_memory = !roster_put_person(loading->replica->roster, &user->id, user);
	return !loading->no_memory;
}

/* A second load starts from an empty table and from people who are nobody; until it is done the
 * copy is stale and nobody is let through. */
static bool start_over(struct replica *r)
{
	if (r->outgrown || !r->loaded)
		return !r->outgrown;
	struct remit_table *table = NULL;
	struct remit_reader *own = NULL;
	if (remit_table_new(replica_texts(r), &table) != REMIT_OK)
		return false;
	if (remit_reader_new(table, &own) != REMIT_OK) {
		remit_table_free(table);
		return false;
	}
	remit_reader_free(r->own);
	r->own = own;
	r->outgrown = atomic_exchange(&r->table, table);
	roster_forget(&r->held);
	roster_forget_people(r->roster);
	granting_forget(r->grants);
	return true;
}

static enum store_status load(struct replica *r, struct store *store, bool people)
{
	struct loading loading = { .replica = r, .table = atomic_load(&r->table), .people = people };
	int64_t revision = 0;
	r->loaded = true;
	remit_reader_resume(r->own);
	enum store_status status = store_load(store, load_text, load_user, &loading, &revision);
	remit_reader_pause(r->own);
	if (loading.no_memory)
		return STORE_NO_MEMORY;
	if (status == STORE_OK && r->reach)
		status = reach_load(r->reach, store); /* not older than the revision */
	if (status != STORE_OK)
		return status;
	r->revision = revision;
	return STORE_OK;
}

enum store_status replica_load(struct replica *r, struct store *store)
{
	if (!start_over(r))
		return STORE_NO_MEMORY;
	enum store_status status = load(r, store, true);
	if (status == STORE_OK)
		roster_sweep(r->roster); /* tokens that a second load did not find */
	return status;
}

enum store_status replica_load_beside(struct replica *r, struct store *store)
{
	assert(!r->loaded);
	return load(r, store, false);
}

/* ---- Following ---- */

struct following {
	struct replica *replica;
	uint64_t changes;
	bool no_memory;
};

static bool follow_change(void *ctx, const struct store_change *change)
{
	struct following *following = ctx;
	struct replica *r = following->replica;
	struct remit_table *table = atomic_load_explicit(&r->table, memory_order_relaxed);
	bool ok = true;
	if (change->kind == STORE_CHANGE_USER)
		ok = roster_put_person(r->roster, &change->id, change->present ? &change->user : NULL);
	else if (change->kind == STORE_CHANGE_PROJECT)
		ok = !r->reach || reach_note(r->reach, &change->id);
	else if (change->kind == STORE_CHANGE_TEXT && !change->present)
		remove_text(r, change->text.digest);
	else if (change->kind == STORE_CHANGE_TEXT) {
		if (change->text.revoked_ms)
			remit_table_revoke(table, change->text.digest); /* whatever else fails */
		ok = put_text(r, table, &change->text);
	}
	following->changes++;
	following->no_memory = !ok;
	return ok;
}

enum store_status replica_follow(struct replica *r, struct store *store, uint64_t *ret_changes)
{
	struct following following = { .replica = r };
	int64_t revision = r->revision;
	remit_reader_resume(r->own);
	enum store_status status = store_changes(store, r->revision, follow_change, &following, &revision);
	remit_reader_pause(r->own);
	if (following.no_memory)
		return STORE_NO_MEMORY;
	if (status == STORE_OK && r->reach)
		status = reach_follow(r->reach, store);
	if (status != STORE_OK)
		return status;
	r->revision = revision;
	*ret_changes = following.changes;
	return STORE_OK;
}

int64_t replica_revision(const struct replica *r)
{
	return r->revision;
}

static void free_outgrown(struct replica *r)
{
	pthread_mutex_lock(&r->lock);
	bool read = false;
	for (struct replica_reader *reader = r->readers; reader; reader = reader->next)
		read |= atomic_load(&reader->table) == r->outgrown;
	pthread_mutex_unlock(&r->lock);
	if (read)
		return;
	remit_table_free(r->outgrown);
	r->outgrown = NULL;
}

void replica_tend(struct replica *r)
{
	remit_table_work(atomic_load_explicit(&r->table, memory_order_relaxed), TABLE_STEP);
	if (r->outgrown)
		free_outgrown(r);
}

/* ---- Readers ---- */

bool replica_reader_init(struct replica_reader *reader, struct replica *r)
{
	pthread_mutex_lock(&r->lock);
	struct remit_table *table = atomic_load(&r->table);
	bool ok = remit_reader_new(table, &reader->reader) == REMIT_OK;
	if (ok) {
		reader->replica = r;
		atomic_store(&reader->table, table);
		reader->next = r->readers;
		r->readers = reader;
	}
	pthread_mutex_unlock(&r->lock);
	return ok;
}

void replica_reader_done(struct replica_reader *reader)
{
	struct replica *r = reader->replica;
	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	for (struct replica_reader **at = &r->readers; *at; at = &(*at)->next) {
		if (*at == reader) {
			*at = reader->next;
			break;
		}
	}
	remit_reader_free(reader->reader);
	reader->replica = NULL;
	pthread_mutex_unlock(&r->lock);
}

void replica_reader_turn(struct replica_reader *reader)
{
	struct remit_table *table = atomic_load_explicit(&reader->replica->table, memory_order_acquire);
	if (table != atomic_load_explicit(&reader->table, memory_order_relaxed)) {
		struct remit_reader *fresh = NULL;
		if (remit_reader_new(table,
			&fresh) == REMIT_OK) { /* else the old one goes on, until there is memory */
			remit_reader_free(reader->reader);
			reader->reader = fresh;
			atomic_store(&reader->table, table);
		}
	}
	remit_reader_resume(reader->reader);
}

void replica_reader_rest(struct replica_reader *reader)
{
	remit_reader_pause(reader->reader);
}

/* ---- Looking up ---- */

struct roster_token *replica_token(const struct replica *r, uint32_t number)
{
	return roster_token(r->roster, number);
}

const uint8_t *replica_token_key(const struct replica *r, uint32_t number)
{
	return roster_token_key(r->roster, number);
}

uint32_t replica_person_flags(const struct replica *r, uint32_t number)
{
	return roster_person_flags(r->roster, number);
}

const struct id_bytes *replica_person_id(const struct replica *r, uint32_t number)
{
	return roster_person_id(r->roster, number);
}

const struct id_bytes *replica_project_id(const struct replica *r, uint32_t number)
{
	return roster_project_id(r->roster, number);
}

enum reach_answer replica_reach(const struct replica *r, const char *api, const struct id *project, uint32_t person)
{
	return r->reach ? reach_ask(r->reach, api, project, person) : REACH_UNKNOWN;
}

size_t replica_texts(const struct replica *r)
{
	return remit_table_count(atomic_load_explicit(&r->table, memory_order_acquire));
}

size_t replica_bytes(const struct replica *r)
{
	return remit_table_bytes(atomic_load_explicit(&r->table, memory_order_acquire))
		+ replica_texts(r) * sizeof(struct roster_token);
}
