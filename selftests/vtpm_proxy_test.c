// SPDX-License-Identifier: GPL-2.0-only
/*
 * The vTPM proxy and the TPM core below IMA: what an emulator that is stopped,
 * slow or hostile cannot do, and whose a connected chip is (abi.md section 7).
 * The emulator is a scripted one, so that each misbehaviour is exact.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "clock.h"
#include "emulator.h"
#include "file.h"
#include "fusefile.h"
#include "ima.h"
#include "kmsg.h"
#include "ns.h"

#define OWNER 0			/* the device nodes of the guest are root's */
#define BOUND_MS 10000		/* abi.md section 7 */
#define SLACK_MS 3000		/* of a guest without KVM */

/* Is the bound of ten seconds in this kernel, and the ioctl? */
static bool has_connect(struct emulator *emulator)
{
	struct agent agent = {};
	bool has = false;

	if (!ns_start(&agent, NULL, OWNER, NULL))
		has = vtpm_attach(&agent, &emulator->vtpm) != -ENOTTY;
	agent_stop(&agent);
	return has;
}

#define REQUIRE_CONNECT(self)						\
	do {								\
		if (!has_connect(&(self)->emulator))			\
			SKIP(return, "no IMA namespaces: "		\
			     "VTPM_PROXY_IOC_CONNECT_TO_IMA_NS is unknown"); \
	} while (0)

static long sysfs_pcr(struct agent *agent, const struct vtpm *vtpm, int pcr,
		      char *buf, size_t size)
{
	char path[128];

	if (vtpm->version == 2)
		snprintf(path, sizeof(path),
			 "/sys/class/tpm/tpm%d/pcr-sha256/%d", vtpm->number,
			 pcr);
	else
		snprintf(path, sizeof(path), "/sys/class/tpm/tpm%d/pcrs",
			 vtpm->number);
	return file_get(agent, path, buf, size);
}

/*
 *   test ---- /dev/tpmN ---- proxy ---- emulator (a process with a plan)
 */
FIXTURE(vtpm)
{
	struct emulator emulator;
	int log;
};

FIXTURE_VARIANT(vtpm)
{
	int version;
	const char *bank;
};

FIXTURE_VARIANT_ADD(vtpm, tpm2) { .version = 2, .bank = "sha256" };
FIXTURE_VARIANT_ADD(vtpm, tpm1) { .version = 1, .bank = "sha1" };

/* The same for what only one of the versions has. */
FIXTURE(tpm2)
{
	struct emulator emulator;
	int log;
};

FIXTURE(tpm12)
{
	struct emulator emulator;
	int log;
};

#define SETUP(self)							\
	do {								\
		if (access("/dev/vtpmx", F_OK))				\
			SKIP(return, "/dev/vtpmx (CONFIG_TCG_VTPM_PROXY)"); \
		ASSERT_EQ(0, emulator_prepare(&(self)->emulator));	\
		(self)->log = kmsg_open();				\
		ASSERT_LE(0, (self)->log);				\
	} while (0)

#define TEARDOWN(self)							\
	do {								\
		emulator_stop(&(self)->emulator);			\
		EXPECT_EQ(0, kmsg_count((self)->log, "cut here"));	\
		close((self)->log);					\
	} while (0)

FIXTURE_SETUP(vtpm)
{
	SETUP(self);
}

FIXTURE_TEARDOWN(vtpm)
{
	TEARDOWN(self);
}

FIXTURE_SETUP(tpm2)
{
	SETUP(self);
}

FIXTURE_TEARDOWN(tpm2)
{
	TEARDOWN(self);
}

FIXTURE_SETUP(tpm12)
{
	SETUP(self);
}

FIXTURE_TEARDOWN(tpm12)
{
	TEARDOWN(self);
}

/* Starts the emulator of the fixture and waits for its device. */
#define START(self, _version)						\
	do {								\
		ASSERT_EQ(0, emulator_start(&(self)->emulator, _version)); \
		ASSERT_EQ(0, vtpm_wait_device(&(self)->emulator.vtpm));	\
	} while (0)

TEST_F(vtpm, emulator_registers_and_answers)
{
	uint8_t value[64];

	START(self, variant->version);
	ASSERT_LT(0, vtpm_read_pcr(NULL, &self->emulator.vtpm, variant->bank,
				   7, value));
	EXPECT_EQ(7, value[0]);
}

TEST_F(vtpm, emulator_is_no_source_of_entropy)
{
	char rngs[4096], name[32];

	START(self, variant->version);
	snprintf(name, sizeof(name), "tpm-rng-%d", self->emulator.vtpm.number);
	if (file_get(NULL, "/sys/class/misc/hw_random/rng_available", rngs,
		     sizeof(rngs)) < 0)
		SKIP(return, "hw_random (CONFIG_HW_RANDOM_TPM)");
	EXPECT_EQ(NULL, strstr(rngs, name));
}

TEST_F_TIMEOUT(vtpm, stopped_emulator_is_given_up_after_ten_seconds, 90)
{
	uint8_t value[64];
	long start, took;

	START(self, variant->version);
	REQUIRE_CONNECT(self);
	ASSERT_EQ(0, vtpm_pause(&self->emulator.vtpm));
	start = now_ms();
	EXPECT_EQ(-ETIME, vtpm_read_pcr(NULL, &self->emulator.vtpm,
					variant->bank, 1, value));
	took = now_ms() - start;
	EXPECT_LE(BOUND_MS - 100, took);
	EXPECT_GE(BOUND_MS + SLACK_MS, took);
}

TEST_F_TIMEOUT(vtpm, unread_command_that_timed_out_is_never_executed, 90)
{
	uint8_t value[64];
	uint32_t reads;

	START(self, variant->version);
	REQUIRE_CONNECT(self);
	ASSERT_EQ(0, vtpm_pause(&self->emulator.vtpm));
	reads = self->emulator.plan->pcr_reads;
	ASSERT_EQ(-ETIME, vtpm_read_pcr(NULL, &self->emulator.vtpm,
					variant->bank, 1, value));
	ASSERT_EQ(0, vtpm_resume(&self->emulator.vtpm));
	ASSERT_LT(0, vtpm_read_pcr(NULL, &self->emulator.vtpm, variant->bank,
				   2, value));
	EXPECT_EQ(2, value[0]);
	EXPECT_EQ(reads + 1, self->emulator.plan->pcr_reads);
}

TEST_F_TIMEOUT(vtpm, late_response_is_not_that_of_the_next_command, 90)
{
	uint8_t value[64];
	uint32_t cc = variant->version == 2 ? CC_PCR_READ : ORD_PCR_READ;

	START(self, variant->version);
	REQUIRE_CONNECT(self);
	self->emulator.plan->hold_ms = BOUND_MS + 3000;
	self->emulator.plan->hold_cc = cc;
	ASSERT_EQ(-ETIME, vtpm_read_pcr(NULL, &self->emulator.vtpm,
					variant->bank, 1, value));
	/* This one waits while the emulator still holds the first. */
	ASSERT_LT(0, vtpm_read_pcr(NULL, &self->emulator.vtpm, variant->bank,
				   2, value));
	EXPECT_EQ(2, value[0]);
	EXPECT_EQ(0, self->emulator.plan->write_errno);
	EXPECT_EQ(self->emulator.plan->commands,
		  self->emulator.plan->answered);
}

TEST_F(vtpm, slow_command_succeeds)
{
	uint8_t value[64];

	START(self, variant->version);
	REQUIRE_CONNECT(self);
	/* More than the 750 ms that the core gives a hardware TPM. */
	self->emulator.plan->hold_ms = 3000;
	self->emulator.plan->hold_cc =
		variant->version == 2 ? CC_PCR_READ : ORD_PCR_READ;
	EXPECT_LT(0, vtpm_read_pcr(NULL, &self->emulator.vtpm, variant->bank,
				   3, value));
}

TEST_F_TIMEOUT(vtpm, emulator_that_never_answers_does_not_register, 90)
{
	struct vtpm *vtpm = &self->emulator.vtpm;
	uint8_t command[4096];
	long start = now_ms(), took;
	int ret;

	ASSERT_EQ(0, vtpm_start_silent(vtpm, variant->version));
	/* TPM2_CC_SET_LOCALITY is there, and a stock kernel waits 120 s. */
	ret = vtpm_wait_hang_up(vtpm, 2 * BOUND_MS + SLACK_MS);
	took = now_ms() - start;
	if (ret && vtpm_attach(NULL, vtpm) == -ENOTTY)
		SKIP(return, "no IMA namespaces: no bound");
	EXPECT_EQ(0, ret);
	EXPECT_GE(BOUND_MS + SLACK_MS, took);
	EXPECT_EQ(-1, read(vtpm->server_fd, command, sizeof(command)));
	EXPECT_EQ(EPIPE, errno);
}

TEST_F_TIMEOUT(vtpm, silent_emulators_do_not_delay_another, 60)
{
	struct vtpm silent[16] = {};
	size_t i;

	for (i = 0; i < 16; i++) {
		ASSERT_EQ(0, vtpm_start_silent(&silent[i], variant->version));
	}
	/* vtpm_wait_device() gives up after ten seconds. */
	START(self, variant->version);
	for (i = 0; i < 16; i++)
		vtpm_stop(&silent[i]);
}

/* A task that waits for the chip behind a command that is not answered. */
TEST_F_TIMEOUT(tpm2, waiter_can_be_killed, 60)
{
	uint8_t command[] = { 0x80, 1, 0, 0, 0, 20, 0, 0, 1, 0x7e,
			      0, 0, 0, 1, 0, 0xb, 3, 1, 0, 0 };
	int fd_one, fd_two, status;
	pid_t one, two;
	long start;

	START(self, 2);
	fd_one = vtpm_open(NULL, &self->emulator.vtpm, true);
	fd_two = vtpm_open(NULL, &self->emulator.vtpm, true);
	ASSERT_LE(0, fd_one);
	ASSERT_LE(0, fd_two);
	self->emulator.plan->hold_ms = 8000;
	self->emulator.plan->hold_cc = CC_PCR_READ;
	one = fork();
	if (!one)
		_exit(write(fd_one, command, sizeof(command)) < 0);
	while (self->emulator.plan->hold_cc)
		usleep(1000);
	two = fork();
	if (!two)
		_exit(write(fd_two, command, sizeof(command)) < 0);
	usleep(500000);
	start = now_ms();
	ASSERT_EQ(0, kill(two, SIGKILL));
	ASSERT_EQ(two, waitpid(two, &status, 0));
	EXPECT_GE(2000, now_ms() - start);
	EXPECT_EQ(SIGKILL, WTERMSIG(status));
	/* The command under way is not interrupted. */
	ASSERT_EQ(0, kill(one, SIGKILL));
	ASSERT_EQ(one, waitpid(one, &status, 0));
	close(fd_one);
	close(fd_two);
}

TEST_F_TIMEOUT(tpm2, retries_are_part_of_the_ten_seconds, 60)
{
	uint8_t value[64];
	long start;

	START(self, 2);
	self->emulator.plan->retries = 3;
	self->emulator.plan->retry_cc = CC_PCR_READ;
	EXPECT_LT(0, vtpm_read_pcr(NULL, &self->emulator.vtpm, "sha256",
				   4, value));
	EXPECT_EQ(4, self->emulator.plan->pcr_reads);
	REQUIRE_CONNECT(self);
	/* Eight tries with this delay took over twenty seconds together. */
	self->emulator.plan->retries = EMULATOR_FOREVER;
	self->emulator.plan->hold_ms = 9000;
	self->emulator.plan->hold_cc = CC_PCR_READ;
	start = now_ms();
	EXPECT_GT(0, vtpm_read_pcr(NULL, &self->emulator.vtpm, "sha256",
				   4, value));
	EXPECT_GE(BOUND_MS + SLACK_MS, now_ms() - start);
}

TEST_F_TIMEOUT(vtpm, failing_emulator_cannot_fill_the_log, 60)
{
	char buf[8192], name[16];
	long start, took;
	int i, count;

	START(self, variant->version);
	self->emulator.plan->fail_cc =
		variant->version == 2 ? CC_PCR_READ : ORD_PCR_READ;
	snprintf(name, sizeof(name), "tpm%d:", self->emulator.vtpm.number);
	kmsg_count(self->log, name);
	start = now_ms();
	for (i = 0; i < 200; i++)
		sysfs_pcr(NULL, &self->emulator.vtpm, 1, buf, sizeof(buf));
	took = now_ms() - start;
	count = kmsg_count(self->log, name);
	/* Ten in five seconds, and there are some: it is said. */
	EXPECT_LT(0, count);
	EXPECT_GE(10 * (took / 5000 + 2), count);
}

TEST_F(tpm12, more_pcrs_than_fit_are_not_shown)
{
	char buf[16384];
	long len;

	self->emulator.plan->nr_pcrs = 1000;
	START(self, 1);
	len = sysfs_pcr(NULL, &self->emulator.vtpm, 0, buf, sizeof(buf));
	EXPECT_LT(0, len);
	EXPECT_GE(sysconf(_SC_PAGESIZE), len);
}

TEST_F_TIMEOUT(tpm12, selftest_that_never_ends_does, 60)
{
	self->emulator.plan->busy_selftest = true;
	ASSERT_EQ(0, emulator_start(&self->emulator, 1));
	EXPECT_EQ(0, vtpm_wait_hang_up(&self->emulator.vtpm, 30000));
}

TEST_F(tpm2, bank_listed_twice_does_not_register)
{
	int i;

	for (i = 0; i < EMULATOR_MAX_BANKS; i++)
		self->emulator.plan->banks[i] = 0x0b;
	self->emulator.plan->nr_banks = EMULATOR_MAX_BANKS;
	ASSERT_EQ(0, emulator_start(&self->emulator, 2));
	EXPECT_EQ(0, vtpm_wait_hang_up(&self->emulator.vtpm, 10000));
}

TEST_F(tpm2, bitmap_longer_than_the_response_does_not_register)
{
	self->emulator.plan->select_size = 255;
	ASSERT_EQ(0, emulator_start(&self->emulator, 2));
	EXPECT_EQ(0, vtpm_wait_hang_up(&self->emulator.vtpm, 10000));
}

TEST_F(tpm2, digest_that_is_not_in_the_response_is_not_shown)
{
	char buf[8192];

	START(self, 2);
	self->emulator.plan->short_pcr_read = true;
	EXPECT_GT(0, sysfs_pcr(NULL, &self->emulator.vtpm, 1, buf,
			       sizeof(buf)));
}

TEST_F(tpm2, pcr_that_its_bank_has_not_is_einval)
{
	char buf[8192];

	START(self, 2);
	self->emulator.plan->no_pcrs = 1 << 1;
	EXPECT_EQ(-EINVAL, sysfs_pcr(NULL, &self->emulator.vtpm, 1, buf,
				     sizeof(buf)));
	EXPECT_LT(0, sysfs_pcr(NULL, &self->emulator.vtpm, 2, buf,
			       sizeof(buf)));
}

TEST_F(tpm2, unknown_bank_without_pcr_0_registers)
{
	self->emulator.plan->banks[1] = 0x27;
	self->emulator.plan->no_pcrs = 1 << 0;
	START(self, 2);
}

TEST_F(tpm2, context_with_a_wrong_size_is_not_kept)
{
	/* TPM2_StartAuthSession: null key, no bind, a nonce of 16 bytes. */
	uint8_t start_session[] = {
		0x80, 1, 0, 0, 0, 43, 0, 0, 1, 0x76, 0x40, 0, 0, 7,
		0x40, 0, 0, 7, 0, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
		13, 14, 15, 16, 0, 0, 0, 0, 0x10, 0, 0xb,
	};
	uint8_t response[4096];
	int i, fd;

	START(self, 2);
	fd = vtpm_open(NULL, &self->emulator.vtpm, true);
	ASSERT_LE(0, fd);
	ASSERT_EQ((ssize_t)sizeof(start_session),
		  write(fd, start_session, sizeof(start_session)));
	ASSERT_LT(0, read(fd, response, sizeof(response)));
	self->emulator.plan->blob_size = 65535;
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(-1, write(fd, start_session, sizeof(start_session)));
		EXPECT_EQ(EFAULT, errno);
	}
	/* What the kernel sent was never more than it had. */
	EXPECT_GE(200, self->emulator.plan->longest);
	close(fd);
}

/*
 * The emulator reads into memory that is never there: a mapping of a FUSE file
 * whose server does not answer. The proxy must not wait for that with a lock.
 */
TEST_F_TIMEOUT(vtpm, emulator_with_a_stuck_buffer_is_given_up, 90)
{
	static const struct fuse_plan stuck = { .size = 8192, .stuck = 1 };
	char path[] = "/tmp/stuck.XXXXXX";
	uint8_t value[64];
	long start, took;
	bool bounded = false;
	int server, file;

	if (access("/dev/fuse", F_OK))
		SKIP(return, "/dev/fuse (CONFIG_FUSE_FS)");
	file = mkstemp(path);
	ASSERT_LE(0, file);
	close(file);
	server = fusefile_start(NULL, path, &stuck);
	ASSERT_LT(0, server);
	file = open(path, O_RDONLY);
	ASSERT_LE(0, file);
	self->emulator.plan->buffer = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
					   MAP_PRIVATE, file, 0);
	ASSERT_NE(MAP_FAILED, self->emulator.plan->buffer);
	START(self, variant->version);
	bounded = has_connect(&self->emulator);
	if (!bounded)
		goto out;
	/* The read() that waits already has the good buffer. */
	self->emulator.plan->use_buffer = true;
	EXPECT_LT(0, vtpm_read_pcr(NULL, &self->emulator.vtpm, variant->bank,
				   1, value));
	start = now_ms();
	EXPECT_EQ(-ETIME, vtpm_read_pcr(NULL, &self->emulator.vtpm,
					variant->bank, 2, value));
	took = now_ms() - start;
	EXPECT_LE(BOUND_MS - 100, took);
	EXPECT_GE(BOUND_MS + SLACK_MS, took);
out:
	/* Without its server the file system is gone and the copy fails. */
	fusefile_stop(NULL, server);
	vtpm_kill(&self->emulator.vtpm);
	munmap(self->emulator.plan->buffer, 8192);
	close(file);
	umount2(path, MNT_DETACH);
	unlink(path);
	if (!bounded)
		SKIP(return, "no IMA namespaces: no bound");
}

TEST_F_TIMEOUT(tpm2, server_closes_while_clients_write, 60)
{
	uint8_t command[] = { 0x80, 1, 0, 0, 0, 20, 0, 0, 1, 0x7e,
			      0, 0, 0, 1, 0, 0xb, 3, 1, 0, 0 };
	uint8_t response[4096];
	int i, j, fd;
	pid_t client[4];

	for (i = 0; i < 10; i++) {
		START(self, 2);
		for (j = 0; j < 4; j++) {
			client[j] = fork();
			if (client[j])
				continue;
			close(self->emulator.vtpm.server_fd);
			fd = vtpm_open(NULL, &self->emulator.vtpm, true);
			while (write(fd, command, sizeof(command)) > 0)
				if (read(fd, response, sizeof(response)) < 0)
					break;
			_exit(errno != EPIPE && errno != ECANCELED);
		}
		usleep(200000);
		vtpm_stop(&self->emulator.vtpm);
		for (j = 0; j < 4; j++) {
			int status;

			ASSERT_EQ(client[j], waitpid(client[j], &status, 0));
		}
	}
}

/*
 *   init ---- child (its securityfs mounted, ima/active not written)
 *     \         `- grandchild (a user namespace below the child's)
 *      `----- other (a user namespace beside it)
 */
FIXTURE(connected)
{
	struct emulator emulator;
	struct agent child, grandchild, other;
	bool have_child, have_grandchild, have_other;
	int log;
};

FIXTURE_VARIANT(connected)
{
	int version;
};

FIXTURE_VARIANT_ADD(connected, tpm2) { .version = 2 };
FIXTURE_VARIANT_ADD(connected, tpm1) { .version = 1 };

FIXTURE_SETUP(connected)
{
	if (access("/dev/vtpmx", F_OK))
		SKIP(return, "/dev/vtpmx (CONFIG_TCG_VTPM_PROXY)");
	ASSERT_EQ(0, emulator_prepare(&self->emulator));
	self->log = kmsg_open();
	ASSERT_LE(0, self->log);
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, NULL));
	self->have_child = true;
	ASSERT_EQ(0, ns_start(&self->grandchild, &self->child, 0, NULL));
	self->have_grandchild = true;
	ASSERT_EQ(0, ns_start(&self->other, NULL, OWNER, NULL));
	self->have_other = true;
	/* After the agents, so that they do not inherit the server's file. */
	ASSERT_EQ(0, emulator_start(&self->emulator, variant->version));
	ASSERT_EQ(0, vtpm_wait_device(&self->emulator.vtpm));
	if (!has_connect(&self->emulator))
		SKIP(return, "no IMA namespaces: the ioctl is unknown");
	ASSERT_EQ(0, ima_mount(&self->child));
}

FIXTURE_TEARDOWN(connected)
{
	if (self->have_grandchild)
		agent_stop(&self->grandchild);
	if (self->have_child)
		agent_stop(&self->child);
	if (self->have_other)
		agent_stop(&self->other);
	emulator_stop(&self->emulator);
	EXPECT_EQ(0, kmsg_count(self->log, "cut here"));
	close(self->log);
}

/* Opens and closes both nodes in @agent: the first error. */
static int try_open(struct agent *agent, const struct vtpm *vtpm)
{
	int fd, ret = 0;

	fd = vtpm_open(agent, vtpm, false);
	if (fd < 0)
		return fd;
	file_close(agent, fd);
	if (vtpm->version == 2) {
		fd = vtpm_open(agent, vtpm, true);
		if (fd < 0)
			ret = fd;
		else
			file_close(agent, fd);
	}
	return ret;
}

/* The number is an interface: programs have it written out. */
TEST_F(connected, by_the_number_of_the_ioctl)
{
	struct vtpm *vtpm = &self->emulator.vtpm;
	int fd = file_give_fd(&self->child, vtpm->server_fd);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, file_ioctl(&self->child, fd, 0xa110, 0));
	file_close(&self->child, fd);
	EXPECT_EQ(-EACCES, vtpm_open(NULL, vtpm, false));
}

TEST_F(connected, without_a_namespace_einval)
{
	EXPECT_EQ(-EINVAL, vtpm_attach(&self->other, &self->emulator.vtpm));
	EXPECT_EQ(0, try_open(NULL, &self->emulator.vtpm));
}

TEST_F(connected, only_insiders_open_it)
{
	struct vtpm *vtpm = &self->emulator.vtpm;
	int fd;

	ASSERT_EQ(0, vtpm_attach(&self->child, vtpm));
	EXPECT_EQ(0, try_open(&self->child, vtpm));
	EXPECT_EQ(0, try_open(&self->grandchild, vtpm));
	EXPECT_EQ(-EACCES, vtpm_open(NULL, vtpm, false));
	EXPECT_EQ(-EACCES, vtpm_open(&self->other, vtpm, false));
	if (variant->version == 2) {
		EXPECT_EQ(-EACCES, vtpm_open(NULL, vtpm, true));
		EXPECT_EQ(-EACCES, vtpm_open(&self->other, vtpm, true));
	}
	/* An outsider does not even learn whether it is in use. */
	fd = vtpm_open(&self->child, vtpm, false);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EACCES, vtpm_open(NULL, vtpm, false));
	EXPECT_EQ(-EBUSY, vtpm_open(&self->child, vtpm, false));
	file_close(&self->child, fd);
}

TEST_F(connected, only_insiders_see_its_pcrs)
{
	struct vtpm *vtpm = &self->emulator.vtpm;
	char buf[8192];

	ASSERT_LT(0, sysfs_pcr(NULL, vtpm, 1, buf, sizeof(buf)));
	ASSERT_EQ(0, vtpm_attach(&self->child, vtpm));
	EXPECT_EQ(-EACCES, sysfs_pcr(NULL, vtpm, 1, buf, sizeof(buf)));
	EXPECT_EQ(-EACCES, sysfs_pcr(&self->other, vtpm, 1, buf, sizeof(buf)));
	EXPECT_LT(0, sysfs_pcr(&self->child, vtpm, 1, buf, sizeof(buf)));
}

TEST_F(connected, open_chip_is_ebusy)
{
	struct vtpm *vtpm = &self->emulator.vtpm;
	int fd, managed;

	for (managed = 0; managed < variant->version; managed++) {
		fd = vtpm_open(NULL, vtpm, managed);
		ASSERT_LE(0, fd);
		EXPECT_EQ(-EBUSY, vtpm_attach(&self->child, vtpm));
		close(fd);
	}
	EXPECT_EQ(0, vtpm_attach(&self->child, vtpm));
}

TEST_F(connected, connected_chip_is_ebusy)
{
	struct vtpm *vtpm = &self->emulator.vtpm;

	ASSERT_EQ(0, ima_mount(&self->other));
	ASSERT_EQ(0, vtpm_attach(&self->child, vtpm));
	EXPECT_EQ(-EBUSY, vtpm_attach(&self->child, vtpm));
	EXPECT_EQ(-EBUSY, vtpm_attach(&self->other, vtpm));
}

TEST_F(connected, second_chip_is_ebusy)
{
	struct emulator second = {};

	ASSERT_EQ(0, emulator_prepare(&second));
	ASSERT_EQ(0, emulator_start(&second, variant->version));
	ASSERT_EQ(0, vtpm_wait_device(&second.vtpm));
	ASSERT_EQ(0, vtpm_attach(&self->child, &self->emulator.vtpm));
	EXPECT_EQ(-EBUSY, vtpm_attach(&self->child, &second.vtpm));
	/* And it was left alone. */
	EXPECT_EQ(0, try_open(NULL, &second.vtpm));
	emulator_stop(&second);
}

TEST_F(connected, active_namespace_is_ebusy)
{
	ASSERT_EQ(0, ima_activate(&self->child));
	EXPECT_EQ(-EBUSY, vtpm_attach(&self->child, &self->emulator.vtpm));
	EXPECT_EQ(0, try_open(NULL, &self->emulator.vtpm));
}

TEST_F_TIMEOUT(connected, waits_for_the_registration, 60)
{
	struct emulator late = {};
	struct call call = { .fd = -1, .out_fd = -1 };

	ASSERT_EQ(0, emulator_prepare(&late));
	late.plan->hold_ms = 3000;
	late.plan->hold_cc = CC_SET_LOCALITY;
	ASSERT_EQ(0, emulator_start(&late, variant->version));
	call.fd = late.vtpm.server_fd;
	EXPECT_EQ(0, agent_call(&self->child, vtpm_connect, &call));
	/* Only now, and the chip was complete. */
	EXPECT_LT(3, late.plan->answered);
	EXPECT_EQ(0, try_open(&self->child, &late.vtpm));
	emulator_stop(&late);
}

TEST_F_TIMEOUT(connected, failed_registration_is_einval, 60)
{
	struct vtpm silent = {};
	long start = now_ms();

	ASSERT_EQ(0, vtpm_start_silent(&silent, variant->version));
	EXPECT_EQ(-EINVAL, vtpm_attach(&self->child, &silent));
	EXPECT_GE(BOUND_MS + SLACK_MS, now_ms() - start);
	/* It stays so. */
	EXPECT_EQ(-EINVAL, vtpm_attach(&self->child, &silent));
	vtpm_stop(&silent);
	EXPECT_EQ(0, vtpm_attach(&self->child, &self->emulator.vtpm));
}

TEST_F_TIMEOUT(connected, wait_for_the_registration_can_be_killed, 60)
{
	struct vtpm silent = {};
	struct call call = { .fd = -1, .out_fd = -1 };
	long start;

	ASSERT_EQ(0, ima_mount(&self->other));
	ASSERT_EQ(0, vtpm_start_silent(&silent, variant->version));
	call.fd = silent.server_fd;
	ASSERT_EQ(0, agent_send(&self->other, vtpm_connect, &call));
	usleep(500000);
	ASSERT_TRUE(agent_is_busy(&self->other));
	start = now_ms();
	agent_stop(&self->other);
	self->have_other = false;
	EXPECT_GE(2000, now_ms() - start);
	vtpm_stop(&silent);
}

/* One that has begun to answer, and is stopped then. */
TEST_F_TIMEOUT(connected, wait_for_a_stopped_emulator_can_be_killed, 60)
{
	struct emulator stopped = {};
	struct call call = { .fd = -1, .out_fd = -1 };
	long start;

	ASSERT_EQ(0, ima_mount(&self->other));
	ASSERT_EQ(0, emulator_prepare(&stopped));
	stopped.plan->hold_ms = 60000;
	stopped.plan->hold_cc = CC_SET_LOCALITY;
	ASSERT_EQ(0, emulator_start(&stopped, variant->version));
	call.fd = stopped.vtpm.server_fd;
	ASSERT_EQ(0, agent_send(&self->other, vtpm_connect, &call));
	while (stopped.plan->hold_cc)
		usleep(1000);
	ASSERT_EQ(0, vtpm_pause(&stopped.vtpm));
	ASSERT_TRUE(agent_is_busy(&self->other));
	start = now_ms();
	agent_stop(&self->other);
	self->have_other = false;
	EXPECT_GE(2000, now_ms() - start);
	emulator_stop(&stopped);
}

/* abi.md section 1: the server's descriptor sees a hang-up. */
TEST_F_TIMEOUT(connected, end_of_the_namespace_hangs_up, 60)
{
	struct vtpm *vtpm = &self->emulator.vtpm;
	int status;

	ASSERT_EQ(0, vtpm_attach(&self->child, vtpm));
	ASSERT_EQ(-ETIMEDOUT, vtpm_wait_hang_up(vtpm, 0));
	agent_stop(&self->grandchild);
	self->have_grandchild = false;
	agent_stop(&self->child);
	self->have_child = false;
	EXPECT_EQ(0, vtpm_wait_hang_up(vtpm, 20000));
	/* The emulator's read() fails, which is how a real one ends too. */
	ASSERT_EQ(vtpm->emulator, waitpid(vtpm->emulator, &status, 0));
	vtpm->emulator = 0;
	EXPECT_EQ(-EACCES, vtpm_open(NULL, vtpm, false));
	EXPECT_EQ(-EACCES, vtpm_open(&self->other, vtpm, false));
	/* A TPM that is gone is nobody's any more. */
	ASSERT_EQ(0, ima_mount(&self->other));
	EXPECT_EQ(-EINVAL, vtpm_attach(&self->other, vtpm));
	EXPECT_EQ(0, ima_activate(&self->other));
}

TEST_F_TIMEOUT(connected, hang_up_does_not_wait_for_a_stopped_emulator, 60)
{
	struct vtpm *vtpm = &self->emulator.vtpm;

	ASSERT_EQ(0, vtpm_attach(&self->child, vtpm));
	ASSERT_EQ(0, vtpm_pause(vtpm));
	agent_stop(&self->grandchild);
	self->have_grandchild = false;
	agent_stop(&self->child);
	self->have_child = false;
	EXPECT_EQ(0, vtpm_wait_hang_up(vtpm, 20000));
}

TEST_F(connected, server_can_go_first)
{
	struct vtpm *vtpm = &self->emulator.vtpm;

	ASSERT_EQ(0, vtpm_attach(&self->child, vtpm));
	vtpm_stop(vtpm);
	EXPECT_EQ(-ENOENT, vtpm_open(&self->child, vtpm, false));
}

TEST_HARNESS_MAIN
