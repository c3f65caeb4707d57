// SPDX-License-Identifier: GPL-2.0-only
/*
 * With CONFIG_IMA_NS_LOG_CHILD_DUPLICATES, a host rule with template=ima-ns
 * lists a file once for each user namespace (abi.md section 5).
 *
 *   init: the rule, and a run of its own
 *     |- first  (a user namespace, nothing else)
 *     |- second (the same)
 *     `- third  (with an active IMA of its own)
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "file.h"
#include "ima.h"
#include "list.h"
#include "ns.h"
#include "scratch.h"

#define FILE_OWNER 2300
#define RULE "measure func=BPRM_CHECK mask=MAY_EXEC fowner=2300 " \
	"template=ima-ns\n"

FIXTURE(each)
{
	struct agent first;
	struct agent second;
	struct agent third;
	char directory[256];
	char program[300];
};

FIXTURE_SETUP(each)
{
	ASSERT_EQ(0, ima_load_policy(NULL, RULE));
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->program, sizeof(self->program), "%s/program",
		 self->directory);
	ASSERT_EQ(0, scratch_program(self->program, self->program));
	ASSERT_EQ(0, chown(self->program, FILE_OWNER, FILE_OWNER));
	ASSERT_EQ(0, ns_start(&self->first, NULL, 1000, NULL));
	ASSERT_EQ(0, ns_start(&self->second, NULL, 1000, NULL));
	ASSERT_EQ(0, file_run(&self->first, self->program));
	ASSERT_EQ(0, file_run(&self->second, self->program));
	if (list_measured(NULL, self->program) == 1)
		SKIP(return,
		     "CONFIG_IMA_NS_LOG_CHILD_DUPLICATES is not set");
}

FIXTURE_TEARDOWN(each)
{
	agent_stop(&self->third);
	agent_stop(&self->second);
	agent_stop(&self->first);
	scratch_remove(self->directory);
}

/* How many user namespaces the entries of the file name; -1: two the same. */
static long namespaces(struct __test_metadata *_metadata, const char *name)
{
	const unsigned char *uuid[64];
	struct list list;
	long count = 0, i;
	size_t at;

	ASSERT_EQ(0, list_read(NULL, &list));
	for (at = 0; at < list.count; at++) {
		const struct entry *entry = &list.entries[at];

		if (strcmp(entry->template, "ima-ns") ||
		    !memmem(entry->data, entry->data_len, name, strlen(name)))
			continue;
		ASSERT_LT(20, (long)entry->data_len);
		/* The first field: its length, then the uuid. */
		uuid[count] = entry->data + 4;
		for (i = 0; i < count; i++)
			if (!memcmp(uuid[i], uuid[count], 16))
				goto same;
		ASSERT_GT(64, ++count);
	}
	list_free(&list);
	return count;
same:
	list_free(&list);
	return -1;
}

TEST_F(each, user_namespace_is_listed_once)
{
	EXPECT_EQ(2, namespaces(_metadata, self->program));
	ASSERT_EQ(0, file_run(&self->first, self->program));
	ASSERT_EQ(0, file_run(&self->second, self->program));
	EXPECT_EQ(2, namespaces(_metadata, self->program));
	ASSERT_EQ(0, file_run(NULL, self->program));
	EXPECT_EQ(3, namespaces(_metadata, self->program));
	ASSERT_EQ(0, file_run(NULL, self->program));
	EXPECT_EQ(3, namespaces(_metadata, self->program));
}

TEST_F(each, user_namespace_counts_whether_it_has_an_ima_or_not)
{
	ASSERT_EQ(0, ima_start_new(&self->third, NULL, 0, EXEC_RULE));
	ASSERT_EQ(0, file_run(&self->third, self->program));
	EXPECT_EQ(3, namespaces(_metadata, self->program));
	EXPECT_EQ(1, list_measured(&self->third, self->program));
}

/* One inside another is one of its own. */
TEST_F(each, nested_user_namespace_is_listed_too)
{
	ASSERT_EQ(0, ns_start(&self->third, &self->first, 0, NULL));
	ASSERT_EQ(0, file_run(&self->third, self->program));
	EXPECT_EQ(3, namespaces(_metadata, self->program));
}

TEST_F(each, changed_file_is_listed_for_each_again)
{
	struct list list;
	size_t before, after;

	ASSERT_EQ(0, list_read(NULL, &list));
	before = list.count;
	list_free(&list);
	ASSERT_EQ(0, scratch_append(self->program, "more"));
	ASSERT_EQ(0, file_run(&self->first, self->program));
	ASSERT_EQ(0, file_run(&self->second, self->program));
	ASSERT_EQ(0, file_run(&self->first, self->program));
	ASSERT_EQ(0, list_read(NULL, &list));
	after = list.count;
	list_free(&list);
	EXPECT_EQ(before + 2, after);
}

TEST_HARNESS_MAIN
