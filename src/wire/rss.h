/* SPDX-License-Identifier: Apache-2.0
 * Feeds: RSS 2.0 and Atom (RFC 4287), held whole in memory. The XML is read by expat; a document type is
 * refused, and with it every entity that a feed could declare.
 * wire: may include base, and nothing else of ours.
 */
#ifndef REMIT_WIRE_RSS_H
#define REMIT_WIRE_RSS_H

#include "base/arena.h"
#include "base/str.h"

#define RSS_BYTES_MAX (2 * 1024 * 1024) /* of a feed */
#define RSS_ITEMS_MAX 200               /* those after them are not looked at: the newest come first */
#define RSS_DEPTH_MAX 64
#define RSS_FIELD_MAX (16 * 1024)       /* bytes of one field that are looked at */
#define RSS_TITLE_CHARS 300
#define RSS_SUMMARY_CHARS 2000
#define RSS_LINK_MAX 2000

/* Texts are UTF-8 without markup, control characters and line ends; in the arena, and never NULL. */
struct rss_item {
	struct str key;     /* what it is known by: guid or id, else the link, else title and date; as it stands */
	struct str title, summary;
	struct str link;    /* http or https, or empty */
	int64_t published_ms; /* 0: it does not say, or not in a way that can be read */
};

struct rss_feed {
	struct str title;
	const struct rss_item *items; /* in the order of the document */
	size_t count;
};

/* False, and a clause in *reterr_what, for what is no feed. */
bool rss_parse(struct str bytes, struct arena *arena, struct rss_feed *ret, const char **reterr_what);

/* Text out of HTML: without tags, its commonest entities as characters, white space as single spaces, at most
 * so many characters. Whatever comes in, what comes out is valid UTF-8. {NULL, 0} without memory. */
struct str rss_plain(struct str html, size_t chars_max, struct arena *arena);

/* "Tue, 10 Jun 2003 04:00:00 +0200" (RFC 822, with 4 digits of a year; GMT, UT, Z or an offset). False
 * where it is not one. */
bool rss_date(struct str text, int64_t *ret_ms);

#endif
