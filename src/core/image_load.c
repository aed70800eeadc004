/* SPDX-License-Identifier: Apache-2.0
 * Bytes to a policy: image.h has their form. Nothing in them is believed: what they say is given to
 * the builder's own calls, which check it.
 * core: may include base and <remit/remit.h>.
 */
#include "base/text.h"
#include "core/image.h"
#include "core/policy.h"

#include <stdlib.h>

struct reader {
	struct str rest;
	struct arena arena;  /* of one scope or operation */
	const struct remit_policy *policy;
	enum remit_status status; /* the first thing that went wrong; the rest reads as nothing */
};

static void fail(struct reader *in, enum remit_status status)
{
	if (in->status == REMIT_OK)
		in->status = status;
	in->rest.n = 0;
}

static uint32_t take_number(struct reader *in, size_t bytes)
{
	uint32_t v = 0;
	if (in->rest.n < bytes) {
		fail(in, REMIT_INVALID);
		return 0;
	}
	for (size_t i = 0; i < bytes; i++)
		v |= (uint32_t)(uint8_t)in->rest.p[i] << 8 * i;
	in->rest.p += bytes;
	in->rest.n -= bytes;
	return v;
}

/* A text, NUL-terminated, or NULL for none. */
static const char *take_text(struct reader *in)
{
	size_t n = take_number(in, 2);
	if (n == IMAGE_NO_TEXT)
		return NULL;
	if (n > in->rest.n || (n > 0 && memchr(in->rest.p, '\0', n))) {
		fail(in, REMIT_INVALID);
		return NULL;
	}
	const char *text = arena_copy(&in->arena, (struct str){ in->rest.p, n });
	if (!text)
		fail(in, REMIT_NO_MEMORY);
	in->rest.p += n;
	in->rest.n -= n;
	return text;
}

/* An array of what takes at least `least` bytes each; NULL where so many cannot follow. */
static void *take_array(struct reader *in, size_t count, size_t least, size_t element)
{
	if (count > in->rest.n / least) {
		fail(in, REMIT_INVALID);
		return NULL;
	}
	void *array = arena_alloc(&in->arena, count * element);
	if (!array)
		fail(in, REMIT_NO_MEMORY);
	return array;
}

static const char *take_scope(struct reader *in)
{
	const char *name = remit_policy_scope_name(in->policy, take_number(in, 2));
	if (!name)
		fail(in, REMIT_INVALID);
	return name;
}

static void take_need(struct reader *in, struct remit_need *ret)
{
	ret->kind = (enum remit_need_kind)take_number(in, 1);
	ret->count = take_number(in, 1);
	struct remit_alternative *alternatives = take_array(in, ret->count, 2, sizeof(*alternatives));
	for (size_t i = 0; in->status == REMIT_OK && i < ret->count; i++) {
		size_t count = take_number(in, 2);
		const char **scopes = take_array(in, count, 2, sizeof(*scopes));
		for (size_t j = 0; in->status == REMIT_OK && j < count; j++)
			scopes[j] = take_scope(in);
		alternatives[i] = (struct remit_alternative){ scopes, count };
	}
	ret->alternatives = alternatives;
}

static struct remit_when *take_whens(struct reader *in, size_t *ret_count)
{
	size_t count = take_number(in, 1);
	struct remit_when *whens = take_array(in, count, 8, sizeof(*whens));

	for (size_t i = 0; in->status == REMIT_OK && i < count; i++) {
		whens[i].test = (enum remit_test)take_number(in, 1);
		whens[i].source = (enum remit_source)take_number(in, 1);
		whens[i].name = take_text(in);
		whens[i].value = take_text(in);
		take_need(in, &whens[i].need);
	}
	*ret_count = count;
	return whens;
}

/* Declares one operation. A rule holds all that any kind does, so it is read as one first. */
static enum remit_status load_operation(struct reader *in, struct remit_builder *builder)
{
	struct remit_rule rule = { 0 };
	enum operation_kind kind = (enum operation_kind)take_number(in, 1);
	const char *key[3];

	for (size_t i = 0; i < 3; i++)
		key[i] = take_text(in);
	take_need(in, &rule.need);
	rule.whens = take_whens(in, &rule.when_count);
	rule.project = (enum remit_project_rule)take_number(in, 1);
	rule.project_source = (enum remit_source)take_number(in, 1);
	rule.project_name = take_text(in);
	if (in->status != REMIT_OK)
		return in->status;
	rule.method = key[0];
	rule.path = key[1];
	const struct remit_tool tool = { key[0], key[1], key[2], rule.need, rule.whens, rule.when_count,
					 rule.project, rule.project_source, rule.project_name };
	switch (kind) {
	case OPERATION_RULE:
		return remit_builder_rule(builder, &rule, NULL);
	case OPERATION_TOOL:
		return remit_builder_tool(builder, &tool, NULL);
	case OPERATION_RESOURCE:
		return remit_builder_resource(builder, key[0], &rule.need, NULL);
	case OPERATION_PROMPT:
		return remit_builder_prompt(builder, key[0], &rule.need, NULL);
	}
	return REMIT_INVALID;
}

/* Reads the scopes over, once for their names and once for what they imply. */
static enum remit_status load_scopes(struct reader *in, struct remit_builder *builder, size_t count,
				     bool names)
{
	enum remit_status status = REMIT_OK;

	for (size_t i = 0; status == REMIT_OK && in->status == REMIT_OK && i < count; i++) {
		arena_reset(&in->arena);
		const char *name = take_text(in);
		if (names && in->status == REMIT_OK)
			status = remit_builder_scope(builder, name);
		size_t implied = take_number(in, 2);
		for (size_t j = 0; status == REMIT_OK && in->status == REMIT_OK && j < implied; j++) {
			if (names)
				(void)take_number(in, 2);
			else
				status = remit_builder_implies(builder, name, take_scope(in));
		}
	}
	return in->status != REMIT_OK ? in->status : status;
}

static enum remit_status load(struct reader *in, struct remit_builder *builder)
{
	size_t scopes = take_number(in, 4);
	struct str start = in->rest;

	enum remit_status status = load_scopes(in, builder, scopes, true);
	if (status != REMIT_OK)
		return status;
	in->rest = start;
	status = load_scopes(in, builder, scopes, false);
	size_t operations = take_number(in, 4);
	for (size_t i = 0; status == REMIT_OK && i < operations; i++) {
		arena_reset(&in->arena);
		status = load_operation(in, builder);
	}
	if (status == REMIT_OK)
		status = in->status;
	return status == REMIT_OK && in->rest.n > 0 ? REMIT_INVALID : status;
}

/* What is between the head and the checksum, where both are right. */
static bool open_image(const uint8_t *bytes, size_t size, struct reader *ret)
{
	const size_t head = IMAGE_MAGIC_BYTES + 4;
	struct reader crc, version;

	if (size < head + IMAGE_CRC_BYTES || size > LIMIT_POLICY_IMAGE_BYTES ||
	    memcmp(bytes, IMAGE_MAGIC, IMAGE_MAGIC_BYTES) != 0)
		return false;
	const char *p = (const char *)bytes;
	size_t checked = size - IMAGE_CRC_BYTES;
	crc = (struct reader){ .rest = { p + checked, IMAGE_CRC_BYTES } };
	version = (struct reader){ .rest = { p + IMAGE_MAGIC_BYTES, 4 } };
	if (take_number(&crc, IMAGE_CRC_BYTES) != crc32_iso_hdlc(bytes, checked) ||
	    take_number(&version, 4) != IMAGE_VERSION)
		return false;
	*ret = (struct reader){ .rest = { p + head, checked - head } };
	return true;
}

/* Whether saving the policy gives these bytes again: one policy has one image, with nothing in it
 * that loading overlooked. */
static enum remit_status check_canonical(const struct remit_policy *policy, const uint8_t *bytes, size_t size)
{
	uint8_t *again;
	size_t again_size;

	enum remit_status status = remit_policy_save(policy, &again, &again_size);
	if (status != REMIT_OK)
		return status;
	if (again_size != size || memcmp(again, bytes, size) != 0)
		status = REMIT_INVALID;
	free(again);
	return status;
}

/* The builder's word for a mistake (NOT_FOUND, EXISTS, LIMIT) means one thing here: no
 * remit_policy_save wrote that. */
enum remit_status remit_policy_load(const uint8_t *bytes, size_t size, struct remit_policy **ret)
{
	struct remit_policy *policy = NULL;
	struct reader in;

	if (!open_image(bytes, size, &in))
		return REMIT_INVALID;
	struct remit_builder *builder = remit_builder_new();
	if (!builder)
		return REMIT_NO_MEMORY;
	arena_init(&in.arena, 0);
	in.policy = builder->policy;
	enum remit_status status = load(&in, builder);
	arena_done(&in.arena);
	if (status == REMIT_OK)
		status = remit_policy_build(builder, &policy);
	else
		remit_builder_free(builder);
	if (status == REMIT_OK)
		status = check_canonical(policy, bytes, size);
	if (status == REMIT_OK)
		*ret = policy;
	else
		remit_policy_free(policy);
	return status == REMIT_OK || status == REMIT_NO_MEMORY ? status : REMIT_INVALID;
}
