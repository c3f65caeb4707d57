/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Merkle tree over slots, SHA-256: what an anchor commits to
 */

#ifndef _IMA_NS_MERKLE_H
#define _IMA_NS_MERKLE_H

#include <linux/idr.h>
#include <linux/types.h>
#include <linux/xarray.h>
#include <crypto/sha2.h>

/* Slots are numbered from 0 to INT_MAX, so that a leaf is at most this deep. */
#define IMA_MERKLE_PATH_MAX	31

#define IMA_MERKLE_SALT_SIZE	32

/**
 * struct ima_merkle - a Merkle tree
 * @chunks: the nodes, as many in each chunk as fit into 4 KiB
 * @taken: the slots that are taken
 * @n: how many slots there are, taken or free.  It never shrinks
 *
 * All of it is under one lock of the caller's: a mutex, as to take a slot may
 * sleep.
 */
struct ima_merkle {
	struct xarray chunks;
	struct ida taken;
	unsigned int n;
};

/**
 * struct ima_merkle_path - what proves that a leaf is under a root
 * @n: the number of slots that the root is of
 * @slot: the slot of the leaf
 * @len: how many hashes there are
 * @hash: the siblings of the nodes above the leaf, and its own, from the leaf
 *	to the root: PATH(@slot, D[@n]) of RFC 9162
 */
struct ima_merkle_path {
	unsigned int n;
	unsigned int slot;
	unsigned int len;
	u8 hash[IMA_MERKLE_PATH_MAX][SHA256_DIGEST_SIZE];
};

void ima_merkle_leaf(u64 id, u64 seq, const u8 salt[IMA_MERKLE_SALT_SIZE],
		     const u8 acc[SHA256_DIGEST_SIZE],
		     u8 leaf[SHA256_DIGEST_SIZE]);

void ima_merkle_init(struct ima_merkle *tree);
void ima_merkle_destroy(struct ima_merkle *tree);

int ima_merkle_take(struct ima_merkle *tree);
void ima_merkle_set(struct ima_merkle *tree, unsigned int slot,
		    const u8 leaf[SHA256_DIGEST_SIZE]);
void ima_merkle_clear(struct ima_merkle *tree, unsigned int slot);
void ima_merkle_free(struct ima_merkle *tree, unsigned int slot);

void ima_merkle_root(struct ima_merkle *tree, u8 root[SHA256_DIGEST_SIZE]);
void ima_merkle_path(struct ima_merkle *tree, unsigned int slot,
		     struct ima_merkle_path *path);

#endif /* _IMA_NS_MERKLE_H */
