/* SPDX-License-Identifier: Apache-2.0
 * The section `presets`.
 * profile: may include base and core.
 */
#include "profile/draft.h"

#include <stdlib.h>

#define PRESETS_MAX 256

struct preset_reader {
	struct draft *d;
	struct profile_preset *preset;
};

static void read_title(struct reader *r, const struct node *node, void *into)
{
	struct preset_reader *p = into;
	reader_text(r, node, "a title", &p->preset->title);
}

static void read_purpose(struct reader *r, const struct node *node, void *into)
{
	struct preset_reader *p = into;
	reader_text(r, node, "a text", &p->preset->purpose);
}

static void read_default(struct reader *r, const struct node *node, void *into)
{
	struct preset_reader *p = into;
	reader_flag(r, node, &p->preset->is_default);
}

static int compare_places(const void *left, const void *right)
{
	const struct draft_scope *a = *(const struct draft_scope *const *)left;
	const struct draft_scope *b = *(const struct draft_scope *const *)right;
	return a->place < b->place ? -1 : a->place > b->place;
}

static void read_scopes(struct reader *r, const struct node *node, void *into)
{
	struct preset_reader *p = into;
	struct draft_scope **list;
	size_t count;

	if (!draft_scope_list(p->d, node, "a list of scopes", &list, &count))
		return;
	qsort(list, count, sizeof(struct draft_scope *), compare_places);
	const char **names = reader_alloc(r, node, count, sizeof(*names));
	for (size_t i = 0; names && i < count; i++)
		names[i] = list[i]->name;
	p->preset->scopes = names;
	p->preset->scope_count = names ? count : 0;
}

static const struct reader_key preset_keys[] = {
	{ "title", read_title, true },
	{ "for", read_purpose, false },
	{ "scopes", read_scopes, true },
	{ "default", read_default, false },
};

static void check_one_default(struct draft *d, const struct node *node, const struct node **first)
{
	if (!*first) {
		*first = node;
		return;
	}
	reader_mistake(&d->r, node->key, NULL, "a second default preset; the first is in line %u",
		(*first)->key->line);
}

void draft_read_presets(struct reader *r, const struct node *node, void *draft)
{
	struct draft *d = draft;
	const struct node *first_default = NULL;

	if (node->kind != NODE_MAP) {
		reader_expected(r, node, "a map of presets");
		return;
	}
	if (node->count > PRESETS_MAX) {
		reader_mistake(r, node, NULL, "%zu presets, at most %d", node->count, PRESETS_MAX);
		return;
	}
	d->profile->presets = reader_alloc(r, node, node->count, sizeof(struct profile_preset));
	if (!d->profile->presets)
		return;
	for (const struct node *value = node->first; value; value = value->next) {
		struct profile_preset *preset = &d->profile->presets[d->profile->preset_count++];
		struct preset_reader p = { d, preset };
		*preset = (struct profile_preset){ .handle = value->key->text.p, .purpose = "" };
		reader_name(r, value->key, "the name of a preset");
		READER_MAP(r, value, "a preset", preset_keys, &p);
		if (preset->is_default)
			check_one_default(d, value, &first_default);
	}
}
