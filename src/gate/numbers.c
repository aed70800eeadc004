/* SPDX-License-Identifier: Apache-2.0
 * Two maps from names to numbers, and the names by number.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/numbers.h"

#include "base/arena.h"
#include "core/names.h"
#include "gate/chunks.h"

#include <pthread.h>

struct operation {
	struct str api, text;
};

struct numbers {
	pthread_mutex_t lock;
	struct arena arena;
	struct names apis, operations; /* an operation's name: its API's, a NUL, its text */
	const char *api_texts[NUMBERS_APIS];
	size_t api_count;
	struct chunks texts; /* struct operation */
};

bool numbers_new(struct numbers **ret)
{
	struct numbers *numbers = calloc(1, sizeof(*numbers));
	if (!numbers)
		return false;
	arena_init(&numbers->arena, 0);
	pthread_mutex_init(&numbers->lock, NULL);
	if (!chunks_init(&numbers->texts, sizeof(struct operation))) {
		numbers_free(numbers);
		return false;
	}
	*ret = numbers;
	return true;
}

void numbers_free(struct numbers *numbers)
{
	if (!numbers)
		return;
	names_done(&numbers->apis);
	names_done(&numbers->operations);
	chunks_done(&numbers->texts);
	arena_done(&numbers->arena);
	pthread_mutex_destroy(&numbers->lock);
	free(numbers);
}

static bool add_api(struct numbers *numbers, const char *name, uint32_t *ret)
{
	if (numbers->api_count == NUMBERS_APIS)
		return false;
	const char *copy = arena_copy(&numbers->arena, str_of(name));
	if (!copy || !names_add(&numbers->apis, str_of(copy), (uint32_t)numbers->api_count))
		return false;
	numbers->api_texts[numbers->api_count] = copy;
	*ret = (uint32_t)numbers->api_count++;
	return true;
}

bool numbers_api(struct numbers *numbers, const char *name, uint8_t *ret)
{
	uint32_t number;
	pthread_mutex_lock(&numbers->lock);
	bool good = names_find(&numbers->apis, str_of(name), &number) || add_api(numbers, name, &number);
	pthread_mutex_unlock(&numbers->lock);
	if (good)
		*ret = (uint8_t)number;
	return good;
}

static bool add_operation(struct numbers *numbers, struct str name, size_t api_n, uint32_t *ret)
{
	if (numbers->texts.count == LIMIT_AUDIT_NAMES)
		return false;
	struct operation *operation = chunks_add(&numbers->texts);
	if (!operation)
		return false;
	struct str copy = arena_copy_str(&numbers->arena, name);
	if (!copy.p || !names_add(&numbers->operations, copy, numbers->texts.count - 1)) {
		numbers->texts.count--;
		return false;
	}
	*operation = (struct operation){ { copy.p, api_n }, { copy.p + api_n + 1, copy.n - api_n - 1 } };
	*ret = numbers->texts.count - 1;
	return true;
}

bool numbers_operation(struct numbers *numbers, struct str api, struct str operation, uint32_t *ret)
{
	struct str name = { NULL, api.n + 1 + operation.n };
	char *text = malloc(name.n);
	if (!text)
		return false;
	memcpy(text, api.p, api.n);
	text[api.n] = '\0';
	if (operation.n > 0)
		memcpy(text + api.n + 1, operation.p, operation.n);
	name.p = text;
	pthread_mutex_lock(&numbers->lock);
	bool good = names_find(&numbers->operations, name, ret) || add_operation(numbers, name, api.n, ret);
	pthread_mutex_unlock(&numbers->lock);
	free(text);
	return good;
}

size_t numbers_api_count(struct numbers *numbers)
{
	pthread_mutex_lock(&numbers->lock);
	size_t count = numbers->api_count;
	pthread_mutex_unlock(&numbers->lock);
	return count;
}

const char *numbers_api_text(struct numbers *numbers, size_t number)
{
	pthread_mutex_lock(&numbers->lock);
	const char *text = numbers->api_texts[number];
	pthread_mutex_unlock(&numbers->lock);
	return text;
}

void numbers_operation_text(struct numbers *numbers, uint32_t number, struct str *ret_api, struct str *ret_operation)
{
	pthread_mutex_lock(&numbers->lock);
	const struct operation *operation = chunks_at(&numbers->texts, number);
	*ret_api = operation->api;
	*ret_operation = operation->text;
	pthread_mutex_unlock(&numbers->lock);
}
