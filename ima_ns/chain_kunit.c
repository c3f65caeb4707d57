// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the chain of tokens, against plain hashing
 */

#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <kunit/test.h>

#include "chain.h"

#define HASH	IMA_CHAIN_TOKEN_SIZE

/* As many hashes at once as a chain can have. */
#define ALL	IMA_CHAIN_LEN_MAX

/**
 * struct chain_test - what a test has
 * @chain: the chain, all zeros until the test begins one
 * @secret: 0x00, 0x01, ... 0x1f
 */
struct chain_test {
	struct ima_chain chain;
	u8 secret[HASH];
};

static int chain_test_init(struct kunit *test)
{
	struct chain_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	int i;

	if (!t)
		return -ENOMEM;

	for (i = 0; i < HASH; i++)
		t->secret[i] = i;
	test->priv = t;
	return 0;
}

static void chain_test_exit(struct kunit *test)
{
	struct chain_test *t = test->priv;

	if (t)
		ima_chain_destroy(&t->chain);
}

/* SHA-256 of SHA-256 of ..., @count times. */
static void chain_test_hash(const u8 *value, unsigned int count, u8 *out)
{
	memmove(out, value, HASH);
	while (count--)
		sha256(out, HASH, out);
}

struct chain_case {
	unsigned int len;
	/* Calculated with Python's hashlib, from the secret of the tests. */
	const char *start;
};

/* One, powers of two, squares and their neighbours, and lengths in use. */
static const struct chain_case chain_cases[] = {
	{ 1,
	  "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd" },
	{ 2,
	  "2f287b4d3d4910f6cada9e1bd1b4648099e8c52c81aa4a6aebfa6fc86f19834e" },
	{ 3,
	  "4e05063392f42b5180353ef82da86c714042155044d91ab3253f1bab08120a0a" },
	{ 4 },
	{ 5 },
	{ 8 },
	{ 9 },
	{ 10 },
	{ 15 },
	{ 16 },
	{ 17 },
	{ 1000,
	  "45cd0d40a72c806c4b78bbeca7a52d9fa6f25751fea57cf1564e7b70b9519db4" },
	{ IMA_CHAIN_LEN_DEFAULT,
	  "beb82821ef49b96d977db0cb47004e58bcea8d5a49ac6603ace0bd25af61e4be" },
};

static void chain_case_name(const struct chain_case *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u", c->len);
}

KUNIT_ARRAY_PARAM(chain, chain_cases, chain_case_name);

static void chain_test_begin(struct kunit *test, unsigned int len)
{
	struct chain_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, 0, ima_chain_init(&t->chain, len, t->secret));
	KUNIT_ASSERT_TRUE(test, ima_chain_prepare(&t->chain, ALL));
}

static void starts_with_the_secret_hashed_so_often(struct kunit *test)
{
	const struct chain_case *c = test->param_value;
	struct chain_test *t = test->priv;
	u8 start[HASH], should_be[HASH];

	chain_test_begin(test, c->len);
	KUNIT_ASSERT_EQ(test, 0, ima_chain_start(&t->chain, start));

	chain_test_hash(t->secret, c->len, should_be);
	KUNIT_EXPECT_MEMEQ(test, start, should_be, HASH);
	if (c->start) {
		KUNIT_ASSERT_EQ(test, 0, hex2bin(should_be, c->start, HASH));
		KUNIT_EXPECT_MEMEQ(test, start, should_be, HASH);
	}
}

/*
 * Each token hashed is the one before it, the first one's the start; as the
 * last one is the secret, each is what plain hashing gives.
 */
static void reveals_every_token_in_order(struct kunit *test)
{
	const struct chain_case *c = test->param_value;
	struct chain_test *t = test->priv;
	u8 before[HASH], token[HASH], hash[HASH];
	unsigned int k;

	chain_test_begin(test, c->len);
	KUNIT_ASSERT_EQ(test, 0, ima_chain_start(&t->chain, before));

	for (k = 1; k <= c->len; k++) {
		KUNIT_ASSERT_EQ(test, ima_chain_remaining(&t->chain),
				c->len - k + 1);
		KUNIT_ASSERT_EQ(test, 0, ima_chain_reveal(&t->chain, token));
		chain_test_hash(token, 1, hash);
		KUNIT_ASSERT_MEMEQ(test, hash, before, HASH);
		memcpy(before, token, HASH);
	}
	KUNIT_EXPECT_MEMEQ(test, token, t->secret, HASH);
}

static void ends_with_the_last_token(struct kunit *test)
{
	const struct chain_case *c = test->param_value;
	struct chain_test *t = test->priv;
	u8 token[HASH], zeros[HASH] = {};
	unsigned int k;

	chain_test_begin(test, c->len);
	for (k = 0; k < c->len; k++)
		KUNIT_ASSERT_EQ(test, 0, ima_chain_reveal(&t->chain, token));

	memset(token, 0, HASH);
	for (k = 0; k < 3; k++) {
		KUNIT_EXPECT_EQ(test, ima_chain_remaining(&t->chain), 0);
		KUNIT_EXPECT_EQ(test, ima_chain_reveal(&t->chain, token),
				-ENODATA);
		KUNIT_EXPECT_MEMEQ(test, token, zeros, HASH);
	}
}

/* In slices of one hash, of a few, and of more than there are. */
static void is_prepared_in_slices(struct kunit *test)
{
	static const unsigned int slices[] = { 1, 7, 64, 1000, 4096, ALL };
	const struct chain_case *c = test->param_value;
	struct chain_test *t = test->priv;
	u8 start[HASH], should_be[HASH];
	unsigned int i, calls;

	chain_test_hash(t->secret, c->len, should_be);
	for (i = 0; i < ARRAY_SIZE(slices); i++) {
		KUNIT_ASSERT_EQ(test, 0, ima_chain_init(&t->chain, c->len,
							t->secret));
		for (calls = 1; !ima_chain_prepare(&t->chain, slices[i]);
		     calls++)
			KUNIT_ASSERT_EQ(test, t->chain.hashed,
					calls * slices[i]);
		KUNIT_EXPECT_EQ(test, calls,
				DIV_ROUND_UP(c->len, slices[i]));

		KUNIT_ASSERT_EQ(test, 0, ima_chain_start(&t->chain, start));
		KUNIT_EXPECT_MEMEQ(test, start, should_be, HASH);
		ima_chain_destroy(&t->chain);
	}
}

static void has_no_token_until_it_is_ready(struct kunit *test)
{
	struct chain_test *t = test->priv;
	u8 out[HASH] = {}, zeros[HASH] = {};

	KUNIT_ASSERT_EQ(test, 0, ima_chain_init(&t->chain, 10, t->secret));
	KUNIT_EXPECT_FALSE(test, ima_chain_prepare(&t->chain, 9));

	KUNIT_EXPECT_FALSE(test, ima_chain_is_ready(&t->chain));
	KUNIT_EXPECT_EQ(test, ima_chain_remaining(&t->chain), 0);
	KUNIT_EXPECT_EQ(test, ima_chain_start(&t->chain, out), -EAGAIN);
	KUNIT_EXPECT_EQ(test, ima_chain_reveal(&t->chain, out), -EAGAIN);
	KUNIT_EXPECT_MEMEQ(test, out, zeros, HASH);

	KUNIT_EXPECT_TRUE(test, ima_chain_prepare(&t->chain, 1));
	KUNIT_EXPECT_EQ(test, ima_chain_remaining(&t->chain), 10);
	/* To prepare it once more changes nothing. */
	KUNIT_EXPECT_TRUE(test, ima_chain_prepare(&t->chain, 1));
	KUNIT_EXPECT_EQ(test, ima_chain_reveal(&t->chain, out), 0);
	chain_test_hash(t->secret, 9, zeros);
	KUNIT_EXPECT_MEMEQ(test, out, zeros, HASH);
}

static void length_that_cannot_be_is_refused(struct kunit *test)
{
	struct chain_test *t = test->priv;
	u8 out[HASH];

	KUNIT_EXPECT_EQ(test, -EINVAL,
			ima_chain_init(&t->chain, 0, t->secret));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			ima_chain_init(&t->chain, IMA_CHAIN_LEN_MAX + 1,
				       t->secret));
	KUNIT_EXPECT_EQ(test, -EAGAIN, ima_chain_reveal(&t->chain, out));
	KUNIT_EXPECT_EQ(test, 0, ima_chain_init(&t->chain, IMA_CHAIN_LEN_MAX,
						t->secret));
}

static void destroyed_chain_has_nothing(struct kunit *test)
{
	struct chain_test *t = test->priv;
	static const struct ima_chain zeros;
	u8 out[HASH];

	chain_test_begin(test, 10);
	ima_chain_destroy(&t->chain);
	KUNIT_EXPECT_MEMEQ(test, &t->chain, &zeros, sizeof(zeros));
	KUNIT_EXPECT_EQ(test, ima_chain_remaining(&t->chain), 0);
	KUNIT_EXPECT_EQ(test, ima_chain_start(&t->chain, out), -EAGAIN);
	KUNIT_EXPECT_EQ(test, ima_chain_reveal(&t->chain, out), -EAGAIN);
	KUNIT_EXPECT_FALSE(test, ima_chain_prepare(&t->chain, ALL));
	/* Once more does no harm. */
	ima_chain_destroy(&t->chain);
}

static struct kunit_case ima_chain_test_cases[] = {
	KUNIT_CASE_PARAM(starts_with_the_secret_hashed_so_often,
			 chain_gen_params),
	KUNIT_CASE_PARAM(reveals_every_token_in_order, chain_gen_params),
	KUNIT_CASE_PARAM(ends_with_the_last_token, chain_gen_params),
	KUNIT_CASE_PARAM(is_prepared_in_slices, chain_gen_params),
	KUNIT_CASE(has_no_token_until_it_is_ready),
	KUNIT_CASE(length_that_cannot_be_is_refused),
	KUNIT_CASE(destroyed_chain_has_nothing),
	{}
};

static struct kunit_suite ima_chain_test_suite = {
	.name = "ima_ns_chain",
	.init = chain_test_init,
	.exit = chain_test_exit,
	.test_cases = ima_chain_test_cases,
};

kunit_test_suite(ima_chain_test_suite);
