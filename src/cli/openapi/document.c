/* SPDX-License-Identifier: Apache-2.0
 * A document's operations: every method of every path, with its parameters and where it is served.
 * What cannot be read is an operation with a fault, so that nothing is dropped without a word.
 * cli: may include every room.
 */
#include "cli/openapi/openapi.h"

#include "base/limits.h"
#include "base/text.h"

#define TITLE_CHARS 70
#define PLACE_CHARS 200

struct reading {
	json_t *root;
	const char *file;
	struct arena *arena;
	struct mistakes *mistakes;
	struct openapi *document;
	struct openapi_operation *operations;
	size_t room;
};

static bool refuse(struct reading *r, const char *place, const char *what)
{
	const char *line = line_of(str_of(place), PLACE_CHARS, r->arena);
	mistakes_add(r->mistakes, r->file, 0, 0, NULL, "%s %s", line ? line : "#", what);
	return false;
}

static bool no_memory(struct reading *r)
{
	mistakes_add(r->mistakes, r->file, 0, 0, NULL, "not enough memory to read the document");
	return false;
}

static struct str text_of(const json_t *json)
{
	if (!json_is_string(json))
		return (struct str){ NULL, 0 };
	return (struct str){ json_string_value(json), json_string_length(json) };
}

/* ---- References ---- */

/* A segment of a JSON pointer in a URL's fragment: %XX, then ~1 and ~0. */
static bool unescape(struct str segment, struct buf *ret)
{
	buf_reset(ret);
	for (size_t i = 0; i < segment.n; i++) {
		char c = segment.p[i];
		if (c == '%' && i + 2 < segment.n && hex_value(segment.p[i + 1]) >= 0 &&
			hex_value(segment.p[i + 2]) >= 0) {
			c = (char)(hex_value(segment.p[i + 1]) << 4 | hex_value(segment.p[i + 2]));
			i += 2;
		}
		if (c == '1' && ret->n > 0 && ret->p[ret->n - 1] == '~')
			ret->p[ret->n - 1] = '/';
		else if (!(c == '0' && ret->n > 0 && ret->p[ret->n - 1] == '~'))
			buf_add_char(ret, c);
	}
	return !ret->failed;
}

static json_t *follow(const struct reading *r, struct str pointer)
{
	json_t *at = r->root;
	struct str segment;
	struct buf name;

	if (!str_starts(pointer, STR("#/")))
		return NULL;
	pointer = (struct str){ pointer.p + 2, pointer.n - 2 };
	buf_init(&name, PLACE_CHARS * 10);
	for (bool more = true; more && at;) {
		more = str_cut(&pointer, '/', &segment);
		at = unescape(segment, &name) ? json_object_getn(at, name.p ? name.p : "", name.n) : NULL;
	}
	buf_done(&name);
	return at;
}

/* What a $ref leads to, through references to references; NULL where it leads out of the document,
 * nowhere, or in a circle. What is no reference is itself. */
static json_t *resolve(const struct reading *r, json_t *json)
{
	for (unsigned i = 0; i < LIMIT_OPENAPI_REFS && json; i++) {
		const json_t *ref = json_object_get(json, "$ref");
		if (!ref)
			return json;
		json = follow(r, text_of(ref));
	}
	return NULL;
}

/* ---- One operation ---- */

/* Both lists of parameters: the path's, and the operation's own. */
static bool read_parameters(struct reading *r, const json_t *lists[2], struct openapi_operation *op)
{
	const size_t most = json_array_size(lists[0]) + json_array_size(lists[1]);
	struct openapi_parameter *list = arena_alloc(r->arena, (most + 1) * sizeof(*list));

	if (!list)
		return no_memory(r);
	op->parameters = list;
	for (unsigned i = 0; i < 2; i++) {
		for (size_t j = 0; j < json_array_size(lists[i]); j++) {
			const json_t *parameter = resolve(r, json_array_get(lists[i], j));
			const struct str in = text_of(json_object_get(parameter, "in")),
					 name = text_of(json_object_get(parameter, "name"));
			r->document->foreign += !parameter;
			if (in.n == 0 || name.n == 0)
				continue;
			struct openapi_parameter *to = &list[op->parameter_count++];
			to->in = arena_copy(r->arena, in);
			char *copy = arena_copy(r->arena, name);
			if (!to->in || !copy)
				return no_memory(r);
			if (str_is(in, "path"))
				param_name(copy, copy + name.n);
			to->name = copy;
		}
	}
	return true;
}

/* What stands between braces is no part of a request's path, so it is not judged as one. */
static void clean_params(char *path)
{
	for (char *open = path; (open = strchr(open, '{'));) {
		char *end = strchr(open, '}');
		if (!end)
			return;
		param_name(open + 1, end);
		open = end;
	}
}

/* The path as a request's would be read. */
static bool set_full(struct reading *r, struct openapi_operation *op)
{
	char *raw = arena_printf(r->arena, "%s%s", op->base, op->path);
	const size_t n = raw ? strlen(raw) : 0;
	char *full = arena_alloc(r->arena, n + 1);
	size_t length;

	if (!raw || !full)
		return no_memory(r);
	clean_params(raw);
	if (op->path[0] != '/')
		op->fault = "a path starts with /";
	else if (strpbrk(raw, "?#"))
		op->fault = "what stands behind ? or # is no part of a path";
	else if (remit_path_decode(raw, n, full, &length) != REMIT_OK)
		op->fault = "the gate refuses every request with such a path";
	else
		op->full = full;
	if (!op->full)
		return true;
	full[length] = '\0';
	const char *line = line_of((struct str){ full, length }, length, r->arena);
	if (!line)
		return no_memory(r);
	if (strcmp(line, full) != 0) {
		op->full = NULL;
		op->fault = "the path holds a character that is not printable";
	}
	return true;
}

/* The base alone, decoded as the whole is. */
static bool set_base(struct reading *r, struct openapi_operation *op)
{
	const size_t n = strlen(op->base);
	char *base = arena_alloc(r->arena, n + 1);
	size_t length = 0;

	if (!base)
		return no_memory(r);
	if (n > 0 && remit_path_decode(op->base, n, base, &length) != REMIT_OK)
		length = 0;
	base[length] = '\0';
	op->base = base;
	return true;
}

static struct openapi_operation *add(struct reading *r, const char *method, const char *path)
{
	if (r->document->count == LIMIT_OPENAPI_OPERATIONS) {
		refuse(r, "#/paths", "hold more operations than a profile may have rules");
		return NULL;
	}
	if (r->document->count == r->room) {
		const size_t room = r->room ? 2 * r->room : 64;
		struct openapi_operation *more = arena_alloc(r->arena, room * sizeof(*more));
		if (!more) {
			no_memory(r);
			return NULL;
		}
		if (r->room > 0)
			memcpy(more, r->operations, r->room * sizeof(*more));
		r->operations = more;
		r->room = room;
	}
	struct openapi_operation *op = &r->operations[r->document->count];
	*op = (struct openapi_operation){ .path = path, .base = "", .title = "" };
	char *verb = arena_copy(r->arena, str_of(method));
	if (!verb) {
		no_memory(r);
		return NULL;
	}
	for (char *p = verb; *p; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - ('a' - 'A'));
	op->method = verb;
	r->document->count++;
	return op;
}

static bool set_texts(struct reading *r, struct openapi_operation *op, const json_t *body)
{
	const struct str tag = text_of(json_array_get(json_object_get(body, "tags"), 0));
	struct str title = text_of(json_object_get(body, "summary"));
	const json_t *security = json_object_get(body, "security");

	if (title.n == 0)
		title = text_of(json_object_get(body, "operationId"));
	op->title = line_of(title, TITLE_CHARS, r->arena);
	op->tag = tag.n > 0 ? arena_copy(r->arena, tag) : NULL;
	op->is_open = json_is_array(security) && json_array_size(security) == 0;
	return (op->title && (op->tag || tag.n == 0)) || no_memory(r);
}

/* ---- One path ---- */

struct path_item {
	const char *path;
	json_t *item;         /* what the reference leads to, or the item itself */
	const json_t *beside; /* what stands beside the reference */
};

static const json_t *member(const struct path_item *p, const char *key)
{
	const json_t *value = json_object_get(p->item, key);
	return value ? value : json_object_get(p->beside, key);
}

static bool read_operation(
	struct reading *r, const struct path_item *p, const char *method, const json_t *body)
{
	const char *place =
		arena_printf(r->arena, "the operation \"%s\" of the path \"%s\"", method, p->path);
	if (!place)
		return no_memory(r);
	if (!json_is_object(body))
		return refuse(r, place, "is no map");
	struct openapi_operation *op = add(r, method, p->path);
	if (!op)
		return false;
	const json_t *servers = json_object_get(body, "servers");
	if (!servers)
		servers = member(p, "servers");
	if (!servers)
		servers = json_object_get(r->root, "servers");
	const json_t *lists[2] = { member(p, "parameters"), json_object_get(body, "parameters") };
	if (!openapi_place(servers, r->arena, op))
		return no_memory(r);
	return read_parameters(r, lists, op) && set_texts(r, op, body) && set_full(r, op) && set_base(r, op);
}

/* What a path has beside its operations. */
static bool is_field(const char *key)
{
	static const char *const fields[] = { "$ref", "summary", "description", "servers", "parameters",
		"additionalOperations" };
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (strcmp(key, fields[i]) == 0)
			return true;
	return strncmp(key, "x-", 2) == 0;
}

static bool read_members(struct reading *r, const struct path_item *p, json_t *map)
{
	const char *key;
	json_t *body;

	json_object_foreach (map, key, body)
		if (!is_field(key) && !(map == p->beside && json_object_get(p->item, key)) &&
			!read_operation(r, p, key, body))
			return false;
	json_object_foreach (json_object_get(map, "additionalOperations"), key, body)
		if (!read_operation(r, p, key, body))
			return false;
	return true;
}

static bool read_path(struct reading *r, const char *path, json_t *item)
{
	struct path_item p = { arena_copy(r->arena, str_of(path)), item, NULL };

	if (!p.path)
		return no_memory(r);
	if (!json_is_object(item))
		return refuse(r, arena_printf(r->arena, "the path \"%s\"", p.path), "is no map");
	if (json_object_get(item, "$ref")) {
		p.item = resolve(r, item);
		p.beside = item;
	}
	if (!json_is_object(p.item)) {
		struct openapi_operation *op = add(r, "*", p.path);
		if (op)
			op->fault = "its $ref leads out of the document, or nowhere";
		r->document->foreign++;
		return op && read_members(r, &p, item);
	}
	return read_members(r, &p, p.item) && (!p.beside || read_members(r, &p, item));
}

static bool check_version(struct reading *r)
{
	const json_t *version = json_object_get(r->root, "openapi");

	if (json_object_get(r->root, "swagger"))
		return refuse(r, "#/swagger", "says that this is OpenAPI 2: convert it to version 3 first");
	if (!json_is_object(r->root) || !version)
		return refuse(r, "#/openapi", "is missing: this is no OpenAPI document");
	if (!json_is_string(version) || strncmp(json_string_value(version), "3.", 2) != 0)
		return refuse(r, "#/openapi", "is no version that is known here: 3.x");
	return true;
}

static bool read_document(struct reading *r)
{
	json_t *paths = json_object_get(r->root, "paths"), *item;
	const struct str title = text_of(json_object_get(json_object_get(r->root, "info"), "title"));
	const char *path;

	if (!check_version(r))
		return false;
	if (!json_is_object(paths))
		return refuse(r, "#/paths", paths ? "is no map" : "is missing");
	r->document->title = line_of(title, TITLE_CHARS, r->arena);
	if (!r->document->title)
		return no_memory(r);
	json_object_foreach (paths, path, item)
		if (strncmp(path, "x-", 2) != 0 && !read_path(r, path, item))
			return false;
	if (r->document->count == 0)
		return refuse(r, "#/paths", "hold no operation");
	r->document->operations = r->operations;
	return true;
}

const struct openapi *openapi_read(
	struct str text, const char *file, struct arena *arena, struct mistakes *mistakes)
{
	struct openapi *document = ARENA_NEW(arena, struct openapi);
	json_t *root = openapi_parse(text, file, mistakes);
	struct reading r = {
		.root = root, .file = file, .arena = arena, .mistakes = mistakes, .document = document
	};

	bool ok = root && (document ? read_document(&r) : no_memory(&r));
	json_decref(root);
	return ok ? document : NULL;
}
