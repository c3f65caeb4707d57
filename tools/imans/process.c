// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process.h"

/* Of /proc/PID/stat: the first behind the name is the third. */
#define FIELD_STATE 3
#define FIELD_START 22

/* Where every distribution has it. */
#define CGROUP_DIR "/sys/fs/cgroup"

bool process_parse_start(const char *stat, uint64_t *start)
{
	/* The name is in parentheses, and may have any of these in it. */
	const char *at = strrchr(stat, ')');
	char number[24];
	size_t len;
	int field;

	if (!at)
		return false;
	for (field = FIELD_STATE; field <= FIELD_START; field++) {
		at = strchr(at + 1, ' ');
		if (!at)
			return false;
	}
	len = strcspn(++at, " \n");
	if (len >= sizeof(number))
		return false;
	memcpy(number, at, len);
	number[len] = '\0';
	return parse_uint(number, UINT64_MAX, start);
}

/* A file of its directory in /proc. */
static bool read_own(const struct process *p, const char *name, struct buf *b)
{
	int fd = openat(p->dir, name, O_RDONLY | O_CLOEXEC);
	bool good = fd >= 0 && !read_fd(fd, b);

	if (!good)
		msg_errno("/proc/%d/%s", (int)p->pid, name);
	if (fd >= 0)
		close(fd);
	return good;
}

static bool read_start(struct process *p)
{
	struct buf b = { 0 };
	bool good;

	if (!read_own(p, "stat", &b)) {
		buf_free(&b);
		return false;
	}
	good = process_parse_start((char *)b.data, &p->start);
	if (!good)
		msg("/proc/%d/stat does not tell when the process was started",
		    (int)p->pid);
	buf_free(&b);
	return good;
}

bool process_open(struct process *p, pid_t pid)
{
	char *path = xasprintf("/proc/%d", (int)pid);

	p->pid = pid;
	p->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->dir < 0) {
		if (errno == ENOENT)
			msg("there is no process %d: is this the pid namespace of the runtime?",
			    (int)pid);
		else
			msg_errno("%s", path);
	}
	free(path);
	if (p->dir < 0)
		return false;
	if (read_start(p))
		return true;
	process_close(p);
	return false;
}

void process_close(struct process *p)
{
	close(p->dir);
	p->dir = -1;
}

static void explain_ns(const struct process *p, const char *name)
{
	int reason = errno;

	msg_errno("/proc/%d/ns/%s", (int)p->pid, name);
	if (reason == EACCES || reason == EPERM)
		msg("it takes root, or the user whose container it is");
}

enum process_ns process_compare_ns(const struct process *p, const char *name)
{
	char *own = xasprintf("/proc/self/ns/%s", name);
	enum process_ns result = PROCESS_NS_UNKNOWN;
	struct stat ours, theirs;

	if (stat(own, &ours))
		msg_errno("%s", own);
	else if (fstatat(p->dir, own + strlen("/proc/self/"), &theirs, 0))
		explain_ns(p, name);
	else
		result = ours.st_dev == theirs.st_dev &&
			 ours.st_ino == theirs.st_ino ? PROCESS_NS_SAME :
							PROCESS_NS_OTHER;
	free(own);
	return result;
}

int process_open_ns(const struct process *p, const char *name)
{
	char *path = xasprintf("ns/%s", name);
	int fd = openat(p->dir, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		explain_ns(p, name);
	free(path);
	return fd;
}

/* Of the lines of /proc/PID/cgroup, that of version 2 has no controllers. */
static const char *unified(struct buf *b)
{
	char *line, *save;

	for (line = strtok_r((char *)b->data, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (!strncmp(line, "0::/", 4))
			return line + 3;
	return NULL;
}

bool process_take_into_cgroup(const struct process *p, pid_t pid)
{
	struct buf theirs = { 0 }, ours = { 0 };
	const char *to = NULL, *from = NULL;
	bool good = false;
	char *path, *text;

	if (!read_own(p, "cgroup", &theirs))
		goto out_free;
	to = unified(&theirs);
	if (!read_file("/proc/self/cgroup", &ours))
		from = unified(&ours);
	if (!to || (from && !strcmp(from, to))) {
		good = true;
		goto out_free;
	}
	path = xasprintf(CGROUP_DIR "%s/cgroup.procs", to);
	text = xasprintf("%d", (int)pid);
	good = !write_file(path, text);
	if (!good)
		msg_errno("%s", path);
	free(text);
	free(path);
out_free:
	buf_free(&ours);
	buf_free(&theirs);
	return good;
}

bool process_in_initial_userns(void)
{
	/* PROC_USER_INIT_INO of the kernel, the same on every machine. */
	char link[64];
	ssize_t n = readlink("/proc/self/ns/user", link, sizeof(link) - 1);

	if (n < 0)
		return false;
	link[n] = '\0';
	return !strcmp(link, "user:[4026531837]");
}
