// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"
#include "inject.h"

#define KMEMLEAK "/sys/kernel/debug/kmemleak"
#define OWN_NTH "/proc/thread-self/fail-nth"

const char *inject_missing(void)
{
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	if (access(OWN_NTH, F_OK))
		return OWN_NTH " (CONFIG_FAULT_INJECTION)";
	if (access(FAILSLAB "probability", F_OK))
		return FAILSLAB " (CONFIG_FAILSLAB)";
	return NULL;
}

struct setting {
	const char *name;
	const char *value;
};

static int set(const struct setting *settings, size_t count)
{
	char path[128];
	size_t i;
	int ret = 0;

	for (i = 0; i < count && !ret; i++) {
		snprintf(path, sizeof(path), FAILSLAB "%s", settings[i].name);
		ret = file_put_text(NULL, path, settings[i].value);
	}
	return ret;
}

#define SET(settings) set(settings, sizeof(settings) / sizeof((settings)[0]))

int inject_begin(void)
{
	/* With a probability of 0 only the n-th ones fail. */
	static const struct setting on[] = {
		{ "probability", "0" },	    { "task-filter", "N" },
		{ "cache-filter", "N" },    { "interval", "1" },
		{ "times", "-1" },	    { "verbose", "0" },
		{ "ignore-gfp-wait", "N" },
	};

	return SET(on);
}

int inject_end(void)
{
	static const struct setting off[] = {
		{ "probability", "0" },	    { "times", "1" },
		{ "ignore-gfp-wait", "Y" }, { "verbose", "2" },
		{ "task-filter", "N" },
	};

	return SET(off);
}

static void arm(int fd, unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	if (write(fd, text, len) != len)
		_exit(3);
}

/* Allocates nothing between arm() and the operation, nor behind it. */
static int disarm(int fd)
{
	char text[16] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		_exit(3);
	arm(fd, 0);
	return atoi(text) == 0;
}

/* What an exec that failed tells through a pipe that a success closes. */
struct failure {
	int error;
	int hit;
};

static void __attribute__((noreturn)) exec_armed(const struct inject *attempt,
						 int pid_pipe, int failed)
{
	char *argv[] = { (char *)attempt->path, NULL };
	struct failure failure;
	pid_t pid = agent_own_pid();
	int fd = open(OWN_NTH, O_RDWR | O_CLOEXEC);

	if (fd < 0 || write(pid_pipe, &pid, sizeof(pid)) != sizeof(pid))
		_exit(3);
	arm(fd, attempt->nth);
	execv(attempt->path, argv);
	failure.error = errno;
	failure.hit = disarm(fd);
	if (write(failed, &failure, sizeof(failure)) != sizeof(failure))
		_exit(3);
	_exit(127);
}

/* The count of a program that has ended, until it is reaped. */
static int ended_hit(pid_t pid)
{
	char path[64], text[16] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/fail-nth", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (read(fd, text, sizeof(text) - 1) <= 0)
		strcpy(text, "?");
	close(fd);
	return *text == '?' ? -EIO : atoi(text) == 0;
}

static int exec_injected(struct inject *attempt)
{
	int pid_pipe[2], failed[2], status;
	struct failure failure;
	siginfo_t info;
	pid_t child, pid;
	ssize_t n;

	if (pipe2(pid_pipe, O_CLOEXEC) || pipe2(failed, O_CLOEXEC))
		return -errno;
	child = fork();
	if (child < 0)
		return -errno;
	if (!child)
		exec_armed(attempt, pid_pipe[1], failed[1]);
	close(pid_pipe[1]);
	close(failed[1]);
	if (read(pid_pipe[0], &pid, sizeof(pid)) != sizeof(pid))
		return -EPROTO;
	n = read(failed[0], &failure, sizeof(failure));
	close(pid_pipe[0]);
	close(failed[0]);
	if (waitid(P_PID, child, &info, WEXITED | WNOWAIT))
		return -errno;
	attempt->hit = n == sizeof(failure) ? failure.hit : ended_hit(pid);
	if (waitpid(child, &status, 0) < 0)
		return -errno;
	if (n == sizeof(failure))
		attempt->ret = -failure.error;
	else
		attempt->ret = WIFEXITED(status) ? WEXITSTATUS(status) :
						   128 + WTERMSIG(status);
	return attempt->hit < 0 ? attempt->hit : 0;
}

static long attempt_here(struct call *call)
{
	struct inject *attempt = call->out;
	char *buf = NULL;
	int nth, fd = -1;
	ssize_t n;

	if (call->out_len < sizeof(*attempt))
		return -EINVAL;
	call->out_len = sizeof(*attempt);
	memcpy(attempt, call->in, sizeof(*attempt));
	if (attempt->operation == INJECT_EXEC)
		return exec_injected(attempt);

	nth = open(OWN_NTH, O_RDWR | O_CLOEXEC);
	if (nth < 0)
		return -errno;
	if (attempt->operation == INJECT_WRITE)
		fd = open(attempt->path, O_WRONLY | O_CLOEXEC);
	if (attempt->operation == INJECT_READ)
		fd = open(attempt->path, O_RDONLY | O_CLOEXEC);
	if (attempt->operation == INJECT_READ)
		buf = malloc(65536);
	if ((attempt->operation == INJECT_WRITE ||
	     attempt->operation == INJECT_READ) && fd < 0)
		return -errno;

	arm(nth, attempt->nth);
	switch (attempt->operation) {
	case INJECT_MOUNT:
		attempt->ret = mount(attempt->text, attempt->path,
				     attempt->text, 0, NULL);
		break;
	case INJECT_WRITE:
		attempt->ret = write(fd, attempt->text, strlen(attempt->text));
		break;
	case INJECT_OPEN:
		attempt->ret = open(attempt->path, attempt->flags | O_CLOEXEC);
		break;
	case INJECT_CLOSE:
		attempt->ret = close(attempt->fd);
		break;
	case INJECT_IOCTL:
		attempt->ret = ioctl(attempt->fd, attempt->flags, 0);
		break;
	case INJECT_READ:
		attempt->ret = 0;
		while ((n = read(fd, buf, 65536)) > 0)
			attempt->ret += n;
		if (n < 0)
			attempt->ret = -1;
		break;
	case INJECT_EXEC:
		break;
	}
	if (attempt->ret < 0)
		attempt->ret = -errno;
	attempt->hit = disarm(nth);
	if (fd >= 0)
		close(fd);
	free(buf);
	close(nth);
	return 0;
}

int inject(struct agent *agent, struct inject *attempt)
{
	struct inject result = {};
	struct call call = {
		.fd = -1,
		.in = attempt,
		.in_len = sizeof(*attempt),
		.out = &result,
		.out_len = sizeof(result),
	};
	long ret = agent_call(agent, attempt_here, &call);

	if (ret < 0)
		return ret;
	attempt->ret = result.ret;
	attempt->hit = result.hit;
	return 0;
}

/* Workers of queues that are not bound to a processor, as IMA's. */
static int mark_workers(const char *text)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	char path[300], name[64];
	int marked = 0;

	if (!proc)
		return -errno;
	while ((entry = readdir(proc))) {
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		if (atoi(entry->d_name) <= 0 ||
		    file_get(NULL, path, name, sizeof(name)) < 0 ||
		    strncmp(name, "kworker/u", 9))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/make-it-fail",
			 entry->d_name);
		/* It may be gone by now. */
		if (!file_put_text(NULL, path, text))
			marked++;
	}
	closedir(proc);
	return marked ? 0 : -ESRCH;
}

int inject_workers(int on)
{
	static const struct setting all[] = {
		{ "task-filter", "Y" },	{ "probability", "100" },
	};
	static const struct setting none[] = {
		{ "probability", "0" },	{ "task-filter", "N" },
	};
	int ret;

	if (!on) {
		ret = SET(none);
		return ret ? ret : mark_workers("0");
	}
	/* What is to be written is, before it cannot be. */
	sync();
	ret = mark_workers("1");
	return ret ? ret : SET(all);
}

long inject_leaks(void)
{
	char *text, *line, *save;
	long len, count = 0;
	int ret;

	/* What is younger than five seconds is not reported. */
	sleep(6);
	ret = file_put_text(NULL, KMEMLEAK, "scan");
	if (ret)
		return ret;
	/* A second look finds what was only on its way somewhere. */
	ret = file_put_text(NULL, KMEMLEAK, "scan");
	if (ret)
		return ret;
	len = file_get_all(NULL, KMEMLEAK, &text);
	if (len < 0)
		return len;
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		printf("# %s\n", line);
		count += !strncmp(line, "unreferenced object", 19);
	}
	free(text);
	return count;
}
