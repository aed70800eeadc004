/* SPDX-License-Identifier: Apache-2.0
 * The tree of a structured collection, as entries come and go.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/content/tools/entry.h"

#include <stdio.h>

static bool tree_path(const struct tool_call *t, struct str collection, struct str locale, char ret[static 1024])
{
	int n = view_is_multi(t->view)
		? snprintf(ret, 1024, "content/trees/collections/%.*s/%.*s.yaml", STR_FMT(locale), STR_FMT(collection))
		: snprintf(ret, 1024, "content/trees/collections/%.*s.yaml", STR_FMT(collection));
	return n > 0 && n < 1024 && view_file(t->view, ret) != NULL;
}

static bool is_of(const json_t *branch, struct str id)
{
	const json_t *entry = json_object_get(branch, "entry");
	return json_is_string(entry) && str_is(id, json_string_value(entry));
}

/* True where it was found. */
static bool take_out(json_t *branches, struct str id)
{
	size_t i;
	json_t *branch;
	json_array_foreach(branches, i, branch) {
		json_t *children = json_object_get(branch, "children");
		if (is_of(branch, id)) {
			json_incref(children);
			(void)json_array_remove(branches, i);
			for (size_t c = json_array_size(children); c > 0; c--)
				(void)json_array_insert(branches, i, json_array_get(children, c - 1));
			json_decref(children);
			return true;
		}
		if (take_out(children, id)) {
			if (json_array_size(children) == 0)
				(void)json_object_del(branch, "children");
			return true;
		}
	}
	return false;
}

bool tree_append(struct tool_call *t, struct str collection, struct str locale, struct str id)
{
	char path[1024];
	struct tool_edit e;
	if (!tree_path(t, collection, locale, path))
		return true;
	bool good = edit_begin(t, path, DOCUMENT_YAML, &e);
	if (good) {
		json_t *tree = json_object_get(e.json, "tree"); /* an empty one may be a map */
		if (!json_is_array(tree)) {
			(void)json_object_set_new(e.json, "tree", json_array());
			tree = json_object_get(e.json, "tree");
		}
		good = json_array_append_new(tree, json_pack("{s:o}", "entry", tool_json_str(id))) == 0 && edit_commit(t, &e);
	}
	edit_end(&e);
	return good;
}

bool tree_remove(struct tool_call *t, struct str collection, struct str locale, struct str id)
{
	char path[1024];
	struct tool_edit e;
	if (!tree_path(t, collection, locale, path))
		return true;
	bool good = edit_begin(t, path, DOCUMENT_YAML, &e);
	if (good && take_out(json_object_get(e.json, "tree"), id))
		good = edit_commit(t, &e);
	edit_end(&e);
	return good;
}
