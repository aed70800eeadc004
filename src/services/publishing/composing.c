/* SPDX-License-Identifier: Apache-2.0
 * Reading what is composed out of the store.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/composing.h"

#include "services/publishing/media.h"

static bool copy_media(const struct publishing *p, struct sql_statement *st, struct str id, struct arena *arena,
	struct compose_media *ret)
{
	struct compose_media media = {
		.id = id, .type = arena_copy_str(arena, sql_column_text(st, 0)),
		.name = arena_copy_str(arena, sql_column_text(st, 1)),
		.alt_text = arena_copy_str(arena, sql_column_text(st, 2)),
		.bytes = (uint64_t)sql_column_int(st, 3),
		.url = media_public_url(p, sql_column_text(st, 4), arena),
	};
	if (!media.type.p || !media.name.p || !media.alt_text.p || !media.url.p)
		return false;
	*ret = media;
	return true;
}

static enum store_status load_media(struct sql *sql, const struct publishing *p, const struct story *story,
	struct str word, struct arena *arena, struct compose_media *ret)
{
	struct id id;
	struct id_bytes media = { { 0 } };
	struct sql_statement *st = sql_prepare(sql, "SELECT type, name, alt_text, bytes, file FROM"
		" publishing_media WHERE id = ?1 AND project_id = ?2");
	if (!st)
		return STORE_UNAVAILABLE;
	if (id_parse(word, &id))
		(void)id_to_bytes(&id, &media);
	bind_uuid(st, 1, &media);
	bind_uuid(st, 2, &story->project);
	enum store_status status = step_row(st);
	if (status == STORE_OK && !copy_media(p, st, word, arena, ret))
		status = STORE_NO_MEMORY;
	sql_reset(st);
	return status;
}

static struct str id_text(const struct id_bytes *bytes, struct arena *arena)
{
	struct id id;
	id_from_bytes(bytes, &id);
	return arena_copy_str(arena, (struct str){ id.text, ID_LENGTH });
}

enum store_status load_compose_story(struct sql *sql, const struct publishing *p, const struct story *story,
	struct arena *arena, struct compose_story *ret)
{
	struct compose_media *media = arena_alloc(arena, COMPOSE_MEDIA_MAX * sizeof(*media));
	struct str rest = story->media, word;
	size_t count = 0;

	struct compose_story made = { .id = id_text(&story->id, arena),
		.project = id_text(&story->project, arena), .title = story->title, .body = story->body,
		.media = media };
	if (!media || !made.id.p || !made.project.p)
		return STORE_NO_MEMORY;
	while (count < COMPOSE_MEDIA_MAX && next_word(&rest, &word)) {
		enum store_status status = load_media(sql, p, story, word, arena, &media[count]);
		if (status == STORE_OK)
			count++;
		else if (status != STORE_NOT_FOUND)
			return status;
	}
	made.media_count = count;
	*ret = made;
	return STORE_OK;
}

enum store_status load_channel(struct sql *sql, const struct id_bytes *project, struct str word,
	struct arena *arena, struct channel *ret)
{
	struct id id;
	struct channel channel = { .id = { { 0 } } };
	struct sql_statement *st = sql_prepare(sql, "SELECT provider, handle, status FROM"
		" publishing_social_connections WHERE id = ?1 AND project_id = ?2");
	if (!st)
		return STORE_UNAVAILABLE;
	if (id_parse(word, &id))
		(void)id_to_bytes(&id, &channel.id);
	bind_uuid(st, 1, &channel.id);
	bind_uuid(st, 2, project);
	enum store_status status = step_row(st);
	if (status == STORE_OK) {
		channel.provider = arena_copy_str(arena, sql_column_text(st, 0));
		channel.handle = arena_copy_str(arena, sql_column_text(st, 1));
		channel.status = arena_copy_str(arena, sql_column_text(st, 2));
		if (channel.provider.p && channel.handle.p && channel.status.p)
			*ret = channel;
		else
			status = STORE_NO_MEMORY;
	}
	sql_reset(st);
	return status;
}

static enum store_status check_channel(struct sql *sql, const struct story *story,
	const struct compose_story *made, struct str word, size_t i, struct arena *arena, struct check *c)
{
	struct channel channel;
	struct composed *composed = ARENA_NEW(arena, struct composed);
	enum store_status status = load_channel(sql, &story->project, word, arena, &channel);

	if (status != STORE_OK)
		return status == STORE_NOT_FOUND ? STORE_OK : status; /* check_story_references names it */
	if (!composed || !compose(channel.provider, NULL, made, arena, composed))
		return STORE_NO_MEMORY;
	for (size_t k = 0; k < composed->problem_count; k++)
		check_add(c, "channels[%zu]: %.*s", i, STR_FMT(composed->problems[k]));
	return STORE_OK;
}

enum store_status check_story_fits(struct sql *sql, const struct publishing *p, const struct story *story,
	struct arena *arena, struct check *c)
{
	struct compose_story made;
	struct str rest = story->channels, word;

	if (rest.n == 0)
		return STORE_OK;
	enum store_status status = load_compose_story(sql, p, story, arena, &made);
	for (size_t i = 0; status == STORE_OK && next_word(&rest, &word); i++)
		status = check_channel(sql, story, &made, word, i, arena, c);
	return status;
}
