// SPDX-License-Identifier: GPL-2.0-only
/*
 * A policy file that is named by its path: its size, what is no regular file,
 * a file system of the tenant's own, whose credentials and whose root count
 * (abi.md section 3).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "clock.h"
#include "file.h"
#include "fusefile.h"
#include "ima.h"
#include "list.h"
#include "ns.h"
#include "scratch.h"

#define OWNER 1000
#define MEBIBYTE (1UL << 20)

/* What is loaded, and how it is shown. */
#define RULE "measure func=BPRM_CHECK fowner=0\n"
#define SHOWN "measure func=BPRM_CHECK fowner=0 \n"

FIXTURE(path)
{
	struct agent child;
	struct agent other;
	int server;		/* of FUSE, as the child counts; 0: none */
	char directory[256];
	char path[300];
	char before[4096];
	char text[65536];
};

FIXTURE_SETUP(path)
{
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->path, sizeof(self->path), "%s/policy", self->directory);
	ASSERT_EQ(0, ima_start_new(&self->child, NULL, OWNER, NULL));
	ASSERT_LE(0, ima_get(&self->child, "policy", self->before,
			     sizeof(self->before)));
}

FIXTURE_TEARDOWN(path)
{
	if (self->server > 0)
		fusefile_stop(&self->child, self->server);
	agent_stop(&self->other);
	agent_stop(&self->child);
	scratch_remove(self->directory);
}

#define EXPECT_POLICY(_text) do { \
	ASSERT_LE(0, ima_get(&self->child, "policy", self->text, \
			     sizeof(self->text))); \
	EXPECT_STREQ(_text, self->text); \
} while (0)

/* One rule and comments, @size bytes in all. */
static int write_policy(const char *path, unsigned long size)
{
	static const char comment[] = "# nothing but a comment, line by line\n";
	char *text = malloc(size + 1);
	size_t at = strlen(RULE);
	int ret;

	if (!text || size < at)
		return -ENOMEM;
	strcpy(text, RULE);
	while (size - at >= 2 * strlen(comment)) {
		strcpy(text + at, comment);
		at += strlen(comment);
	}
	memset(text + at, '#', size - at);
	text[size - 1] = '\n';
	text[size] = 0;
	ret = scratch_text(path, text);
	free(text);
	return ret;
}

TEST_F(path, of_a_file_of_one_mebibyte)
{
	ASSERT_EQ(0, write_policy(self->path, MEBIBYTE));
	EXPECT_EQ(0, ima_load_policy(&self->child, self->path));
	EXPECT_POLICY(SHOWN);
}

TEST_F(path, of_a_file_of_one_mebibyte_and_a_byte)
{
	ASSERT_EQ(0, write_policy(self->path, MEBIBYTE + 1));
	EXPECT_EQ(-EFBIG, ima_load_policy(&self->child, self->path));
	EXPECT_POLICY(self->before);
}

/* Sparse: nothing is read of it, and nothing of its size allocated. */
TEST_F(path, of_a_huge_file)
{
	long start = now_ms();

	ASSERT_EQ(0, scratch_text(self->path, RULE));
	ASSERT_EQ(0, truncate(self->path, 2047L << 20));
	EXPECT_EQ(-EFBIG, ima_load_policy(&self->child, self->path));
	EXPECT_GT(5000, now_ms() - start);
	EXPECT_POLICY(self->before);
}

/* The limit is that of children: init's policy may be longer, as on stock. */
TEST_F(path, of_a_long_file_is_loaded_by_init)
{
	char *text;

	ASSERT_EQ(0, write_policy(self->path, MEBIBYTE + 1));
	ASSERT_LT(0, file_get_all(NULL, self->path, &text));
	/* Not a rule that another test would notice. */
	memcpy(text, "dont_measure fowner=64995        \n", strlen(RULE));
	text[strlen(RULE) - 1] = '\n';
	ASSERT_EQ(0, scratch_text(self->path, text));
	EXPECT_EQ(0, ima_load_policy(NULL, self->path));
	free(text);
}

/* A newline behind the path, as echo writes it. */
TEST_F(path, with_a_newline)
{
	char line[302];

	ASSERT_EQ(0, scratch_text(self->path, RULE));
	snprintf(line, sizeof(line), "%s\n", self->path);
	EXPECT_EQ(0, ima_load_policy(&self->child, line));
	EXPECT_POLICY(SHOWN);
}

/* What does not start with "/" is a rule. */
TEST_F(path, that_is_relative_is_a_bad_rule)
{
	EXPECT_EQ(-EINVAL, ima_load_policy(&self->child, "policy"));
	EXPECT_EQ(-EINVAL, ima_load_policy(&self->child, "./policy"));
	EXPECT_POLICY(self->before);
}

TEST_F(path, and_a_rule_are_one_batch)
{
	int fd = ima_open(&self->child, "policy", O_WRONLY);

	ASSERT_EQ(0, scratch_text(self->path, RULE));
	ASSERT_LE(0, fd);
	ASSERT_EQ((long)strlen(EXEC_RULE),
		  file_write(&self->child, fd, EXEC_RULE, strlen(EXEC_RULE)));
	ASSERT_EQ((long)strlen(self->path),
		  file_write(&self->child, fd, self->path,
			     strlen(self->path)));
	EXPECT_POLICY(self->before);
	ASSERT_EQ(0, file_close(&self->child, fd));
	EXPECT_POLICY("measure func=BPRM_CHECK mask=MAY_EXEC \n" SHOWN);
}

TEST_F(path, that_fails_drops_the_rules_before_it)
{
	int fd = ima_open(&self->child, "policy", O_WRONLY);

	ASSERT_LE(0, fd);
	ASSERT_EQ((long)strlen(EXEC_RULE),
		  file_write(&self->child, fd, EXEC_RULE, strlen(EXEC_RULE)));
	EXPECT_EQ(-ENOENT, file_write(&self->child, fd, self->path,
				      strlen(self->path)));
	EXPECT_EQ(0, file_close(&self->child, fd));
	EXPECT_POLICY(self->before);
}

/* What is no regular file: as kernel_read_file() says on stock. */
TEST_F(path, of_a_directory_is_refused)
{
	EXPECT_EQ(-EINVAL, ima_load_policy(&self->child, self->directory));
	EXPECT_POLICY(self->before);
}

/* Endless if it were read. */
TEST_F(path, of_a_character_device_is_refused)
{
	EXPECT_EQ(-EINVAL, ima_load_policy(&self->child, "/dev/zero"));
	EXPECT_POLICY(self->before);
}

TEST_F(path, of_a_socket_is_refused)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ASSERT_GT(sizeof(address.sun_path), strlen(self->path));
	strcpy(address.sun_path, self->path);
	ASSERT_EQ(0, bind(sock, (struct sockaddr *)&address, sizeof(address)));
	ASSERT_EQ(0, chmod(self->path, 0666));
	EXPECT_EQ(-ENXIO, ima_load_policy(&self->child, self->path));
	EXPECT_POLICY(self->before);
	close(sock);
}

/* in: path; writes it to the policy, as one process from open to close */
static long write_path(struct call *call)
{
	long ret;

	call->out_len = 0;
	/* Whoever looks whether it is open may have it open himself. */
	do {
		ret = ima_load_policy(NULL, call->in);
		if (ret == -EBUSY)
			usleep(1000);
	} while (ret == -EBUSY);
	return ret;
}

/* Lets @writer write the path, and returns when it has the policy open. */
static void begin_write(struct __test_metadata *_metadata,
			FIXTURE_DATA(path) *self, struct agent *writer)
{
	struct call call = {
		.fd = -1,
		.in = self->path,
		.in_len = strlen(self->path) + 1,
	};
	int fd, tries;

	ASSERT_EQ(0, agent_start(writer, &self->child));
	ASSERT_EQ(0, agent_send(writer, write_path, &call));
	for (tries = 0; tries < 500; tries++) {
		fd = ima_open(&self->child, "policy", O_WRONLY);
		if (fd == -EBUSY)
			break;
		ASSERT_EQ(0, file_close(&self->child, fd));
		usleep(10000);
	}
	ASSERT_GT(500, tries);
	/* From there it is a few instructions to where it waits. */
	usleep(300000);
	ASSERT_EQ(-EBUSY, ima_open(&self->child, "policy", O_WRONLY));
}

/* Nobody else waits: in its own namespace, in another, in init. */
static void expect_no_other_waits(struct __test_metadata *_metadata,
				  FIXTURE_DATA(path) *self)
{
	long start = now_ms();

	EXPECT_LT(0, ima_count(&self->child));
	EXPECT_POLICY(self->before);
	ASSERT_EQ(0, ima_start_new(&self->other, NULL, OWNER, NULL));
	EXPECT_EQ(0, ima_load_policy(&self->other, EXEC_RULE));
	EXPECT_EQ(0, ima_load_policy(NULL, "dont_measure fowner=64994\n"));
	EXPECT_GT(5000, now_ms() - start);
}

TEST_F(path, of_a_fifo_can_be_left)
{
	struct agent writer = {};
	long start;

	ASSERT_EQ(0, mkfifo(self->path, 0666));
	ASSERT_EQ(0, chmod(self->path, 0666));
	begin_write(_metadata, self, &writer);
	expect_no_other_waits(_metadata, self);
	start = now_ms();
	agent_stop(&writer);
	EXPECT_GT(5000, now_ms() - start);
	EXPECT_POLICY(self->before);
	EXPECT_EQ(0, ima_load_policy(&self->child, EXEC_RULE));
}

/*
 * FUSE, mounted and served by the container itself.
 */
#define START_FUSE(_plan) do { \
	if (access("/dev/fuse", F_OK)) \
		SKIP(return, "no /dev/fuse (CONFIG_FUSE_FS)"); \
	ASSERT_EQ(0, chmod("/dev/fuse", 0666)); \
	ASSERT_EQ(0, scratch_text(self->path, "")); \
	self->server = fusefile_start(&self->child, self->path, _plan); \
	ASSERT_LT(0, self->server); \
} while (0)

static const struct fuse_plan good = { .size = 8192, .content = RULE };

TEST_F(path, of_a_fuse_file)
{
	START_FUSE(&good);
	EXPECT_EQ(0, ima_load_policy(&self->child, self->path));
	/* The server gives the rule in every block. */
	EXPECT_POLICY(SHOWN SHOWN);
}

/* Read through POLICY_CHECK: the entry, and the violation of such a file. */
TEST_F(path, of_a_fuse_file_is_measured)
{
	ASSERT_EQ(0, ima_load_policy(&self->child,
				     "measure func=POLICY_CHECK\n"));
	START_FUSE(&good);
	ASSERT_EQ(0, ima_load_policy(&self->child, self->path));
	EXPECT_EQ(1, list_measured(&self->child, self->path));
	EXPECT_EQ(1, list_violated(&self->child, self->path));
}

TEST_F(path, of_a_long_fuse_file_is_refused)
{
	struct fuse_plan plan = good;

	plan.size = MEBIBYTE + 1;
	START_FUSE(&plan);
	EXPECT_EQ(-EFBIG, ima_load_policy(&self->child, self->path));
	EXPECT_POLICY(self->before);
}

TEST_F(path, of_a_huge_fuse_file_is_refused)
{
	struct fuse_plan plan = good;

	plan.size = 1UL << 30;
	START_FUSE(&plan);
	EXPECT_EQ(-EFBIG, ima_load_policy(&self->child, self->path));
	EXPECT_POLICY(self->before);
}

TEST_F(path, of_a_fuse_file_without_its_server_is_refused)
{
	START_FUSE(&good);
	ASSERT_EQ(0, fusefile_stop(&self->child, self->server));
	self->server = 0;
	EXPECT_EQ(-ENOTCONN, ima_load_policy(&self->child, self->path));
	EXPECT_POLICY(self->before);
}

/* FUSE lets nobody go whose request the server has read, a kill or not. */
TEST_F(path, of_a_fuse_file_that_never_comes_holds_up_only_the_writer)
{
	struct fuse_plan plan = good;
	struct agent writer = {};
	struct call call = { .fd = -1 };

	plan.stuck = 1;
	START_FUSE(&plan);
	begin_write(_metadata, self, &writer);
	expect_no_other_waits(_metadata, self);
	ASSERT_EQ(0, fusefile_stop(&self->child, self->server));
	self->server = 0;
	EXPECT_GT(0, agent_receive(&writer, &call));
	EXPECT_POLICY(self->before);
	EXPECT_EQ(0, ima_load_policy(&self->child, EXEC_RULE));
	agent_stop(&writer);
}

/*
 * Whose credentials: those of who opened "policy".
 *
 *   test (root) ---- opens ----> child writes         0600 of root: loaded
 *   child ---------- opens ----> test (root) writes   0600 of root: EACCES
 */
TEST_F(path, is_opened_as_host_root_that_opened_the_policy)
{
	char policy[256];
	int fd, given;

	ASSERT_EQ(0, scratch_text(self->path, RULE));
	ASSERT_EQ(0, chmod(self->path, 0600));
	snprintf(policy, sizeof(policy), "/proc/%d/root%s/policy",
		 self->child.pid, IMA_DIR);
	fd = open(policy, O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	given = file_give_fd(&self->child, fd);
	ASSERT_LE(0, given);
	close(fd);
	EXPECT_EQ((long)strlen(self->path),
		  file_write(&self->child, given, self->path,
			     strlen(self->path)));
	ASSERT_EQ(0, file_close(&self->child, given));
	EXPECT_POLICY(SHOWN);
}

TEST_F(path, is_not_opened_as_host_root_that_writes)
{
	int fd, mine;

	ASSERT_EQ(0, scratch_text(self->path, RULE));
	ASSERT_EQ(0, chmod(self->path, 0600));
	fd = ima_open(&self->child, "policy", O_WRONLY);
	ASSERT_LE(0, fd);
	mine = file_fetch_fd(&self->child, fd);
	ASSERT_LE(0, mine);
	ASSERT_EQ(0, file_close(&self->child, fd));
	EXPECT_EQ(-1, write(mine, self->path, strlen(self->path)));
	EXPECT_EQ(EACCES, errno);
	/* Nothing of it is measured either: its digest is none of theirs. */
	EXPECT_EQ(0, list_measured(&self->child, self->path));
	close(mine);
	EXPECT_POLICY(self->before);
}

/*
 * Whose root: the writer's.
 *
 *   /policy                    is not there
 *   <directory>/policy         is, for who has <directory> as its root
 */
static long do_chroot(struct call *call)
{
	call->out_len = 0;
	return chroot(call->in) || chdir("/") ? -errno : 0;
}

TEST_F(path, is_looked_up_in_the_writers_root)
{
	struct call call = {
		.fd = -1,
		.in = self->directory,
		.in_len = strlen(self->directory) + 1,
	};
	int fd, test, given;

	ASSERT_NE(0, access("/policy", F_OK));
	ASSERT_EQ(0, scratch_text(self->path, RULE));
	/* Before the open, so that it does not inherit the file. */
	ASSERT_EQ(0, agent_start(&self->other, &self->child));
	ASSERT_EQ(0, agent_call(&self->other, do_chroot, &call));
	fd = ima_open(&self->child, "policy", O_WRONLY);
	ASSERT_LE(0, fd);
	test = file_fetch_fd(&self->child, fd);
	ASSERT_LE(0, test);
	given = file_give_fd(&self->other, test);
	ASSERT_LE(0, given);
	close(test);
	EXPECT_EQ(7, file_write(&self->other, given, "/policy", 7));
	ASSERT_EQ(0, file_close(&self->other, given));
	ASSERT_EQ(0, file_close(&self->child, fd));
	EXPECT_POLICY(SHOWN);
}

TEST_HARNESS_MAIN
