/* SPDX-License-Identifier: Apache-2.0
 * Rows of the store become records of the table; what cannot be understood grants nothing.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/replica.h"

#include "base/clock.h"
#include "base/log.h"
#include "gate/granting.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>

#define TABLE_STEP 64 /* slots of the table's growth done at each turn of the feed */
/* A number is not given to another token sooner: nothing that a loop holds of it lives so long. */
#define REUSE_AFTER_NS (60 * INT64_C(1000000000))

struct freed {
	uint32_t number;
	int64_t at_ns;
};

struct replica {
	const struct replica_api *apis;
	size_t api_count;
	_Atomic(struct remit_table *) table;
	struct remit_table *outgrown; /* replaced by a new load; freed when no loop reads it */
	struct remit_reader *own;     /* the feed's reader of `table` */
	struct granting *grants;
	struct reach *reach; /* NULL: no API needs it */
	const char **upstreams;
	struct chunks tokens, people, projects; /* item 0 of each stands for none */
	struct idmap token_numbers, person_numbers, project_numbers;
	struct freed *freed; /* oldest first, from freed_first */
	size_t freed_count, freed_first, freed_room;
	int64_t revision, now_ns;
	pthread_mutex_t lock; /* over the list of loops' readers */
	struct replica_reader *readers;
};

static const struct id_bytes *token_id(const void *ctx, uint32_t number)
{
	return &((const struct replica_token *)chunks_at(ctx, number))->id;
}

static const struct id_bytes *person_id(const void *ctx, uint32_t number)
{
	return &((const struct replica_person *)chunks_at(ctx, number))->id;
}

static const struct id_bytes *project_id(const void *ctx, uint32_t number)
{
	return &((const struct replica_project *)chunks_at(ctx, number))->id;
}

static uint32_t number_of(struct chunks *items, struct idmap *numbers, const struct id_bytes *id);

static uint32_t number_of_person(void *ctx, const struct id *person)
{
	struct replica *r = ctx;
	struct id_bytes id;
	return id_to_bytes(person, &id) ? number_of(&r->people, &r->person_numbers, &id) : 0;
}

static bool make_reach(struct replica *r)
{
	size_t count = 0;
	r->upstreams = calloc(r->api_count + 1, sizeof(*r->upstreams));
	for (size_t i = 0; r->upstreams && i < r->api_count; i++)
		if (r->apis[i].is_upstream)
			r->upstreams[count++] = r->apis[i].name;
	return r->upstreams && (count == 0 || reach_new(r->upstreams, count, number_of_person, r, &r->reach));
}

static bool make_parts(struct replica *r, uint64_t expected)
{
	size_t room = expected > SIZE_MAX / 8 ? SIZE_MAX / 8 : (size_t)expected;
	struct remit_table *table = NULL;
	if (remit_table_new(room, &table) != REMIT_OK)
		return false;
	atomic_init(&r->table, table);
	return remit_reader_new(table, &r->own) == REMIT_OK
		&& make_reach(r)
		&& granting_new(r->apis, r->api_count, &r->grants)
		&& chunks_init(&r->tokens, sizeof(struct replica_token)) && chunks_add(&r->tokens)
		&& chunks_init(&r->people, sizeof(struct replica_person)) && chunks_add(&r->people)
		&& chunks_init(&r->projects, sizeof(struct replica_project)) && chunks_add(&r->projects)
		&& idmap_init(&r->token_numbers, room, token_id, &r->tokens)
		&& idmap_init(&r->person_numbers, 0, person_id, &r->people)
		&& idmap_init(&r->project_numbers, 0, project_id, &r->projects);
}

bool replica_new(const struct replica_api *apis, size_t api_count, uint64_t expected, struct replica **ret)
{
	assert(api_count < REPLICA_NO_API);
	struct replica *r = calloc(1, sizeof(*r));
	if (!r)
		return false;
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
	remit_reader_free(r->own);
	remit_table_free(atomic_load(&r->table));
	remit_table_free(r->outgrown);
	granting_free(r->grants);
	reach_free(r->reach);
	free(r->upstreams);
	idmap_done(&r->token_numbers);
	idmap_done(&r->person_numbers);
	idmap_done(&r->project_numbers);
	chunks_done(&r->tokens);
	chunks_done(&r->people);
	chunks_done(&r->projects);
	free(r->freed);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

/* ---- Numbers ---- */

static uint32_t reusable_token(struct replica *r)
{
	if (r->freed_first == r->freed_count || r->now_ns - r->freed[r->freed_first].at_ns < REUSE_AFTER_NS)
		return 0;
	return r->freed[r->freed_first].number;
}

/* The number of a token, given now where it had none; 0 without memory. */
static uint32_t number_of_token(struct replica *r, const struct store_text *text)
{
	uint32_t number = idmap_find(&r->token_numbers, &text->token);
	if (number)
		return number;
	number = reusable_token(r);
	bool reused = number != 0;
	if (!reused) {
		number = r->tokens.count;
		if (!chunks_add(&r->tokens))
			return 0;
	}
	struct replica_token *token = replica_token(r, number);
	token->id = text->token;
	atomic_store_explicit(&token->rate, 0, memory_order_relaxed);
	token->audit_place = text->audit_place;
	token->last_used_s = (uint32_t)(text->last_used_ms / 1000);
	token->texts = 0;
	if (!idmap_add(&r->token_numbers, number)) {
		r->tokens.count -= reused ? 0 : 1;
		return 0;
	}
	r->freed_first += reused ? 1 : 0;
	return number;
}

static uint32_t number_of(struct chunks *items, struct idmap *numbers, const struct id_bytes *id)
{
	static const struct id_bytes none;
	if (memcmp(id, &none, sizeof(none)) == 0)
		return 0;
	uint32_t number = idmap_find(numbers, id);
	if (number)
		return number;
	number = items->count;
	struct id_bytes *item = chunks_add(items); /* the id is the first member of each */
	if (!item)
		return 0;
	*item = *id;
	if (!idmap_add(numbers, number)) {
		items->count--;
		return 0;
	}
	return number;
}

/* The number may go to another token after a while. Without memory it never does. */
static void free_number(struct replica *r, uint32_t number)
{
	idmap_remove(&r->token_numbers, &replica_token(r, number)->id);
	if (r->freed_first > r->freed_count / 2) {
		r->freed_count -= r->freed_first;
		memmove(r->freed, r->freed + r->freed_first, r->freed_count * sizeof(*r->freed));
		r->freed_first = 0;
	}
	if (r->freed_count == r->freed_room) {
		size_t room = r->freed_room ? r->freed_room * 2 : 64;
		struct freed *more = realloc(r->freed, room * sizeof(*more));
		if (!more)
			return;
		r->freed = more;
		r->freed_room = room;
	}
	r->freed[r->freed_count++] = (struct freed){ number, r->now_ns };
}

/* ---- Rows ---- */

uint32_t replica_expiry_seconds(int64_t ms)
{
	if (ms == 0)
		return 0;
	int64_t s = ms / 1000;
	return s < 1 ? 1 : s > UINT32_MAX ? UINT32_MAX : (uint32_t)s;
}

static uint8_t number_of_api(const struct replica *r, struct str name)
{
	for (size_t i = 0; i < r->api_count; i++)
		if (str_is(name, r->apis[i].name))
			return (uint8_t)i;
	return REPLICA_NO_API;
}

static bool put_text(struct replica *r, struct remit_table *table, const struct store_text *text)
{
	struct remit_record record = {
		.api = number_of_api(r, text->api),
		.expires_s = replica_expiry_seconds(text->expires_ms),
		.rate = text->rate,
		.flags = (uint8_t)((unsigned)text->kind | (text->revoked_ms ? REMIT_RECORD_REVOKED : 0u)),
		.owner = number_of(&r->people, &r->person_numbers, &text->owner),
		.project = number_of(&r->projects, &r->project_numbers, &text->project),
		.token = number_of_token(r, text),
	};
	static const struct id_bytes none;
	bool bound = memcmp(&text->project, &none, sizeof(none)) != 0;
	if (record.token == 0 || (bound && record.project == 0))
		return false; /* a token that is bound must never look as if it were not */
	if (record.api != REPLICA_NO_API && !granting_of(r->grants, table, record.api, text->scopes,
		&record.granted))
		return false;

	size_t before = remit_table_count(table);
	if (remit_table_put(table, text->digest, &record) != REMIT_OK)
		return false;
	struct replica_token *token = replica_token(r, record.token);
	if (remit_table_count(table) > before && token->texts < UINT16_MAX)
		token->texts++;
	return true;
}

static void remove_text(struct replica *r, const uint8_t digest[REMIT_DIGEST_SIZE])
{
	struct remit_record before;
	if (!remit_table_find(r->own, digest, &before))
		return;
	remit_table_remove(atomic_load_explicit(&r->table, memory_order_relaxed), digest);
	struct replica_token *token = replica_token(r, before.token);
	if (token->texts < UINT16_MAX && --token->texts == 0)
		free_number(r, before.token);
}

/* `user` is NULL where the person is gone. */
static bool put_person(struct replica *r, const struct id *who, const struct user_row *user)
{
	struct id_bytes id;
	if (!id_is_set(who) || !id_to_bytes(who, &id))
		return true; /* no id: no token can be theirs */
	uint32_t number = number_of(&r->people, &r->person_numbers, &id);
	if (number == 0)
		return false;
	uint32_t flags = 0;
	if (user && user->disabled_ms == 0)
		flags = REPLICA_PERSON_ACTIVE | (user->admin ? REPLICA_PERSON_ADMIN : 0);
	struct replica_person *person = chunks_at(&r->people, number);
	atomic_store_explicit(&person->flags, flags, memory_order_release);
	return true;
}

/* ---- Loading ---- */

struct loading {
	struct replica *replica;
	struct remit_table *table;
	bool no_memory;
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
	loading->no_memory = !put_person(loading->replica, &user->id, user);
	return !loading->no_memory;
}

/* A second load starts from an empty table and from people who are nobody; until it is done the
 * copy is stale and nobody is let through. */
static bool start_over(struct replica *r)
{
	if (r->outgrown || (r->tokens.count == 1 && r->people.count == 1))
		return !r->outgrown;
	struct remit_table *table = NULL;
	struct remit_reader *own = NULL;
	if (remit_table_new(r->tokens.count, &table) != REMIT_OK)
		return false;
	if (remit_reader_new(table, &own) != REMIT_OK) {
		remit_table_free(table);
		return false;
	}
	remit_reader_free(r->own);
	r->own = own;
	r->outgrown = atomic_exchange(&r->table, table);
	for (uint32_t i = 1; i < r->tokens.count; i++)
		replica_token(r, i)->texts = 0;
	for (uint32_t i = 1; i < r->people.count; i++)
		atomic_store(&((struct replica_person *)chunks_at(&r->people, i))->flags, 0);
	granting_forget(r->grants);
	return true;
}

/* Tokens that a second load did not find. */
static void free_forgotten(struct replica *r)
{
	for (uint32_t i = 1; i < r->tokens.count; i++) {
		const struct replica_token *token = replica_token(r, i);
		if (token->texts == 0 && idmap_find(&r->token_numbers, &token->id) == i)
			free_number(r, i);
	}
}

enum store_status replica_load(struct replica *r, struct store *store)
{
	r->now_ns = clock_monotonic_ns();
	if (!start_over(r))
		return STORE_NO_MEMORY;
	struct loading loading = { .replica = r, .table = atomic_load(&r->table) };
	int64_t revision = 0;
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
	free_forgotten(r);
	return STORE_OK;
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
		ok = put_person(r, &change->id, change->present ? &change->user : NULL);
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
	r->now_ns = clock_monotonic_ns();
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

void replica_tend(struct replica *r, int64_t now_ns)
{
	r->now_ns = now_ns;
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

struct replica_token *replica_token(const struct replica *r, uint32_t number)
{
	return chunks_at(&r->tokens, number);
}

uint32_t replica_person_flags(const struct replica *r, uint32_t number)
{
	const struct replica_person *person = chunks_at(&r->people, number);
	return atomic_load_explicit(&person->flags, memory_order_acquire);
}

const struct id_bytes *replica_person_id(const struct replica *r, uint32_t number)
{
	return person_id(&r->people, number);
}

const struct id_bytes *replica_project_id(const struct replica *r, uint32_t number)
{
	return number ? project_id(&r->projects, number) : NULL;
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
		+ replica_texts(r) * sizeof(struct replica_token);
}

uint32_t replica_token_number(const struct replica *r, const struct id_bytes *id)
{
	return idmap_find(&r->token_numbers, id);
}
