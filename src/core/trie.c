/* SPDX-License-Identifier: Apache-2.0
 * A tree of path segments: see trie.h.
 * core: may include base and <remit/remit.h>.
 */
#include "core/trie.h"

#include "core/array.h"
#include "core/names.h"

/* A word holds all of a text of up to 8 bytes. */
static bool is_edge(const struct trie_edge *edge, uint32_t parent, struct str text, uint64_t word)
{
	return edge->word == word && edge->parent == parent && edge->text.n == text.n &&
	       (text.n <= 8 || name_eq(edge->text, text));
}

static struct trie_edge *find_edge(struct trie_edge *edges, size_t room, uint32_t parent, struct str text)
{
	uint64_t word = name_word(text.p, text.n);
	size_t at = name_hash(parent, text.p, text.n) & (room - 1);
	while (edges[at].child != 0 && !is_edge(&edges[at], parent, text, word))
		at = (at + 1) & (room - 1);
	return &edges[at];
}

uint32_t trie_child(const struct trie *trie, uint32_t node, struct str text)
{
	if (trie->node_count == 0 || trie->nodes[node].literals == 0)
		return 0;
	return find_edge(trie->edges, trie->edge_room, node, text)->child;
}

static bool grow_edges(struct trie *trie)
{
	size_t room = trie->edge_room ? trie->edge_room * 2 : 16;
	struct trie_edge *edges = calloc(room, sizeof(*edges));
	if (!edges)
		return false;
	for (size_t i = 0; i < trie->edge_room; i++) {
		const struct trie_edge *old = &trie->edges[i];
		if (old->child != 0)
			*find_edge(edges, room, old->parent, old->text) = *old;
	}
	free(trie->edges);
	trie->edges = edges;
	trie->edge_room = room;
	return true;
}

static bool add_node(struct trie *trie, uint32_t *ret_node)
{
	void *nodes = array_grow(trie->nodes, trie->node_count, &trie->node_room, sizeof(*trie->nodes));
	if (!nodes)
		return false;
	trie->nodes = nodes;
	trie->nodes[trie->node_count] = (struct trie_node){ REMIT_NO_OPERATION, REMIT_NO_OPERATION, 0, 0 };
	*ret_node = (uint32_t)trie->node_count++;
	return true;
}

static bool add_literal(struct trie *trie, uint32_t node, struct str text, uint32_t *ret_child)
{
	uint32_t child = trie_child(trie, node, text);
	if (child == 0) {
		if (trie->edge_count >= trie->edge_room / 2 && !grow_edges(trie))
			return false;
		if (!add_node(trie, &child))
			return false;
		struct trie_edge *edge = find_edge(trie->edges, trie->edge_room, node, text);
		*edge = (struct trie_edge){ name_word(text.p, text.n), text, node, child };
		trie->edge_count++;
		trie->nodes[node].literals++;
	}
	*ret_child = child;
	return true;
}

static bool add_param(struct trie *trie, uint32_t node, uint32_t *ret_child)
{
	uint32_t child = trie->nodes[node].param;
	if (child == 0) {
		if (!add_node(trie, &child))
			return false;
		trie->nodes[node].param = child;
	}
	*ret_child = child;
	return true;
}

/* Without memory half-way, nodes that lead to no operation stay behind, and do no harm. */
enum remit_status trie_add(struct trie *trie, const struct trie_step *steps, size_t count, uint32_t operation)
{
	uint32_t node = 0;

	if (trie->node_count == 0 && !add_node(trie, &node))
		return REMIT_NO_MEMORY;
	bool rest = count > 0 && steps[count - 1].kind == TRIE_REST;
	for (size_t i = 0; i < count - rest; i++) {
		bool added = steps[i].kind == TRIE_LITERAL ? add_literal(trie, node, steps[i].text, &node) :
							     add_param(trie, node, &node);
		if (!added)
			return REMIT_NO_MEMORY;
	}
	uint32_t *place = rest ? &trie->nodes[node].rest : &trie->nodes[node].operation;
	if (*place != REMIT_NO_OPERATION)
		return REMIT_EXISTS;
	*place = operation;
	return REMIT_OK;
}

static uint32_t match(const struct trie *trie, uint32_t node, struct str path, struct remit_match *ret);

/* The operation of what is left of a path after a step to `child`. */
static uint32_t match_child(const struct trie *trie, uint32_t child, struct str path, size_t segment,
			    struct remit_match *ret)
{
	if (segment == path.n)
		return trie->nodes[child].operation;
	return match(trie, child, (struct str){ path.p + segment + 1, path.n - segment - 1 }, ret);
}

/* As deep as the longest template has steps, which template_parse limits. */
static uint32_t match(const struct trie *trie, uint32_t node, struct str path, struct remit_match *ret)
{
	uint32_t operation = REMIT_NO_OPERATION;
	const char *slash = memchr(path.p, '/', path.n);
	size_t n = slash ? (size_t)(slash - path.p) : path.n;
	struct str segment = { path.p, n };
	uint32_t child = trie_child(trie, node, segment);
	if (child != 0)
		operation = match_child(trie, child, path, n, ret);
	if (operation != REMIT_NO_OPERATION)
		return operation;
	child = trie->nodes[node].param;
	if (child != 0 && n > 0 && ret->count < REMIT_PARAMS_MAX) {
		ret->params[ret->count++] = (struct remit_param){ segment.p, segment.n };
		operation = match_child(trie, child, path, n, ret);
		if (operation != REMIT_NO_OPERATION)
			return operation;
		ret->count--;
	}
	return trie->nodes[node].rest;
}

bool trie_match(const struct trie *trie, uint32_t node, struct str path, struct remit_match *ret)
{
	if (node >= trie->node_count)
		return false;
	uint32_t operation = match(trie, node, path, ret);
	if (operation == REMIT_NO_OPERATION)
		return false;
	ret->operation = operation;
	return true;
}

void trie_done(struct trie *trie)
{
	free(trie->nodes);
	free(trie->edges);
	*trie = (struct trie){ 0 };
}
