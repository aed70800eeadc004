/* SPDX-License-Identifier: Apache-2.0
 * From what a look brought to moments: items of a feed that were not there before, a number that crossed its
 * line.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/detectors.h"

#include "base/clock.h"
#include "services/publishing/threshold.h"
#include "wire/rss.h"

#include <sodium.h>

#define ITEM_BYTES 16     /* of the hash by which an item is known */
#define MOMENTS_AT_ONCE 20 /* of one look: what is more is a flood, of which the newest are told */
#define SEEN_AGAIN_MS (24LL * 3600 * 1000)

static const char *const common_names[] = { "title", "summary", "source", "name", "severity", "detected_at" };
static const char *const rss_names[] = { "link", "published_at" };
static const char *const threshold_names[] = { "value", "threshold" };

static size_t add_names(const char *const *names, size_t count, const char **ret)
{
	memcpy(ret, names, count * sizeof(*names));
	return count;
}

size_t detector_value_names(struct str kind, const char *ret_names[static MOMENT_VALUES_MAX])
{
	size_t n = add_names(common_names, sizeof(common_names) / sizeof(common_names[0]), ret_names);
	if (str_is(kind, "rss"))
		return n + add_names(rss_names, 2, ret_names + n);
	return n + add_names(threshold_names, 2, ret_names + n);
}

static struct str time_text(int64_t ms, struct arena *arena)
{
	char text[TIME_TEXT_ROOM] = "";
	if (ms != 0)
		time_to_text(ms, false, text);
	return arena_copy_str(arena, str_of(text));
}

static void add_value(struct new_moment *m, const char *name, struct str value)
{
	m->values[m->value_count++] = (struct placeholder){ name, value };
}

static void begin_moment(struct new_moment *m, const struct detector *d, struct arena *arena, int64_t now_ms)
{
	m->project = d->project;
	m->connection = d->id;
	m->score = d->score;
	m->template_id = d->template_id;
	add_value(m, "title", m->title);
	add_value(m, "summary", m->summary);
	add_value(m, "source", m->source);
	add_value(m, "name", d->name);
	add_value(m, "severity", str_of(severity_of_score(d->score)));
	add_value(m, "detected_at", time_text(now_ms, arena));
}

/* ---- Feeds ---- */

static void hash_item(const struct rss_item *item, uint8_t ret[static ITEM_BYTES])
{
	uint8_t digest[crypto_hash_sha256_BYTES];
	crypto_hash_sha256(digest, (const uint8_t *)item->key.p, item->key.n);
	memcpy(ret, digest, ITEM_BYTES);
}

/* EXISTS where it was there before; it is then remembered for longer. */
static enum store_status note_item(
	struct sql *sql, const struct detector *d, const uint8_t hash[static ITEM_BYTES], int64_t now_ms)
{
	struct sql_statement *again = sql_prepare(sql, "UPDATE publishing_seen SET seen_at = ?3"
		" WHERE connection_id = ?1 AND item = ?2 AND seen_at < ?4");
	struct sql_statement *add = sql_prepare(sql, "INSERT INTO publishing_seen (connection_id, item, seen_at)"
		" VALUES (?1, ?2, ?3) ON CONFLICT (connection_id, item) DO NOTHING");
	if (!again || !add)
		return STORE_UNAVAILABLE;
	bind_uuid(add, 1, &d->id);
	sql_bind_blob(add, 2, hash, ITEM_BYTES);
	sql_bind_int(add, 3, now_ms);
	enum store_status status = sql_run(add);
	if (status != STORE_OK || sql_changes(sql) == 1)
		return status;
	bind_uuid(again, 1, &d->id);
	sql_bind_blob(again, 2, hash, ITEM_BYTES);
	sql_bind_int(again, 3, now_ms);
	sql_bind_int(again, 4, now_ms - SEEN_AGAIN_MS);
	status = sql_run(again);
	return status == STORE_OK ? STORE_EXISTS : status;
}

static enum store_status add_item(struct sql *sql, const struct publishing *p, const struct detector *d,
	const struct rss_item *item, unsigned newer, struct arena *arena, int64_t now_ms)
{
	struct new_moment m = {
		.newer = newer,
		.title = item->title.n > 0 ? item->title : item->summary.n > 0
			? rss_plain(item->summary, 100, arena) : d->name,
		.summary = item->summary, .source = item->link.n > 0 ? item->link : d->host,
	};
	begin_moment(&m, d, arena, now_ms);
	add_value(&m, "link", item->link);
	add_value(&m, "published_at", time_text(item->published_ms, arena));
	return add_moment(sql, p, &m, arena, now_ms);
}

enum store_status find_new_items(struct sql *sql, const struct publishing *p, const struct detector *d,
	const struct rss_feed *feed, struct arena *arena, int64_t now_ms)
{
	const struct rss_item *found[MOMENTS_AT_ONCE];
	size_t count = 0;

	for (size_t i = 0; i < feed->count; i++) {
		uint8_t hash[ITEM_BYTES];
		hash_item(&feed->items[i], hash);
		enum store_status status = note_item(sql, d, hash, now_ms);
		if (status == STORE_EXISTS)
			continue;
		if (status != STORE_OK)
			return status;
		if (count < MOMENTS_AT_ONCE)
			found[count++] = &feed->items[i];
	}
	/* The first look only learns what is there. The newest stands first in a feed, and last among ids. */
	while (d->begun && count > 0) {
		enum store_status status = add_item(sql, p, d, found[count - 1], (unsigned)count - 1, arena, now_ms);
		if (status != STORE_OK)
			return status;
		count--;
	}
	return STORE_OK;
}

/* ---- Lines ---- */

enum store_status add_crossing(struct sql *sql, const struct publishing *p, const struct detector *d,
	double value, struct arena *arena, int64_t now_ms)
{
	char now[THRESHOLD_TEXT_ROOM], line[THRESHOLD_TEXT_ROOM];
	const char *way = d->above ? "above" : "below";

	threshold_text(value, now);
	threshold_text(d->line, line);
	struct new_moment m = {
		.title = rss_plain(str_of(arena_printf(arena, "%.*s: %s is %s %s", STR_FMT(d->name), now, way, line)),
			MAX_TITLE, arena),
		.summary = str_of(arena_printf(arena, "%.*s of %.*s is %s, and went %s %s.", STR_FMT(d->pointer),
			STR_FMT(d->host), now, way, line)),
		.source = d->host,
	};
	if (!m.title.p || !m.summary.p)
		return STORE_NO_MEMORY;
	begin_moment(&m, d, arena, now_ms);
	add_value(&m, "value", arena_copy_str(arena, str_of(now)));
	add_value(&m, "threshold", arena_copy_str(arena, str_of(line)));
	return add_moment(sql, p, &m, arena, now_ms);
}
