/* SPDX-License-Identifier: Apache-2.0
 * A policy to bytes: image.h has their form.
 * core: may include base and <remit/remit.h>.
 */
#include "base/buf.h"
#include "base/text.h"
#include "core/image.h"
#include "core/policy.h"

static void put_number(struct buf *out, uint32_t v, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		buf_add_char(out, (char)(v >> 8 * i & 0xff));
}

static void put_text(struct buf *out, const char *text)
{
	size_t n = text ? strlen(text) : IMAGE_NO_TEXT;

	put_number(out, (uint32_t)n, 2);
	if (text)
		buf_add(out, text, n);
}

static void put_scope(struct buf *out, const struct remit_policy *policy, size_t place)
{
	uint32_t count = 0;

	put_text(out, policy->scopes[place].name);
	for (size_t i = 0; i < policy->scope_count; i++)
		count += remit_policy_implies(policy, place, i);
	put_number(out, count, 2);
	for (size_t i = 0; i < policy->scope_count; i++)
		if (remit_policy_implies(policy, place, i))
			put_number(out, (uint32_t)i, 2);
}

static void put_need(struct buf *out, const struct need *need)
{
	put_number(out, need->kind, 1);
	put_number(out, (uint32_t)need->count, 1);
	for (size_t i = 0; i < need->count; i++) {
		const struct alternative *alternative = &need->alternatives[i];
		put_number(out, (uint32_t)alternative->count, 2);
		for (size_t j = 0; j < alternative->count; j++)
			put_number(out, alternative->scopes[j], 2);
	}
}

static void put_operation(struct buf *out, const struct operation *operation)
{
	const struct remit_operation *shown = &operation->shown;

	put_number(out, operation->kind, 1);
	for (size_t i = 0; i < 3; i++)
		put_text(out, operation->key[i]);
	put_need(out, &operation->base);
	put_number(out, (uint32_t)shown->when_count, 1);
	for (size_t i = 0; i < shown->when_count; i++) {
		put_number(out, shown->whens[i].test, 1);
		put_number(out, shown->whens[i].source, 1);
		put_text(out, shown->whens[i].name);
		put_text(out, shown->whens[i].value);
		put_need(out, &operation->when_needs[i]);
	}
	put_number(out, shown->project, 1);
	put_number(out, shown->project_source, 1);
	put_text(out, shown->project_name);
}

enum remit_status remit_policy_save(const struct remit_policy *policy, uint8_t **ret_bytes, size_t *ret_size)
{
	struct buf out;

	buf_init(&out, LIMIT_POLICY_IMAGE_BYTES);
	buf_add(&out, IMAGE_MAGIC, IMAGE_MAGIC_BYTES);
	put_number(&out, IMAGE_VERSION, 4);
	put_number(&out, (uint32_t)policy->scope_count, 4);
	for (size_t i = 0; i < policy->scope_count; i++)
		put_scope(&out, policy, i);
	put_number(&out, (uint32_t)policy->operation_count, 4);
	for (size_t i = 0; i < policy->operation_count; i++)
		put_operation(&out, &policy->operations[i]);
	put_number(&out, crc32_iso_hdlc(out.p, out.n), IMAGE_CRC_BYTES);
	if (out.failed) {
		bool full = out.n > out.max / 2;
		buf_done(&out);
		return full ? REMIT_LIMIT : REMIT_NO_MEMORY;
	}
	*ret_bytes = (uint8_t *)out.p;
	*ret_size = out.n;
	return REMIT_OK;
}
