// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/vtpm_proxy.h>

#include "vtpm.h"

/* Newer than the headers distributions carry. */
#ifndef VTPM_PROXY_IOC_CONNECT_TO_IMA_NS
#define VTPM_PROXY_IOC_CONNECT_TO_IMA_NS _IO(0xa1, 0x10)
#endif

/* A self test of swtpm on an emulated CPU takes a while. */
#define START_TIMEOUT_S 120
#define NODE_TIMEOUT_S 5
#define STOP_TIMEOUT_S 5
#define POLL_MS 20

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static bool make_device(struct vtpm *t)
{
	struct vtpm_proxy_new_dev dev = {
		.flags = t->tpm2 ? VTPM_PROXY_FLAG_TPM2 : 0,
	};
	int fd = open("/dev/vtpmx", O_RDWR | O_CLOEXEC);
	int rc;

	if (fd < 0) {
		msg_errno("/dev/vtpmx");
		if (errno == ENOENT)
			msg("the kernel needs CONFIG_TCG_VTPM_PROXY, perhaps as module tpm_vtpm_proxy");
		return false;
	}
	rc = ioctl(fd, VTPM_PROXY_IOC_NEW_DEV, &dev);
	if (rc)
		msg_errno("making a virtual TPM%s", errno == EPERM ?
			  " (it takes CAP_SYS_ADMIN on the host)" : "");
	close(fd);
	if (rc)
		return false;
	t->server_fd = (int)dev.fd;
	t->num = dev.tpm_num;
	/* The kernel hands it out without. */
	if (fcntl(t->server_fd, F_SETFD, FD_CLOEXEC)) {
		msg_errno("fcntl");
		return false;
	}
	return true;
}

static bool make_temp_dir(struct vtpm *t)
{
	const char *tmp = getenv("TMPDIR");
	char *dir = xasprintf("%s/imans-vtpm-XXXXXX",
			      tmp && *tmp ? tmp : "/tmp");

	if (!mkdtemp(dir)) {
		msg_errno("%s", dir);
		free(dir);
		return false;
	}
	t->temp_dir = dir;
	return true;
}

/* swtpm puts only plain files there. */
static void remove_temp_dir(struct vtpm *t)
{
	DIR *d = t->temp_dir ? opendir(t->temp_dir) : NULL;
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
	if (t->temp_dir && rmdir(t->temp_dir))
		msg_errno("removing %s", t->temp_dir);
	free(t->temp_dir);
	t->temp_dir = NULL;
}

/* In the new process; returns only if exec failed. */
static void exec_swtpm(const struct vtpm *t, const struct vtpm_config *cfg,
		       const sigset_t *mask, pid_t parent)
{
	const char *dir = t->temp_dir ? t->temp_dir : cfg->state_dir;
	char *fd = xasprintf("%d", t->server_fd);
	char *state = xasprintf("dir=%s", dir);
	char *log = cfg->log ? xasprintf("file=%s,level=20,truncate", cfg->log) :
			       NULL;
	const char *argv[16] = { "swtpm", "chardev", "--fd", fd,
				 "--tpmstate", state };
	int n = 6, null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (t->tpm2)
		argv[n++] = "--tpm2";
	argv[n++] = "--flags";
	argv[n++] = "startup-clear";
	/* The proxy driver sets the locality of TPM 2.0 and 1.2 alike. */
	argv[n++] = "--locality";
	argv[n++] = "allow-set-locality";
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
	sigprocmask(SIG_SETMASK, mask, NULL);
	if (!fcntl(t->server_fd, F_SETFD, 0))
		execvp(argv[0], (char *const *)argv);
	msg_errno("swtpm");
}

static bool start_swtpm(struct vtpm *t, const struct vtpm_config *cfg,
			const sigset_t *mask)
{
	pid_t parent = getpid();

	if (cfg->state_dir && mkdir(cfg->state_dir, 0700) && errno != EEXIST) {
		msg_errno("%s", cfg->state_dir);
		return false;
	}
	if (!cfg->state_dir && !make_temp_dir(t))
		return false;
	t->swtpm = fork();
	if (t->swtpm < 0) {
		t->swtpm = 0;
		msg_errno("fork");
		return false;
	}
	if (!t->swtpm) {
		exec_swtpm(t, cfg, mask, parent);
		_exit(127);
	}
	return true;
}

static bool swtpm_is_gone(struct vtpm *t)
{
	int status;

	if (waitpid(t->swtpm, &status, WNOHANG) != t->swtpm)
		return false;
	t->swtpm = 0;
	msg("swtpm ended before the TPM was there");
	return true;
}

/* Wait until @path exists, swtpm ends, a signal comes or the time is up. */
static bool wait_for_path(struct vtpm *t, const char *path, double seconds,
			  const sigset_t *wait_for)
{
	static const struct timespec interval = { 0, POLL_MS * 1000000 };
	double end = now() + seconds;

	while (access(path, F_OK)) {
		int sig = sigtimedwait(wait_for, NULL, &interval);

		if (swtpm_is_gone(t))
			return false;
		if (sig > 0 && sig != SIGCHLD) {
			msg("%s while waiting for the TPM", strsignal(sig));
			return false;
		}
		if (now() > end) {
			msg("%s did not appear within %.0f seconds", path,
			    seconds);
			return false;
		}
	}
	return true;
}

static bool wait_for_device(struct vtpm *t, const sigset_t *wait_for)
{
	char *sysfs = xasprintf("/sys/class/tpm/tpm%u/dev", t->num);
	char *node = xasprintf("/dev/tpm%u", t->num);
	char *rm_node = xasprintf("/dev/tpmrm%u", t->num);
	bool ok;

	ok = wait_for_path(t, sysfs, START_TIMEOUT_S, wait_for) &&
	     wait_for_path(t, node, NODE_TIMEOUT_S, wait_for) &&
	     (!t->tpm2 || wait_for_path(t, rm_node, NODE_TIMEOUT_S, wait_for));
	free(sysfs);
	free(node);
	free(rm_node);
	return ok;
}

bool vtpm_start(struct vtpm *t, const struct vtpm_config *cfg,
		const sigset_t *wait_for, const sigset_t *mask)
{
	memset(t, 0, sizeof(*t));
	t->server_fd = -1;
	t->tpm2 = cfg->tpm2;
	if (make_device(t) && start_swtpm(t, cfg, mask) &&
	    wait_for_device(t, wait_for))
		return true;
	vtpm_close_server(t);
	vtpm_stop(t);
	return false;
}

bool vtpm_connect(const struct vtpm *t)
{
	int rc;

	do {
		rc = ioctl(t->server_fd, VTPM_PROXY_IOC_CONNECT_TO_IMA_NS, 0);
	} while (rc && errno == EINTR);
	if (!rc)
		return true;
	msg_errno("giving /dev/tpm%u to the IMA namespace", t->num);
	if (errno == ENOTTY)
		msg("the kernel cannot do that: it has no VTPM_PROXY_IOC_CONNECT_TO_IMA_NS");
	else if (errno == EBUSY)
		msg("the namespace is active or has a TPM already, or somebody has the device open");
	else if (errno == EINVAL)
		msg("there is no IMA namespace, or the TPM failed to start");
	return false;
}

void vtpm_close_server(struct vtpm *t)
{
	if (t->server_fd >= 0)
		close(t->server_fd);
	t->server_fd = -1;
}

void vtpm_stop(struct vtpm *t)
{
	static const struct timespec interval = { 0, POLL_MS * 1000000 };
	double end = now() + STOP_TIMEOUT_S;
	pid_t gone = 0;

	if (t->swtpm > 0) {
		/* One that somebody stopped must run to end. */
		kill(t->swtpm, SIGTERM);
		kill(t->swtpm, SIGCONT);
	}
	while (t->swtpm > 0 && now() < end) {
		gone = waitpid(t->swtpm, NULL, WNOHANG);
		if (gone)
			break;
		nanosleep(&interval, NULL);
	}
	if (t->swtpm > 0 && !gone) {
		kill(t->swtpm, SIGKILL);
		waitpid(t->swtpm, NULL, 0);
	}
	t->swtpm = 0;
	remove_temp_dir(t);
}
