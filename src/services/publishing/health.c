/* SPDX-License-Identifier: Apache-2.0
 * Who am I, and is the service up: answered on the loop, from what the caller brought, without a
 * tree, a lock or the database. The OpenAPI document, made once, is answered here too.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/internal.h"

#include "base/clock.h"

#define FRAME_BYTES 256 /* the members' names, two ids and the time */

static char *put(char *at, const char *text, size_t n)
{
	memcpy(at, text, n);
	return at + n;
}

#define PUT(at, literal) put((at), (literal), sizeof(literal) - 1)

static char *put_id(char *at, const struct id *id)
{
	if (!id_is_set(id))
		return PUT(at, "null");
	*at++ = '"';
	at = put(at, id->text, ID_LENGTH);
	*at++ = '"';
	return at;
}

/* The next scope of a set's word, which is taken out; the word's first is `base`. NULL where none is left. */
static const char *take_scope(const struct service_caller *caller, size_t base, uint64_t *left)
{
	while (*left) {
		size_t scope = base + (size_t)__builtin_ctzll(*left);
		const char *name = remit_policy_scope_name(caller->policy, scope);
		*left &= *left - 1;
		if (name) /* a bit beyond the vocabulary names nothing */
			return name;
	}
	return NULL;
}

/* Scope names are tokens of RFC 6749 section 3.3: they hold nothing that JSON escapes. */
static char *put_scopes(char *at, const struct service_caller *caller)
{
	char *start = at;
	for (size_t w = 0, words = remit_policy_words(caller->policy); w < words; w++) {
		uint64_t left = caller->granted.word[w];
		for (const char *name; (name = take_scope(caller, w * 64, &left));) {
			at = at > start ? PUT(at, ",\"") : PUT(at, "\"");
			at = put(at, name, strlen(name));
			*at++ = '"';
		}
	}
	return at;
}

static size_t scopes_room(const struct service_caller *caller)
{
	size_t room = 0;
	for (size_t w = 0, words = remit_policy_words(caller->policy); w < words; w++) {
		uint64_t left = caller->granted.word[w];
		for (const char *name; (name = take_scope(caller, w * 64, &left));)
			room += strlen(name) + 3;
	}
	return room;
}

void run_health(struct service *service, struct service_call *call)
{
	(void)service;
	const struct service_caller *caller = call->caller;
	char *text = arena_alloc(call->arena, FRAME_BYTES + scopes_room(caller));
	char time[TIME_TEXT_ROOM];

	if (!text) {
		answer_store(call, STORE_NO_MEMORY, "");
		return;
	}
	char *at = PUT(text, "{\"ok\":true,\"user_id\":");
	at = put_id(at, &caller->user);
	at = PUT(at, ",\"project_id\":");
	at = put_id(at, &caller->project);
	at = PUT(at, ",\"scopes\":[");
	at = put_scopes(at, caller);
	at = PUT(at, "],\"server_time\":\"");
	at = put(at, time, time_to_text(call->now_ms, true, time));
	at = PUT(at, "\"}");
	call->answer.status = 200;
	call->answer.body = (struct str){ text, (size_t)(at - text) };
}

void run_openapi(struct service *service, struct service_call *call)
{
	call->answer.status = 200;
	call->answer.body = publishing_of(service)->openapi;
}
