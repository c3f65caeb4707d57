// SPDX-License-Identifier: GPL-2.0-only
/*
 * Merkle tree over slots, SHA-256: what an anchor commits to
 *
 * Its shape is that of RFC 9162, section 2.1, over all slots in their order.
 * If it were over the namespaces in the order of their ids, everything on the
 * right would have to be hashed anew when one of them dies; a slot stays where
 * it is, free or not.
 *
 * The nodes are stored as one reads them from the left to the right:
 *
 *                7                With five slots, 0, 2, 4, 6 and 8 are the
 *        3               |        leaves.  The inner node between leaf m - 1
 *    1       5           |        and leaf m is at 2 m - 1.
 *  0   2   4   6         8
 *
 * So n slots have 2 n - 1 nodes without a hole, whatever n is, and one slot
 * more adds two at the end.  No node gets another place then, and only those
 * above the new leaf another value.
 */

#include <linux/bug.h>
#include <linux/build_bug.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "merkle.h"

#define IMA_MERKLE_CHUNK_NODES	128

struct ima_merkle_chunk {
	u8 node[IMA_MERKLE_CHUNK_NODES][SHA256_DIGEST_SIZE];
};

/* Larger ones would not be had as surely. */
static_assert(sizeof(struct ima_merkle_chunk) == 4096);

/* The first byte of what is hashed says what the hash is of. */
enum ima_merkle_tag {
	IMA_MERKLE_LEAF = 0,
	IMA_MERKLE_INNER = 1,
	IMA_MERKLE_FREE = 2,
};

/**
 * ima_merkle_leaf - the leaf of a namespace
 * @id: the id of the namespace
 * @seq: how many entries of its list @acc is over
 * @salt: random bytes, always the same for a namespace, without which nobody
 *	can tell by trying which list the leaf is of
 * @acc: the sum of its list
 * @leaf: where to put the hash
 *
 * Context: any.
 */
void ima_merkle_leaf(u64 id, u64 seq, const u8 salt[IMA_MERKLE_SALT_SIZE],
		     const u8 acc[SHA256_DIGEST_SIZE],
		     u8 leaf[SHA256_DIGEST_SIZE])
{
	__le64 head[2] = { cpu_to_le64(id), cpu_to_le64(seq) };
	const u8 tag = IMA_MERKLE_LEAF;
	struct sha256_state state;

	sha256_init(&state);
	sha256_update(&state, &tag, 1);
	sha256_update(&state, (const u8 *)head, sizeof(head));
	sha256_update(&state, salt, IMA_MERKLE_SALT_SIZE);
	sha256_update(&state, acc, SHA256_DIGEST_SIZE);
	sha256_final(&state, leaf);
}

static void ima_merkle_inner(const u8 *left, const u8 *right, u8 *node)
{
	const u8 tag = IMA_MERKLE_INNER;
	struct sha256_state state;

	sha256_init(&state);
	sha256_update(&state, &tag, 1);
	sha256_update(&state, left, SHA256_DIGEST_SIZE);
	sha256_update(&state, right, SHA256_DIGEST_SIZE);
	sha256_final(&state, node);
}

/* The place of the root of a tree over @count slots, beginning with @first. */
static unsigned int ima_merkle_place(unsigned int first, unsigned int count)
{
	if (count == 1)
		return 2 * first;

	/* On the left is the largest power of two that leaves one at least. */
	return 2 * (first + rounddown_pow_of_two(count - 1)) - 1;
}

static u8 *ima_merkle_node(struct ima_merkle *tree, unsigned int place)
{
	struct ima_merkle_chunk *chunk;

	chunk = xa_load(&tree->chunks, place / IMA_MERKLE_CHUNK_NODES);
	return chunk->node[place % IMA_MERKLE_CHUNK_NODES];
}

/**
 * struct ima_merkle_step - an inner node above a slot
 * @half: how many slots are under its left child; 0 to begin below all of them
 * @place: its place
 * @left: the place of its left child
 * @right: the place of its right child
 * @slot_is_left: under which of both the slot is
 */
struct ima_merkle_step {
	unsigned int half;
	unsigned int place;
	unsigned int left;
	unsigned int right;
	bool slot_is_left;
};

/* Go up to the next inner node.  Return: false if there is none. */
static bool ima_merkle_up(const struct ima_merkle *tree, unsigned int slot,
			  struct ima_merkle_step *step)
{
	unsigned int first, middle, half = step->half;

	for (half = half ? half * 2 : 1; half < tree->n; half *= 2) {
		first = slot & ~(2 * half - 1);
		middle = first + half;
		/* With nothing on the right its child is in its place. */
		if (middle >= tree->n)
			continue;

		step->half = half;
		step->place = 2 * middle - 1;
		step->left = ima_merkle_place(first, half);
		step->right = ima_merkle_place(middle,
					       min(half, tree->n - middle));
		step->slot_is_left = slot < middle;
		return true;
	}
	return false;
}

/* Store a leaf, and hash what is above it. */
static void ima_merkle_store(struct ima_merkle *tree, unsigned int slot,
			     const u8 *leaf)
{
	struct ima_merkle_step step = {};

	memcpy(ima_merkle_node(tree, 2 * slot), leaf, SHA256_DIGEST_SIZE);

	while (ima_merkle_up(tree, slot, &step))
		ima_merkle_inner(ima_merkle_node(tree, step.left),
				 ima_merkle_node(tree, step.right),
				 ima_merkle_node(tree, step.place));
}

static void ima_merkle_store_free(struct ima_merkle *tree, unsigned int slot)
{
	const u8 tag = IMA_MERKLE_FREE;
	u8 leaf[SHA256_DIGEST_SIZE];

	sha256(&tag, 1, leaf);
	ima_merkle_store(tree, slot, leaf);
}

/* Have room for the two nodes that one slot more needs. */
static int ima_merkle_grow(struct ima_merkle *tree)
{
	unsigned int place = 2 * tree->n;
	struct ima_merkle_chunk *chunk;
	int rc;

	/* A chunk has an even number of nodes, so the leaf is its first one. */
	if (place % IMA_MERKLE_CHUNK_NODES)
		return 0;

	/* Not charged: slots are used again, and by others. */
	chunk = kzalloc(sizeof(*chunk), GFP_KERNEL);
	if (!chunk)
		return -ENOMEM;

	rc = xa_err(xa_store(&tree->chunks, place / IMA_MERKLE_CHUNK_NODES,
			     chunk, GFP_KERNEL));
	if (rc)
		kfree(chunk);
	return rc;
}

/**
 * ima_merkle_init - begin with no slots
 * @tree: the tree
 *
 * Context: any; nobody else knows the tree yet.
 */
void ima_merkle_init(struct ima_merkle *tree)
{
	xa_init(&tree->chunks);
	ida_init(&tree->taken);
	tree->n = 0;
}

/**
 * ima_merkle_destroy - free all memory of a tree
 * @tree: the tree, which afterwards has no slots
 *
 * Context: does not sleep; nobody else knows the tree any more.
 */
void ima_merkle_destroy(struct ima_merkle *tree)
{
	struct ima_merkle_chunk *chunk;
	unsigned long i;

	xa_for_each(&tree->chunks, i, chunk)
		kfree(chunk);
	xa_destroy(&tree->chunks);
	ida_destroy(&tree->taken);
	tree->n = 0;
}

/**
 * ima_merkle_take - take the lowest slot that is free, or one more
 * @tree: the tree
 *
 * Its leaf is that of a free slot until ima_merkle_set(), for which there is
 * memory now.  (One slot more is another root nevertheless.)
 *
 * Context: under the caller's mutex; may sleep.  Freeing memory must not wait
 * for that mutex.
 *
 * Return: the slot; -ENOMEM, or -ENOSPC beyond INT_MAX, both with nothing
 * changed.
 */
int ima_merkle_take(struct ima_merkle *tree)
{
	int slot, rc;

	slot = ida_alloc(&tree->taken, GFP_KERNEL);
	if (slot < 0)
		return slot;
	if (slot < tree->n)
		return slot;

	/* The lowest one that is free is the one after all others. */

	rc = ima_merkle_grow(tree);
	if (rc) {
		ida_free(&tree->taken, slot);
		return rc;
	}

	tree->n++;
	ima_merkle_store_free(tree, slot);
	return slot;
}

/**
 * ima_merkle_set - set the leaf of a slot
 * @tree: the tree
 * @slot: the slot, which is taken
 * @leaf: the hash that is the leaf, as by ima_merkle_leaf()
 *
 * It cannot fail: the event that the leaf is about has happened.
 *
 * Context: under the caller's mutex; does not sleep and allocates nothing.  As
 * many hashes of 65 bytes are calculated as there are nodes above the slot.
 */
void ima_merkle_set(struct ima_merkle *tree, unsigned int slot,
		    const u8 leaf[SHA256_DIGEST_SIZE])
{
	if (WARN_ON_ONCE(slot >= tree->n))
		return;

	ima_merkle_store(tree, slot, leaf);
}

/**
 * ima_merkle_clear - give a slot the leaf of a free one, but keep it
 * @tree: the tree
 * @slot: the slot, which is taken
 *
 * Context: under the caller's mutex; does not sleep and allocates nothing.
 */
void ima_merkle_clear(struct ima_merkle *tree, unsigned int slot)
{
	if (WARN_ON_ONCE(slot >= tree->n))
		return;

	ima_merkle_store_free(tree, slot);
}

/**
 * ima_merkle_free - give a slot back
 * @tree: the tree
 * @slot: the slot, which is taken
 *
 * Its leaf is that of a free slot from now on, and the number of slots stays as
 * it is: no other leaf moves.
 *
 * Context: under the caller's mutex; does not sleep and allocates nothing.
 */
void ima_merkle_free(struct ima_merkle *tree, unsigned int slot)
{
	if (WARN_ON_ONCE(slot >= tree->n))
		return;

	ima_merkle_store_free(tree, slot);
	ida_free(&tree->taken, slot);
}

/**
 * ima_merkle_root - the root of a tree
 * @tree: the tree
 * @root: where to put it
 *
 * Context: under the caller's mutex; does not sleep.
 */
void ima_merkle_root(struct ima_merkle *tree, u8 root[SHA256_DIGEST_SIZE])
{
	if (!tree->n) {
		sha256((const u8 *)"", 0, root);
		return;
	}

	memcpy(root, ima_merkle_node(tree, ima_merkle_place(0, tree->n)),
	       SHA256_DIGEST_SIZE);
}

/**
 * ima_merkle_path - the path from a slot to the root
 * @tree: the tree
 * @slot: the slot, taken or free
 * @path: where to put the path, which with the leaf gives the root as it is now
 *
 * Context: under the caller's mutex; does not sleep.
 */
void ima_merkle_path(struct ima_merkle *tree, unsigned int slot,
		     struct ima_merkle_path *path)
{
	struct ima_merkle_step step = {};

	path->n = tree->n;
	path->slot = slot;
	path->len = 0;

	if (WARN_ON_ONCE(slot >= tree->n))
		return;

	while (ima_merkle_up(tree, slot, &step))
		memcpy(path->hash[path->len++],
		       ima_merkle_node(tree, step.slot_is_left ? step.right :
								 step.left),
		       SHA256_DIGEST_SIZE);
}
