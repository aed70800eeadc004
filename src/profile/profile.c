/* SPDX-License-Identifier: Apache-2.0
 * A profile from its text, and looking things up in it.
 * profile: may include base and core.
 */
#include "profile/profile.h"

#include "profile/draft.h"
#include "profile/file.h"
#include <assert.h>
#include <stdlib.h>

static void read_name(struct reader *r, const struct node *node, void *into)
{
	struct draft *d = into;
	if (reader_name(r, node, "the name of a profile"))
		d->profile->name = node->text.p;
}

static void read_title(struct reader *r, const struct node *node, void *into)
{
	struct draft *d = into;
	reader_text(r, node, "a title", &d->profile->title);
}

/* In the order in which they need each other. */
static const struct reader_key profile_keys[] = {
	{ "profile", read_name, true },
	{ "title", read_title, false },
	{ "scopes", draft_read_scopes, true },
	{ "implies", draft_read_implies, false },
	{ "presets", draft_read_presets, false },
	{ "tokens", draft_read_tokens, true },
	{ "rate", draft_read_rate, false },
	{ "visibility", draft_read_visibility, false },
	{ "stdio", draft_read_stdio, false },
	{ "rest", draft_read_rest, false },
	{ "mcp", draft_read_mcp, false },
};

/* Whether one path is the other or lies below it. */
static bool overlap(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	if (n > m)
		return overlap(b, a);
	return strncmp(a, b, n) == 0 && (b[n] == '\0' || b[n] == '/');
}

static void check_whole(struct draft *d, const struct node *root)
{
	const struct profile *p = d->profile;
	const struct node *mcp = node_get(root, "mcp");

	if (!mcp && !node_get(root, "rest"))
		reader_mistake(
			&d->r, root, NULL, "neither \"rest\" nor \"mcp\": every request would be refused");
	if (p->rest_base && p->mcp_endpoint && overlap(p->rest_base, p->mcp_endpoint))
		reader_mistake(&d->r, node_get(mcp, "endpoint"), NULL,
			"the endpoint \"%s\" and the base \"%s\" overlap", p->mcp_endpoint,
			*p->rest_base ? p->rest_base : "/");
	for (const struct draft_operation *o = mcp ? NULL : d->first; o; o = o->next) {
		if (o->kind != DRAFT_TOOL)
			continue;
		reader_mistake(&d->r, o->at, "add `mcp: { endpoint: /mcp }`",
			"a tool without \"mcp\" has no endpoint: nobody could call it");
		break;
	}
	draft_check_shapes(d);
}

static bool read_draft(struct profile *p, struct str text, struct mistakes *mistakes)
{
	struct draft d = { .r = { &p->arena, mistakes, p->file }, .profile = p };
	size_t before = mistakes->count;

	const struct node *root = tree_read(text, p->file, &p->arena, mistakes);
	if (!root || !READER_MAP(&d.r, root, "a profile", profile_keys, &d))
		return false;
	check_whole(&d, root);
	if (!p->title)
		p->title = p->name;
	mistakes_sort(mistakes, before);
	return mistakes->count == before && draft_build(&d, root);
}

struct profile *profile_read(struct str text, const char *file, struct mistakes *mistakes)
{
	struct profile *p = calloc(1, sizeof(*p));
	if (p) {
		arena_init(&p->arena, 0);
		p->visible_access = PROFILE_VISIBLE_ASKABLE;
		p->file = arena_copy(&p->arena, str_of(file));
	}
	if (!p || !p->file) {
		mistakes_add(mistakes, file, 0, 0, NULL, "not enough memory to read the file");
		profile_free(p);
		return NULL;
	}
	if (!read_draft(p, text, mistakes)) {
		profile_free(p);
		return NULL;
	}
	return p;
}

/* ---- Where it comes from ---- */

static struct profile *load_builtin(const char *name, struct mistakes *mistakes)
{
	const char *names[16];
	size_t count = 0;
	struct str text = profile_builtin_text(name);

	if (text.p)
		return profile_read(text, name, mistakes);
	for (const char *known; count < 16 && (known = profile_builtin_name(count)); count++)
		names[count] = known;
	const char *near = mistakes_suggest(mistakes, str_of(name), names, count);
	mistakes_add(mistakes, name, 0, 0,
		near ? near : "write ./NAME.yaml for a file beside the configuration",
		"no profile of this name comes with the program");
	return NULL;
}

struct profile *profile_load(const char *name, struct mistakes *mistakes)
{
	struct buf text;
	struct profile *profile = NULL;

	if (!strpbrk(name, "/."))
		return load_builtin(name, mistakes);
	buf_init(&text, LIMIT_PROFILE_BYTES);
	if (file_read(name, &text, mistakes))
		profile = profile_read(buf_str(&text), name, mistakes);
	buf_done(&text);
	return profile;
}

void profile_free(struct profile *profile)
{
	if (!profile)
		return;
	remit_policy_free(profile->policy);
	arena_done(&profile->arena);
	free(profile);
}

/* ---- Presets ---- */

const struct profile_preset *profile_preset(const struct profile *profile, const char *handle)
{
	for (size_t i = 0; i < profile->preset_count; i++) {
		if (strcmp(profile->presets[i].handle, handle) == 0)
			return &profile->presets[i];
	}
	return NULL;
}

bool profile_preset_covers(const struct profile *profile, const struct profile_preset *preset,
	const struct remit_scopes *needed)
{
	for (size_t w = 0; w < remit_policy_words(profile->policy); w++)
		for (uint64_t bits = needed->word[w]; bits; bits &= bits - 1)
			if (!remit_scopes_cover(profile->policy, &preset->set, w * 64 + (size_t)__builtin_ctzll(bits)))
				return false;
	return true;
}

const struct profile_preset *profile_smallest_preset(
	const struct profile *profile, const struct remit_scopes *needed)
{
	const struct profile_preset *best = NULL;

	for (size_t i = 0; i < profile->preset_count; i++) {
		const struct profile_preset *preset = &profile->presets[i];
		if ((!best || preset->covered < best->covered) && profile_preset_covers(profile, preset, needed))
			best = preset;
	}
	return best;
}
