/* SPDX-License-Identifier: Apache-2.0
 * Lists that only grow while they are read: what ends is marked, and freed with everything else.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/reach.h"

#include <stdatomic.h>
#include <stdlib.h>

#define BUCKETS 65536u /* a power of two */

struct person {
	struct person *next;
	uint32_t number;
	_Atomic bool reaches;
};

struct project {
	struct project *next;
	struct id_bytes id;
	const char *api; /* out of the list */
	_Atomic bool present;
	_Atomic(struct person *) people;
	uint64_t seen; /* the load that found it last */
};

struct reach {
	const char *const *apis;
	size_t api_count;
	_Atomic(struct project *) *buckets;
	reach_number number;
	void *ctx;
	uint64_t loads;
	struct id *noted;
	size_t noted_count, noted_room;
};

bool reach_new(const char *const *apis, size_t api_count, reach_number number, void *ctx, struct reach **ret)
{
	struct reach *reach = calloc(1, sizeof(*reach));
	if (!reach)
		return false;
	*reach = (struct reach){ .apis = apis, .api_count = api_count, .number = number, .ctx = ctx,
		.buckets = calloc(BUCKETS, sizeof(*reach->buckets)) };
	if (!reach->buckets) {
		free(reach);
		return false;
	}
	*ret = reach;
	return true;
}

static void free_project(struct project *project)
{
	for (struct person *person = atomic_load(&project->people), *next; person; person = next) {
		next = person->next;
		free(person);
	}
	free(project);
}

void reach_free(struct reach *reach)
{
	if (!reach)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		for (struct project *project = atomic_load(&reach->buckets[i]), *next; project; project = next) {
			next = project->next;
			free_project(project);
		}
	}
	free(reach->buckets);
	free(reach->noted);
	free(reach);
}

/* Ids are ours: their last bytes are random. */
static size_t bucket_of(const struct id_bytes *id)
{
	return (size_t)(id->b[14] << 8 | id->b[15]) & (BUCKETS - 1);
}

static struct project *find(const struct reach *reach, const struct id_bytes *id)
{
	struct project *project =
		atomic_load_explicit(&reach->buckets[bucket_of(id)], memory_order_acquire);
	while (project && memcmp(&project->id, id, sizeof(*id)) != 0)
		project = project->next;
	return project;
}

static struct person *find_person(const struct project *project, uint32_t number)
{
	struct person *person = atomic_load_explicit(&project->people, memory_order_acquire);
	while (person && person->number != number)
		person = person->next;
	return person;
}

enum reach_answer reach_ask(const struct reach *reach, const char *api, const struct id *id, uint32_t number)
{
	struct id_bytes bytes;
	if (!id_to_bytes(id, &bytes))
		return REACH_UNKNOWN;
	const struct project *project = find(reach, &bytes);
	if (!project || !atomic_load_explicit(&project->present, memory_order_acquire)
		|| strcmp(project->api, api) != 0)
		return REACH_UNKNOWN;
	const struct person *person = find_person(project, number);
	return person && atomic_load_explicit(&person->reaches, memory_order_acquire) ? REACH_YES : REACH_NO;
}

/* ---- Reading the store ---- */

struct numbers { /* of who reaches one project now */
	struct reach *reach;
	uint32_t *list;
	size_t count, room;
	bool no_memory;
};

static bool add_number(struct numbers *numbers, const struct id *person)
{
	if (numbers->count == numbers->room) {
		size_t room = numbers->room ? numbers->room * 2 : 16;
		uint32_t *more = realloc(numbers->list, room * sizeof(*more));
		numbers->no_memory = !more;
		if (!more)
			return false;
		numbers->list = more;
		numbers->room = room;
	}
	uint32_t number = numbers->reach->number(numbers->reach->ctx, person);
	numbers->no_memory = number == 0;
	numbers->list[numbers->count++] = number;
	return !numbers->no_memory;
}

static bool add_member(void *ctx, const struct user_row *row)
{
	return add_number(ctx, &row->id);
}

static bool is_listed(const struct numbers *numbers, uint32_t number)
{
	for (size_t i = 0; i < numbers->count; i++)
		if (numbers->list[i] == number)
			return true;
	return false;
}

/* Who no longer reaches it is marked first. */
static bool put_people(struct project *project, const struct numbers *numbers)
{
	for (struct person *person = atomic_load(&project->people); person; person = person->next)
		if (!is_listed(numbers, person->number))
			atomic_store_explicit(&person->reaches, false, memory_order_release);
	for (size_t i = 0; i < numbers->count; i++) {
		struct person *person = find_person(project, numbers->list[i]);
		if (!person) {
			person = calloc(1, sizeof(*person));
			if (!person)
				return false;
			person->number = numbers->list[i];
			person->next = atomic_load(&project->people);
			atomic_init(&person->reaches, true);
			atomic_store_explicit(&project->people, person, memory_order_release);
		}
		atomic_store_explicit(&person->reaches, true, memory_order_release);
	}
	return true;
}

/* The project of an id, made where it was not known; not yet present. */
static struct project *take(struct reach *reach, const struct id_bytes *id, const char *api)
{
	struct project *project = find(reach, id);
	if (project)
		return project;
	project = calloc(1, sizeof(*project));
	if (!project)
		return NULL;
	project->id = *id;
	project->api = api;
	_Atomic(struct project *) *bucket = &reach->buckets[bucket_of(id)];
	project->next = atomic_load(bucket);
	atomic_store_explicit(bucket, project, memory_order_release);
	return project;
}

static const char *api_of(const struct reach *reach, const char *name)
{
	for (size_t i = 0; i < reach->api_count; i++)
		if (strcmp(reach->apis[i], name) == 0)
			return reach->apis[i];
	return NULL;
}

static enum store_status read_project(struct reach *reach, struct store *store, const struct project_row *row)
{
	const char *api = api_of(reach, row->api);
	if (!api)
		return STORE_OK; /* of a service, which judges what it stores */
	struct numbers numbers = { .reach = reach };
	struct id_bytes id;
	struct project *project = NULL;
	enum store_status status = STORE_NO_MEMORY;
	if (id_to_bytes(&row->id, &id))
		project = take(reach, &id, api);
	if (!project || !add_number(&numbers, &row->owner))
		goto out;
	status = store_member_each(store, &row->id, add_member, &numbers);
	if (numbers.no_memory || (status == STORE_OK && !put_people(project, &numbers)))
		status = STORE_NO_MEMORY;
	if (status != STORE_OK)
		goto out;
	project->seen = reach->loads;
	atomic_store_explicit(&project->present, true, memory_order_release);
out:
	free(numbers.list);
	return status;
}

static enum store_status read_again(struct reach *reach, struct store *store, const struct id *id)
{
	struct arena arena;
	struct project_row row;
	struct id_bytes bytes;
	arena_init(&arena, 0);
	enum store_status status = store_project_get(store, id, &arena, &row);
	if (status == STORE_OK) {
		status = read_project(reach, store, &row);
	} else if (status == STORE_NOT_FOUND) {
		struct project *project = id_to_bytes(id, &bytes) ? find(reach, &bytes) : NULL;
		if (project)
			atomic_store_explicit(&project->present, false, memory_order_release);
		status = STORE_OK;
	}
	arena_done(&arena);
	return status;
}

bool reach_note(struct reach *reach, const struct id *project)
{
	if (reach->noted_count == reach->noted_room) {
		size_t room = reach->noted_room ? reach->noted_room * 2 : 64;
		struct id *more = realloc(reach->noted, room * sizeof(*more));
		if (!more)
			return false;
		reach->noted = more;
		reach->noted_room = room;
	}
	reach->noted[reach->noted_count++] = *project;
	return true;
}

enum store_status reach_follow(struct reach *reach, struct store *store)
{
	while (reach->noted_count > 0) {
		enum store_status status = read_again(reach, store, &reach->noted[reach->noted_count - 1]);
		if (status != STORE_OK)
			return status;
		reach->noted_count--;
	}
	return STORE_OK;
}

static bool note_row(void *ctx, const struct project_row *row)
{
	return reach_note(ctx, &row->id);
}

enum store_status reach_load(struct reach *reach, struct store *store)
{
	enum store_status status = STORE_OK;
	reach->loads++;
	for (size_t i = 0; status == STORE_OK && i < reach->api_count; i++)
		status = store_project_each(store, reach->apis[i], NULL, note_row, reach);
	if (status == STORE_OK)
		status = reach_follow(reach, store);
	for (size_t i = 0; status == STORE_OK && i < BUCKETS; i++)
		for (struct project *project = atomic_load(&reach->buckets[i]); project; project = project->next)
			if (project->seen != reach->loads)
				atomic_store_explicit(&project->present, false, memory_order_release);
	return status;
}
