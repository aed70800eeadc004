/* SPDX-License-Identifier: Apache-2.0
 * The section `outbound` of a configuration: where calls to others' servers may go.
 * profile: may include base and core.
 */
#include "profile/config_draft.h"

#include "profile/address.h"
#include "profile/file.h"

static bool is_allowable(const struct node *node)
{
	static const char *const words[] = { "loopback", "private", "link-local" };

	for (size_t i = 0; node->kind == NODE_TEXT && i < sizeof(words) / sizeof(words[0]); i++)
		if (str_is(node->text, words[i]))
			return true;
	return node->kind == NODE_TEXT && address_is_range(node->text);
}

static void read_allow(struct reader *r, const struct node *node, void *into)
{
	struct config *c = ((struct config_draft *)into)->config;

	if (node->kind != NODE_LIST) {
		reader_expected(r, node, "a list of addresses");
		return;
	}
	const char **allow = reader_alloc(r, node, node->count, sizeof(*allow));
	for (const struct node *item = node->first; allow && item; item = item->next) {
		if (is_allowable(item))
			allow[c->outbound_allow_count++] = item->text.p;
		else
			reader_expected(r, item,
				"loopback, private, link-local, an address or a range such as 10.0.0.0/8");
	}
	c->outbound_allow = allow;
}

static void read_ca(struct reader *r, const struct node *node, void *into)
{
	struct config_draft *d = into;
	const char *path;

	if (!reader_text(r, node, "a file of certificates", &path))
		return;
	d->config->outbound_ca = file_join(r->arena, d->folder, path);
	if (!d->config->outbound_ca)
		reader_mistake(r, node, NULL, "not enough memory to read the file");
}

static const struct reader_key outbound_keys[] = {
	{ "allow", read_allow, false },
	{ "ca", read_ca, false },
};

void config_read_outbound(struct reader *r, const struct node *node, void *draft)
{
	READER_MAP(r, node, "\"outbound\"", outbound_keys, draft);
}
