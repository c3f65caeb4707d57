// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of what is written to ima_ns/adopt
 */

#include <linux/ima_ns_anchor.h>
#include <linux/string.h>
#include <kunit/test.h>

#include "adoption.h"

/**
 * struct adoption_case - a text and what it says
 * @text: the text
 * @rc: what the parser returns
 * @pid: the process
 * @start_time: when it was started
 * @label: the label
 * @policy: the path
 */
struct adoption_case {
	const char *text;
	int rc;
	pid_t pid;
	u64 start_time;
	const char *label;
	const char *policy;
};

static const struct adoption_case adoption_cases[] = {
	{ "1:2", 0, 1, 2 },
	{ "1:2\n", 0, 1, 2 },
	{ "4194304:18446744073709551615", 0, 4194304, U64_MAX },
	{ "7:8 label=a", 0, 7, 8, "a" },
	{ "7:8 policy=/p\n", 0, 7, 8, NULL, "/p" },
	{ "7:8 label=a policy=/p", 0, 7, 8, "a", "/p" },
	{ "7:8 policy=/p label=a=b\n", 0, 7, 8, "a=b", "/p" },
	/* What these may be is for who uses them. */
	{ "7:8 label= policy=", 0, 7, 8, "", "" },
	{ "", -EINVAL },
	{ "\n", -EINVAL },
	{ "7", -EINVAL },
	{ "7:", -EINVAL },
	{ ":8", -EINVAL },
	{ "7 8", -EINVAL },
	{ "7:8:9", -EINVAL },
	{ "7:8\n\n", -EINVAL },
	{ "7:8 ", -EINVAL },
	{ " 7:8", -EINVAL },
	{ "0:8", -EINVAL },
	{ "-7:8", -EINVAL },
	{ "7:-8", -EINVAL },
	{ "0x7:8", -EINVAL },
	{ "2147483648:8", -EINVAL },
	{ "7:18446744073709551616", -EINVAL },
	{ "7:8 label", -EINVAL },
	{ "7:8 Label=a", -EINVAL },
	{ "7:8 label=a b", -EINVAL },
	{ "7:8 label=a label=a", -EINVAL },
	{ "7:8 policy=/p policy=/p", -EINVAL },
	{ "7:8  label=a", -EINVAL },
	{ "7:8 hash=sha256", -EINVAL },
};

static void adoption_case_name(const struct adoption_case *t, char *name)
{
	strscpy(name, t->text, KUNIT_PARAM_DESC_SIZE);
	strreplace(name, '\n', '$');
}

KUNIT_ARRAY_PARAM(adoption, adoption_cases, adoption_case_name);

static void adoption_is_read(struct kunit *test)
{
	const struct adoption_case *t = test->param_value;
	struct ima_adoption adoption;
	char text[80];
	ssize_t len = strscpy(text, t->text);

	KUNIT_ASSERT_LE(test, 0, len);
	KUNIT_ASSERT_EQ(test, t->rc, ima_adoption_parse(text, len, &adoption));
	if (t->rc)
		return;
	KUNIT_EXPECT_EQ(test, t->pid, adoption.pid);
	KUNIT_EXPECT_EQ(test, t->start_time, adoption.start_time);
	KUNIT_EXPECT_STREQ(test, t->label ?: "", adoption.label ?: "");
	KUNIT_EXPECT_STREQ(test, t->policy ?: "", adoption.policy ?: "");
	KUNIT_EXPECT_EQ(test, !t->label, !adoption.label);
	KUNIT_EXPECT_EQ(test, !t->policy, !adoption.policy);
}

static void adoption_has_no_nul(struct kunit *test)
{
	char text[] = "7:8\0 label=a";
	struct ima_adoption adoption;

	KUNIT_EXPECT_EQ(test, -EINVAL,
			ima_adoption_parse(text, sizeof(text) - 1, &adoption));
}

static struct kunit_case adoption_test_cases[] = {
	KUNIT_CASE_PARAM(adoption_is_read, adoption_gen_params),
	KUNIT_CASE(adoption_has_no_nul),
	{}
};

static struct kunit_suite adoption_suite = {
	.name = "ima_ns_adoption",
	.test_cases = adoption_test_cases,
};
kunit_test_suite(adoption_suite);
