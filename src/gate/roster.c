/* SPDX-License-Identifier: Apache-2.0
 * Three lists that only grow, and a lock over who gets a number: a copy that is loaded and one that is
 * followed may ask at once.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/roster.h"

#include "base/clock.h"
#include "gate/idmap.h"

#include <pthread.h>
#include <stdlib.h>

/* A number is not given to another token sooner: nothing that a loop holds of it lives so long. */
#define REUSE_AFTER_NS (60 * INT64_C(1000000000))

struct person {
	struct id_bytes id; /* first, as in each list */
	_Atomic uint32_t flags;
};

struct freed {
	uint32_t number;
	int64_t at_ns;
};

struct roster {
	pthread_mutex_t lock; /* over all that is written but people's flags */
	struct chunks tokens, people, projects; /* item 0 of each stands for none */
	struct chunks keys; /* uint8_t[REMIT_DIGEST_SIZE]; by a token's number, of those that are bound to one */
	struct idmap token_numbers, person_numbers, project_numbers;
	struct freed *freed; /* oldest first, from freed_first */
	size_t freed_count, freed_first, freed_room;
	struct roster_holder *holders;
};

static const struct id_bytes *id_at(const void *ctx, uint32_t number)
{
	return chunks_at(ctx, number);
}

static bool make_parts(struct roster *r, size_t room)
{
	return chunks_init(&r->tokens, sizeof(struct roster_token)) && chunks_add(&r->tokens)
		&& chunks_init(&r->people, sizeof(struct person)) && chunks_add(&r->people)
		&& chunks_init(&r->projects, sizeof(struct id_bytes)) && chunks_add(&r->projects)
		&& chunks_init(&r->keys, REMIT_DIGEST_SIZE)
		&& idmap_init(&r->token_numbers, room, id_at, &r->tokens)
		&& idmap_init(&r->person_numbers, 0, id_at, &r->people)
		&& idmap_init(&r->project_numbers, 0, id_at, &r->projects);
}

bool roster_new(uint64_t expected, struct roster **ret)
{
	struct roster *r = calloc(1, sizeof(*r));
	if (!r)
		return false;
	pthread_mutex_init(&r->lock, NULL);
	if (!make_parts(r, expected > SIZE_MAX / 8 ? SIZE_MAX / 8 : (size_t)expected)) {
		roster_free(r);
		return false;
	}
	*ret = r;
	return true;
}

void roster_free(struct roster *r)
{
	if (!r)
		return;
	assert(!r->holders);
	idmap_done(&r->token_numbers);
	idmap_done(&r->person_numbers);
	idmap_done(&r->project_numbers);
	chunks_done(&r->tokens);
	chunks_done(&r->people);
	chunks_done(&r->projects);
	chunks_done(&r->keys);
	free(r->freed);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

/* ---- Tokens: under the lock ---- */

/* 0: all are in use, or left too short a while ago. */
static uint32_t reusable(const struct roster *r)
{
	if (r->freed_first == r->freed_count
		|| clock_monotonic_ns() - r->freed[r->freed_first].at_ns < REUSE_AFTER_NS)
		return 0;
	return r->freed[r->freed_first].number;
}

static uint32_t number_of(struct roster *r, const struct store_text *text)
{
	uint32_t number = idmap_find(&r->token_numbers, &text->token);
	if (number)
		return number;
	number = reusable(r);
	bool reused = number != 0;
	if (!reused) {
		number = r->tokens.count;
		if (!chunks_add(&r->tokens))
			return 0;
	}
	uint8_t *key = text->key.bound ? chunks_make(&r->keys, number) : NULL;
	if (text->key.bound && !key) {
		r->tokens.count -= reused ? 0 : 1;
		return 0;
	}
	if (key) /* for its whole life: nobody reads it until a record says so */
		memcpy(key, text->key.jkt, REMIT_DIGEST_SIZE);
	struct roster_token *token = roster_token(r, number);
	token->id = text->token;
	token->client = text->client;
	atomic_store_explicit(&token->rate, 0, memory_order_relaxed);
	token->audit_place = text->audit_place;
	token->last_used_s = (uint32_t)(text->last_used_ms / 1000);
	if (!idmap_add(&r->token_numbers, number)) {
		r->tokens.count -= reused ? 0 : 1;
		return 0;
	}
	r->freed_first += reused ? 1 : 0;
	return number;
}

/* The number may go to another token after a while. Without memory it never does. */
static void free_number(struct roster *r, uint32_t number)
{
	idmap_remove(&r->token_numbers, &roster_token(r, number)->id);
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
	r->freed[r->freed_count++] = (struct freed){ number, clock_monotonic_ns() };
}

/* How many texts a holder has of a token; NULL where none was ever counted. */
static uint16_t *texts_of(const struct roster_holder *holder, uint32_t number)
{
	return number < holder->texts.count ? chunks_at(&holder->texts, number) : NULL;
}

static bool is_held(const struct roster *r, uint32_t number)
{
	for (const struct roster_holder *holder = r->holders; holder; holder = holder->next) {
		const uint16_t *texts = texts_of(holder, number);
		if (texts && *texts > 0)
			return true;
	}
	return false;
}

static void sweep(struct roster *r)
{
	for (uint32_t i = 1; i < r->tokens.count; i++)
		if (!is_held(r, i) && idmap_find(&r->token_numbers, &roster_token(r, i)->id) == i)
			free_number(r, i);
}

/* ---- Holders ---- */

bool roster_holder_init(struct roster_holder *holder, struct roster *r)
{
	*holder = (struct roster_holder){ 0 };
	if (!chunks_init(&holder->texts, sizeof(uint16_t)))
		return false;
	pthread_mutex_lock(&r->lock);
	holder->roster = r;
	holder->next = r->holders;
	r->holders = holder;
	pthread_mutex_unlock(&r->lock);
	return true;
}

void roster_holder_done(struct roster_holder *holder)
{
	struct roster *r = holder->roster;
	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	struct roster_holder **at = &r->holders;
	while (*at != holder)
		at = &(*at)->next;
	*at = holder->next;
	if (r->holders) /* else nobody is left to give a number to */
		sweep(r);
	pthread_mutex_unlock(&r->lock);
	chunks_done(&holder->texts);
	holder->roster = NULL;
}

uint32_t roster_hold(struct roster_holder *holder, const struct store_text *text)
{
	struct roster *r = holder->roster;
	pthread_mutex_lock(&r->lock);
	uint32_t number = number_of(r, text);
	while (number && holder->texts.count <= number)
		if (!chunks_add(&holder->texts)) {
			if (!is_held(r, number))
				free_number(r, number);
			number = 0;
		}
	uint16_t *texts = number ? texts_of(holder, number) : NULL;
	if (texts && *texts < UINT16_MAX)
		(*texts)++;
	pthread_mutex_unlock(&r->lock);
	return number;
}

void roster_drop(struct roster_holder *holder, uint32_t number)
{
	struct roster *r = holder->roster;
	pthread_mutex_lock(&r->lock);
	uint16_t *texts = texts_of(holder, number);
	assert(texts && *texts > 0);
	if (*texts < UINT16_MAX && --*texts == 0 && !is_held(r, number))
		free_number(r, number);
	pthread_mutex_unlock(&r->lock);
}

void roster_forget(struct roster_holder *holder)
{
	pthread_mutex_lock(&holder->roster->lock);
	for (uint32_t i = 0; i < holder->texts.count; i++)
		*texts_of(holder, i) = 0;
	pthread_mutex_unlock(&holder->roster->lock);
}

void roster_sweep(struct roster *r)
{
	pthread_mutex_lock(&r->lock);
	sweep(r);
	pthread_mutex_unlock(&r->lock);
}

/* ---- People and projects ---- */

static uint32_t number_in(struct chunks *items, struct idmap *numbers, const struct id_bytes *id)
{
	static const struct id_bytes none;
	if (memcmp(id, &none, sizeof(none)) == 0)
		return 0;
	uint32_t number = idmap_find(numbers, id);
	if (number)
		return number;
	number = items->count;
	struct id_bytes *item = chunks_add(items);
	if (!item)
		return 0;
	*item = *id;
	if (!idmap_add(numbers, number)) {
		items->count--;
		return 0;
	}
	return number;
}

uint32_t roster_person(struct roster *r, const struct id_bytes *id)
{
	pthread_mutex_lock(&r->lock);
	uint32_t number = number_in(&r->people, &r->person_numbers, id);
	pthread_mutex_unlock(&r->lock);
	return number;
}

uint32_t roster_project(struct roster *r, const struct id_bytes *id)
{
	pthread_mutex_lock(&r->lock);
	uint32_t number = number_in(&r->projects, &r->project_numbers, id);
	pthread_mutex_unlock(&r->lock);
	return number;
}

bool roster_put_person(struct roster *r, const struct id *who, const struct user_row *user)
{
	struct id_bytes id;
	if (!id_is_set(who) || !id_to_bytes(who, &id))
		return true; /* no id: no token can be theirs */
	uint32_t number = roster_person(r, &id);
	if (number == 0)
		return false;
	uint32_t flags = 0;
	if (user && user->disabled_ms == 0)
		flags = ROSTER_PERSON_ACTIVE | (user->admin ? ROSTER_PERSON_ADMIN : 0);
	struct person *person = chunks_at(&r->people, number);
	atomic_store_explicit(&person->flags, flags, memory_order_release);
	return true;
}

void roster_forget_people(struct roster *r)
{
	pthread_mutex_lock(&r->lock);
	for (uint32_t i = 1; i < r->people.count; i++)
		atomic_store(&((struct person *)chunks_at(&r->people, i))->flags, 0);
	pthread_mutex_unlock(&r->lock);
}

/* ---- Looking up ---- */

struct roster_token *roster_token(const struct roster *r, uint32_t number)
{
	return chunks_at(&r->tokens, number);
}

const uint8_t *roster_token_key(const struct roster *r, uint32_t number)
{
	return chunks_at(&r->keys, number);
}

uint32_t roster_person_flags(const struct roster *r, uint32_t number)
{
	const struct person *person = chunks_at(&r->people, number);
	return atomic_load_explicit(&person->flags, memory_order_acquire);
}

const struct id_bytes *roster_person_id(const struct roster *r, uint32_t number)
{
	return id_at(&r->people, number);
}

const struct id_bytes *roster_project_id(const struct roster *r, uint32_t number)
{
	return number ? id_at(&r->projects, number) : NULL;
}

uint32_t roster_token_number(struct roster *r, const struct id_bytes *id)
{
	pthread_mutex_lock(&r->lock);
	uint32_t number = idmap_find(&r->token_numbers, id);
	pthread_mutex_unlock(&r->lock);
	return number;
}
