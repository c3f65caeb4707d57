// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/vtpm_proxy.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "digest.h"
#include "file.h"
#include "scratch.h"
#include "vtpm.h"

static const char swtpm[] = "/usr/bin/swtpm";

/* swtpm_ioctls(3) */
#define CONTROL_INIT 2
#define CONTROL_SET_DATAFD 0x10

const char *vtpm_missing(void)
{
	if (access("/dev/vtpmx", F_OK))
		return "/dev/vtpmx (CONFIG_TCG_VTPM_PROXY)";
	if (access(swtpm, X_OK))
		return "the program swtpm";
	return NULL;
}

static int prepare(struct vtpm *vtpm, int version)
{
	memset(vtpm, 0, sizeof(*vtpm));
	vtpm->server_fd = -1;
	vtpm->control_fd = -1;
	vtpm->version = version;
	return scratch_directory(vtpm->directory, sizeof(vtpm->directory));
}

static int make_device(struct vtpm *vtpm)
{
	struct vtpm_proxy_new_dev new_dev = {
		.flags = vtpm->version == 2 ? VTPM_PROXY_FLAG_TPM2 : 0,
	};
	int fd, ret = 0;

	fd = open("/dev/vtpmx", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, VTPM_PROXY_IOC_NEW_DEV, &new_dev))
		ret = -errno;
	close(fd);
	if (ret)
		return ret;
	vtpm->server_fd = new_dev.fd;
	vtpm->number = new_dev.tpm_num;
	fcntl(vtpm->server_fd, F_SETFD, FD_CLOEXEC);
	return 0;
}

int vtpm_start_silent(struct vtpm *vtpm, int version)
{
	int ret = prepare(vtpm, version);

	return ret ? ret : make_device(vtpm);
}

static void __attribute__((noreturn)) run_emulator(const struct vtpm *vtpm,
						   int socket)
{
	char control[64], state[300], log[300];
	const char *argv[20] = {
		swtpm, "socket", "--ctrl", control,
		"--tpmstate", state, "--log", log,
		/* The proxy driver sets the locality before each command. */
		"--locality", "allow-set-locality",
		vtpm->version == 2 ? "--tpm2" : NULL, NULL,
	};
	int null = open("/dev/null", O_RDWR);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(control, sizeof(control), "type=unixio,clientfd=%d", socket);
	snprintf(state, sizeof(state), "dir=%s", vtpm->directory);
	snprintf(log, sizeof(log), "file=%s/log,level=20", vtpm->directory);
	dup2(null, 0);
	dup2(null, 1);
	if (!fcntl(socket, F_SETFD, 0))
		execv(swtpm, (char **)argv);
	_exit(127);
}

/*
 * A command of swtpm_ioctls(3) without arguments, and @fd unless negative.
 * Returns 0 when swtpm has done it.
 */
static int control(const struct vtpm *vtpm, uint8_t number, int fd)
{
	uint8_t command[8] = { 0, 0, 0, number }, answer[4];
	/* CMD_INIT has flags behind its number, CMD_SET_DATAFD nothing. */
	struct iovec iov = { command, fd < 0 ? 8 : 4 };
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} space = {};
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg = &space.align;

	if (fd >= 0) {
		msg.msg_control = space.buf;
		msg.msg_controllen = sizeof(space.buf);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	}
	if (sendmsg(vtpm->control_fd, &msg, MSG_NOSIGNAL) < 0)
		return -errno;
	if (recv(vtpm->control_fd, answer, sizeof(answer), MSG_WAITALL) !=
	    sizeof(answer))
		return -EPIPE;
	return answer[0] | answer[1] | answer[2] | answer[3] ? -EIO : 0;
}

/*
 * The emulator is ready before its device exists: a TPM 1.2 makes RSA keys
 * first, for which the kernel's ten seconds may be too few in a guest without
 * KVM.
 */
int vtpm_start(struct vtpm *vtpm, int version)
{
	int pair[2], ret = prepare(vtpm, version);

	if (ret)
		return ret;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return -errno;
	vtpm->control_fd = pair[0];
	vtpm->emulator = fork();
	if (!vtpm->emulator)
		run_emulator(vtpm, pair[1]);
	close(pair[1]);
	if (vtpm->emulator < 0)
		return -EAGAIN;
	ret = control(vtpm, CONTROL_INIT, -1);
	if (!ret)
		ret = make_device(vtpm);
	if (!ret)
		ret = control(vtpm, CONTROL_SET_DATAFD, vtpm->server_fd);
	return ret;
}

int vtpm_start_failing(struct vtpm *vtpm, int version)
{
	static const uint8_t failure[] = { 0x80, 1, 0, 0, 0, 10, 0, 0, 1, 1 };
	uint8_t command[4096];
	int ret = vtpm_start_silent(vtpm, version);

	if (ret)
		return ret;
	vtpm->emulator = fork();
	if (vtpm->emulator < 0)
		return -errno;
	if (vtpm->emulator)
		return 0;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(vtpm->server_fd, command, sizeof(command)) > 0)
		if (write(vtpm->server_fd, failure, sizeof(failure)) < 0)
			break;
	_exit(0);
}

int vtpm_kill(struct vtpm *vtpm)
{
	int status;

	if (vtpm->emulator <= 0)
		return -ESRCH;
	if (kill(vtpm->emulator, SIGKILL))
		return -errno;
	kill(vtpm->emulator, SIGCONT);
	if (waitpid(vtpm->emulator, &status, 0) < 0)
		return -errno;
	vtpm->emulator = 0;
	return 0;
}

void vtpm_stop(struct vtpm *vtpm)
{
	if (vtpm->emulator > 0)
		vtpm_kill(vtpm);
	if (vtpm->server_fd > 0)
		close(vtpm->server_fd);
	vtpm->server_fd = -1;
	if (vtpm->control_fd > 0)
		close(vtpm->control_fd);
	vtpm->control_fd = -1;
	scratch_remove(vtpm->directory);
}

int vtpm_pause(struct vtpm *vtpm)
{
	int status;

	if (kill(vtpm->emulator, SIGSTOP))
		return -errno;
	if (waitpid(vtpm->emulator, &status, WUNTRACED) < 0)
		return -errno;
	return WIFSTOPPED(status) ? 0 : -ESRCH;
}

int vtpm_resume(struct vtpm *vtpm)
{
	return kill(vtpm->emulator, SIGCONT) ? -errno : 0;
}

long vtpm_connect(struct call *call)
{
	call->out_len = 0;
	return ioctl(call->fd, VTPM_PROXY_IOC_CONNECT_TO_IMA_NS, 0) ? -errno :
								      0;
}

int vtpm_attach(struct agent *agent, struct vtpm *vtpm)
{
	struct call call = { .fd = vtpm->server_fd };

	return agent_call(agent, vtpm_connect, &call);
}

long vtpm_extends(const struct vtpm *vtpm)
{
	/* Bytes 6 to 9 of a command, as swtpm prints them behind a blank. */
	const char *ordinal = vtpm->version == 2 ? "00 00 01 82" :
						   "00 00 00 14";
	char path[300];
	char *log, *at;
	long len, count = 0;

	snprintf(path, sizeof(path), "%s/log", vtpm->directory);
	len = file_get_all(NULL, path, &log);
	if (len < 0)
		return len;
	for (at = strstr(log, "SWTPM_IO_Read:"); at;
	     at = strstr(at + 1, "SWTPM_IO_Read:")) {
		const char *line = strchr(at, '\n');

		if (line && strlen(line) > 2 + 6 * 3 + 11 &&
		    !strncmp(line + 2 + 6 * 3, ordinal, 11))
			count++;
	}
	free(log);
	return count;
}

static void device_path(const struct vtpm *vtpm, bool managed, char *path,
			size_t size)
{
	snprintf(path, size, "/dev/tpm%s%d", managed ? "rm" : "",
		 vtpm->number);
}

int vtpm_wait_device(const struct vtpm *vtpm)
{
	struct patience left = patience(10000);
	char path[64];

	/* The resource manager's device is the last to appear. */
	device_path(vtpm, vtpm->version == 2, path, sizeof(path));
	while (access(path, F_OK))
		if (!patience_lasts(&left))
			return -ETIMEDOUT;
	return 0;
}

int vtpm_wait_hang_up(const struct vtpm *vtpm, long ms)
{
	struct pollfd server = { .fd = vtpm->server_fd };
	struct patience left = patience(ms);

	/* A registration that failed hangs up without waking who polls. */
	do {
		if (poll(&server, 1, 0) < 0)
			return -errno;
		if (server.revents & POLLHUP)
			return 0;
	} while (patience_lasts(&left));
	return -ETIMEDOUT;
}

int vtpm_open(struct agent *agent, const struct vtpm *vtpm, bool managed)
{
	char path[64];

	device_path(vtpm, managed, path, sizeof(path));
	/* Who may is to be IMA's decision here, not the mode's. */
	chmod(path, 0666);
	return file_open(agent, path, O_RDWR);
}

static long read_pcr_command(const struct vtpm *vtpm, const char *bank,
			     int pcr, uint8_t *command)
{
	static const struct {
		const char *name;
		uint8_t id;
	} banks[] = {
		{ "sha1", 0x04 },
		{ "sha256", 0x0b },
		{ "sha384", 0x0c },
		{ "sha512", 0x0d },
	};
	static const uint8_t old[] = { 0, 0xc1, 0, 0, 0, 14, 0, 0, 0, 0x15,
				       0, 0, 0, 0 };
	static const uint8_t new[] = { 0x80, 1, 0, 0, 0, 20, 0, 0, 1, 0x7e,
				       0, 0, 0, 1, 0, 0, 3, 0, 0, 0 };
	size_t i;

	if (vtpm->version == 1) {
		if (strcmp(bank, "sha1"))
			return -EINVAL;
		memcpy(command, old, sizeof(old));
		command[13] = pcr;
		return sizeof(old);
	}
	for (i = 0; i < sizeof(banks) / sizeof(banks[0]); i++)
		if (!strcmp(banks[i].name, bank))
			break;
	if (i == sizeof(banks) / sizeof(banks[0]))
		return -EINVAL;
	memcpy(command, new, sizeof(new));
	command[15] = banks[i].id;
	command[17 + pcr / 8] = 1 << pcr % 8;
	return sizeof(new);
}

long vtpm_read_pcr(struct agent *agent, const struct vtpm *vtpm,
		   const char *bank, int pcr, uint8_t *value)
{
	uint8_t command[32], response[256];
	size_t len = digest_size(bank);
	long n = read_pcr_command(vtpm, bank, pcr, command);
	int fd;

	if (n < 0)
		return n;
	fd = vtpm_open(agent, vtpm, false);
	if (fd < 0)
		return fd;
	n = file_write(agent, fd, command, n);
	if (n > 0)
		n = file_read(agent, fd, response, sizeof(response));
	file_close(agent, fd);
	if (n < 0)
		return n;
	/* Header and return code, then the value stands at the very end. */
	if (n < (long)(10 + len) || response[6] || response[7] || response[8] ||
	    response[9])
		return -EIO;
	memcpy(value, response + n - len, len);
	return len;
}
