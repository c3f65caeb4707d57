// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The Merkle tree, by the reference tree of Certificate Transparency: RFC 9162
 * has no numbers, its shape is that of RFC 6962, for which these are known.
 */
#include <string.h>

#include "merkle.h"
#include "mkanchor.h"
#include "tap.h"

static const char *const inputs[] = {
	"", "00", "10", "2021", "3031", "40414243", "5051525354555657",
	"606162636465666768696a6b6c6d6e6f",
};

/* Of the first so many inputs. */
static const char *const roots[] = {
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

static const struct {
	size_t index, n, len;
	const char *path[3];
} paths[] = {
	{ 0, 1, 0, { NULL } },
	{ 0, 8, 3, {
		"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
		"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
		"6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4" } },
	{ 5, 8, 3, {
		"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
		"ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" } },
	{ 2, 3, 1, {
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125" } },
	{ 1, 5, 3, {
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
		"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b" } },
};

static uint8_t leaf[8][MERKLE_SIZE];
#define LEAF ((const uint8_t (*)[MERKLE_SIZE])leaf)

static void knows_reference_tree(void)
{
	uint8_t data[16], root[MERKLE_SIZE];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(inputs); i++)
		merkle_leaf(data, (size_t)hex_decode(inputs[i],
						     strlen(inputs[i]), data,
						     sizeof(data)), leaf[i]);
	for (i = 0; i < ARRAY_SIZE(roots); i++) {
		merkle_root(LEAF, i, root);
		is_hex(root, roots[i], "root of the reference tree");
	}
}

static void knows_reference_paths(void)
{
	uint8_t path[MERKLE_PATH_MAX][MERKLE_SIZE];
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		ok(merkle_path(LEAF, paths[i].n, paths[i].index, path) ==
		   paths[i].len, "length of the path of %zu in %zu",
		   paths[i].index, paths[i].n);
		for (k = 0; k < paths[i].len; k++)
			is_hex(path[k], paths[i].path[k], "its hashes");
	}
}

/* Each leaf of each tree by its path, and by no other. */
static void climbs(void)
{
	uint8_t path[MERKLE_PATH_MAX + 1][MERKLE_SIZE] = { { 0 } };
	const uint8_t (*p)[MERKLE_SIZE] = (const uint8_t (*)[MERKLE_SIZE])path;
	uint8_t want[MERKLE_SIZE], got[MERKLE_SIZE];
	size_t n, i, k, len, wrong = 0, good = 0;

	for (n = 1; n <= 8; n++) {
		merkle_root(LEAF, n, want);
		for (i = 0; i < n; i++) {
			len = merkle_path(LEAF, n, i, path);
			good += !merkle_climb(leaf[i], i, n, p, len, got) &&
				!memcmp(got, want, sizeof(want));
			/* In another slot, or as long as it may not be. */
			for (k = 0; k < n; k++)
				wrong += k != i &&
					 !merkle_climb(leaf[i], k, n, p, len,
						       got) &&
					 !memcmp(got, want, sizeof(want));
			wrong += !merkle_climb(leaf[i], i, n, p, len + 1, got);
			wrong += len && !merkle_climb(leaf[i], i, n, p, len - 1,
						      got);
			wrong += !merkle_climb(leaf[i], n, n, p, len, got);
		}
	}
	ok(good == 36, "all 36 leaves are below their roots: %zu", good);
	ok(!wrong, "and nowhere else: %zu", wrong);
}

static void refuses_absurd_trees(void)
{
	uint8_t path[MERKLE_PATH_MAX][MERKLE_SIZE] = { { 0 } };
	const uint8_t (*p)[MERKLE_SIZE] = (const uint8_t (*)[MERKLE_SIZE])path;
	uint8_t root[MERKLE_SIZE];

	is_text(merkle_climb(leaf[0], 0, 0, p, 0, root),
		"the tree has no such slot", "no slots");
	is_text(merkle_climb(leaf[0], UINT64_MAX, UINT64_MAX, p, 64, root),
		"the tree has no such slot", "one behind the last");
	ok(!merkle_climb(leaf[0], 0, UINT64_MAX, p, 64, root),
	   "the largest tree of all");
	is_text(merkle_climb(leaf[0], 0, UINT64_MAX, p, 63, root),
		"the path is shorter than that of the slot", "... a hash less");
	is_text(merkle_climb(leaf[0], 0, UINT64_MAX / 2, p, 64, root),
		"the path is longer than that of the slot", "... a hash more");
}

static void hashes_leaves(void)
{
	uint8_t salt[32], acc[32], out[MERKLE_SIZE];
	size_t i;

	for (i = 0; i < 32; i++)
		salt[i] = (uint8_t)i;
	memset(acc, 0xaa, sizeof(acc));
	merkle_ns_leaf(5, 0x0102030405060708, salt, acc, out);
	is_hex(out, "bd73b0394f9f5f8ebf3671b6ca5ec41eba6cdcdf55829a2c404a72613c4c006c",
	       "leaf of a namespace");
	merkle_free_slot(out);
	is_hex(out, "dbc1b4c900ffe48d575b5da5c638040125f65db0fe3e24494b76ea986457d986",
	       "free slot");
}

/* The tree of the tests is written in another way. */
static void agrees_with_recursion(void)
{
	static uint8_t many[300][MERKLE_SIZE];
	const uint8_t (*m)[MERKLE_SIZE] = (const uint8_t (*)[MERKLE_SIZE])many;
	uint8_t a[MERKLE_SIZE], b[MERKLE_SIZE];
	size_t n, same = 0;

	for (n = 0; n < ARRAY_SIZE(many); n++)
		mka_sha256(&n, sizeof(n), many[n]);
	for (n = 0; n < ARRAY_SIZE(many); n++) {
		merkle_root(m, n, a);
		mka_root(m, n, b);
		same += !memcmp(a, b, sizeof(a));
	}
	ok(same == ARRAY_SIZE(many), "all trees up to 299 leaves: %zu", same);
}

int main(void)
{
	knows_reference_tree();
	knows_reference_paths();
	climbs();
	refuses_absurd_trees();
	hashes_leaves();
	agrees_with_recursion();
	return tap_done();
}
