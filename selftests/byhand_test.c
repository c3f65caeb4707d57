// SPDX-License-Identifier: GPL-2.0-only
/*
 * What people type and scripts contain, word for word: unshare(1), mount(8),
 * echo and cat into the files, by an ordinary user.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "file.h"
#include "scratch.h"
#include "ns.h"

#define USER 1000

/*
 *   init ---- user (1000, no namespace) ---- unshare ... script
 */
FIXTURE(byhand)
{
	struct agent user;
	char directory[256];
	char script[300];
	char program[300];
	char text[16384];
	char output[16384];
};

FIXTURE_SETUP(byhand)
{
	if (access("/usr/bin/unshare", X_OK))
		SKIP(return, "the program unshare is missing (util-linux)");
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->script, sizeof(self->script), "%s/script",
		 self->directory);
	snprintf(self->program, sizeof(self->program), "%s/prog",
		 self->directory);
	ASSERT_EQ(0, scratch_program(self->program, "by hand"));
	ASSERT_EQ(0, agent_start(&self->user, NULL));
	ASSERT_EQ(0, ns_drop_to(&self->user, USER));
}

FIXTURE_TEARDOWN(byhand)
{
	agent_stop(&self->user);
	scratch_remove(self->directory);
}

#define UNSHARE "/usr/bin/unshare --user --map-root-user --mount-proc " \
		"--pid --fork /bin/sh -e "

/* Runs @lines in the user's container; "PROG" stands for the program. */
static int run_script(struct agent *user, const char *script,
		      const char *program, const char *lines, char *text,
		      size_t text_size, char *output, size_t size)
{
	char command[512];
	size_t len;

	len = snprintf(text, text_size,
		       "PROG=%s\n"
		       "mount -t securityfs /sys/kernel/security "
		       "/sys/kernel/security\n"
		       "cd /sys/kernel/security/ima\n%s", program, lines);
	if (len >= text_size || scratch_text(script, text))
		return -E2BIG;
	snprintf(command, sizeof(command), "%s%s", UNSHARE, script);
	return file_run_output(user, command, output, size);
}

#define RUN(_lines) \
	run_script(&self->user, self->script, self->program, _lines, \
		   self->text, sizeof(self->text), self->output, \
		   sizeof(self->output))

static int lines_with(const char *text, const char *word)
{
	int lines = 0;

	while ((text = strstr(text, word))) {
		lines++;
		text += strcspn(text, "\n");
	}
	return lines;
}

TEST_F(byhand, echo_one_into_active_activates)
{
	EXPECT_EQ(0, RUN("cat active\n"
			 "echo 1 > active\n"
			 "cat active\n")) TH_LOG("%s", self->output);
	EXPECT_STREQ("0\n1\n", self->output);
}

TEST_F(byhand, program_run_twice_is_listed_once)
{
	EXPECT_EQ(0, RUN("echo 1 > active\n"
			 "echo 'measure func=BPRM_CHECK mask=MAY_EXEC' "
			 "> policy\n"
			 "$PROG\n"
			 "$PROG\n"
			 "cat ascii_runtime_measurements\n"))
		TH_LOG("%s", self->output);
	EXPECT_EQ(1, lines_with(self->output, self->program));
}

TEST_F(byhand, policy_file_is_loaded_by_cat)
{
	char rules[300], lines[1024];

	snprintf(rules, sizeof(rules), "%s/rules", self->directory);
	ASSERT_EQ(0, scratch_text(rules,
				  "# PROC_SUPER_MAGIC\n"
				  "dont_measure fsmagic=0x9fa0\n"
				  "dont_appraise fsmagic=0x9fa0\n\n"
				  "measure func=FILE_CHECK mask=MAY_EXEC uid=0 "
				  "fowner=0\n"));
	snprintf(lines, sizeof(lines),
		 "echo 1 > active\n"
		 "cat %s > policy\n"
		 "cat policy\n", rules);
	EXPECT_EQ(0, RUN(lines)) TH_LOG("%s", self->output);
	EXPECT_STREQ("dont_measure fsmagic=0x9fa0 \n"
		     "dont_appraise fsmagic=0x9fa0 \n"
		     "measure func=FILE_CHECK mask=MAY_EXEC uid=0 fowner=0 \n",
		     self->output);
}

TEST_F(byhand, bad_rule_makes_echo_fail)
{
	EXPECT_EQ(0, RUN("echo 1 > active\n"
			 "! /bin/echo nonsense > policy\n"
			 "! /bin/echo 'audit func=BPRM_CHECK' > policy\n"))
		TH_LOG("%s", self->output);
	EXPECT_EQ(1, lines_with(self->output, "nvalid argument"))
		TH_LOG("%s", self->output);
	EXPECT_EQ(1, lines_with(self->output, "not permitted"))
		TH_LOG("%s", self->output);
}

TEST_F(byhand, unmounted_and_mounted_again_it_is_still_active)
{
	EXPECT_EQ(0, RUN("echo 1 > active\n"
			 "cd /\n"
			 "umount /sys/kernel/security\n"
			 "mount -t securityfs none /sys/kernel/security\n"
			 "cat /sys/kernel/security/ima/active\n"))
		TH_LOG("%s", self->output);
	EXPECT_STREQ("1\n", self->output);
}

TEST_F(byhand, without_activation_lists_are_denied)
{
	EXPECT_EQ(0, RUN("! cat ascii_runtime_measurements\n"
			 "! cat policy\n"
			 "! echo 'measure func=BPRM_CHECK' > policy\n"))
		TH_LOG("%s", self->output);
	EXPECT_EQ(3, lines_with(self->output, "ermission denied"))
		TH_LOG("%s", self->output);
}

TEST_HARNESS_MAIN
