/* SPDX-License-Identifier: Apache-2.0
 * What an entry is, beyond its file: its values with those of its origin, its status, its address.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_CONTENT_TOOLS_ENTRY_H
#define REMIT_SERVICES_CONTENT_TOOLS_ENTRY_H

#include "services/content/internal.h"

/* The collection's own file; NULL, and it failed, where there is none. */
const struct site_file *entry_collection(struct tool_call *t, struct str *ret_handle);
bool collection_is_dated(const struct site_file *collection);

/* The entry that the arguments name, in the collection that they name: an entry of another is not found. */
const struct site_file *entry_find(struct tool_call *t, struct str collection);

struct str entry_locale(const struct site_view *view, const struct site_file *entry);
/* A value of its own, or of its origin; NULL where there is none. */
const struct value *entry_value(const struct site_view *view, const struct site_file *entry, struct str key);

enum entry_status { ENTRY_PUBLISHED, ENTRY_SCHEDULED, ENTRY_EXPIRED, ENTRY_DRAFT };
extern const char *const entry_status_names[];
enum entry_status entry_status(const struct site_file *collection, const struct site_file *entry, int64_t now_ms);
/* Milliseconds since 1970 of "2024-01-01", "2024-01-01-1030"; false for none. */
bool entry_date(struct str date, int64_t *ret_ms);

/* {"id","slug","title","published","status","date","url","collection","site","last_modified"} */
json_t *entry_summary(struct tool_call *t, const struct site_file *collection, const struct site_file *entry);

json_t *entries_list(struct tool_call *t);
json_t *entries_get(struct tool_call *t);
json_t *entries_create(struct tool_call *t);
json_t *entries_update(struct tool_call *t);
json_t *entries_delete(struct tool_call *t);
json_t *entries_publish(struct tool_call *t);
json_t *entries_unpublish(struct tool_call *t);

/* ---- Filters and search, of entries and terms ---- */

/* Whether a value is as a filter says: equal, one of a list, or (of a list) has it in it. `value` may be NULL. */
bool value_fits(const struct value *value, const json_t *filter);
/* Whether a text is anywhere in a value, without regard to case of ASCII letters. */
bool value_contains(const struct value *value, struct str text);
bool text_contains(struct str text, struct str part);

/* ---- Trees of structured collections ---- */

/* Puts an entry at the end of its collection's tree, where there is one; or takes it out, its children in its place. */
bool tree_append(struct tool_call *t, struct str collection, struct str locale, struct str id);
bool tree_remove(struct tool_call *t, struct str collection, struct str locale, struct str id);

#endif
