// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files of an instance that are opened by one side and used by the other: the
 * namespace is that of the file, the rights are those of who opened it (abi.md
 * section 2).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "file.h"
#include "ima.h"
#include "ns.h"

#define OWNER 1000

/*
 *   init -+- child, root inside
 *         `- user (no rights at all, outside)
 */
FIXTURE(passed)
{
	struct agent child;
	struct agent user;
};

FIXTURE_SETUP(passed)
{
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&self->child));
	ASSERT_EQ(0, agent_start(&self->user, NULL));
	ASSERT_EQ(0, ns_drop_to(&self->user, OWNER + 1));
}

FIXTURE_TEARDOWN(passed)
{
	agent_stop(&self->user);
	agent_stop(&self->child);
}

/* Opens a file of the child as @from and gives it to @to. */
static int pass(struct agent *from, const char *path, int flags,
		struct agent *to)
{
	int given, test, fd = file_open(from, path, flags);

	if (fd < 0)
		return fd;
	test = file_fetch_fd(from, fd);
	if (test < 0)
		return test;
	given = file_give_fd(to, test);
	close(test);
	file_close(from, fd);
	return given;
}

TEST_F(passed, policy_opened_inside_is_written_outside)
{
	char text[4096];
	int fd;

	ASSERT_EQ(0, ima_activate(&self->child));
	fd = pass(&self->child, IMA_DIR "/policy", O_WRONLY, &self->user);
	ASSERT_LE(0, fd);
	ASSERT_EQ((long)strlen(EXEC_RULE),
		  file_write(&self->user, fd, EXEC_RULE, strlen(EXEC_RULE)));
	ASSERT_EQ(0, file_close(&self->user, fd));
	ASSERT_LT(0, ima_get(&self->child, "policy", text, sizeof(text)));
	EXPECT_STREQ("measure func=BPRM_CHECK mask=MAY_EXEC \n", text);
}

TEST_F(passed, policy_opened_by_host_root_is_written_inside)
{
	char path[256], text[4096];
	int fd;

	ASSERT_EQ(0, ima_activate(&self->child));
	snprintf(path, sizeof(path), "/proc/%d/root%s/policy",
		 self->child.pid, IMA_DIR);
	fd = pass(NULL, path, O_WRONLY, &self->child);
	ASSERT_LE(0, fd);
	ASSERT_EQ((long)strlen(EXEC_RULE),
		  file_write(&self->child, fd, EXEC_RULE, strlen(EXEC_RULE)));
	ASSERT_EQ(0, file_close(&self->child, fd));
	ASSERT_LT(0, ima_get(&self->child, "policy", text, sizeof(text)));
	EXPECT_STREQ("measure func=BPRM_CHECK mask=MAY_EXEC \n", text);
}

/* Host root's own policy file, in the hands of a container. */
TEST_F(passed, policy_of_init_stays_inits)
{
	const char rule[] = "dont_measure fowner=64996\n";
	char *after, before[4096];
	int fd;

	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_LT(0, ima_get(&self->child, "policy", before, sizeof(before)));
	fd = pass(NULL, IMA_DIR "/policy", O_WRONLY, &self->child);
	ASSERT_LE(0, fd);
	ASSERT_EQ((long)strlen(rule),
		  file_write(&self->child, fd, rule, strlen(rule)));
	ASSERT_EQ(0, file_close(&self->child, fd));
	ASSERT_LT(0, file_get_all(NULL, IMA_DIR "/policy", &after));
	EXPECT_NE(NULL, strstr(after, "dont_measure fowner=64996 \n"));
	free(after);
	ASSERT_LT(0, file_get_all(&self->child, IMA_DIR "/policy", &after));
	EXPECT_STREQ(before, after);
	free(after);
}

TEST_F(passed, list_opened_inside_is_read_outside)
{
	char text[4096] = "";
	int fd;

	ASSERT_EQ(0, ima_activate(&self->child));
	fd = pass(&self->child, IMA_DIR "/ascii_runtime_measurements",
		  O_RDONLY, &self->user);
	ASSERT_LE(0, fd);
	ASSERT_LT(0, file_read(&self->user, fd, text, sizeof(text) - 1));
	EXPECT_NE(NULL, strstr(text, "boot_aggregate"));
	/* One line: the child's list, not init's. */
	EXPECT_EQ(text + strlen(text) - 1, strchr(text, '\n'));
}

TEST_F(passed, list_of_init_shows_init_inside)
{
	char text[64];
	int fd;

	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_LT(1, ima_count(NULL));
	fd = pass(NULL, IMA_DIR "/runtime_measurements_count", O_RDONLY,
		  &self->child);
	ASSERT_LE(0, fd);
	memset(text, 0, sizeof(text));
	ASSERT_LT(0, file_read(&self->child, fd, text, sizeof(text) - 1));
	EXPECT_LT(1, atol(text));
	EXPECT_GE(ima_count(NULL), atol(text));
}

TEST_F(passed, configuration_opened_inside_is_written_outside)
{
	char text[64];
	int fd = pass(&self->child, IMA_DIR "/hash", O_WRONLY, &self->user);

	ASSERT_LE(0, fd);
	EXPECT_EQ(3, file_write(&self->user, fd, "md5", 3));
	ASSERT_EQ(0, file_close(&self->user, fd));
	ASSERT_LT(0, ima_get(&self->child, "hash", text, sizeof(text)));
	EXPECT_STREQ("md5\n", text);
}

TEST_HARNESS_MAIN
