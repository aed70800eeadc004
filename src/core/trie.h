/* SPDX-License-Identifier: Apache-2.0
 * A tree of path segments. A literal step beats a parameter, a parameter beats "**" (the rest).
 * A look-up goes back where a better step led nowhere; as this is a tree, it visits no node twice.
 * core: may include base and <remit/remit.h>.
 */
#ifndef REMIT_CORE_TRIE_H
#define REMIT_CORE_TRIE_H

#include "base/str.h"
#include <remit/remit.h>

enum trie_step_kind { TRIE_LITERAL, TRIE_PARAM, TRIE_REST };

struct trie_step {
	enum trie_step_kind kind;
	struct str text; /* of a literal; must outlive the trie */
};

struct trie_node {
	uint32_t operation; /* of a path that ends here, or REMIT_NO_OPERATION */
	uint32_t rest;      /* of all paths below, or REMIT_NO_OPERATION */
	uint32_t param;     /* the child that any segment leads to, or 0 */
	uint32_t literals;  /* how many children by a literal step */
};

/* All literal steps of all nodes are in one hash table: one probe a segment. */
struct trie_edge {
	uint64_t word; /* name_word of the text: most comparisons then need not look at the text itself */
	struct str text;
	uint32_t parent;
	uint32_t child; /* 0: an empty slot, for the root is nobody's child */
};

struct trie {
	struct trie_node *nodes; /* [0] is the root */
	size_t node_count, node_room;
	struct trie_edge *edges;
	size_t edge_count, edge_room; /* a power of two, or 0 */
};

/* REMIT_EXISTS where these steps lead to an operation already; REMIT_NO_MEMORY. */
enum remit_status trie_add(struct trie *trie, const struct trie_step *steps, size_t count,
			   uint32_t operation);
/* The child by a literal step, or 0. */
uint32_t trie_child(const struct trie *trie, uint32_t node, struct str text);
/* The operation of a path below a node; its segments are parted by '/'. What parameters matched is
 * added to *ret. False where there is none. */
bool trie_match(const struct trie *trie, uint32_t node, struct str path, struct remit_match *ret);
void trie_done(struct trie *trie);

#endif
