/* SPDX-License-Identifier: Apache-2.0
 * Composing what is sent to a channel.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/compose.h"

#include "base/text.h"

#include <assert.h>
#include <inttypes.h>

static const struct {
	const char *name;
	struct compose_limits limits;
} kinds[] = {
	[COMPOSE_UNKNOWN] = { "", { 0 } },
	/* What a Mastodon server of version 4 takes unless its owner changed it. */
	[COMPOSE_MASTODON] = { "mastodon", { .characters = 500, .url_characters = 23, .media = 4,
					     .image_bytes = 16777216, .video_bytes = 103809024 } },
	[COMPOSE_WEBHOOK] = { "webhook", { 0 } },
};

enum compose_kind compose_kind_of(struct str provider)
{
	for (enum compose_kind kind = COMPOSE_MASTODON; kind <= COMPOSE_WEBHOOK; kind++)
		if (str_is(provider, kinds[kind].name))
			return kind;
	return COMPOSE_UNKNOWN;
}

struct compose_limits compose_limits_of(enum compose_kind kind)
{
	return kinds[kind].limits;
}

static void add_problem(struct composed *c, const char *text)
{
	if (text && c->problem_count < COMPOSE_PROBLEMS_MAX)
		c->problems[c->problem_count++] = str_of(text);
}

/* How far a link at the start of `rest` goes: to the next space, without the marks that end a sentence. */
static size_t link_length(struct str rest)
{
	size_t scheme = str_starts(rest, STR("https://")) ? 8 : str_starts(rest, STR("http://")) ? 7 : 0;
	size_t n = scheme;

	if (scheme == 0)
		return 0;
	while (n < rest.n && (uint8_t)rest.p[n] > ' ' && !strchr("<>\"", rest.p[n]))
		n++;
	while (n > scheme && strchr(".,;:!?')", rest.p[n - 1]))
		n--;
	return n > scheme ? n : 0;
}

/* Characters as code points, a link as what the receiver counts for one. Never fewer than a receiver
 * that counts by what people see as one character. */
static size_t count_characters(struct str text, size_t url_characters)
{
	size_t count = 0;

	while (text.n > 0) {
		size_t step = url_characters > 0 ? link_length(text) : 0;
		count += step > 0 ? url_characters : 1;
		if (step == 0)
			step = utf8_next(text);
		if (step == 0)
			step = 1;
		text = (struct str){ text.p + step, text.n - step };
	}
	return count;
}

static bool is_video(const struct compose_media *media)
{
	return str_starts(media->type, STR("video/"));
}

/* Fills posts: as many images as one takes, a video alone, nothing moved out of its order. */
static void split_posts(struct composed *c, const struct compose_story *story)
{
	size_t room = c->limits.media > 0 ? c->limits.media : COMPOSE_MEDIA_MAX;

	c->posts[0] = (struct compose_post){ c->text, story->media, 0 };
	c->post_count = 1;
	for (size_t i = 0; i < story->media_count; i++) {
		struct compose_post *post = &c->posts[c->post_count - 1];
		const struct compose_media *media = &story->media[i];
		bool full = post->media_count == room ||
			    (post->media_count > 0 && (is_video(media) || is_video(media - 1)));
		if (full) {
			post = &c->posts[c->post_count++];
			*post = (struct compose_post){ { NULL, 0 }, media, 0 };
		}
		post->media_count++;
	}
}

static void judge_media(struct composed *c, const struct compose_story *story, struct arena *arena)
{
	for (size_t i = 0; i < story->media_count; i++) {
		const struct compose_media *media = &story->media[i];
		uint64_t most = is_video(media) ? c->limits.video_bytes : c->limits.image_bytes;
		if (most > 0 && media->bytes > most)
			add_problem(c,
				arena_printf(arena, "media[%zu] has %" PRIu64 " bytes; %s takes %s of at most %" PRIu64,
					i, media->bytes, kinds[c->kind].name,
					is_video(media) ? "videos" : "images", most));
	}
}

static void judge(struct composed *c, const struct compose_story *story, struct arena *arena)
{
	if (c->text.n == 0 && story->media_count == 0)
		add_problem(c, "There is nothing to send");
	if (c->limits.characters > 0 && c->length > c->limits.characters)
		add_problem(c, arena_printf(arena, "The text has %zu characters; %s takes %zu", c->length,
			kinds[c->kind].name, c->limits.characters));
	judge_media(c, story, arena);
}

static void add_member(struct buf *out, const char *name, struct str value)
{
	buf_printf(out, "\"%s\":", name);
	buf_add_json(out, value);
}

/* {"story":{"id","project_id","title","body","media":[{"id","content_type","bytes","alt_text","url"}]}} */
static bool write_story(const struct compose_story *story, struct arena *arena, struct str *ret)
{
	struct buf out;

	buf_init(&out, COMPOSE_BODY_MAX);
	buf_add_text(&out, "{\"story\":{");
	add_member(&out, "id", story->id);
	buf_add_char(&out, ',');
	add_member(&out, "project_id", story->project);
	buf_add_char(&out, ',');
	add_member(&out, "title", story->title);
	buf_add_char(&out, ',');
	add_member(&out, "body", story->body);
	buf_add_text(&out, ",\"media\":[");
	for (size_t i = 0; i < story->media_count; i++) {
		const struct compose_media *media = &story->media[i];
		buf_add_text(&out, i > 0 ? ",{" : "{");
		add_member(&out, "id", media->id);
		buf_add_char(&out, ',');
		add_member(&out, "content_type", media->type);
		buf_printf(&out, ",\"bytes\":%" PRIu64 ",", media->bytes);
		add_member(&out, "alt_text", media->alt_text);
		buf_add_char(&out, ',');
		add_member(&out, "url", media->url);
		buf_add_char(&out, '}');
	}
	buf_add_text(&out, "]}}");
	*ret = out.failed ? (struct str){ NULL, 0 } : arena_copy_str(arena, buf_str(&out));
	buf_done(&out);
	return ret->p != NULL;
}

bool compose(struct str provider, const struct compose_limits *limits, const struct compose_story *story,
	struct arena *arena, struct composed *ret)
{
	const char *between = story->title.n > 0 && story->body.n > 0 ? "\n\n" : "";
	enum compose_kind kind = compose_kind_of(provider);

	assert(story->media_count <= COMPOSE_MEDIA_MAX);
	*ret = (struct composed){ .kind = kind, .limits = limits ? *limits : kinds[kind].limits };
	ret->text = str_of(
		arena_printf(arena, "%.*s%s%.*s", STR_FMT(story->title), between, STR_FMT(story->body)));
	if (!ret->text.p)
		return false;
	ret->length = count_characters(ret->text, ret->limits.url_characters);
	split_posts(ret, story);
	judge(ret, story, arena);
	return kind != COMPOSE_WEBHOOK || write_story(story, arena, &ret->body);
}

void compose_status(const struct compose_post *post, const struct str *media_ids, struct str reply_to,
	struct buf *out)
{
	buf_add_char(out, '{');
	add_member(out, "status", post->text);
	if (post->media_count > 0) {
		buf_add_text(out, ",\"media_ids\":[");
		for (size_t i = 0; i < post->media_count; i++) {
			if (i > 0)
				buf_add_char(out, ',');
			buf_add_json(out, media_ids[i]);
		}
		buf_add_char(out, ']');
	}
	if (reply_to.p) {
		buf_add_char(out, ',');
		add_member(out, "in_reply_to_id", reply_to);
	}
	buf_add_char(out, '}');
}
