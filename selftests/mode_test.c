// SPDX-License-Identifier: GPL-2.0-only
/*
 * ima_appraise= of the kernel's command line: the mode that a child begins with
 * (abi.md section 5, issue E).  In guests of its own, one for each mode, for the
 * machine's cannot be changed.
 *
 *   init ---- child (1000) ---- nested
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "file.h"
#include "ima.h"
#include "list.h"
#include "ns.h"
#include "scratch.h"
#include "sign.h"

#define OWNER 1000
/* Whose files init's rules are about, in force until the guest ends. */
#define OWNER_HASHED 1934

#define LABEL "security.ima"
#define SIGNED_EXEC "appraise func=BPRM_CHECK appraise_type=imasig\n"
#define HASHED_READ "appraise func=FILE_CHECK fsmagic=0xef53\n"

FIXTURE(mode)
{
	struct agent child;
	struct agent nested;
	char directory[256];
	char program[300];
	char text[300];
	bool enforces;
	bool fixes;
};

/* The machine's own rule, by which its mode can be seen. */
static int load_host_rule(void)
{
	static char policy[1024 * 1024];
	long len = ima_get(NULL, "policy", policy, sizeof(policy));

	if (len < 0)
		return len;
	return strstr(policy, "fowner=1934") ? 0 :
	       ima_load_policy(NULL, "appraise func=FILE_CHECK fowner=1934\n"
			       "appraise func=BPRM_CHECK fowner=1934\n");
}

FIXTURE_SETUP(mode)
{
	const char *missing = sign_missing();
	char cmdline[4096];

	if (missing)
		SKIP(return, "%s is missing", missing);
	ASSERT_EQ(0, sign_key("one", NULL));
	ASSERT_LT(0, file_get(NULL, "/proc/cmdline", cmdline,
			      sizeof(cmdline)));
	self->fixes = strstr(cmdline, "ima_appraise=fix");
	self->enforces = !self->fixes && !strstr(cmdline, "ima_appraise=log") &&
			 !strstr(cmdline, "ima_appraise=off");
	ASSERT_EQ(0, load_host_rule());
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	ASSERT_EQ(0, chmod(self->directory, 0777));
	snprintf(self->program, sizeof(self->program), "%s/prog",
		 self->directory);
	snprintf(self->text, sizeof(self->text), "%s/text", self->directory);
	ASSERT_EQ(0, scratch_program(self->program, "mode"));
	ASSERT_EQ(0, scratch_text(self->text, "text\n"));
	ASSERT_EQ(0, chown(self->text, OWNER, OWNER));
	ASSERT_EQ(0, ima_start_new(&self->child, NULL, OWNER, NULL));
	ASSERT_LE(0, sign_give_key(&self->child, "one"));
}

FIXTURE_TEARDOWN(mode)
{
	agent_stop(&self->nested);
	agent_stop(&self->child);
	scratch_remove(self->directory);
}

static bool has_label(const char *path)
{
	return getxattr(path, LABEL, NULL, 0) > 0;
}

static int open_and_close(struct agent *agent, const char *path, int flags)
{
	int fd = file_open(agent, path, flags);

	return fd < 0 ? fd : file_close(agent, fd);
}

#define DENIAL (self->enforces ? -EACCES : 0)

TEST_F(mode, of_the_machine_is_as_the_command_line_says)
{
	ASSERT_EQ(0, chown(self->text, OWNER_HASHED, 0));
	EXPECT_EQ(DENIAL, open_and_close(NULL, self->text, O_RDONLY));
	EXPECT_EQ(self->fixes, has_label(self->text));
}

TEST_F(mode, of_a_child_is_the_machines)
{
	ASSERT_EQ(0, ima_load_policy(&self->child, EXEC_RULE SIGNED_EXEC));
	EXPECT_EQ(DENIAL, file_run(&self->child, self->program));
	EXPECT_EQ(1, list_measured(&self->child, self->program));
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_EQ(0, file_run(&self->child, self->program));
	ASSERT_EQ(0, scratch_append(self->program, "#"));
	EXPECT_EQ(DENIAL, file_run(&self->child, self->program));
	EXPECT_EQ(2, list_measured(&self->child, self->program));
}

TEST_F(mode, of_a_nested_one_is_the_machines)
{
	ASSERT_EQ(0, ima_start_new(&self->nested, &self->child, 0,
				   EXEC_RULE SIGNED_EXEC));
	EXPECT_EQ(DENIAL, file_run(&self->nested, self->program));
	EXPECT_EQ(0, file_run(&self->child, self->program));
}

/* In none of them is anything written to what is only read or executed. */
TEST_F(mode, makes_no_child_label_anything)
{
	int fd;

	ASSERT_EQ(0, ima_load_policy(&self->child, HASHED_READ SIGNED_EXEC));
	EXPECT_EQ(DENIAL, open_and_close(&self->child, self->text, O_RDONLY));
	EXPECT_FALSE(has_label(self->text));
	fd = file_open(&self->child, self->text, O_RDWR);
	EXPECT_EQ(DENIAL, fd < 0 ? fd : 0);
	if (fd >= 0) {
		EXPECT_EQ(4, file_write(&self->child, fd, "TEXT", 4));
		ASSERT_EQ(0, file_close(&self->child, fd));
	}
	EXPECT_FALSE(has_label(self->text));
	EXPECT_EQ(DENIAL, file_run(&self->child, self->program));
	EXPECT_FALSE(has_label(self->program));
	/* A label that is wrong stays what it is. */
	ASSERT_EQ(0, setxattr(self->text, LABEL, "\x01wrong", 6, 0));
	EXPECT_EQ(DENIAL, open_and_close(&self->child, self->text, O_RDONLY));
	EXPECT_EQ(6, getxattr(self->text, LABEL, NULL, 0));
}

/* The rules of a child do not make the machine stricter, nor laxer. */
TEST_F(mode, of_the_machine_is_not_changed_by_a_child)
{
	ASSERT_EQ(0, ima_load_policy(&self->child, "appraise func=POLICY_CHECK "
				     "appraise_type=imasig\n"
				     "appraise func=MODULE_CHECK "
				     "appraise_type=imasig\n" SIGNED_EXEC));
	EXPECT_EQ(0, ima_load_policy(NULL, "dont_measure fowner=64996\n"));
	ASSERT_EQ(0, chown(self->program, OWNER_HASHED, 0));
	EXPECT_EQ(DENIAL, file_run(NULL, self->program));
	ASSERT_EQ(0, chown(self->text, OWNER_HASHED, 0));
	EXPECT_EQ(DENIAL, open_and_close(NULL, self->text, O_RDONLY));
	EXPECT_EQ(self->fixes, has_label(self->text));
}

/* Of a hash rule it is what was asked for. */
TEST_F(mode, does_not_keep_a_hash_rule_from_labelling)
{
	int fd;

	ASSERT_EQ(0, ima_load_policy(&self->child, "hash func=FILE_CHECK "
				     "mask=MAY_WRITE fsmagic=0xef53\n"));
	fd = file_open(&self->child, self->text, O_WRONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(4, file_write(&self->child, fd, "TEXT", 4));
	ASSERT_EQ(0, file_close(&self->child, fd));
	EXPECT_TRUE(has_label(self->text));
}

TEST_HARNESS_MAIN
