// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a namespace asks of its TPM, command by command: one extend for each
 * entry, before it can be seen; what happens when the TPM fails, and what is
 * not held against it (abi.md sections 2 and 7).  The emulator is the scripted
 * one, which computes nothing: vtpm_test has the values.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "clock.h"
#include "emulator.h"
#include "file.h"
#include "ima.h"
#include "kmsg.h"
#include "list.h"
#include "ns.h"
#include "scratch.h"

#define OWNER 1000
#define READ_RULE NOT_SECURITYFS \
	"measure func=FILE_CHECK mask=MAY_READ fowner=0 pcr=14\n"

/*
 *   init ---- child (configuring, the emulator is its TPM)
 */
FIXTURE(nstpm)
{
	struct emulator emulator;
	struct emulator_plan *plan;
	struct agent child;
	struct agent second;
	uint32_t extend_cc;
	uint32_t read_cc;
	char directory[256];
	char program[300];
	char next[300];
	char text[300];
	char *list;
};

FIXTURE_VARIANT(nstpm)
{
	int version;
	uint32_t banks;
};

FIXTURE_VARIANT_ADD(nstpm, tpm2) { .version = 2, .banks = 2 };
FIXTURE_VARIANT_ADD(nstpm, tpm1) { .version = 1, .banks = 1 };

FIXTURE_SETUP(nstpm)
{
	if (access("/dev/vtpmx", F_OK))
		SKIP(return, "/dev/vtpmx (CONFIG_TCG_VTPM_PROXY)");
	self->extend_cc = variant->version == 2 ? CC_PCR_EXTEND :
						  ORD_PCR_EXTEND;
	self->read_cc = variant->version == 2 ? CC_PCR_READ : ORD_PCR_READ;
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->program, sizeof(self->program), "%s/prog",
		 self->directory);
	snprintf(self->next, sizeof(self->next), "%s/next", self->directory);
	snprintf(self->text, sizeof(self->text), "%s/text", self->directory);
	ASSERT_EQ(0, scratch_program(self->program, "program"));
	ASSERT_EQ(0, scratch_program(self->next, "next"));
	ASSERT_EQ(0, scratch_text(self->text, "text\n"));
	ASSERT_EQ(0, chown(self->text, OWNER, OWNER));
	ASSERT_EQ(0, emulator_prepare(&self->emulator));
	self->plan = self->emulator.plan;
	/* Before the emulator, whose descriptor it must not inherit. */
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&self->child));
	ASSERT_EQ(0, emulator_start(&self->emulator, variant->version));
	ASSERT_EQ(0, vtpm_attach(&self->child, &self->emulator.vtpm));
	ASSERT_EQ(0, vtpm_wait_device(&self->emulator.vtpm));
}

FIXTURE_TEARDOWN(nstpm)
{
	agent_stop(&self->second);
	agent_stop(&self->child);
	emulator_stop(&self->emulator);
	scratch_remove(self->directory);
}

#define START() do { \
	ASSERT_EQ(0, ima_activate(&self->child)); \
	ASSERT_EQ(0, ima_load_policy(&self->child, READ_RULE EXEC_RULE)); \
} while (0)

/* The next command with this ordinal takes so long. */
static void hold(struct emulator_plan *plan, uint32_t cc, uint32_t ms)
{
	plan->hold_ms = ms;
	plan->hold_cc = cc;
}

/* Waits until the emulator has that command in its hands. */
static bool wait_until_held(const struct emulator_plan *plan)
{
	struct patience left = patience(10000);

	while (plan->hold_cc && patience_lasts(&left))
		;
	/* It has read hold_ms as well. */
	usleep(20000);
	return !plan->hold_cc;
}

static int read_once(struct agent *agent, const char *path)
{
	int fd = file_open(agent, path, O_RDONLY);

	return fd < 0 ? fd : file_close(agent, fd);
}

TEST_F(nstpm, entry_is_one_extend_of_every_bank)
{
	uint32_t before;

	before = self->plan->extends;
	ASSERT_EQ(0, ima_activate(&self->child));
	EXPECT_EQ(before + 1, self->plan->extends);
	EXPECT_EQ(10, self->plan->extend_pcr);
	EXPECT_EQ(variant->banks, self->plan->extend_digests);
	ASSERT_EQ(0, ima_load_policy(&self->child, READ_RULE EXEC_RULE));
	before = self->plan->extends;
	ASSERT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(before + 1, self->plan->extends);
	EXPECT_EQ(10, self->plan->extend_pcr);
	EXPECT_EQ(variant->banks, self->plan->extend_digests);
	EXPECT_EQ(ima_count(&self->child), self->plan->extends);
}

TEST_F(nstpm, pcr_of_the_rule_is_extended)
{
	START();
	ASSERT_EQ(0, read_once(&self->child, self->text));
	EXPECT_EQ(14, self->plan->extend_pcr);
	EXPECT_EQ(variant->banks, self->plan->extend_digests);
	EXPECT_EQ(ima_count(&self->child), self->plan->extends);
}

TEST_F(nstpm, violation_is_one_extend)
{
	int fd;

	START();
	fd = file_open(&self->child, self->text, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, scratch_append(self->text, "more\n"));
	ASSERT_EQ(1, list_violated(&self->child, self->text));
	/* As on stock: in the default PCR, whatever the rule says. */
	EXPECT_EQ(10, self->plan->extend_pcr);
	EXPECT_EQ(variant->banks, self->plan->extend_digests);
	EXPECT_EQ(ima_count(&self->child), self->plan->extends);
}

/* The same digest and name on the same PCR, by another inode. */
TEST_F(nstpm, duplicate_is_no_extend)
{
	uint32_t before;

	START();
	ASSERT_EQ(0, file_run(&self->child, self->program));
	before = self->plan->extends;
	ASSERT_EQ(0, file_run(&self->child, self->program));
	ASSERT_EQ(0, unlink(self->program));
	ASSERT_EQ(0, scratch_program(self->program, "program"));
	ASSERT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(1, list_measured(&self->child, self->program));
	EXPECT_EQ(before, self->plan->extends);
}

/*
 * Allocate, extend, add: while the TPM has the command nobody sees the entry,
 * and init, which looks at the list meanwhile, does not wait.
 */
TEST_F_TIMEOUT(nstpm, entry_is_seen_after_its_extend, 60)
{
	char path[512];
	long start;

	START();
	snprintf(path, sizeof(path),
		 "/proc/%d/root%s/ascii_runtime_measurements",
		 self->child.pid, IMA_DIR);
	hold(self->plan, self->extend_cc, 4000);
	ASSERT_EQ(0, agent_start(&self->second, &self->child));
	ASSERT_EQ(0, file_run_begin(&self->second, self->program));
	ASSERT_TRUE(wait_until_held(self->plan));
	start = now_ms();
	ASSERT_LT(0, file_get_all(NULL, path, &self->list));
	EXPECT_EQ(NULL, strstr(self->list, self->program));
	free(self->list);
	EXPECT_GT(3000, now_ms() - start);
	EXPECT_TRUE(agent_is_busy(&self->second));
	EXPECT_EQ(0, file_run_end(&self->second));
	ASSERT_LT(0, file_get_all(NULL, path, &self->list));
	EXPECT_NE(NULL, strstr(self->list, self->program));
	free(self->list);
}

/* From then on the namespace does without, and the log says so once. */
TEST_F(nstpm, extend_that_fails_is_the_last)
{
	char name[16];
	uint32_t before;
	int log = kmsg_open();

	ASSERT_LE(0, log);
	START();
	kmsg_count(log, "");
	self->plan->fail_cc = self->extend_cc;
	before = self->plan->extends;
	EXPECT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(before + 1, self->plan->extends);
	EXPECT_EQ(1, list_measured(&self->child, self->program));
	/* Even if it would do it now. */
	self->plan->fail_cc = 0;
	EXPECT_EQ(0, file_run(&self->child, self->next));
	EXPECT_EQ(0, read_once(&self->child, self->text));
	EXPECT_EQ(1, list_measured(&self->child, self->next));
	EXPECT_EQ(1, list_measured(&self->child, self->text));
	EXPECT_EQ(before + 1, self->plan->extends);
	snprintf(name, sizeof(name), "tpm%d failed",
		 self->emulator.vtpm.number);
	EXPECT_EQ(1, kmsg_count(log, name));
	close(log);
}

/* A TPM whose PCRs can be read is still only for who is inside. */
TEST_F(nstpm, failed_one_still_belongs_to_the_namespace)
{
	uint8_t value[64];

	START();
	self->plan->fail_cc = self->extend_cc;
	ASSERT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(-EACCES, vtpm_open(NULL, &self->emulator.vtpm, false));
	EXPECT_LT(0, vtpm_read_pcr(&self->child, &self->emulator.vtpm, "sha1",
				   3, value));
	EXPECT_EQ(-EBUSY, vtpm_attach(&self->child, &self->emulator.vtpm));
}

/* Another TPM of another namespace has nothing to do with it. */
TEST_F(nstpm, failure_is_the_namespaces_own)
{
	struct emulator healthy = {};

	START();
	self->plan->fail_cc = self->extend_cc;
	ASSERT_EQ(0, emulator_prepare(&healthy));
	ASSERT_EQ(0, ns_start(&self->second, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&self->second));
	ASSERT_EQ(0, emulator_start(&healthy, variant->version));
	ASSERT_EQ(0, vtpm_attach(&self->second, &healthy.vtpm));
	ASSERT_EQ(0, ima_activate(&self->second));
	ASSERT_EQ(0, ima_load_policy(&self->second, EXEC_RULE));
	ASSERT_EQ(0, file_run(&self->child, self->program));
	ASSERT_EQ(0, file_run(&self->second, self->program));
	ASSERT_EQ(0, file_run(&self->second, self->next));
	EXPECT_EQ(ima_count(&self->second), healthy.plan->extends);
	agent_stop(&self->second);
	emulator_stop(&healthy);
}

/* Reads PCR 1 through the device, whatever that takes. */
static long read_pcr(struct call *call)
{
	struct vtpm vtpm;
	uint8_t value[64];

	call->out_len = 0;
	/* As this agent; the mode of the node the test has seen to. */
	memcpy(&vtpm, call->in, sizeof(vtpm));
	return vtpm_read_pcr(NULL, &vtpm, "sha1", 1, value);
}

/* Keeps the chip busy with another command for so long. */
static void keep_busy(struct __test_metadata *_metadata,
		      FIXTURE_DATA(nstpm) *self, uint32_t ms)
{
	struct call call = {
		.fd = -1,
		.in = &self->emulator.vtpm,
		.in_len = sizeof(self->emulator.vtpm),
	};

	int fd = vtpm_open(&self->child, &self->emulator.vtpm, false);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, file_close(&self->child, fd));
	ASSERT_EQ(0, agent_start(&self->second, &self->child));
	hold(self->plan, self->read_cc, ms);
	ASSERT_EQ(0, agent_send(&self->second, read_pcr, &call));
	ASSERT_TRUE(wait_until_held(self->plan));
}

/*
 *   second: PCR_Read   |=========== 8 s ===========|
 *   child:  an entry      |---- waits for it ------|=== extend, 5 s ===|
 *
 * More than ten seconds in all, but not for the extend.
 */
TEST_F_TIMEOUT(nstpm, wait_for_another_command_does_not_count, 90)
{
	struct call call = { .fd = -1 };
	uint32_t before;
	long start;

	START();
	before = self->plan->extends;
	keep_busy(_metadata, self, 8000);
	hold(self->plan, self->extend_cc, 5000);
	start = now_ms();
	EXPECT_EQ(0, file_run(&self->child, self->program));
	EXPECT_LE(11000, now_ms() - start);
	EXPECT_LT(0, agent_receive(&self->second, &call));
	EXPECT_EQ(before + 1, self->plan->extends);
	/* It is still used. */
	EXPECT_EQ(0, file_run(&self->child, self->next));
	EXPECT_EQ(before + 2, self->plan->extends);
}

static long open_file(struct call *call)
{
	call->out_len = 0;
	return file_open(NULL, call->in, O_RDONLY);
}

/* Who waits can be killed, and what it did is not forgotten. */
TEST_F_TIMEOUT(nstpm, wait_for_another_command_can_be_killed, 90)
{
	struct agent waiter = {};
	struct call call = {
		.fd = -1,
		.in = self->text,
		.in_len = strlen(self->text) + 1,
	};
	long start;

	START();
	ASSERT_EQ(0, agent_start(&waiter, &self->child));
	keep_busy(_metadata, self, 8000);
	start = now_ms();
	ASSERT_EQ(0, agent_send(&waiter, open_file, &call));
	usleep(500000);
	EXPECT_TRUE(agent_is_busy(&waiter));
	agent_stop(&waiter);
	EXPECT_GT(4000, now_ms() - start);
	EXPECT_TRUE(agent_is_busy(&self->second));
	EXPECT_LT(0, agent_receive(&self->second, &call));
	EXPECT_EQ(1, list_measured(&self->child, self->text));
	EXPECT_EQ(ima_count(&self->child), self->plan->extends);
}

/* Sessions with such a TPM would be encrypted to whoever runs it. */
TEST_F(nstpm, no_session_is_started)
{
	START();
	ASSERT_EQ(0, file_run(&self->child, self->program));
	ASSERT_LT(1, self->plan->extends);
	EXPECT_EQ(0, self->plan->sessions);
}

/*
 * Set-up that fails: the write fails with that errno, the namespace is still
 * configuring, and nothing of the attempt is left.
 */
static void expect_configuring(struct __test_metadata *_metadata,
			       struct agent *child)
{
	char names[4096];

	EXPECT_EQ(0, ima_number(child, "active"));
	EXPECT_EQ(-EACCES, ima_count(child));
	EXPECT_EQ(-EACCES, ima_open(child, "policy", O_WRONLY));
	EXPECT_EQ(0, ima_put(child, "hash", "sha1"));
	EXPECT_EQ(0, ima_put(child, "hash", "sha256"));
	ASSERT_LT(0, file_list(child, IMA_DIR, names, sizeof(names)));
	EXPECT_EQ(NULL, strstr(names, "_measurements_sha"));
}

TEST_F(nstpm, boot_aggregate_that_cannot_be_read_fails_the_activation)
{
	self->plan->fail_cc = self->read_cc;
	EXPECT_GT(0, ima_activate(&self->child));
	expect_configuring(_metadata, &self->child);
	self->plan->fail_cc = 0;
	EXPECT_EQ(0, ima_activate(&self->child));
	EXPECT_EQ(1, ima_count(&self->child));
	EXPECT_EQ(1, self->plan->extends);
}

/* Whether it was extended nobody knows, so that a second try fails as well. */
TEST_F(nstpm, extend_that_fails_fails_the_activation)
{
	self->plan->fail_cc = self->extend_cc;
	EXPECT_GT(0, ima_activate(&self->child));
	expect_configuring(_metadata, &self->child);
	self->plan->fail_cc = 0;
	EXPECT_GT(0, ima_activate(&self->child));
	expect_configuring(_metadata, &self->child);
	EXPECT_EQ(1, self->plan->extends);
}

/* It has a TPM to this day, but one that is gone. */
TEST_F(nstpm, tpm_that_is_gone_fails_the_activation)
{
	vtpm_stop(&self->emulator.vtpm);
	EXPECT_GT(0, ima_activate(&self->child));
	expect_configuring(_metadata, &self->child);
}

TEST_HARNESS_MAIN
