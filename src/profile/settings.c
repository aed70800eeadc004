/* SPDX-License-Identifier: Apache-2.0
 * The sections `tokens`, `rate`, `visibility` and `stdio`.
 * profile: may include base and core.
 */
#include "profile/draft.h"

#define OWN_PREFIX "rmt" /* D26: the prefix of Remit's own tokens */
#define OWN_FILE "remit" /* the one that comes with the program: a file's name holds a slash */
#define SECOND_MS 1000
#define CENTURY_MS (INT64_C(36525) * 24 * 3600 * 1000)

/* ---- tokens ---- */

static void read_prefix(struct reader *r, const struct node *node, void *into)
{
	struct draft *d = into;
	const char *text;

	if (!reader_text(r, node, "a prefix of 1 to 3 of a-z and 0-9", &text))
		return;
	bool good = node->text.n <= 3;
	for (const char *p = text; *p; p++)
		good = good && ((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9'));
	if (!good)
		reader_expected(r, node, "a prefix of 1 to 3 of a-z and 0-9");
	else if (strcmp(text, OWN_PREFIX) == 0 && strcmp(r->file, OWN_FILE) != 0)
		reader_mistake(
			r, node, "take another", "the prefix \"%s\" is that of Remit's own tokens", text);
	d->profile->token_prefix = text;
}

static void read_lifetime(struct reader *r, const struct node *node, int64_t *ret_ms)
{
	if (node->kind == NODE_TEXT && str_is(node->text, "never"))
		*ret_ms = 0;
	else
		reader_duration(r, node, SECOND_MS, CENTURY_MS, ret_ms);
}

static void read_max_lifetime(struct reader *r, const struct node *node, void *into)
{
	struct draft *d = into;
	read_lifetime(r, node, &d->profile->max_lifetime_ms);
}

/* Read after the maximum, by the order of the table below. */
static void read_default_lifetime(struct reader *r, const struct node *node, void *into)
{
	struct draft *d = into;
	int64_t max = d->profile->max_lifetime_ms, ms = -1;

	read_lifetime(r, node, &ms);
	if (ms < 0)
		return;
	if (max > 0 && (ms == 0 || ms > max))
		reader_mistake(r, node, NULL, "\"default_lifetime\" is beyond \"max_lifetime\"");
	d->profile->default_lifetime_ms = ms;
}

static void read_accept(struct reader *r, const struct node *node, void *into)
{
	static const char *const forms[] = { "alnum64" };
	struct draft *d = into;
	const char *const *list;
	size_t count, form;

	(void)reader_texts(r, node, "a list of older forms of token texts", &list, &count);
	for (const struct node *item = node->kind == NODE_LIST ? node->first : NULL; item;
		item = item->next) {
		if (item->kind == NODE_TEXT && reader_word(r, item, forms, 1, &form))
			d->profile->accept_alnum64 = true;
	}
}

static const struct reader_key tokens_keys[] = {
	{ "prefix", read_prefix, true },
	{ "max_lifetime", read_max_lifetime, false },
	{ "default_lifetime", read_default_lifetime, false },
	{ "accept", read_accept, false },
};

void draft_read_tokens(struct reader *r, const struct node *node, void *draft)
{
	READER_MAP(r, node, "\"tokens\"", tokens_keys, draft);
}

/* ---- rate ---- */

static void read_rate(struct reader *r, const struct node *node, uint16_t *ret)
{
	uint64_t rate;
	if (reader_number(r, node, 1, LIMIT_RATE_PER_MINUTE, &rate))
		*ret = (uint16_t)rate;
}

static void read_rate_personal(struct reader *r, const struct node *node, void *into)
{
	struct draft *d = into;
	read_rate(r, node, &d->profile->rate_personal);
}

static void read_rate_access(struct reader *r, const struct node *node, void *into)
{
	struct draft *d = into;
	read_rate(r, node, &d->profile->rate_access);
}

static const struct reader_key rate_keys[] = {
	{ "pat", read_rate_personal, false },
	{ "oat", read_rate_access, false },
};

void draft_read_rate(struct reader *r, const struct node *node, void *draft)
{
	READER_MAP(r, node, "\"rate\"", rate_keys, draft);
}

/* ---- visibility ---- */

static void read_visible(struct reader *r, const struct node *node, enum profile_visibility *ret)
{
	static const char *const words[] = { "granted", "askable", "all" };
	size_t word;
	if (reader_word(r, node, words, 3, &word))
		*ret = (enum profile_visibility)word;
}

static void read_visible_personal(struct reader *r, const struct node *node, void *into)
{
	struct draft *d = into;
	read_visible(r, node, &d->profile->visible_personal);
}

static void read_visible_access(struct reader *r, const struct node *node, void *into)
{
	struct draft *d = into;
	read_visible(r, node, &d->profile->visible_access);
}

static const struct reader_key visibility_keys[] = {
	{ "pat", read_visible_personal, false },
	{ "oat", read_visible_access, false },
};

void draft_read_visibility(struct reader *r, const struct node *node, void *draft)
{
	READER_MAP(r, node, "\"visibility\"", visibility_keys, draft);
}

void draft_read_stdio(struct reader *r, const struct node *node, void *draft)
{
	static const char *const words[] = { "token", "bypass" };
	struct draft *d = draft;
	size_t word;
	if (reader_word(r, node, words, 2, &word))
		d->profile->stdio_bypass = word == 1;
}
