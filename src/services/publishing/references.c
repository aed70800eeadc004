/* SPDX-License-Identifier: Apache-2.0
 * Whether what is named belongs to the project that names it.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/references.h"

const struct reference reference_channel = {
	"SELECT 1 FROM publishing_social_connections WHERE id = ?1 AND project_id = ?2",
	"a social connection",
};
const struct reference reference_media = {
	"SELECT 1 FROM publishing_media WHERE id = ?1 AND project_id = ?2", "a media file",
};
const struct reference reference_template = {
	"SELECT 1 FROM publishing_templates WHERE id = ?1 AND project_id = ?2", "a template",
};
const struct reference reference_moment = {
	"SELECT 1 FROM publishing_moments WHERE id = ?1 AND project_id = ?2", "a moment",
};

static enum store_status find_reference(struct sql *sql, const struct reference *kind,
	const struct id_bytes *project, const struct id_bytes *id)
{
	struct sql_statement *st = sql_prepare(sql, kind->sql);
	if (!st)
		return STORE_UNAVAILABLE;
	sql_bind_blob(st, 1, id->b, sizeof(id->b));
	bind_uuid(st, 2, project);
	enum store_status status = step_row(st);
	sql_reset(st);
	return status;
}

enum store_status check_references(struct sql *sql, const struct reference *kind,
	const struct id_bytes *project, struct str ids, const char *where, struct check *c)
{
	struct str word;

	for (size_t i = 0; next_word(&ids, &word); i++) {
		struct id id;
		struct id_bytes bytes = { { 0 } };
		enum store_status status = STORE_NOT_FOUND;
		if (id_parse(word, &id) && id_to_bytes(&id, &bytes))
			status = find_reference(sql, kind, project, &bytes);
		if (status == STORE_NOT_FOUND)
			check_add(c, "%s[%zu] is not %s of this project", where, i, kind->what);
		else if (status != STORE_OK)
			return status;
	}
	return STORE_OK;
}

enum store_status check_reference(struct sql *sql, const struct reference *kind,
	const struct id_bytes *project, const struct id_bytes *id, const char *where, struct check *c)
{
	if (!id_bytes_set(id))
		return STORE_OK;
	enum store_status status = find_reference(sql, kind, project, id);
	if (status != STORE_NOT_FOUND)
		return status;
	check_add(c, "%s is not %s of this project", where, kind->what);
	return STORE_OK;
}
