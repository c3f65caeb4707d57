// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who does not wait for a TPM that does not answer: whoever drops the last
 * reference to a file, the kernel's worker for such files before all others,
 * an ancestor who looks at vpcr, and a task that is killed.  What those who do
 * wait get in the end.
 *
 *   test --- socket --. holds files of the TPM, then nobody refers to it any
 *              ^------' more: the kernel collects it, and releases the files
 *                       in the one work that has all such files to release
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "clock.h"
#include "emulator.h"
#include "file.h"
#include "ima.h"
#include "kmsg.h"
#include "ns.h"
#include "scratch.h"

#define OWNER 1000
#define RULES NOT_SECURITYFS EXEC_RULE
#define BOUND_MS 10000		/* abi.md section 7 */
#define PROMPT_MS 2500		/* what is not delayed by the ten seconds */
#define FILES 6

/* TPM2_PCR_Read: PCR 0 of SHA-256. */
static const uint8_t read_pcr[] = {
	0x80, 1, 0, 0, 0, 20, 0, 0, 1, 0x7e, 0, 0, 0, 1, 0, 0xb, 3, 1, 0, 0,
};

/* TPM2_StartAuthSession: null key, no bind, a nonce of 16 bytes. */
static const uint8_t start_session[] = {
	0x80, 1, 0, 0, 0, 43, 0, 0, 1, 0x76, 0x40, 0, 0, 7,
	0x40, 0, 0, 7, 0, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
	13, 14, 15, 16, 0, 0, 0, 0, 0x10, 0, 0xb,
};

/*
 * Closes descriptors so that the kernel has to collect them: a socket that is
 * referred to by nothing but a message in its own queue.
 */
static int drop(int *fds, int nr)
{
	union {
		char buf[CMSG_SPACE((FILES + 1) * sizeof(int))];
		struct cmsghdr align;
	} space = {};
	char byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = space.buf,
		.msg_controllen = CMSG_SPACE((nr + 1) * sizeof(int)),
	};
	struct cmsghdr *cmsg = &space.align;
	int i, pair[2], ret = 0;

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair))
		return -errno;
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN((nr + 1) * sizeof(int));
	memcpy(CMSG_DATA(cmsg), &pair[1], sizeof(int));
	memcpy(CMSG_DATA(cmsg) + sizeof(int), fds, nr * sizeof(int));
	if (sendmsg(pair[0], &msg, 0) < 0)
		ret = -errno;
	for (i = 0; i < nr; i++)
		close(fds[i]);
	/* The last of the two has the kernel look for what nobody refers to. */
	close(pair[1]);
	close(pair[0]);
	return ret;
}

/* Has it look again: while it does, it does not begin once more. */
static void collect(void)
{
	close(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

/* How long it takes until a file that is dropped like that is released. */
static long release_ms(void)
{
	struct pollfd end = {};
	int pipe_fds[2];
	long start;
	int i;

	if (pipe2(pipe_fds, O_CLOEXEC))
		return -errno;
	start = now_ms();
	if (drop(&pipe_fds[1], 1))
		return -EIO;
	end.fd = pipe_fds[0];
	for (i = 0; i < 600 && !poll(&end, 1, 100); i++)
		collect();
	close(pipe_fds[0]);
	return end.revents & POLLHUP ? now_ms() - start : -ETIMEDOUT;
}

FIXTURE(wait)
{
	struct emulator emulator;
	struct emulator_plan *plan;
	struct agent child;
	char directory[256];
	char program[300];
	int log;
};

FIXTURE_SETUP(wait)
{
	if (access("/dev/vtpmx", F_OK))
		SKIP(return, "/dev/vtpmx (CONFIG_TCG_VTPM_PROXY)");
	if (!ima_has_namespaces())
		SKIP(return, "IMA namespaces (CONFIG_IMA_NS)");
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->program, sizeof(self->program), "%s/prog",
		 self->directory);
	ASSERT_EQ(0, scratch_program(self->program, "program"));
	ASSERT_EQ(0, emulator_prepare(&self->emulator));
	self->plan = self->emulator.plan;
	self->log = kmsg_open();
	ASSERT_LE(0, self->log);
	/* Before the emulator, whose descriptor it must not inherit. */
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, NULL));
	ASSERT_EQ(0, emulator_start(&self->emulator, 2));
	ASSERT_EQ(0, vtpm_wait_device(&self->emulator.vtpm));
}

FIXTURE_TEARDOWN(wait)
{
	agent_stop(&self->child);
	emulator_stop(&self->emulator);
	scratch_remove(self->directory);
	EXPECT_EQ(0, kmsg_count(self->log, "cut here"));
	close(self->log);
}

#define START() do { \
	ASSERT_EQ(0, ima_mount(&self->child)); \
	ASSERT_EQ(0, vtpm_attach(&self->child, &self->emulator.vtpm)); \
	ASSERT_EQ(0, ima_activate(&self->child)); \
	ASSERT_EQ(0, ima_load_policy(&self->child, RULES)); \
} while (0)

static bool wait_until_held(const struct emulator_plan *plan)
{
	struct patience left = patience(10000);

	while (plan->hold_cc && patience_lasts(&left))
		;
	/* It has read hold_ms as well. */
	usleep(20000);
	return !plan->hold_cc;
}

/* Waits until the file releases above have begun, or would have. */
static void let_the_kernel_collect(void)
{
	int i;

	for (i = 0; i < 5; i++) {
		usleep(100000);
		collect();
	}
}

TEST_F_TIMEOUT(wait, commands_of_dropped_files_do_not_delay_others, 120)
{
	int i, fds[FILES];
	long ms;

	for (i = 0; i < FILES; i++) {
		fds[i] = vtpm_open(NULL, &self->emulator.vtpm, true);
		ASSERT_LE(0, fds[i]);
		ASSERT_EQ(0, fcntl(fds[i], F_SETFL, O_NONBLOCK));
	}
	ASSERT_EQ(0, vtpm_pause(&self->emulator.vtpm));
	for (i = 0; i < FILES; i++) {
		ASSERT_EQ((ssize_t)sizeof(read_pcr),
			  write(fds[i], read_pcr, sizeof(read_pcr)));
	}
	ASSERT_EQ(0, drop(fds, FILES));
	let_the_kernel_collect();
	ms = release_ms();
	EXPECT_LE(0, ms);
	EXPECT_GT(PROMPT_MS, ms);
}

TEST_F_TIMEOUT(wait, sessions_of_dropped_files_do_not_delay_others, 120)
{
	uint8_t response[4096];
	int i, fds[FILES];
	long ms;

	for (i = 0; i < FILES; i++) {
		fds[i] = vtpm_open(NULL, &self->emulator.vtpm, true);
		ASSERT_LE(0, fds[i]);
		ASSERT_EQ((ssize_t)sizeof(start_session),
			  write(fds[i], start_session, sizeof(start_session)));
		ASSERT_LT(0, read(fds[i], response, sizeof(response)));
	}
	ASSERT_EQ(0, vtpm_pause(&self->emulator.vtpm));
	ASSERT_EQ(0, drop(fds, FILES));
	let_the_kernel_collect();
	ms = release_ms();
	EXPECT_LE(0, ms);
	EXPECT_GT(PROMPT_MS, ms);
}

TEST_F_TIMEOUT(wait, close_does_not_wait_and_the_chip_works_on, 120)
{
	uint8_t response[4096];
	struct patience left;
	uint32_t before;
	long start;
	int fd;

	fd = vtpm_open(NULL, &self->emulator.vtpm, true);
	ASSERT_LE(0, fd);
	ASSERT_EQ((ssize_t)sizeof(start_session),
		  write(fd, start_session, sizeof(start_session)));
	ASSERT_LT(0, read(fd, response, sizeof(response)));
	before = self->plan->commands;
	ASSERT_EQ(0, vtpm_pause(&self->emulator.vtpm));
	start = now_ms();
	close(fd);
	EXPECT_GT(PROMPT_MS, now_ms() - start);
	ASSERT_EQ(0, vtpm_resume(&self->emulator.vtpm));
	/* The session is flushed all the same. */
	left = patience(5000);
	while (self->plan->commands < before + 1 && patience_lasts(&left))
		;
	EXPECT_EQ(before + 1, self->plan->commands);

	fd = vtpm_open(NULL, &self->emulator.vtpm, true);
	ASSERT_LE(0, fd);
	EXPECT_EQ((ssize_t)sizeof(read_pcr),
		  write(fd, read_pcr, sizeof(read_pcr)));
	EXPECT_EQ(62, read(fd, response, sizeof(response)));
	close(fd);
}

TEST_F_TIMEOUT(wait, dropped_policy_file_does_not_delay_others, 120)
{
	int fd, given;
	long ms, before;

	START();
	before = ima_count(&self->child);
	given = ima_open(&self->child, "policy", O_WRONLY);
	ASSERT_LE(0, given);
	ASSERT_LT(0, file_write(&self->child, given, "measure func=MODULE_CHECK\n",
				26));
	fd = file_fetch_fd(&self->child, given);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, file_close(&self->child, given));
	ASSERT_EQ(0, vtpm_pause(&self->emulator.vtpm));
	ASSERT_EQ(0, drop(&fd, 1));
	let_the_kernel_collect();
	ms = release_ms();
	EXPECT_LE(0, ms);
	EXPECT_GT(PROMPT_MS, ms);
	ASSERT_EQ(0, vtpm_resume(&self->emulator.vtpm));
	EXPECT_EQ(before + 1, ima_count(&self->child));
}

TEST_F_TIMEOUT(wait, vpcr_is_read_from_above_during_an_extend, 60)
{
	char path[300], buf[8192];
	int directory;
	long start;

	START();
	directory = ima_directory(&self->child);
	ASSERT_LE(0, directory);
	ASSERT_EQ(0, file_path_below(NULL, directory, "vpcr", path,
				     sizeof(path)));
	ASSERT_LT(0, file_get(NULL, path, buf, sizeof(buf)));
	self->plan->hold_ms = 6000;
	self->plan->hold_cc = CC_PCR_EXTEND;
	ASSERT_EQ(0, file_run_begin(&self->child, self->program));
	ASSERT_TRUE(wait_until_held(self->plan));
	start = now_ms();
	EXPECT_LT(0, file_get(NULL, path, buf, sizeof(buf)));
	EXPECT_GT(PROMPT_MS, now_ms() - start);
	EXPECT_TRUE(agent_is_busy(&self->child));
	EXPECT_EQ(0, file_run_end(&self->child));
	close(directory);
}

TEST_F_TIMEOUT(wait, write_gives_up_a_space_that_cannot_be_flushed, 120)
{
	uint8_t response[4096];
	long start;
	int i, fd;

	fd = vtpm_open(NULL, &self->emulator.vtpm, true);
	ASSERT_LE(0, fd);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ((ssize_t)sizeof(start_session),
			  write(fd, start_session, sizeof(start_session)));
		ASSERT_LT(0, read(fd, response, sizeof(response)));
	}
	ASSERT_EQ(0, vtpm_pause(&self->emulator.vtpm));
	start = now_ms();
	EXPECT_EQ(-1, write(fd, read_pcr, sizeof(read_pcr)));
	/* One session is not loaded, and one not flushed. */
	EXPECT_GT(2 * BOUND_MS + PROMPT_MS, now_ms() - start);
	close(fd);
}

/* Ends and reaps a task.  How long that takes, in milliseconds. */
static long kill_ms(pid_t pid)
{
	long start = now_ms();
	int status;

	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return now_ms() - start;
}

TEST_F_TIMEOUT(wait, poller_can_be_killed, 60)
{
	struct pollfd polled;
	pid_t poller;
	int fd;

	fd = vtpm_open(NULL, &self->emulator.vtpm, true);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, fcntl(fd, F_SETFL, O_NONBLOCK));
	self->plan->hold_ms = 8000;
	self->plan->hold_cc = CC_PCR_READ;
	ASSERT_EQ((ssize_t)sizeof(read_pcr),
		  write(fd, read_pcr, sizeof(read_pcr)));
	ASSERT_TRUE(wait_until_held(self->plan));
	poller = fork();
	if (!poller) {
		polled.fd = fd;
		polled.events = POLLIN;
		poll(&polled, 1, -1);
		_exit(0);
	}
	ASSERT_LT(0, poller);
	usleep(300000);
	EXPECT_GT(PROMPT_MS, kill_ms(poller));
	close(fd);
}

TEST_F_TIMEOUT(wait, server_that_does_not_block_eagain, 60)
{
	uint8_t command[4096];
	int fd = self->emulator.vtpm.server_fd;

	ASSERT_EQ(0, vtpm_kill(&self->emulator.vtpm));
	ASSERT_EQ(0, fcntl(fd, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-1, read(fd, command, sizeof(command)));
	EXPECT_EQ(EAGAIN, errno);
}

/* The chip gets its owner while an outsider's read is under way. */
TEST_F_TIMEOUT(wait, pcr_that_got_an_owner_is_not_shown, 60)
{
	char path[128], buf[8192];
	int status;
	pid_t reader;
	long ret;

	snprintf(path, sizeof(path), "/sys/class/tpm/tpm%d/pcr-sha256/1",
		 self->emulator.vtpm.number);
	ASSERT_LT(0, file_get(NULL, path, buf, sizeof(buf)));
	ASSERT_EQ(0, ima_mount(&self->child));
	self->plan->hold_ms = 3000;
	self->plan->hold_cc = CC_PCR_READ;
	reader = fork();
	if (!reader) {
		ret = file_get(NULL, path, buf, sizeof(buf));
		_exit(ret < 0 ? -ret : 0);
	}
	ASSERT_LT(0, reader);
	ASSERT_TRUE(wait_until_held(self->plan));
	ASSERT_EQ(0, vtpm_attach(&self->child, &self->emulator.vtpm));
	ASSERT_EQ(reader, waitpid(reader, &status, 0));
	ASSERT_TRUE(WIFEXITED(status));
	EXPECT_EQ(EACCES, WEXITSTATUS(status));
}

TEST_HARNESS_MAIN
