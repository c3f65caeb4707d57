// SPDX-License-Identifier: GPL-2.0-only
/*
 * The vTPM proxy and the TPM core below IMA: what an emulator that is stopped,
 * slow or hostile cannot do, and whose a connected chip is (abi.md section 7).
 * The emulator is a scripted one, so that each misbehaviour is exact.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "emulator.h"
#include "file.h"
#include "ima.h"
#include "ns.h"

#define OWNER 0			/* the device nodes of the guest are root's */
#define BOUND_MS 10000		/* abi.md section 7 */
#define SLACK_MS 3000		/* of a guest without KVM */

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

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

/* Position at the end of the kernel log, and what came after it. */
static int log_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

static int log_count(int fd, const char *text)
{
	char line[2048];
	int count = 0;
	ssize_t n;

	for (;;) {
		n = read(fd, line, sizeof(line) - 1);
		if (n < 0 && errno == EPIPE)
			continue;
		if (n <= 0)
			return count;
		line[n] = 0;
		count += !!strstr(line, text);
	}
}

/* vtpm_wait_device() for both nodes: /dev/tpmrmN comes after /dev/tpmN. */
static int wait_devices(const struct vtpm *vtpm)
{
	int ret = vtpm_wait_device(vtpm);
	long deadline = now_ms() + BOUND_MS;
	char path[64];

	if (ret || vtpm->version != 2)
		return ret;
	snprintf(path, sizeof(path), "/dev/tpmrm%d", vtpm->number);
	while (access(path, F_OK)) {
		if (now_ms() > deadline)
			return -ETIMEDOUT;
		usleep(10000);
	}
	return 0;
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

FIXTURE_SETUP(vtpm)
{
	if (access("/dev/vtpmx", F_OK))
		SKIP(return, "/dev/vtpmx (CONFIG_TCG_VTPM_PROXY)");
	ASSERT_EQ(0, emulator_prepare(&self->emulator));
	self->log = log_open();
	ASSERT_LE(0, self->log);
}

FIXTURE_TEARDOWN(vtpm)
{
	emulator_stop(&self->emulator);
	EXPECT_EQ(0, log_count(self->log, "cut here"));
	close(self->log);
}

/* Starts the emulator of the fixture and waits for its device. */
#define START(self, variant)						\
	do {								\
		ASSERT_EQ(0, emulator_start(&(self)->emulator,		\
					    (variant)->version));	\
		ASSERT_EQ(0, wait_devices(&(self)->emulator.vtpm));	\
	} while (0)

TEST_F(vtpm, emulator_registers_and_answers)
{
	uint8_t value[64];

	START(self, variant);
	ASSERT_LT(0, vtpm_read_pcr(NULL, &self->emulator.vtpm, variant->bank,
				   7, value));
	EXPECT_EQ(7, value[0]);
}

TEST_F(vtpm, emulator_is_no_source_of_entropy)
{
	char rngs[4096], name[32];

	START(self, variant);
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

	START(self, variant);
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

	START(self, variant);
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

	START(self, variant);
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

	START(self, variant);
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
	struct pollfd pfd = { .events = POLLIN };
	uint8_t command[4096];
	int hup = 0;
	long start = now_ms(), took;

	ASSERT_EQ(0, vtpm_start_silent(&self->emulator.vtpm,
				       variant->version));
	pfd.fd = self->emulator.vtpm.server_fd;
	/* TPM2_CC_SET_LOCALITY is there, and a stock kernel waits 120 s. */
	while (!hup && now_ms() - start < 2 * BOUND_MS + SLACK_MS) {
		ASSERT_LE(0, poll(&pfd, 1, 100));
		hup = pfd.revents & POLLHUP;
		if (!hup)
			usleep(100000);
	}
	took = now_ms() - start;
	if (!hup && vtpm_attach(NULL, &self->emulator.vtpm) == -ENOTTY)
		SKIP(return, "no IMA namespaces: no bound");
	EXPECT_NE(0, hup);
	EXPECT_GE(BOUND_MS + SLACK_MS, took);
	EXPECT_EQ(-1, read(pfd.fd, command, sizeof(command)));
	EXPECT_EQ(EPIPE, errno);
}

TEST_F_TIMEOUT(vtpm, silent_emulators_do_not_delay_another, 60)
{
	struct vtpm silent[16] = {};
	size_t i;

	for (i = 0; i < 16; i++)
		ASSERT_EQ(0, vtpm_start_silent(&silent[i], variant->version));
	/* vtpm_wait_device() gives up after ten seconds. */
	START(self, variant);
	for (i = 0; i < 16; i++)
		vtpm_stop(&silent[i]);
}

/* A task that waits for the chip behind a command that is not answered. */
TEST_F_TIMEOUT(vtpm, waiter_can_be_killed, 60)
{
	uint8_t command[] = { 0x80, 1, 0, 0, 0, 20, 0, 0, 1, 0x7e,
			      0, 0, 0, 1, 0, 0xb, 3, 1, 0, 0 };
	int fd_one, fd_two, status;
	pid_t one, two;
	long start;

	if (variant->version != 2)
		SKIP(return, "/dev/tpmrmN, which a TPM 1.2 does not have");
	START(self, variant);
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

TEST_F_TIMEOUT(vtpm, retries_are_part_of_the_ten_seconds, 60)
{
	uint8_t value[64];
	long start;

	if (variant->version != 2)
		SKIP(return, "TPM_RC_RETRY, which a TPM 1.2 does not know");
	START(self, variant);
	self->emulator.plan->retries = 3;
	self->emulator.plan->retry_cc = CC_PCR_READ;
	EXPECT_LT(0, vtpm_read_pcr(NULL, &self->emulator.vtpm, variant->bank,
				   4, value));
	EXPECT_EQ(4, self->emulator.plan->pcr_reads);
	REQUIRE_CONNECT(self);
	/* Eight tries with this delay took over twenty seconds together. */
	self->emulator.plan->retries = EMULATOR_FOREVER;
	self->emulator.plan->hold_ms = 9000;
	self->emulator.plan->hold_cc = CC_PCR_READ;
	start = now_ms();
	EXPECT_GT(0, vtpm_read_pcr(NULL, &self->emulator.vtpm, variant->bank,
				   4, value));
	EXPECT_GE(BOUND_MS + SLACK_MS, now_ms() - start);
}

TEST_F_TIMEOUT(vtpm, failing_emulator_cannot_fill_the_log, 60)
{
	char buf[8192], name[16];
	long start, took;
	int i, count;

	START(self, variant);
	self->emulator.plan->fail_cc =
		variant->version == 2 ? CC_PCR_READ : ORD_PCR_READ;
	snprintf(name, sizeof(name), "tpm%d:", self->emulator.vtpm.number);
	log_count(self->log, name);
	start = now_ms();
	for (i = 0; i < 200; i++)
		sysfs_pcr(NULL, &self->emulator.vtpm, 1, buf, sizeof(buf));
	took = now_ms() - start;
	count = log_count(self->log, name);
	/* Ten in five seconds, and there are some: it is said. */
	EXPECT_LT(0, count);
	EXPECT_GE(10 * (took / 5000 + 2), count);
}

TEST_F(vtpm, more_pcrs_than_fit_are_not_shown)
{
	char buf[16384];
	long len;

	if (variant->version != 1)
		SKIP(return, "the attribute pcrs, which is that of a TPM 1.2");
	self->emulator.plan->nr_pcrs = 1000;
	START(self, variant);
	len = sysfs_pcr(NULL, &self->emulator.vtpm, 0, buf, sizeof(buf));
	EXPECT_LT(0, len);
	EXPECT_GE(sysconf(_SC_PAGESIZE), len);
}

TEST_F_TIMEOUT(vtpm, selftest_that_never_ends_does, 60)
{
	struct pollfd pfd = { .events = POLLIN };
	long start = now_ms();

	if (variant->version != 1)
		SKIP(return, "TPM_DOING_SELFTEST, which is that of a TPM 1.2");
	self->emulator.plan->busy_selftest = true;
	ASSERT_EQ(0, emulator_start(&self->emulator, variant->version));
	pfd.fd = self->emulator.vtpm.server_fd;
	while (!(pfd.revents & POLLHUP) && now_ms() - start < 30000) {
		ASSERT_LE(0, poll(&pfd, 1, 0));
		usleep(100000);
	}
	EXPECT_NE(0, pfd.revents & POLLHUP);
}

TEST_F(vtpm, bank_listed_twice_does_not_register)
{
	struct pollfd pfd = { .events = POLLIN };
	long start = now_ms();
	int i;

	if (variant->version != 2)
		SKIP(return, "PCR banks, of which a TPM 1.2 has one");
	for (i = 0; i < EMULATOR_MAX_BANKS; i++)
		self->emulator.plan->banks[i] = 0x0b;
	self->emulator.plan->nr_banks = EMULATOR_MAX_BANKS;
	ASSERT_EQ(0, emulator_start(&self->emulator, variant->version));
	pfd.fd = self->emulator.vtpm.server_fd;
	while (!(pfd.revents & POLLHUP) && now_ms() - start < 10000) {
		ASSERT_LE(0, poll(&pfd, 1, 0));
		usleep(50000);
	}
	EXPECT_NE(0, pfd.revents & POLLHUP);
}

TEST_F(vtpm, bitmap_longer_than_the_response_does_not_register)
{
	struct pollfd pfd = { .events = POLLIN };
	long start = now_ms();

	if (variant->version != 2)
		SKIP(return, "PCR banks, of which a TPM 1.2 has one");
	self->emulator.plan->select_size = 255;
	ASSERT_EQ(0, emulator_start(&self->emulator, variant->version));
	pfd.fd = self->emulator.vtpm.server_fd;
	while (!(pfd.revents & POLLHUP) && now_ms() - start < 10000) {
		ASSERT_LE(0, poll(&pfd, 1, 0));
		usleep(50000);
	}
	EXPECT_NE(0, pfd.revents & POLLHUP);
}

TEST_F(vtpm, digest_that_is_not_in_the_response_is_not_shown)
{
	char buf[8192];

	if (variant->version != 2)
		SKIP(return, "TPM2_PCR_Read");
	START(self, variant);
	self->emulator.plan->short_pcr_read = true;
	EXPECT_GT(0, sysfs_pcr(NULL, &self->emulator.vtpm, 1, buf,
			       sizeof(buf)));
}

TEST_F(vtpm, context_with_a_wrong_size_is_not_kept)
{
	/* TPM2_StartAuthSession: null key, no bind, a nonce of 16 bytes. */
	uint8_t start_session[] = {
		0x80, 1, 0, 0, 0, 43, 0, 0, 1, 0x76, 0x40, 0, 0, 7,
		0x40, 0, 0, 7, 0, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
		13, 14, 15, 16, 0, 0, 0, 0, 0x10, 0, 0xb,
	};
	uint8_t response[4096];
	int i, fd;

	if (variant->version != 2)
		SKIP(return, "/dev/tpmrmN, which a TPM 1.2 does not have");
	START(self, variant);
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

/* Answers what opening and mapping needs, and never a READ. */
static void serve_stuck_file(int fuse)
{
	union {
		struct fuse_in_header header;
		char bytes[FUSE_MIN_READ_BUFFER + 4096];
	} in;
	struct {
		struct fuse_out_header header;
		union {
			struct fuse_init_out init;
			struct fuse_attr_out attr;
			struct fuse_open_out open;
		};
	} out;
	size_t len;

	while (read(fuse, &in, sizeof(in)) > 0) {
		memset(&out, 0, sizeof(out));
		len = sizeof(out.header);
		switch (in.header.opcode) {
		case FUSE_INIT:
			out.init.major = FUSE_KERNEL_VERSION;
			out.init.minor = FUSE_KERNEL_MINOR_VERSION;
			out.init.max_write = 4096;
			len += sizeof(out.init);
			break;
		case FUSE_GETATTR:
			out.attr.attr.ino = FUSE_ROOT_ID;
			out.attr.attr.mode = S_IFREG | 0644;
			out.attr.attr.nlink = 1;
			out.attr.attr.size = 8192;
			len += sizeof(out.attr);
			break;
		case FUSE_OPEN:
			len += sizeof(out.open);
			break;
		case FUSE_READ:
			continue;
		case FUSE_FORGET:
		case FUSE_INTERRUPT:
			continue;
		default:
			out.header.error = -ENOSYS;
		}
		out.header.len = len;
		out.header.unique = in.header.unique;
		if (write(fuse, &out, len) < 0)
			break;
	}
	_exit(0);
}

/*
 * The emulator reads into memory that is never there: a mapping of a FUSE file
 * whose server does not answer. The proxy must not wait for that with a lock.
 */
TEST_F_TIMEOUT(vtpm, emulator_with_a_stuck_buffer_is_given_up, 90)
{
	char path[] = "/tmp/stuck.XXXXXX", options[64];
	uint8_t value[64];
	long start, took;
	bool bounded = false;
	int fuse, file;
	pid_t server;

	fuse = open("/dev/fuse", O_RDWR);
	if (fuse < 0)
		SKIP(return, "/dev/fuse (CONFIG_FUSE_FS)");
	file = mkstemp(path);
	ASSERT_LE(0, file);
	close(file);
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=100644,user_id=0,group_id=0", fuse);
	ASSERT_EQ(0, mount("stuck", path, "fuse", 0, options));
	server = fork();
	if (!server)
		serve_stuck_file(fuse);
	file = open(path, O_RDONLY);
	ASSERT_LE(0, file);
	self->emulator.plan->buffer = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
					   MAP_PRIVATE, file, 0);
	ASSERT_NE(MAP_FAILED, self->emulator.plan->buffer);
	START(self, variant);
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
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	close(fuse);
	vtpm_kill(&self->emulator.vtpm);
	munmap(self->emulator.plan->buffer, 8192);
	close(file);
	umount2(path, MNT_DETACH);
	unlink(path);
	if (!bounded)
		SKIP(return, "no IMA namespaces: no bound");
}

TEST_F_TIMEOUT(vtpm, server_closes_while_clients_write, 60)
{
	uint8_t command[] = { 0x80, 1, 0, 0, 0, 20, 0, 0, 1, 0x7e,
			      0, 0, 0, 1, 0, 0xb, 3, 1, 0, 0 };
	uint8_t response[4096];
	int i, j, fd;
	pid_t client[4];

	if (variant->version != 2)
		SKIP(return, "/dev/tpmrmN, which a TPM 1.2 does not have");
	for (i = 0; i < 10; i++) {
		START(self, variant);
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
	self->log = log_open();
	ASSERT_LE(0, self->log);
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, NULL));
	self->have_child = true;
	ASSERT_EQ(0, ns_start(&self->grandchild, &self->child, 0, NULL));
	self->have_grandchild = true;
	ASSERT_EQ(0, ns_start(&self->other, NULL, OWNER, NULL));
	self->have_other = true;
	/* After the agents, so that they do not inherit the server's file. */
	ASSERT_EQ(0, emulator_start(&self->emulator, variant->version));
	ASSERT_EQ(0, wait_devices(&self->emulator.vtpm));
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
	EXPECT_EQ(0, log_count(self->log, "cut here"));
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
	ASSERT_EQ(0, wait_devices(&second.vtpm));
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

static long attach_by_number(struct call *call)
{
	return ioctl(call->fd, VTPM_PROXY_IOC_CONNECT_TO_IMA_NS, 0) ? -errno :
								      0;
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
	EXPECT_EQ(0, agent_call(&self->child, attach_by_number, &call));
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

	ASSERT_EQ(0, vtpm_start_silent(&silent, variant->version));
	call.fd = silent.server_fd;
	ASSERT_EQ(0, agent_send(&self->other, attach_by_number, &call));
	usleep(500000);
	start = now_ms();
	agent_stop(&self->other);
	self->have_other = false;
	EXPECT_GE(2000, now_ms() - start);
	vtpm_stop(&silent);
}

/* abi.md section 1: the server's descriptor sees a hang-up. */
TEST_F_TIMEOUT(connected, end_of_the_namespace_hangs_up, 60)
{
	struct vtpm *vtpm = &self->emulator.vtpm;
	struct pollfd pfd = { .fd = vtpm->server_fd, .events = POLLIN };
	long start;
	int status;

	ASSERT_EQ(0, vtpm_attach(&self->child, vtpm));
	ASSERT_LE(0, poll(&pfd, 1, 0));
	ASSERT_EQ(0, pfd.revents & POLLHUP);
	agent_stop(&self->grandchild);
	self->have_grandchild = false;
	agent_stop(&self->child);
	self->have_child = false;
	start = now_ms();
	do {
		pfd.revents = 0;
		ASSERT_LE(0, poll(&pfd, 1, 100));
		usleep(10000);
	} while (!(pfd.revents & POLLHUP) && now_ms() - start < 20000);
	EXPECT_NE(0, pfd.revents & POLLHUP);
	/* The emulator's read() fails, which is how a real one ends too. */
	ASSERT_EQ(vtpm->emulator, waitpid(vtpm->emulator, &status, 0));
	vtpm->emulator = 0;
	EXPECT_EQ(-EACCES, vtpm_open(NULL, vtpm, false));
	EXPECT_EQ(-EACCES, vtpm_open(&self->other, vtpm, false));
}

TEST_F_TIMEOUT(connected, hang_up_does_not_wait_for_a_stopped_emulator, 60)
{
	struct vtpm *vtpm = &self->emulator.vtpm;
	struct pollfd pfd = { .fd = vtpm->server_fd, .events = POLLIN };
	long start;

	ASSERT_EQ(0, vtpm_attach(&self->child, vtpm));
	ASSERT_EQ(0, vtpm_pause(vtpm));
	agent_stop(&self->grandchild);
	self->have_grandchild = false;
	agent_stop(&self->child);
	self->have_child = false;
	start = now_ms();
	do {
		pfd.revents = 0;
		ASSERT_LE(0, poll(&pfd, 1, 100));
		usleep(10000);
	} while (!(pfd.revents & POLLHUP) && now_ms() - start < 20000);
	EXPECT_NE(0, pfd.revents & POLLHUP);
}

TEST_F(connected, server_can_go_first)
{
	struct vtpm *vtpm = &self->emulator.vtpm;

	ASSERT_EQ(0, vtpm_attach(&self->child, vtpm));
	vtpm_stop(vtpm);
	EXPECT_EQ(-ENOENT, vtpm_open(&self->child, vtpm, false));
}

TEST_HARNESS_MAIN
