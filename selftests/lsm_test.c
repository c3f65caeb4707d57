// SPDX-License-Identifier: GPL-2.0-only
/*
 * Conditions of LSMs in the policy of a child.  Shown with Smack, where it is on
 * (kernel debug, set smack); kernels without it, and those where it is off, say
 * that there is none.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include "kselftest_harness.h"

#include "file.h"
#include "ima.h"
#include "list.h"
#include "ns.h"
#include "scratch.h"

#define OWNER 1000
#define SMACK_LABEL "security.SMACK64"

/*
 *   init ---- child (1000), which measures what has a certain label
 *
 * Files have the label of who made them, "_", or "*": both can be used by all.
 */
FIXTURE(lsm)
{
	struct agent child;
	char directory[256];
	char program[300];
	char other[300];
	bool has_smack;
	bool has_another;
};

FIXTURE_SETUP(lsm)
{
	char lsms[1024];

	ASSERT_LT(0, file_get(NULL, SECURITYFS "/lsm", lsms, sizeof(lsms)));
	self->has_smack = strstr(lsms, "smack");
	self->has_another = strstr(lsms, "selinux") || strstr(lsms, "apparmor");
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->program, sizeof(self->program), "%s/prog",
		 self->directory);
	snprintf(self->other, sizeof(self->other), "%s/other",
		 self->directory);
	ASSERT_EQ(0, scratch_program(self->program, "lsm"));
	ASSERT_EQ(0, scratch_program(self->other, "other"));
	ASSERT_EQ(0, ima_start_new(&self->child, NULL, OWNER, NULL));
}

FIXTURE_TEARDOWN(lsm)
{
	agent_stop(&self->child);
	scratch_remove(self->directory);
}

#define NEED_SMACK() do { \
	if (!self->has_smack) \
		SKIP(return, "no Smack (CONFIG_SECURITY_SMACK, lsm=)"); \
} while (0)

static const char * const conditions[] = {
	"obj_user", "obj_role", "obj_type", "subj_user", "subj_role",
	"subj_type",
};

TEST_F(lsm, that_is_not_there_is_an_error)
{
	char rule[128];
	size_t i;

	if (self->has_smack || self->has_another)
		SKIP(return, "there is one");
	for (i = 0; i < sizeof(conditions) / sizeof(*conditions); i++) {
		snprintf(rule, sizeof(rule), "measure func=BPRM_CHECK %s=a\n",
			 conditions[i]);
		EXPECT_EQ(-EINVAL, ima_load_policy(&self->child, rule));
	}
	/* Also in a later batch. */
	ASSERT_EQ(0, ima_load_policy(&self->child, EXEC_RULE));
	EXPECT_EQ(-EINVAL, ima_load_policy(&self->child, rule));
}

TEST_F(lsm, label_of_a_file_decides)
{
	char policy[4096];

	NEED_SMACK();
	ASSERT_EQ(0, setxattr(self->program, SMACK_LABEL, "*", 1, 0));
	ASSERT_EQ(0, ima_load_policy(&self->child, "measure func=BPRM_CHECK "
				     "obj_user=*\n"));
	ASSERT_LT(0, ima_get(&self->child, "policy", policy, sizeof(policy)));
	EXPECT_STREQ("measure func=BPRM_CHECK obj_user=* \n", policy);
	EXPECT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(0, file_run(&self->child, self->other));
	EXPECT_EQ(1, list_measured(&self->child, self->program));
	EXPECT_EQ(0, list_measured(&self->child, self->other));
}

TEST_F(lsm, label_of_a_task_decides)
{
	NEED_SMACK();
	ASSERT_EQ(0, ima_load_policy(&self->child,
				     "measure func=BPRM_CHECK subj_user=?\n"
				     "appraise func=BPRM_CHECK subj_user=?\n"));
	EXPECT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(0, list_measured(&self->child, self->program));
	ASSERT_EQ(0, ima_load_policy(&self->child,
				     "measure func=BPRM_CHECK subj_user=_\n"));
	EXPECT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(1, list_measured(&self->child, self->program));
}

TEST_F(lsm, label_of_a_file_is_appraised)
{
	NEED_SMACK();
	ASSERT_EQ(0, setxattr(self->program, SMACK_LABEL, "*", 1, 0));
	ASSERT_EQ(0, ima_load_policy(&self->child, "appraise func=BPRM_CHECK "
				     "obj_user=*\n"));
	EXPECT_EQ(-EACCES, file_run(&self->child, self->program));
	EXPECT_EQ(0, file_run(&self->child, self->other));
}

/* Smack has no roles: such a rule matches nothing, and the others do. */
TEST_F(lsm, that_does_not_know_a_label_does_not_kill_the_policy)
{
	char policy[4096];

	NEED_SMACK();
	ASSERT_EQ(0, ima_load_policy(&self->child,
				     "dont_measure func=BPRM_CHECK obj_role=a\n"
				     EXEC_RULE));
	ASSERT_LT(0, ima_get(&self->child, "policy", policy, sizeof(policy)));
	EXPECT_STREQ("measure func=BPRM_CHECK mask=MAY_EXEC \n", policy);
	EXPECT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(1, list_measured(&self->child, self->program));
}

/* That a file gets another label is a change like that of its mode. */
TEST_F(lsm, label_of_a_file_is_looked_at_again)
{
	NEED_SMACK();
	ASSERT_EQ(0, ima_load_policy(&self->child, "measure func=BPRM_CHECK "
				     "obj_user=*\n"));
	EXPECT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(0, list_measured(&self->child, self->program));
	ASSERT_EQ(0, setxattr(self->program, SMACK_LABEL, "*", 1, 0));
	EXPECT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(1, list_measured(&self->child, self->program));
	ASSERT_EQ(0, setxattr(self->program, SMACK_LABEL, "_", 1, 0));
	ASSERT_EQ(0, scratch_append(self->program, "#"));
	EXPECT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(1, list_measured(&self->child, self->program));
}

TEST_F(lsm, label_exempts_from_what_follows)
{
	NEED_SMACK();
	ASSERT_EQ(0, setxattr(self->program, SMACK_LABEL, "*", 1, 0));
	ASSERT_EQ(0, ima_load_policy(&self->child,
				     "dont_measure obj_user=*\n"
				     "dont_appraise obj_user=*\n" EXEC_RULE
				     "appraise func=BPRM_CHECK\n"));
	EXPECT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(0, list_measured(&self->child, self->program));
	EXPECT_EQ(-EACCES, file_run(&self->child, self->other));
	EXPECT_EQ(1, list_measured(&self->child, self->other));
}

/* Each level has its own conditions. */
TEST_F(lsm, label_decides_at_each_level)
{
	struct agent nested = { };

	NEED_SMACK();
	ASSERT_EQ(0, setxattr(self->program, SMACK_LABEL, "*", 1, 0));
	ASSERT_EQ(0, ima_load_policy(&self->child, "measure func=BPRM_CHECK "
				     "obj_user=_\n"));
	ASSERT_EQ(0, ima_start_new(&nested, &self->child, 0, "measure "
				   "func=BPRM_CHECK obj_user=*\n"));
	EXPECT_EQ(0, file_run(&nested, self->program));
	EXPECT_EQ(0, file_run(&nested, self->other));
	EXPECT_EQ(1, list_measured(&nested, self->program));
	EXPECT_EQ(0, list_measured(&nested, self->other));
	EXPECT_EQ(0, list_measured(&self->child, self->program));
	EXPECT_EQ(1, list_measured(&self->child, self->other));
	agent_stop(&nested);
}

/* No label begins with a dash, and no rule with such a label does harm. */
TEST_F(lsm, label_that_cannot_be_does_not_kill_the_policy)
{
	NEED_SMACK();
	ASSERT_EQ(0, ima_load_policy(&self->child,
				     "dont_measure func=BPRM_CHECK "
				     "obj_user=-none\n"
				     "appraise func=BPRM_CHECK "
				     "subj_user=-none\n" EXEC_RULE));
	EXPECT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(1, list_measured(&self->child, self->program));
}

TEST_HARNESS_MAIN
