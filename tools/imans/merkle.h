/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Merkle tree of the anchor: shape and inclusion proofs of RFC 9162 section
 * 2.1, SHA-256. The leaves are slots, one per namespace; a slot that nobody has
 * is a hash of its own.
 */
#ifndef IMANS_MERKLE_H
#define IMANS_MERKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MERKLE_SIZE 32
/* No path is longer: the tree has at most 2^64 leaves. */
#define MERKLE_PATH_MAX 64

/* SHA-256(0x00 || data) */
void merkle_leaf(const void *data, size_t len, uint8_t *out);
/* The leaf of a namespace whose list comes to @acc after @seq entries. */
void merkle_ns_leaf(uint64_t id, uint64_t seq, const uint8_t *salt,
		    const uint8_t *acc, uint8_t *out);
/* A slot that is free. */
void merkle_free_slot(uint8_t *out);

void merkle_root(const uint8_t (*leaf)[MERKLE_SIZE], size_t n, uint8_t *out);
/*
 * The siblings of leaf @index from the leaves to the root, at most
 * MERKLE_PATH_MAX. Returns their number; @index is below @n.
 */
size_t merkle_path(const uint8_t (*leaf)[MERKLE_SIZE], size_t n, size_t index,
		   uint8_t (*path)[MERKLE_SIZE]);
/*
 * The root that @leaf in slot @index of @n leads to. NULL, or what is wrong:
 * such a slot does not exist, or its path has another length.
 */
const char *merkle_climb(const uint8_t *leaf, uint64_t index, uint64_t n,
			 const uint8_t (*path)[MERKLE_SIZE], size_t npath,
			 uint8_t *root);

#endif
