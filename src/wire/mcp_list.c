/* SPDX-License-Identifier: Apache-2.0
 * The skeleton of a message is read sign by sign, which is little of it; items are judged whole where they
 * lie, and what stays goes out in runs as long as the piece has.
 * wire: may include base, and nothing else of ours.
 */
#include "wire/mcp_list.h"

#include "wire/json_internal.h"

enum state {
	STATE_START,
	STATE_FIRST_KEY, /* a key, or the object's end */
	STATE_KEY,
	STATE_IN_KEY,
	STATE_COLON,
	STATE_VALUE,
	STATE_PASSING,   /* a value that goes out as it stands */
	STATE_REPLACING, /* one that "private" goes out for */
	STATE_AFTER,     /* a comma, or the object's end */
	STATE_FIRST_ITEM,
	STATE_ITEM,
	STATE_IN_ITEM,   /* one that was cut: f->item has its start */
	STATE_HIDING,    /* what is no object, in a list */
	STATE_AFTER_ITEM,
	STATE_DONE,
};

#define PRIVATE "\"private\""

/* ---- What goes out ---- */

static void flush(struct mcp_list_filter *f)
{
	if (f->run && f->run_end > f->run)
		f->rules->emit(f->rules->ctx, (struct str){ f->run, (size_t)(f->run_end - f->run) });
	f->run = f->run_end = NULL;
}

/* These bytes of the piece go out as they stand. */
static void keep(struct mcp_list_filter *f, const char *from, const char *to)
{
	if (f->run_end != from || !f->run) {
		flush(f);
		f->run = from;
	}
	f->run_end = to;
}

static void put(struct mcp_list_filter *f, struct str bytes)
{
	flush(f);
	f->rules->emit(f->rules->ctx, bytes);
}

/* ---- Keys ---- */

/* Whether the key that was read is one of those that matter here. False: in another case, or unreadable. */
static bool match_keys(const struct mcp_list_json *j, const struct str *names, size_t count, size_t *ret)
{
	char quoted[MCP_LIST_KEY + 2];
	struct json_scanner s;
	*ret = count;
	if (j->long_key) /* longer than any of them could be spelled */
		return true;
	quoted[0] = '"';
	memcpy(quoted + 1, j->key, j->key_n);
	quoted[j->key_n + 1] = '"';
	json_scanner_init(&s, (struct str){ quoted, j->key_n + 2 });
	if (json_next(&s) != JSON_EVENT_VALUE)
		return false;
	for (size_t i = 0; i < count; i++) {
		enum json_match match = json_match_key(s.raw, s.escaped, names[i]);
		if (match == JSON_MATCH_FOLDED)
			return false;
		if (match == JSON_MATCH_EXACT)
			*ret = i;
	}
	return true;
}

#define SCOPE MCP_LISTS /* the place of cacheScope in the names below */

/* A value begins here. False: it is refused. */
static bool begin_value(struct mcp_list_filter *f, char c)
{
	static const struct str result = { "result", 6 };
	static const struct str names[] = { { "tools", 5 }, { "resources", 9 }, { "resourceTemplates", 17 },
		{ "prompts", 7 }, { "cacheScope", 10 } };
	struct mcp_list_json *j = &f->json;
	size_t which;
	j->skip = (struct mcp_skip){ 0 };
	j->state = STATE_PASSING;
	if (j->level == 1) {
		if (!match_keys(j, &result, 1, &which))
			return false;
		if (which == 0 && c == '{') {
			j->level = 2;
			j->listed = j->scoped = false;
			j->state = STATE_FIRST_KEY;
		}
		return true;
	}
	if (!match_keys(j, names, sizeof(names) / sizeof(names[0]), &which))
		return false;
	if (which == SCOPE) {
		j->scoped = true;
		j->state = STATE_REPLACING;
	} else if (which < SCOPE && c == '[') {
		j->listed = true;
		j->list = (enum mcp_list)which;
		j->shown = 0;
		j->dropped = false;
		j->state = STATE_FIRST_ITEM;
	}
	return true;
}

/* ---- Items ---- */

/* An item that is shown; `separated`: what stands before it in the piece, back to the last, is one comma. */
static void show(struct mcp_list_filter *f, const char *from, const char *to, struct str instead)
{
	struct mcp_list_json *j = &f->json;
	bool joins = j->shown > 0 && !j->dropped && f->run_end && !instead.p;
	if (joins) {
		f->run_end = to;
	} else {
		if (j->shown > 0)
			put(f, STR(","));
		if (instead.p)
			put(f, instead);
		else
			keep(f, from, to);
	}
	j->shown++;
	j->dropped = instead.p != NULL; /* what comes next cannot join a run that is not there */
}

/* The item begins at p. How many bytes were used; all of them where it is cut. */
static size_t take_item(struct mcp_list_filter *f, const char *p, size_t n)
{
	struct mcp_list_json *j = &f->json;
	struct str instead;
	size_t size;
	switch (mcp_item_judge(f->rules, j->list, (struct str){ p, n }, &f->narrowed, &size, &instead)) {
	case MCP_ITEM_SHOWN:
		show(f, p, p + size, instead);
		break;
	case MCP_ITEM_HIDDEN:
		j->dropped = true;
		break;
	case MCP_ITEM_CUT:
		j->skip = (struct mcp_skip){ 0 };
		buf_reset(&f->item);
		j->state = STATE_IN_ITEM;
		return 0;
	}
	j->state = STATE_AFTER_ITEM;
	return size;
}

/* More of an item that was cut. */
static size_t take_more(struct mcp_list_filter *f, const char *p, size_t n)
{
	struct mcp_list_json *j = &f->json;
	struct str instead;
	bool over;
	size_t used = mcp_skip(&j->skip, p, n, &over), size;
	if (!buf_add(&f->item, p, used)) {
		f->failed = true; /* longer than an item may be, or no memory */
		return used;
	}
	if (!over)
		return used;
	flush(f);
	enum mcp_item item =
		mcp_item_judge(f->rules, j->list, buf_str(&f->item), &f->narrowed, &size, &instead);
	if (item == MCP_ITEM_SHOWN)
		show(f, NULL, NULL, instead.p ? instead : buf_str(&f->item));
	j->dropped = true;
	j->state = STATE_AFTER_ITEM;
	return used;
}

/* ---- The skeleton ---- */

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static void end_object(struct mcp_list_filter *f, const char *p)
{
	struct mcp_list_json *j = &f->json;
	if (j->level == 2 && j->listed && !j->scoped && f->rules->adds_scope)
		put(f, STR(",\"cacheScope\":" PRIVATE));
	keep(f, p, p + 1);
	j->state = j->level == 2 ? STATE_AFTER : STATE_DONE;
	j->level--;
}

static void begin_key(struct mcp_list_filter *f, const char *p)
{
	struct mcp_list_json *j = &f->json;
	keep(f, p, p + 1);
	j->key_n = 0;
	j->escape = j->long_key = false;
	j->state = STATE_IN_KEY;
}

static void take_key(struct mcp_list_filter *f, const char *p)
{
	struct mcp_list_json *j = &f->json;
	keep(f, p, p + 1);
	if (*p == '"' && !j->escape) {
		j->state = STATE_COLON;
		return;
	}
	j->escape = *p == '\\' && !j->escape;
	j->long_key |= j->key_n == MCP_LIST_KEY;
	if (!j->long_key)
		j->key[j->key_n++] = *p;
}

/* A sign between the values of an object. False: it may not stand there. */
static bool take_sign(struct mcp_list_filter *f, const char *p)
{
	struct mcp_list_json *j = &f->json;
	if ((*p == '"' && (j->state == STATE_FIRST_KEY || j->state == STATE_KEY))) {
		begin_key(f, p);
		return true;
	}
	if (*p == '}' && (j->state == STATE_FIRST_KEY || j->state == STATE_AFTER)) {
		end_object(f, p);
		return true;
	}
	if (*p == '{' && j->state == STATE_START) {
		j->level = 1;
		j->state = STATE_FIRST_KEY;
	} else if (*p == ':' && j->state == STATE_COLON) {
		j->state = STATE_VALUE;
	} else if (*p == ',' && j->state == STATE_AFTER) {
		j->state = STATE_KEY;
	} else {
		return false;
	}
	keep(f, p, p + 1);
	return true;
}

/* A sign between the items of a list, or the start of one. How many bytes were used; 0 also where the
 * state has changed, or it is refused. */
static size_t take_list(struct mcp_list_filter *f, const char *p, size_t n)
{
	struct mcp_list_json *j = &f->json;
	if (is_space(*p))
		return 1;
	if (*p == ']' && j->state != STATE_ITEM) {
		keep(f, p, p + 1);
		j->state = STATE_AFTER;
		return 1;
	}
	if (j->state == STATE_AFTER_ITEM) {
		f->failed = *p != ',';
		j->state = STATE_ITEM;
		return 1;
	}
	if (*p == '{')
		return take_item(f, p, n);
	f->failed = *p == ',' || *p == '}' || *p == ']' || *p == ':';
	j->skip = (struct mcp_skip){ 0 };
	j->state = STATE_HIDING;
	return 0;
}

static void end_value(struct mcp_list_filter *f)
{
	struct mcp_list_json *j = &f->json;
	if (j->state == STATE_HIDING) {
		j->dropped = true;
		j->state = STATE_AFTER_ITEM;
		return;
	}
	if (j->state == STATE_REPLACING)
		put(f, STR(PRIVATE));
	j->state = STATE_AFTER;
}

/* What comes next, in whatever state; how many bytes were used. */
static size_t step(struct mcp_list_filter *f, const char *p, size_t n)
{
	struct mcp_list_json *j = &f->json;
	size_t used = 0;
	bool over;
	switch ((enum state)j->state) {
	case STATE_PASSING:
	case STATE_REPLACING:
	case STATE_HIDING:
		used = mcp_skip(&j->skip, p, n, &over);
		if (j->state == STATE_PASSING && used > 0)
			keep(f, p, p + used);
		if (over)
			end_value(f);
		return used;
	case STATE_FIRST_ITEM:
	case STATE_ITEM:
	case STATE_AFTER_ITEM:
		return take_list(f, p, n);
	case STATE_IN_ITEM:
		return take_more(f, p, n);
	case STATE_IN_KEY:
		take_key(f, p);
		return 1;
	case STATE_VALUE:
		if (is_space(*p))
			break;
		f->failed = *p == ',' || *p == '}' || *p == ']' || *p == ':' || !begin_value(f, *p);
		if (j->state == STATE_PASSING || j->state == STATE_REPLACING)
			return 0;
		keep(f, p, p + 1);
		return 1;
	case STATE_START:
	case STATE_FIRST_KEY:
	case STATE_KEY:
	case STATE_COLON:
	case STATE_AFTER:
	case STATE_DONE:
		if (is_space(*p))
			break;
		f->failed = !take_sign(f, p);
		return 1;
	}
	keep(f, p, p + 1);
	return 1;
}

static void feed_json(struct mcp_list_filter *f, const char *p, size_t n)
{
	size_t at = 0;
	while (at < n && !f->failed)
		at += step(f, p + at, n - at);
	if (!f->failed)
		flush(f);
	f->run = f->run_end = NULL;
	if (f->json.state == STATE_AFTER_ITEM || f->json.state == STATE_ITEM)
		f->json.dropped = true; /* the next piece's run does not reach back to the last item */
}

static bool json_is_over(const struct mcp_list_filter *f)
{
	return f->json.state == STATE_START || f->json.state == STATE_DONE;
}

/* ---- Events ---- */

enum line { LINE_START, LINE_OTHER, LINE_DATA, LINE_DATA_START };

static const char FIELD[] = "data";
static const char BOM[] = "\xef\xbb\xbf";

/* A line that is not of the data has begun, with `matched` signs of "data". */
static void begin_other(struct mcp_list_filter *f)
{
	if (f->data_open)
		put(f, STR("\n"));
	f->data_open = false;
	put(f, (struct str){ FIELD, f->matched });
	f->line = LINE_OTHER;
}

static void begin_data(struct mcp_list_filter *f)
{
	if (f->data_open) {
		feed_json(f, " ", 1); /* its lines are one text, and a line's end is only space in it */
	} else {
		put(f, STR("data: "));
		f->data_open = true;
	}
	f->line = LINE_DATA_START;
}

/* At the end of a line. */
static void end_line(struct mcp_list_filter *f)
{
	if (f->line == LINE_START && f->matched == sizeof(FIELD) - 1)
		begin_data(f); /* a line of "data" alone is data, and empty */
	else if (f->line == LINE_START && f->matched > 0)
		begin_other(f);
	if (f->line == LINE_OTHER) {
		put(f, STR("\n"));
	} else if (f->line == LINE_START) { /* the event's end */
		f->failed |= !json_is_over(f);
		if (!f->failed)
			put(f, f->data_open ? STR("\n\n") : STR("\n"));
		f->data_open = false;
		f->json = (struct mcp_list_json){ .state = STATE_START };
	}
	f->line = LINE_START;
	f->matched = 0;
}

static size_t line_span(const char *p, size_t n)
{
	const char *lf = memchr(p, '\n', n);
	size_t span = lf ? (size_t)(lf - p) : n;
	const char *cr = memchr(p, '\r', span);
	return cr ? (size_t)(cr - p) : span;
}

/* A sign at the start of a line. How many bytes were used. */
static size_t start_line(struct mcp_list_filter *f, char c)
{
	if (f->first && c == BOM[f->mark]) { /* which readers pass over, once */
		f->first = ++f->mark < sizeof(BOM) - 1;
		return 1;
	}
	f->failed = f->first && f->mark > 0; /* half a mark: nobody knows what readers make of it */
	f->first = false;
	if (f->matched < sizeof(FIELD) - 1 && c == FIELD[f->matched]) {
		f->matched++;
		return 1;
	}
	if (f->matched == sizeof(FIELD) - 1 && c == ':') {
		begin_data(f);
		return 1;
	}
	begin_other(f);
	return 0;
}

static void feed_events(struct mcp_list_filter *f, const char *p, size_t n)
{
	size_t at = 0;
	while (at < n && !f->failed) {
		if (f->skip_lf && p[at] == '\n') {
			f->skip_lf = false;
			at++;
			continue;
		}
		f->skip_lf = false;
		if (p[at] == '\n' || p[at] == '\r') {
			f->skip_lf = p[at] == '\r';
			f->first = false;
			end_line(f);
			at++;
			continue;
		}
		if (f->line == LINE_START) {
			at += start_line(f, p[at]);
			continue;
		}
		if (f->line == LINE_DATA_START) {
			f->line = LINE_DATA;
			at += p[at] == ' ';
			continue;
		}
		size_t span = line_span(p + at, n - at);
		if (f->line == LINE_DATA)
			feed_json(f, p + at, span);
		else
			put(f, (struct str){ p + at, span });
		at += span;
	}
}

/* ---- Both ---- */

void mcp_list_init(struct mcp_list_filter *f, const struct mcp_list_rules *rules, bool events)
{
	*f = (struct mcp_list_filter){ .rules = rules, .events = events, .first = true };
	buf_init(&f->item, LIMIT_MCP_ITEM_BYTES);
	buf_init(&f->narrowed, LIMIT_MCP_ITEM_BYTES);
}

void mcp_list_done(struct mcp_list_filter *f)
{
	buf_done(&f->item);
	buf_done(&f->narrowed);
}

bool mcp_list_feed(struct mcp_list_filter *f, struct str piece)
{
	if (f->failed || piece.n == 0)
		return !f->failed;
	if (f->events)
		feed_events(f, piece.p, piece.n);
	else
		feed_json(f, piece.p, piece.n);
	return !f->failed;
}

bool mcp_list_end(struct mcp_list_filter *f)
{
	return !f->failed && json_is_over(f);
}
