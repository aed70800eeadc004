/* SPDX-License-Identifier: Apache-2.0
 * What is sent to a channel: a story as the posts of a Mastodon thread, or as the body of a webhook's POST,
 * with what is in the way of it. Pure, and the one place for it: the preview shows and the sender sends
 * what is composed here.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_PUBLISHING_COMPOSE_H
#define REMIT_SERVICES_PUBLISHING_COMPOSE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#define COMPOSE_MEDIA_MAX 10               /* of one story: check.h's MAX_MEDIA */
#define COMPOSE_POSTS_MAX COMPOSE_MEDIA_MAX /* a video has a post to itself */
#define COMPOSE_PROBLEMS_MAX 24
#define COMPOSE_BODY_MAX (256 * 1024)      /* of a webhook's body: a longest story, escaped */

enum compose_kind { COMPOSE_UNKNOWN, COMPOSE_MASTODON, COMPOSE_WEBHOOK };

/* What a server takes; 0 is no limit that we know. */
struct compose_limits {
	size_t characters;            /* of one post */
	size_t url_characters;        /* what every link counts as; 0: its own length */
	size_t media;                 /* images of one post */
	uint64_t image_bytes, video_bytes;
};

struct compose_media {
	struct str id;   /* as text */
	struct str type; /* "image/png" */
	struct str name, alt_text;
	struct str url;  /* where anybody can fetch it */
	uint64_t bytes;
};

struct compose_story {
	struct str id, project, title, body;
	const struct compose_media *media;
	size_t media_count; /* at most COMPOSE_MEDIA_MAX */
};

/* One post of a thread: the first has the text, each the next of the story's media, in their order. */
struct compose_post {
	struct str text;
	const struct compose_media *media;
	size_t media_count;
};

struct composed {
	enum compose_kind kind;
	struct compose_limits limits;
	struct str text;       /* the title, an empty line, the body; one of them where there is only one */
	size_t length;         /* of the text, as the receiver counts it */
	struct compose_post posts[COMPOSE_POSTS_MAX]; /* a thread; a webhook has one */
	size_t post_count;
	struct str body;       /* of a webhook's POST; else {NULL, 0} */
	/* What the receiver would refuse, each a sentence; in the arena. */
	struct str problems[COMPOSE_PROBLEMS_MAX];
	size_t problem_count;
};

/* By the provider's name. */
enum compose_kind compose_kind_of(struct str provider);
/* What is taken where the server did not say. */
struct compose_limits compose_limits_of(enum compose_kind kind);

/* Views into the story and the arena. `limits` may be NULL: the kind's own. False without memory. */
bool compose(struct str provider, const struct compose_limits *limits, const struct compose_story *story,
	struct arena *arena, struct composed *ret);

/* The JSON body of POST /api/v1/statuses for one post of a thread: with the ids that the server gave its
 * media, and the id of the post before it ({NULL, 0} for the first). */
void compose_status(const struct compose_post *post, const struct str *media_ids, struct str reply_to,
	struct buf *out);

#endif
