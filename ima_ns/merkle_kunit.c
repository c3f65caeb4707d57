// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the Merkle tree
 *
 * What it is compared with is written here a second time, straight from RFC
 * 9162: the recursive definition of the root, and the verifier of paths.
 */

#include <linux/bitmap.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <kunit/test.h>

#include "merkle.h"
#include "merkle_vectors.h"

#define HASH	SHA256_DIGEST_SIZE

/* More than two chunks of nodes, and no power of two. */
#define TEST_SLOTS	150
#define TEST_ROUNDS	6000

/**
 * struct merkle_test - what a test has
 * @tree: the tree
 * @n: how many slots it should have
 * @taken: which of them should be taken
 * @leaf: what their leaves should be
 * @path: room for a path
 */
struct merkle_test {
	struct ima_merkle tree;
	unsigned int n;
	DECLARE_BITMAP(taken, TEST_SLOTS);
	u8 leaf[TEST_SLOTS][HASH];
	struct ima_merkle_path path;
};

static int merkle_test_init(struct kunit *test)
{
	struct merkle_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	if (!t)
		return -ENOMEM;

	ima_merkle_init(&t->tree);
	test->priv = t;
	return 0;
}

static void merkle_test_exit(struct kunit *test)
{
	struct merkle_test *t = test->priv;

	if (t)
		ima_merkle_destroy(&t->tree);
}

static void merkle_test_hash2(const u8 *left, const u8 *right, u8 *out)
{
	u8 data[1 + 2 * HASH] = { 1 };

	memcpy(data + 1, left, HASH);
	memcpy(data + 1 + HASH, right, HASH);
	sha256(data, sizeof(data), out);
}

/* MTH(D[n]) of RFC 9162, 2.1.1, with the leaves hashed already. */
static void merkle_test_mth(const u8 (*leaf)[HASH], unsigned int n, u8 *out)
{
	u8 left[HASH], right[HASH];
	unsigned int k = 1;

	if (!n) {
		sha256((const u8 *)"", 0, out);
		return;
	}
	if (n == 1) {
		memcpy(out, leaf, HASH);
		return;
	}

	while (2 * k < n)
		k *= 2;
	merkle_test_mth(leaf, k, left);
	merkle_test_mth(leaf + k, n - k, right);
	merkle_test_hash2(left, right, out);
}

/* RFC 9162, 2.1.3.2: does the path lead from the leaf to the root? */
static bool merkle_test_verify(const struct ima_merkle_path *path,
			       const u8 *leaf, const u8 *root)
{
	unsigned int fn = path->slot, sn = path->n - 1, i;
	u8 r[HASH];

	if (path->slot >= path->n || path->len > IMA_MERKLE_PATH_MAX)
		return false;

	memcpy(r, leaf, HASH);
	for (i = 0; i < path->len; i++) {
		if (!sn)
			return false;
		if ((fn & 1) || fn == sn) {
			merkle_test_hash2(path->hash[i], r, r);
			while (!(fn & 1) && fn) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			merkle_test_hash2(r, path->hash[i], r);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return !sn && !memcmp(r, root, HASH);
}

static void merkle_test_free_leaf(u8 *leaf)
{
	const u8 two = 2;

	sha256(&two, 1, leaf);
}

/* The root is what the definition says, and the path of a slot leads to it. */
static void merkle_test_check(struct kunit *test, unsigned int slot)
{
	struct merkle_test *t = test->priv;
	u8 is[HASH], should_be[HASH];

	KUNIT_ASSERT_EQ(test, t->n, t->tree.n);
	ima_merkle_root(&t->tree, is);
	merkle_test_mth(t->leaf, t->n, should_be);
	KUNIT_ASSERT_MEMEQ(test, is, should_be, HASH);

	if (!t->n)
		return;

	ima_merkle_path(&t->tree, slot, &t->path);
	KUNIT_ASSERT_EQ(test, t->path.n, t->n);
	KUNIT_ASSERT_EQ(test, t->path.slot, slot);
	KUNIT_ASSERT_TRUE(test, merkle_test_verify(&t->path, t->leaf[slot],
						   should_be));
}

static unsigned int merkle_test_take(struct kunit *test)
{
	struct merkle_test *t = test->priv;
	unsigned int slot = find_first_zero_bit(t->taken, TEST_SLOTS);

	KUNIT_ASSERT_EQ(test, ima_merkle_take(&t->tree), (int)slot);
	__set_bit(slot, t->taken);
	merkle_test_free_leaf(t->leaf[slot]);
	t->n = max(t->n, slot + 1);
	return slot;
}

static void merkle_test_set(struct kunit *test, unsigned int slot,
			    const u8 *leaf)
{
	struct merkle_test *t = test->priv;

	memcpy(t->leaf[slot], leaf, HASH);
	ima_merkle_set(&t->tree, slot, leaf);
}

static void merkle_test_free(struct kunit *test, unsigned int slot)
{
	struct merkle_test *t = test->priv;

	__clear_bit(slot, t->taken);
	merkle_test_free_leaf(t->leaf[slot]);
	ima_merkle_free(&t->tree, slot);
}

static void root_of_no_slots(struct kunit *test)
{
	struct merkle_test *t = test->priv;
	u8 root[HASH], empty[HASH];

	KUNIT_ASSERT_EQ(test, 0, hex2bin(empty, empty_root, HASH));
	ima_merkle_root(&t->tree, root);
	KUNIT_EXPECT_MEMEQ(test, root, empty, HASH);
}

static void root_of_one_slot_is_its_leaf(struct kunit *test)
{
	struct merkle_test *t = test->priv;
	u8 root[HASH], leaf[HASH];

	KUNIT_ASSERT_EQ(test, 0, ima_merkle_take(&t->tree));
	merkle_test_free_leaf(leaf);
	ima_merkle_root(&t->tree, root);
	KUNIT_EXPECT_MEMEQ(test, root, leaf, HASH);

	memset(leaf, 0xa5, HASH);
	ima_merkle_set(&t->tree, 0, leaf);
	ima_merkle_root(&t->tree, root);
	KUNIT_EXPECT_MEMEQ(test, root, leaf, HASH);

	ima_merkle_path(&t->tree, 0, &t->path);
	KUNIT_EXPECT_EQ(test, t->path.n, 1);
	KUNIT_EXPECT_EQ(test, t->path.len, 0);
	KUNIT_EXPECT_TRUE(test, merkle_test_verify(&t->path, leaf, root));
}

static void leaf_of_a_namespace(struct kunit *test)
{
	u8 salt[IMA_MERKLE_SALT_SIZE], acc[HASH], leaf[HASH], should_be[HASH];
	int i;

	for (i = 0; i < HASH; i++) {
		salt[i] = i;
		acc[i] = HASH + i;
	}

	KUNIT_ASSERT_EQ(test, 0, hex2bin(should_be, namespace_leaf, HASH));
	ima_merkle_leaf(0x0102030405060708, 2, salt, acc, leaf);
	KUNIT_EXPECT_MEMEQ(test, leaf, should_be, HASH);
}

static void ct_check_path(struct kunit *test, int i)
{
	struct merkle_test *t = test->priv;
	unsigned int len = 0;
	u8 hash[HASH];

	ima_merkle_path(&t->tree, ct_paths[i].slot, &t->path);
	for (; len < ARRAY_SIZE(ct_paths[i].hash); len++) {
		if (!ct_paths[i].hash[len])
			break;
		KUNIT_ASSERT_EQ(test, 0,
				hex2bin(hash, ct_paths[i].hash[len], HASH));
		KUNIT_EXPECT_MEMEQ(test, t->path.hash[len], hash, HASH);
	}
	KUNIT_EXPECT_EQ(test, t->path.len, len);
}

static void reference_data_of_certificate_transparency(struct kunit *test)
{
	u8 data[1 + 16] = {}, hash[HASH], root[HASH];
	struct merkle_test *t = test->priv;
	unsigned int n, i;
	size_t len;

	for (n = 1; n <= ARRAY_SIZE(ct_leaves); n++) {
		len = strlen(ct_leaves[n - 1]) / 2;
		KUNIT_ASSERT_EQ(test, 0,
				hex2bin(data + 1, ct_leaves[n - 1], len));
		sha256(data, 1 + len, hash);
		merkle_test_set(test, merkle_test_take(test), hash);

		KUNIT_ASSERT_EQ(test, 0, hex2bin(hash, ct_roots[n - 1], HASH));
		ima_merkle_root(&t->tree, root);
		KUNIT_EXPECT_MEMEQ(test, root, hash, HASH);

		for (i = 0; i < ARRAY_SIZE(ct_paths); i++)
			if (ct_paths[i].n == n)
				ct_check_path(test, i);
	}
}

static void path_of_another_leaf_is_refused(struct kunit *test)
{
	struct merkle_test *t = test->priv;
	u8 leaf[HASH] = {}, root[HASH];
	unsigned int i;

	for (i = 0; i < 7; i++) {
		leaf[0] = i;
		merkle_test_set(test, merkle_test_take(test), leaf);
	}
	ima_merkle_root(&t->tree, root);

	ima_merkle_path(&t->tree, 4, &t->path);
	KUNIT_EXPECT_TRUE(test, merkle_test_verify(&t->path, t->leaf[4], root));
	KUNIT_EXPECT_FALSE(test,
			   merkle_test_verify(&t->path, t->leaf[5], root));
	t->path.slot = 5;
	KUNIT_EXPECT_FALSE(test,
			   merkle_test_verify(&t->path, t->leaf[4], root));

	/* Nor does the path of now lead to a root of before. */
	merkle_test_free(test, 0);
	ima_merkle_path(&t->tree, 4, &t->path);
	KUNIT_EXPECT_FALSE(test,
			   merkle_test_verify(&t->path, t->leaf[4], root));
}

/* Each number of slots, and all paths of each. */
static void every_path_leads_to_the_root(struct kunit *test)
{
	struct merkle_test *t = test->priv;
	u8 leaf[HASH], root[HASH];
	struct rnd_state rnd;
	unsigned int n, slot;

	prandom_seed_state(&rnd, 9162);
	for (n = 1; n <= TEST_SLOTS; n++) {
		slot = merkle_test_take(test);
		merkle_test_check(test, slot);
		prandom_bytes_state(&rnd, leaf, HASH);
		merkle_test_set(test, slot, leaf);
		merkle_test_check(test, slot);

		ima_merkle_root(&t->tree, root);
		for (slot = 0; slot < n; slot++) {
			ima_merkle_path(&t->tree, slot, &t->path);
			KUNIT_ASSERT_TRUE(test,
					  merkle_test_verify(&t->path,
							     t->leaf[slot],
							     root));
		}
	}
}

static void free_slots_are_taken_again_the_lowest_first(struct kunit *test)
{
	struct merkle_test *t = test->priv;
	u8 leaf[HASH];
	int i;

	memset(leaf, 0x5a, HASH);
	for (i = 0; i < 5; i++)
		merkle_test_set(test, merkle_test_take(test), leaf);

	merkle_test_free(test, 3);
	merkle_test_free(test, 1);
	merkle_test_free(test, 4);
	merkle_test_check(test, 3);
	KUNIT_EXPECT_EQ(test, t->tree.n, 5);

	KUNIT_EXPECT_EQ(test, merkle_test_take(test), 1);
	/* What was its leaf before it was free is gone. */
	merkle_test_check(test, 1);
	KUNIT_EXPECT_EQ(test, merkle_test_take(test), 3);
	KUNIT_EXPECT_EQ(test, merkle_test_take(test), 4);
	KUNIT_EXPECT_EQ(test, merkle_test_take(test), 5);
	merkle_test_check(test, 5);
}

static void random_operations(struct kunit *test)
{
	struct merkle_test *t = test->priv;
	unsigned int round, slot, used;
	bool was_full = false, was_empty = false;
	struct rnd_state rnd;
	u8 leaf[HASH];

	prandom_seed_state(&rnd, 20261126);
	for (round = 0; round < TEST_ROUNDS; round++) {
		u32 dice = prandom_u32_state(&rnd) % 8;
		/* For a while most are born, and then most die. */
		u32 births = round / (TEST_ROUNDS / 8) % 2 ? 1 : 4;

		slot = find_next_bit_wrap(t->taken, TEST_SLOTS,
					  prandom_u32_state(&rnd) % TEST_SLOTS);
		used = bitmap_weight(t->taken, TEST_SLOTS);
		was_full |= used == TEST_SLOTS;
		was_empty |= t->n && !used;

		if (dice < births && used < TEST_SLOTS) {
			merkle_test_take(test);
		} else if (slot < TEST_SLOTS && dice < births + 2) {
			prandom_bytes_state(&rnd, leaf, HASH);
			merkle_test_set(test, slot, leaf);
		} else if (slot < TEST_SLOTS) {
			merkle_test_free(test, slot);
		}
		merkle_test_check(test,
				  t->n ? prandom_u32_state(&rnd) % t->n : 0);
	}
	KUNIT_EXPECT_TRUE(test, was_full);
	KUNIT_EXPECT_TRUE(test, was_empty);
}

static struct kunit_case ima_merkle_test_cases[] = {
	KUNIT_CASE(root_of_no_slots),
	KUNIT_CASE(root_of_one_slot_is_its_leaf),
	KUNIT_CASE(leaf_of_a_namespace),
	KUNIT_CASE(reference_data_of_certificate_transparency),
	KUNIT_CASE(path_of_another_leaf_is_refused),
	KUNIT_CASE(every_path_leads_to_the_root),
	KUNIT_CASE(free_slots_are_taken_again_the_lowest_first),
	KUNIT_CASE(random_operations),
	{}
};

static struct kunit_suite ima_merkle_test_suite = {
	.name = "ima_ns_merkle",
	.init = merkle_test_init,
	.exit = merkle_test_exit,
	.test_cases = ima_merkle_test_cases,
};

kunit_test_suite(ima_merkle_test_suite);
