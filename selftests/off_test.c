// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel with our patches and CONFIG_IMA_NS=n is a stock one to its users:
 * securityfs is the host's alone, nothing of namespaces is named anywhere, the
 * host measures everyone, and a vTPM is nobody's.  Passes on kernel base, too.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "emulator.h"
#include "file.h"
#include "ima.h"
#include "list.h"
#include "ns.h"
#include "scratch.h"
#include "vtpm.h"

#define FILE_OWNER 2300
#define RULES								\
	"measure func=FILE_CHECK mask=MAY_READ fowner=2300\n"		\
	"measure func=BPRM_CHECK mask=MAY_EXEC fowner=2300\n"
#define TPM_PCR "/sys/class/tpm/tpm0/pcr-sha256/10"

FIXTURE(off)
{
	char directory[256];
	char path[300];
};

FIXTURE_SETUP(off)
{
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->path, sizeof(self->path), "%s/file", self->directory);
}

FIXTURE_TEARDOWN(off)
{
	scratch_remove(self->directory);
}

/* Who makes the user namespace, root or not. */
static const uid_t makers[] = { 0, 1000 };

TEST_F(off, securityfs_is_not_for_user_namespaces)
{
	struct agent child = {};
	size_t i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, ns_start(&child, NULL, makers[i], NULL));
		EXPECT_EQ(-EPERM, ima_mount(&child));
		agent_stop(&child);
	}
}

/* The same by fsopen(2), whose context knows its user namespace. */
static long make_context(struct call *call)
{
	int fd = syscall(SYS_fsopen, "securityfs", FSOPEN_CLOEXEC);
	long ret = 0;

	call->out_len = 0;
	if (fd < 0)
		return -errno;
	if (syscall(SYS_fsconfig, fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		ret = -errno;
	close(fd);
	return ret;
}

TEST_F(off, mount_context_is_not_for_user_namespaces)
{
	struct call call = { .fd = -1 };
	struct agent child = {};

	ASSERT_EQ(0, ns_start(&child, NULL, 1000, NULL));
	EXPECT_EQ(-EPERM, agent_call(&child, make_context, &call));
	agent_stop(&child);
}

TEST_F(off, ima_has_only_stock_files)
{
	char names[8192], *name, *save;

	ASSERT_LT(0, file_list(NULL, IMA_DIR, names, sizeof(names)));
	for (name = strtok_r(names, "\n", &save); name;
	     name = strtok_r(NULL, "\n", &save)) {
		EXPECT_TRUE(strstr(name, "_runtime_measurements") ||
			    !strcmp(name, "runtime_measurements_count") ||
			    !strcmp(name, "violations") ||
			    !strcmp(name, "policy")) TH_LOG("%s", name);
	}
}

TEST_F(off, nothing_of_namespaces_is_there)
{
	EXPECT_EQ(-1, access(SECURITYFS "/ima_ns", F_OK));
	EXPECT_EQ(-1, access(SECURITYFS "/integrity/evm/active", F_OK));
	EXPECT_EQ(-1, access("/proc/sys/user/max_ima_namespaces", F_OK));
}

/* Words of rules that stock does not know. */
TEST_F(off, policy_knows_no_words_of_namespaces)
{
	EXPECT_EQ(-EINVAL, ima_load_policy(NULL,
		  "measure func=FILE_CHECK fowner=2301 scope=self\n"));
	EXPECT_EQ(-EINVAL, ima_load_policy(NULL,
		  "measure func=FILE_CHECK fowner=2301 template=ima-ns\n"));
	/* And those that a child would refuse. */
	EXPECT_EQ(0, ima_load_policy(NULL,
		  "measure func=FILE_CHECK fowner=2301 pcr=63\n"));
}

static int open_and_close(struct agent *agent, const char *path, int flags)
{
	int fd = file_open(agent, path, flags);

	return fd < 0 ? fd : file_close(agent, fd);
}

TEST_F(off, host_measures_a_file_as_on_stock)
{
	long violations;
	int fd;

	ASSERT_EQ(0, ima_load_policy(NULL, RULES));
	ASSERT_EQ(0, scratch_text(self->path, "text\n"));
	ASSERT_EQ(0, chown(self->path, FILE_OWNER, FILE_OWNER));
	ASSERT_EQ(0, open_and_close(NULL, self->path, O_RDONLY));
	ASSERT_EQ(0, open_and_close(NULL, self->path, O_RDONLY));
	EXPECT_EQ(1, list_measured(NULL, self->path));
	EXPECT_EQ(1, list_last_is_content(NULL, self->path));
	/* A change of the mode is none of the content. */
	ASSERT_EQ(0, chmod(self->path, 0600));
	ASSERT_EQ(0, open_and_close(NULL, self->path, O_RDONLY));
	EXPECT_EQ(1, list_measured(NULL, self->path));
	ASSERT_EQ(0, scratch_append(self->path, "more\n"));
	ASSERT_EQ(0, open_and_close(NULL, self->path, O_RDONLY));
	EXPECT_EQ(2, list_measured(NULL, self->path));
	EXPECT_EQ(1, list_last_is_content(NULL, self->path));

	violations = ima_number(NULL, "violations");
	fd = file_open(NULL, self->path, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, open_and_close(NULL, self->path, O_WRONLY));
	file_close(NULL, fd);
	EXPECT_EQ(violations + 1, ima_number(NULL, "violations"));
	EXPECT_EQ(1, list_violated(NULL, self->path));
}

/* In whatever user namespace a task is, the host's list is the one it is in. */
TEST_F(off, host_measures_user_namespaces_as_on_stock)
{
	struct agent child = {};

	ASSERT_EQ(0, ima_load_policy(NULL, RULES));
	ASSERT_EQ(0, scratch_program(self->path, "off"));
	ASSERT_EQ(0, chown(self->path, FILE_OWNER, FILE_OWNER));
	ASSERT_EQ(0, ns_start(&child, NULL, 1000, NULL));
	EXPECT_EQ(0, file_run(&child, self->path));
	EXPECT_EQ(0, file_run(&child, self->path));
	EXPECT_EQ(1, list_measured(NULL, self->path));
	EXPECT_EQ(1, list_last_is_content(NULL, self->path));
	/* An end leaves nothing. */
	agent_stop(&child);
	ASSERT_EQ(0, ns_start(&child, NULL, 1000, NULL));
	agent_stop(&child);
	EXPECT_EQ(0, list_measured(NULL, "ima_ns_birth"));
	EXPECT_EQ(0, list_measured(NULL, "ima_ns_death"));
}

TEST_F(off, count_is_that_of_the_list)
{
	struct list list;

	ASSERT_EQ(0, list_read(NULL, &list));
	EXPECT_EQ((long)list.count, ima_count(NULL));
	EXPECT_STREQ("boot_aggregate", list.entries[0].name);
	list_free(&list);
}

/* After all of the above, what the machine's TPM has is the list. */
TEST_F(off, list_replays_to_the_tpm)
{
	char shown[256], hex[2 * DIGEST_MAX + 1];
	uint8_t value[DIGEST_MAX];
	struct list list;
	size_t len;

	if (file_get(NULL, TPM_PCR, shown, sizeof(shown)) < 0)
		SKIP(return, "missing: " TPM_PCR);
	ASSERT_EQ(0, ima_load_policy(NULL, RULES));
	ASSERT_EQ(0, scratch_text(self->path, "one more\n"));
	ASSERT_EQ(0, chown(self->path, FILE_OWNER, FILE_OWNER));
	ASSERT_EQ(0, open_and_close(NULL, self->path, O_RDONLY));
	ASSERT_EQ(0, list_read(NULL, &list));
	len = list_replay(&list, 10, "sha256", value);
	digest_hex(value, len, hex);
	ASSERT_LT(0, file_get(NULL, TPM_PCR, shown, sizeof(shown)));
	shown[strcspn(shown, "\n")] = 0;
	EXPECT_EQ(0, strcasecmp(hex, shown)) TH_LOG("%s", shown);
	list_free(&list);
}

/* A vTPM: the ioctl is unknown, and whoever may by mode opens the device. */
TEST_F(off, vtpm_belongs_to_nobody)
{
	struct emulator emulator = {};
	struct agent child = {};
	uint8_t value[64];

	if (access("/dev/vtpmx", F_OK))
		SKIP(return, "missing: /dev/vtpmx (CONFIG_TCG_VTPM_PROXY)");
	ASSERT_EQ(0, emulator_prepare(&emulator));
	ASSERT_EQ(0, emulator_start(&emulator, 2));
	ASSERT_EQ(0, vtpm_wait_device(&emulator.vtpm));
	ASSERT_EQ(0, ns_start(&child, NULL, 1000, NULL));
	EXPECT_EQ(-ENOTTY, vtpm_attach(&child, &emulator.vtpm));
	EXPECT_EQ(-ENOTTY, vtpm_attach(NULL, &emulator.vtpm));
	EXPECT_EQ(32, vtpm_read_pcr(NULL, &emulator.vtpm, "sha256", 7, value));
	EXPECT_EQ(32, vtpm_read_pcr(&child, &emulator.vtpm, "sha256", 7,
				    value));
	EXPECT_EQ(0, emulator.plan->extends);
	agent_stop(&child);
	emulator_stop(&emulator);
}

TEST_HARNESS_MAIN
