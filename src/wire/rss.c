/* SPDX-License-Identifier: Apache-2.0
 * Reading feeds: the elements of RSS 2.0 and of Atom that say what an item is.
 * wire: may include base, and nothing else of ours.
 */
#include "wire/rss.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"

#include <expat.h>

#define ATOM "http://www.w3.org/2005/Atom "

enum field { KEY, TITLE, SUMMARY, CONTENT, LINK, PUBLISHED, UPDATED, FEED_TITLE, FIELDS, NO_FIELD = FIELDS };

struct reader {
	XML_Parser parser;
	struct arena *arena;
	const char *what; /* is wrong, or NULL */
	unsigned depth;
	bool rss, atom;
	unsigned item_depth;  /* of the item that is open, or 0 */
	enum field field;     /* that is being read, and at which depth */
	unsigned field_depth;
	struct buf fields[FIELDS];
	struct rss_item *items;
	struct rss_feed *feed;
};

static void stop(struct reader *r, const char *what)
{
	if (!r->what)
		r->what = what;
	XML_StopParser(r->parser, XML_FALSE);
}

/* The field that an element of an item or of the feed is, or NO_FIELD. */
static enum field field_of(const struct reader *r, const char *name)
{
	static const struct { const char *name; enum field field; } rss[] = {
		{ "guid", KEY }, { "title", TITLE }, { "description", SUMMARY }, { "link", LINK },
		{ "pubDate", PUBLISHED },
	}, atom[] = {
		{ ATOM "id", KEY }, { ATOM "title", TITLE }, { ATOM "summary", SUMMARY },
		{ ATOM "content", CONTENT }, { ATOM "published", PUBLISHED }, { ATOM "updated", UPDATED },
	};
	if (r->rss)
		for (size_t i = 0; i < sizeof(rss) / sizeof(rss[0]); i++)
			if (strcmp(name, rss[i].name) == 0)
				return rss[i].field;
	if (r->atom)
		for (size_t i = 0; i < sizeof(atom) / sizeof(atom[0]); i++)
			if (strcmp(name, atom[i].name) == 0)
				return atom[i].field;
	return NO_FIELD;
}

/* What is past the most is cut: a field is a text for people, not a carrier. */
static void add_text(struct buf *field, const char *text, size_t n)
{
	size_t room = field->max > field->n + 1 ? field->max - field->n - 1 : 0;
	buf_add(field, text, n < room ? n : room);
}

/* Atom's <link rel="alternate" href="...">; without a rel it is that. */
static void read_link(struct reader *r, const char **attributes)
{
	const char *href = NULL, *rel = "alternate";
	for (; *attributes; attributes += 2) {
		if (strcmp(attributes[0], "href") == 0)
			href = attributes[1];
		else if (strcmp(attributes[0], "rel") == 0)
			rel = attributes[1];
	}
	if (href && strcmp(rel, "alternate") == 0 && r->fields[LINK].n == 0)
		add_text(&r->fields[LINK], href, strlen(href));
}

static void open_item(struct reader *r)
{
	r->item_depth = r->depth;
	for (enum field field = KEY; field < FEED_TITLE; field++)
		buf_reset(&r->fields[field]);
}

static bool is_item(const struct reader *r, const char *name)
{
	if (r->atom)
		return r->depth == 2 && strcmp(name, ATOM "entry") == 0;
	return r->depth == 3 && strcmp(name, "item") == 0;
}

static void XMLCALL on_start(void *user, const char *name, const char **attributes)
{
	struct reader *r = user;

	if (r->what)
		return;
	if (++r->depth > RSS_DEPTH_MAX) {
		stop(r, "it is nested too deeply");
		return;
	}
	if (r->depth == 1) {
		r->rss = strcmp(name, "rss") == 0;
		r->atom = strcmp(name, ATOM "feed") == 0;
		if (!r->rss && !r->atom)
			stop(r, "it is neither RSS 2.0 nor Atom");
		return;
	}
	if (r->item_depth == 0 && is_item(r, name)) {
		open_item(r);
		return;
	}
	if (r->field != NO_FIELD) { /* markup inside a text: what it says belongs to it, with a space between */
		add_text(&r->fields[r->field], " ", 1);
		return;
	}
	if (r->item_depth > 0 && r->depth == r->item_depth + 1) {
		if (r->atom && strcmp(name, ATOM "link") == 0)
			read_link(r, attributes);
		r->field = field_of(r, name);
	} else if (r->item_depth == 0 && r->depth == (r->atom ? 2 : 3) && field_of(r, name) == TITLE) {
		r->field = FEED_TITLE;
	}
	/* Of an element that stands twice the first counts. */
	if (r->field != NO_FIELD && r->fields[r->field].n > 0)
		r->field = NO_FIELD;
	r->field_depth = r->depth;
}

static struct str first_of(const struct reader *r, enum field a, enum field b)
{
	return str_trim(buf_str(r->fields[a].n > 0 ? &r->fields[a] : &r->fields[b]));
}

static bool is_web(struct str link)
{
	if (link.n > RSS_LINK_MAX || (!str_starts(link, STR("https://")) && !str_starts(link, STR("http://"))))
		return false;
	for (size_t i = 0; i < link.n; i++)
		if ((uint8_t)link.p[i] <= 0x20 || (uint8_t)link.p[i] >= 0x7f || strchr("\\\"<>^`{|}", link.p[i]))
			return false;
	return true;
}

/* What an item is known by. A guid that is cut is still one: two that are alike so far are taken for one. */
static struct str key_of(const struct reader *r, const struct rss_item *item)
{
	struct str key = str_trim(buf_str(&r->fields[KEY]));
	if (key.n > 0)
		return arena_copy_str(r->arena, key);
	if (item->link.n > 0)
		return item->link;
	return str_of(arena_printf(r->arena, "%.*s %lld", STR_FMT(item->title), (long long)item->published_ms));
}

static void close_item(struct reader *r)
{
	struct rss_item item = { .published_ms = 0 };
	struct str link = str_trim(buf_str(&r->fields[LINK])), date = first_of(r, PUBLISHED, UPDATED);

	r->item_depth = 0;
	if (r->feed->count == RSS_ITEMS_MAX)
		return;
	item.title = rss_plain(buf_str(&r->fields[TITLE]), RSS_TITLE_CHARS, r->arena);
	item.summary = rss_plain(first_of(r, SUMMARY, CONTENT), RSS_SUMMARY_CHARS, r->arena);
	item.link = is_web(link) ? arena_copy_str(r->arena, link) : STR("");
	if (r->atom ? !time_from_text(date, &item.published_ms) : !rss_date(date, &item.published_ms))
		item.published_ms = 0;
	item.key = key_of(r, &item);
	if (!item.title.p || !item.summary.p || !item.link.p || !item.key.p)
		stop(r, "there is no memory");
	else if (item.title.n > 0 || item.summary.n > 0 || item.link.n > 0)
		r->items[r->feed->count++] = item;
}

static void XMLCALL on_end(void *user, const char *name)
{
	struct reader *r = user;

	(void)name;
	if (r->what)
		return;
	if (r->field != NO_FIELD && r->depth == r->field_depth)
		r->field = NO_FIELD;
	else if (r->field != NO_FIELD)
		add_text(&r->fields[r->field], " ", 1);
	else if (r->item_depth > 0 && r->depth == r->item_depth)
		close_item(r);
	r->depth--;
}

static void XMLCALL on_text(void *user, const char *text, int n)
{
	struct reader *r = user;
	if (!r->what && r->field != NO_FIELD)
		add_text(&r->fields[r->field], text, (size_t)n);
}

static void XMLCALL on_doctype(void *user, const char *name, const char *system, const char *public, int internal)
{
	(void)name;
	(void)system;
	(void)public;
	(void)internal;
	stop(user, "it declares a document type, which no feed needs");
}

static bool run(struct reader *r, struct str bytes)
{
	XML_SetUserData(r->parser, r);
	XML_SetElementHandler(r->parser, on_start, on_end);
	XML_SetCharacterDataHandler(r->parser, on_text);
	XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
	XML_SetParamEntityParsing(r->parser, XML_PARAM_ENTITY_PARSING_NEVER);
	if (XML_Parse(r->parser, bytes.p, (int)bytes.n, XML_TRUE) != XML_STATUS_OK && !r->what)
		r->what = "it is no XML that can be read";
	return !r->what;
}

bool rss_parse(struct str bytes, struct arena *arena, struct rss_feed *ret, const char **reterr_what)
{
	struct rss_feed feed = { .count = 0 };
	struct reader r = { .arena = arena, .field = NO_FIELD, .feed = &feed };

	if (bytes.n == 0 || bytes.n > RSS_BYTES_MAX) {
		*reterr_what = bytes.n == 0 ? "it is empty" : "it is too large";
		return false;
	}
	for (size_t i = 0; i < FIELDS; i++)
		buf_init(&r.fields[i], RSS_FIELD_MAX);
	r.items = arena_alloc(arena, RSS_ITEMS_MAX * sizeof(*r.items));
	r.parser = XML_ParserCreateNS(NULL, ' ');
	r.what = r.items && r.parser ? NULL : "there is no memory";
	bool ok = !r.what && run(&r, bytes);
	if (ok) {
		feed.title = rss_plain(buf_str(&r.fields[FEED_TITLE]), RSS_TITLE_CHARS, arena);
		feed.items = r.items;
		ok = feed.title.p != NULL;
		r.what = ok ? NULL : "there is no memory";
	}
	if (ok)
		*ret = feed;
	else
		*reterr_what = r.what;
	for (size_t i = 0; i < FIELDS; i++)
		buf_done(&r.fields[i]);
	if (r.parser)
		XML_ParserFree(r.parser);
	return ok;
}
