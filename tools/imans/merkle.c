// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "hash.h"
#include "merkle.h"
#include "util.h"

/* What stands in front of what is hashed: nothing is taken for another. */
enum { PREFIX_LEAF, PREFIX_INNER, PREFIX_FREE };

static void hash_prefixed(uint8_t prefix, const void *a, size_t a_len,
			  const void *b, size_t b_len, uint8_t *out)
{
	struct hash_part parts[3] = {
		{ &prefix, 1 }, { a, a_len }, { b, b_len },
	};
	uint8_t digest[HASH_MAX_SIZE];

	hash_parts(hash_by_name("sha256"), parts, 3, digest);
	memcpy(out, digest, MERKLE_SIZE);
}

/* @out may be one of the others. */
static void hash_inner(const uint8_t *left, const uint8_t *right, uint8_t *out)
{
	hash_prefixed(PREFIX_INNER, left, MERKLE_SIZE, right, MERKLE_SIZE,
		      out);
}

void merkle_leaf(const void *data, size_t len, uint8_t *out)
{
	hash_prefixed(PREFIX_LEAF, data, len, "", 0, out);
}

void merkle_ns_leaf(uint64_t id, uint64_t seq, const uint8_t *salt,
		    const uint8_t *acc, uint8_t *out)
{
	uint8_t data[8 + 8 + 32 + 32];

	put_le64(data, id);
	put_le64(data + 8, seq);
	memcpy(data + 16, salt, 32);
	memcpy(data + 48, acc, 32);
	merkle_leaf(data, sizeof(data), out);
}

void merkle_free_slot(uint8_t *out)
{
	hash_prefixed(PREFIX_FREE, "", 0, "", 0, out);
}

/*
 * @node[i] is the root of a whole subtree of 2^k leaves for each bit k of the
 * number of leaves taken, the largest first. What is left in the end is joined
 * from the right: that is the shape of the RFC.
 */
void merkle_root(const uint8_t (*leaf)[MERKLE_SIZE], size_t n, uint8_t *out)
{
	uint8_t node[MERKLE_PATH_MAX + 1][MERKLE_SIZE];
	struct hash_part nothing = { "", 0 };
	uint8_t digest[HASH_MAX_SIZE];
	size_t i, bits, top = 0;

	if (!n) {
		hash_parts(hash_by_name("sha256"), &nothing, 1, digest);
		memcpy(out, digest, MERKLE_SIZE);
		return;
	}
	for (i = 0; i < n; i++) {
		memcpy(node[top++], leaf[i], MERKLE_SIZE);
		for (bits = i; bits & 1; bits >>= 1, top--)
			hash_inner(node[top - 2], node[top - 1],
				   node[top - 2]);
	}
	for (; top > 1; top--)
		hash_inner(node[top - 2], node[top - 1], node[top - 2]);
	memcpy(out, node[0], MERKLE_SIZE);
}

/* The largest power of two below @n, which is above 1. */
static size_t left_part(size_t n)
{
	size_t k = 1;

	while (k < n - k)
		k *= 2;
	return k;
}

size_t merkle_path(const uint8_t (*leaf)[MERKLE_SIZE], size_t n, size_t index,
		   uint8_t (*path)[MERKLE_SIZE])
{
	uint8_t down[MERKLE_PATH_MAX][MERKLE_SIZE];
	size_t depth = 0, i;

	while (n > 1) {
		size_t k = left_part(n);

		if (index < k) {
			merkle_root(leaf + k, n - k, down[depth++]);
			n = k;
		} else {
			merkle_root(leaf, k, down[depth++]);
			leaf += k;
			index -= k;
			n -= k;
		}
	}
	for (i = 0; i < depth; i++)
		memcpy(path[i], down[depth - 1 - i], MERKLE_SIZE);
	return depth;
}

/* RFC 9162 section 2.1.3.2. */
const char *merkle_climb(const uint8_t *leaf, uint64_t index, uint64_t n,
			 const uint8_t (*path)[MERKLE_SIZE], size_t npath,
			 uint8_t *root)
{
	uint64_t fn = index, sn = n - 1;
	uint8_t r[MERKLE_SIZE];
	size_t i;

	if (index >= n)
		return "the tree has no such slot";
	memcpy(r, leaf, MERKLE_SIZE);
	for (i = 0; i < npath; i++) {
		if (!sn)
			return "the path is longer than that of the slot";
		if (fn & 1 || fn == sn) {
			hash_inner(path[i], r, r);
			while (!(fn & 1) && fn) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			hash_inner(r, path[i], r);
		}
		fn >>= 1;
		sn >>= 1;
	}
	if (sn)
		return "the path is shorter than that of the slot";
	memcpy(root, r, MERKLE_SIZE);
	return NULL;
}
