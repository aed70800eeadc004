/* SPDX-License-Identifier: Apache-2.0
 * A million tokens carry a handful of different lists: the last of them are remembered.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/granting.h"

#include "base/log.h"
#include "base/text.h"

#include <stdlib.h>

#define REMEMBERED 256
#define REMEMBERED_TEXT 256 /* longer lists are read each time */
#define UNKNOWN_LOGGED_MAX 32

struct remembered {
	uint64_t granted;
	uint16_t n;
	uint8_t api;
	bool used;
	char scopes[REMEMBERED_TEXT];
};

struct granting {
	uint32_t logged[UNKNOWN_LOGGED_MAX]; /* checksums of names that were logged */
	size_t logged_count;
	struct remembered list[REMEMBERED];
};

bool granting_new(struct granting **ret)
{
	struct granting *grants = calloc(1, sizeof(*grants));
	if (!grants)
		return false;
	*ret = grants;
	return true;
}

void granting_free(struct granting *grants)
{
	free(grants);
}

void granting_forget(struct granting *grants)
{
	for (size_t i = 0; i < REMEMBERED; i++)
		grants->list[i].used = false;
}

static void log_unknown(struct granting *grants, const struct replica_api *api, struct str name)
{
	uint32_t sum = crc32_iso_hdlc(name.p, name.n) ^ api->number;
	for (size_t i = 0; i < grants->logged_count; i++)
		if (grants->logged[i] == sum)
			return;
	if (grants->logged_count == UNKNOWN_LOGGED_MAX)
		return;
	grants->logged[grants->logged_count++] = sum;
	log_warning("tokens of API %s carry the scope \"%.*s\", which its profile does not have: it grants nothing",
		api->name, STR_FMT(name));
}

static bool read_scopes(struct granting *grants, struct remit_table *table, const struct replica_api *api,
	struct str scopes, uint64_t *ret)
{
	const struct remit_policy *policy = api->policy;
	struct remit_scopes set = { { 0 } };
	for (struct str rest = scopes, name; rest.n > 0;) {
		size_t scope;
		str_cut(&rest, ' ', &name);
		if (name.n == 0)
			continue;
		if (remit_policy_scope_find(policy, name.p, name.n, &scope) == REMIT_OK)
			set.word[scope / 64] |= UINT64_C(1) << (scope % 64);
		else
			log_unknown(grants, api, name);
	}
	return remit_table_grant(table, policy, &set, ret) == REMIT_OK;
}

bool granting_of(struct granting *grants, struct remit_table *table, const struct replica_api *api,
	struct str scopes, uint64_t *ret_granted)
{
	if (scopes.n > REMEMBERED_TEXT)
		return read_scopes(grants, table, api, scopes, ret_granted);
	uint32_t sum = crc32_iso_hdlc(scopes.p ? scopes.p : "", scopes.n);
	struct remembered *r = &grants->list[(sum + api->number) % REMEMBERED];
	if (r->used && r->api == api->number && str_eq((struct str){ r->scopes, r->n }, scopes)) {
		*ret_granted = r->granted;
		return true;
	}
	if (!read_scopes(grants, table, api, scopes, &r->granted)) {
		r->used = false;
		return false;
	}
	r->used = true;
	r->api = api->number;
	r->n = (uint16_t)scopes.n;
	if (scopes.n > 0)
		memcpy(r->scopes, scopes.p, scopes.n);
	*ret_granted = r->granted;
	return true;
}
