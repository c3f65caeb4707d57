// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the formula of Container-IMA, against the numbers that its document
 * has, and against plain hashing
 */

#include <linux/err.h>
#include <linux/hex.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <crypto/hash.h>
#include <kunit/test.h>

#include "concat.h"

#define CPCRS_MAX	3

enum { SHA1, SHA256, BANKS };

/**
 * struct concat_test - what a test has
 * @concat: two banks, and no namespace until the test adds one
 * @cpcr: the namespaces
 * @values: what these lead to
 */
struct concat_test {
	struct ima_concat concat;
	struct ima_cpcr cpcr[CPCRS_MAX];
	u8 values[CPCRS_MAX][BANKS][IMA_NS_DIGEST_SIZE];
};

static int concat_test_init(struct kunit *test)
{
	static const enum hash_algo algos[] = {
		[SHA1] = HASH_ALGO_SHA1,
		[SHA256] = HASH_ALGO_SHA256,
	};
	struct concat_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	unsigned int i;

	if (!t)
		return -ENOMEM;

	test->priv = t;
	INIT_LIST_HEAD(&t->concat.lines);
	for (i = 0; i < BANKS; i++) {
		struct crypto_shash *tfm;

		tfm = crypto_alloc_shash(hash_algo_name[algos[i]], 0, 0);
		if (IS_ERR(tfm))
			return PTR_ERR(tfm);
		t->concat.algos[i] = algos[i];
		t->concat.tfm[i] = tfm;
		t->concat.nr++;
	}
	return 0;
}

static void concat_test_exit(struct kunit *test)
{
	struct concat_test *t = test->priv;

	if (t)
		ima_concat_destroy(&t->concat);
}

static void concat_test_add(struct concat_test *t, unsigned int i)
{
	t->cpcr[i].told = t->values[i];
	list_add_tail(&t->cpcr[i].line, &t->concat.lines);
}

/* What a PCR is when what was composed extends it. */
static void concat_test_extend(struct kunit *test, unsigned int bank,
			       const u8 *history, u8 *pcr)
{
	struct concat_test *t = test->priv;
	unsigned int size = hash_digest_size[t->concat.algos[bank]];
	u8 both[2 * IMA_NS_DIGEST_SIZE];

	memcpy(both, history, size);
	memcpy(both + size, t->concat.next[bank], size);
	KUNIT_ASSERT_EQ(test, 0,
			crypto_shash_tfm_digest(t->concat.tfm[bank], both,
						2 * size, pcr));
}

struct concat_case {
	const char *name;
	const char *history;
	const char *cpcr[CPCRS_MAX];
	const char *pcr;
};

/* As printed in the document of Container-IMA, SHA-1. */
static const struct concat_case concat_cases[] = {
	{
		.name = "one namespace",
		.history = "3748c62f0ce61151ce10a5926142c6e6e8d54938",
		.cpcr = {
			"700409a7af8b3093d6c3cbcd01d171774d32896b",
		},
		.pcr = "dd811745250acef5e38667743367897c8f5ce7d2",
	},
	{
		.name = "two namespaces",
		.history = "14e02a2c3157b082a8316719ac904413735fd22c",
		.cpcr = {
			"c40325915ee0230d1e35da8b047d516b14b5136e",
			"c0db868b8e6c66ed1c4966149cff4a1813c59183",
		},
		.pcr = "8cb42e6861c4d180a326ab5862ac2bf2b08b623a",
	},
};

static void concat_case_desc(const struct concat_case *t, char *desc)
{
	strscpy(desc, t->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(concat, concat_cases, concat_case_desc);

static void concat_is_that_of_the_document(struct kunit *test)
{
	const struct concat_case *c = test->param_value;
	u8 history[SHA1_DIGEST_SIZE], wanted[SHA1_DIGEST_SIZE];
	u8 pcr[IMA_NS_DIGEST_SIZE];
	struct concat_test *t = test->priv;
	unsigned int i;

	for (i = 0; i < CPCRS_MAX && c->cpcr[i]; i++) {
		KUNIT_ASSERT_EQ(test, 0, hex2bin(t->values[i][SHA1],
						 c->cpcr[i], SHA1_DIGEST_SIZE));
		concat_test_add(t, i);
	}
	KUNIT_ASSERT_EQ(test, 0, hex2bin(history, c->history, sizeof(history)));
	KUNIT_ASSERT_EQ(test, 0, hex2bin(wanted, c->pcr, sizeof(wanted)));
	KUNIT_ASSERT_EQ(test, 0, ima_concat_compose(&t->concat, NULL));
	concat_test_extend(test, SHA1, history, pcr);
	KUNIT_EXPECT_MEMEQ(test, pcr, wanted, sizeof(wanted));
}

/* Each bank has its own values, all of them one after the other. */
static void concat_is_plain_hashing_in_each_bank(struct kunit *test)
{
	u8 all[CPCRS_MAX * IMA_NS_DIGEST_SIZE], wanted[IMA_NS_DIGEST_SIZE];
	struct concat_test *t = test->priv;
	unsigned int bank, i, n, size;

	memset(t->concat.next, 0xa5, sizeof(t->concat.next));
	for (n = 0; n <= CPCRS_MAX; n++) {
		KUNIT_ASSERT_EQ(test, 0, ima_concat_compose(&t->concat, NULL));
		for (bank = 0; bank < BANKS; bank++) {
			size = hash_digest_size[t->concat.algos[bank]];
			for (i = 0; i < n; i++)
				memcpy(all + i * size, t->values[i][bank],
				       size);
			KUNIT_ASSERT_EQ(test, 0,
					crypto_shash_tfm_digest(t->concat.tfm[bank],
								all, n * size,
								wanted));
			KUNIT_EXPECT_MEMEQ(test, t->concat.next[bank], wanted,
					   size);
		}
		if (n == CPCRS_MAX)
			break;
		memset(t->values[n][SHA1], 0x11 * (n + 1), IMA_NS_DIGEST_SIZE);
		memset(t->values[n][SHA256], 0x40 + n, IMA_NS_DIGEST_SIZE);
		concat_test_add(t, n);
	}
}

static void concat_without_one_is_that_of_the_others(struct kunit *test)
{
	u8 wanted[IMA_NS_DIGEST_SIZE], digest[IMA_NS_DIGEST_SIZE];
	struct concat_test *t = test->priv;
	unsigned int bank, i, size;

	for (i = 0; i < CPCRS_MAX; i++) {
		memset(t->values[i], 0x30 + i, sizeof(t->values[i]));
		concat_test_add(t, i);
	}
	for (bank = 0; bank < BANKS; bank++) {
		size = hash_digest_size[t->concat.algos[bank]];
		KUNIT_ASSERT_EQ(test, 0, ima_concat_sum(&t->concat, bank,
							&t->cpcr[1], digest));
		list_del(&t->cpcr[1].line);
		KUNIT_ASSERT_EQ(test, 0,
				ima_concat_sum(&t->concat, bank, NULL, wanted));
		KUNIT_EXPECT_MEMEQ(test, digest, wanted, size);
		list_add(&t->cpcr[1].line, &t->cpcr[0].line);
		KUNIT_ASSERT_EQ(test, 0,
				ima_concat_sum(&t->concat, bank, NULL, digest));
		KUNIT_EXPECT_MEMNEQ(test, digest, wanted, size);
	}
}

static struct kunit_case concat_test_cases[] = {
	KUNIT_CASE_PARAM(concat_is_that_of_the_document, concat_gen_params),
	KUNIT_CASE(concat_is_plain_hashing_in_each_bank),
	KUNIT_CASE(concat_without_one_is_that_of_the_others),
	{}
};

static struct kunit_suite concat_suite = {
	.name = "ima_ns_concat",
	.init = concat_test_init,
	.exit = concat_test_exit,
	.test_cases = concat_test_cases,
};
kunit_test_suite(concat_suite);
