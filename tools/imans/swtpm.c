// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "swtpm.h"

/*
 * Commands of the control channel, documented in swtpm_ioctls(3): big-endian
 * number and arguments; the answer is a number, 0 for success.
 */
#define CONTROL_INIT 2
#define CONTROL_SET_DATAFD 0x10

/* A TPM 1.2 makes RSA keys when it starts; on an emulated CPU that takes. */
#define INIT_TIMEOUT_S 300
#define STOP_TIMEOUT_S 5
#define POLL_MS 20

double swtpm_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static bool make_temp_dir(struct swtpm *s)
{
	const char *tmp = getenv("TMPDIR");
	char *dir = xasprintf("%s/imans-vtpm-XXXXXX",
			      tmp && *tmp ? tmp : "/tmp");

	if (!mkdtemp(dir)) {
		msg_errno("%s", dir);
		free(dir);
		return false;
	}
	s->temp_dir = dir;
	return true;
}

/* swtpm puts only plain files there. */
static void remove_temp_dir(struct swtpm *s)
{
	DIR *d = s->temp_dir ? opendir(s->temp_dir) : NULL;
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
	if (s->temp_dir && rmdir(s->temp_dir))
		msg_errno("removing %s", s->temp_dir);
	free(s->temp_dir);
	s->temp_dir = NULL;
}

/* In the new process; returns only if exec failed. */
static void exec_swtpm(const struct swtpm *s, const struct swtpm_config *cfg,
		       int control, pid_t parent)
{
	char *ctrl = xasprintf("type=unixio,clientfd=%d", control);
	char *state = xasprintf("dir=%s", s->temp_dir ? s->temp_dir :
							cfg->state_dir);
	char *log = cfg->log ? xasprintf("file=%s,level=20,truncate", cfg->log) :
			       NULL;
	/* The proxy driver sets the locality of TPM 2.0 and 1.2 alike. */
	const char *argv[16] = { "swtpm", "socket", "--ctrl", ctrl,
				 "--tpmstate", state,
				 "--locality", "allow-set-locality" };
	int n = 8, null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (cfg->tpm2)
		argv[n++] = "--tpm2";
	if (log) {
		argv[n++] = "--log";
		argv[n++] = log;
	}
	argv[n] = NULL;
	/* A group of its own: Ctrl-C at the terminal is for CMD. */
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	if (null >= 0)
		dup2(null, STDIN_FILENO);
	sigprocmask(SIG_SETMASK, cfg->mask, NULL);
	if (!fcntl(control, F_SETFD, 0))
		execvp(argv[0], (char *const *)argv);
	msg_errno("swtpm");
}

static bool spawn(struct swtpm *s, const struct swtpm_config *cfg)
{
	pid_t parent = getpid();
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
		msg_errno("socketpair");
		return false;
	}
	s->ctrl_fd = pair[0];
	s->pid = fork();
	if (!s->pid) {
		exec_swtpm(s, cfg, pair[1], parent);
		_exit(127);
	}
	close(pair[1]);
	if (s->pid > 0)
		return true;
	s->pid = 0;
	msg_errno("fork");
	return false;
}

bool swtpm_wait(struct swtpm *s, const struct swtpm_config *cfg)
{
	static const struct timespec interval = { 0, POLL_MS * 1000000L };
	int sig = sigtimedwait(cfg->wait_for, NULL, &interval);

	if (waitpid(s->pid, NULL, WNOHANG) == s->pid) {
		s->pid = 0;
		msg("swtpm ended before the TPM was there");
		return false;
	}
	if (sig > 0 && sig != SIGCHLD) {
		msg("%s while waiting for the TPM", strsignal(sig));
		return false;
	}
	return true;
}

/* The answer to a command on the control channel. */
static bool control_answer(struct swtpm *s, const struct swtpm_config *cfg,
			   const char *what)
{
	struct pollfd p = { .fd = s->ctrl_fd, .events = POLLIN };
	double end = swtpm_now() + INIT_TIMEOUT_S;
	static const uint8_t success[4];
	uint8_t answer[4];

	while (!poll(&p, 1, 0)) {
		if (!swtpm_wait(s, cfg))
			return false;
		if (swtpm_now() > end) {
			msg("swtpm takes more than %d seconds to %s",
			    INIT_TIMEOUT_S, what);
			return false;
		}
	}
	if (recv(s->ctrl_fd, answer, sizeof(answer), MSG_WAITALL) !=
	    sizeof(answer)) {
		msg("swtpm ended instead of going to %s", what);
		return false;
	}
	if (memcmp(answer, success, sizeof(success))) {
		msg("swtpm fails to %s: error 0x%02x%02x%02x%02x", what,
		    answer[0], answer[1], answer[2], answer[3]);
		return false;
	}
	return true;
}

bool swtpm_start(struct swtpm *s, const struct swtpm_config *cfg)
{
	static const uint8_t init[8] = { 0, 0, 0, CONTROL_INIT };

	memset(s, 0, sizeof(*s));
	s->ctrl_fd = -1;
	if (cfg->state_dir && mkdir(cfg->state_dir, 0700) && errno != EEXIST) {
		msg_errno("%s", cfg->state_dir);
		return false;
	}
	if (!cfg->state_dir && !make_temp_dir(s))
		return false;
	if (!spawn(s, cfg))
		return false;
	if (send(s->ctrl_fd, init, sizeof(init), MSG_NOSIGNAL) !=
	    sizeof(init)) {
		msg_errno("talking to swtpm");
		return false;
	}
	return control_answer(s, cfg, "initialise the TPM");
}

bool swtpm_serve(struct swtpm *s, const struct swtpm_config *cfg, int fd)
{
	uint8_t command[4] = { 0, 0, 0, CONTROL_SET_DATAFD };
	struct iovec iov = { command, sizeof(command) };
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	if (sendmsg(s->ctrl_fd, &m, MSG_NOSIGNAL) != sizeof(command)) {
		msg_errno("talking to swtpm");
		return false;
	}
	return control_answer(s, cfg, "serve the device");
}

void swtpm_close_control(struct swtpm *s)
{
	if (s->ctrl_fd >= 0)
		close(s->ctrl_fd);
	s->ctrl_fd = -1;
}

void swtpm_stop(struct swtpm *s)
{
	static const struct timespec interval = { 0, POLL_MS * 1000000L };
	double end = swtpm_now() + STOP_TIMEOUT_S;
	pid_t gone = 0;

	if (s->pid > 0) {
		/* One that somebody stopped must run to end. */
		kill(s->pid, SIGTERM);
		kill(s->pid, SIGCONT);
	}
	while (s->pid > 0 && swtpm_now() < end) {
		gone = waitpid(s->pid, NULL, WNOHANG);
		if (gone)
			break;
		nanosleep(&interval, NULL);
	}
	if (s->pid > 0 && !gone) {
		kill(s->pid, SIGKILL);
		waitpid(s->pid, NULL, 0);
	}
	s->pid = 0;
	swtpm_close_control(s);
	remove_temp_dir(s);
}
