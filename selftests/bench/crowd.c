// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crowd.h"
#include "file.h"
#include "ima.h"

/* Everything in the member itself: to the library, NULL is who calls it. */
static int enter_namespaces(void)
{
	int ret;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
		return -errno;
	ret = file_put_text(NULL, "/proc/self/setgroups", "deny");
	if (!ret)
		ret = file_put_text(NULL, "/proc/self/uid_map", "0 0 1\n");
	if (!ret)
		ret = file_put_text(NULL, "/proc/self/gid_map", "0 0 1\n");
	if (!ret && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		ret = -errno;
	return ret;
}

static int become_member(enum crowd_kind kind, const char *rules,
			 const char *const *files)
{
	int ret = enter_namespaces();

	if (!ret) {
		if (kind == CROWD_TMPFS)
			ret = file_mount(NULL, "tmpfs", SECURITYFS);
		else
			ret = ima_start(NULL, rules);
	}
	if (!ret && kind == CROWD_UNMOUNTED)
		ret = file_umount(NULL, SECURITYFS);

	for (; !ret && files && *files; files++) {
		ret = file_open(NULL, *files, O_RDONLY);
		if (ret >= 0)
			ret = file_close(NULL, ret);
	}
	return ret;
}

static int add_member(struct crowd *crowd, enum crowd_kind kind,
		      const char *rules, const char *const *files)
{
	int sync[2], ret;
	pid_t pid;

	if (pipe2(sync, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid < 0) {
		ret = -errno;
		close(sync[0]);
		close(sync[1]);
		return ret;
	}
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		ret = become_member(kind, rules, files);
		if (write(sync[1], &ret, sizeof(ret)) != sizeof(ret))
			_exit(1);
		close(sync[0]);
		close(sync[1]);
		for (;;)
			pause();
	}
	crowd->pid[crowd->n++] = pid;
	close(sync[1]);
	if (read(sync[0], &ret, sizeof(ret)) != sizeof(ret))
		ret = -EPIPE;
	close(sync[0]);
	return ret;
}

int crowd_start(struct crowd *crowd, unsigned int n, enum crowd_kind kind,
		const char *rules, const char *const *files)
{
	int ret = 0;

	crowd->n = 0;
	crowd->pid = calloc(n, sizeof(*crowd->pid));
	if (!crowd->pid)
		return -ENOMEM;
	while (crowd->n < n && !ret)
		ret = add_member(crowd, kind, rules, files);
	return ret;
}

void crowd_stop(struct crowd *crowd)
{
	unsigned int i;

	for (i = 0; i < crowd->n; i++)
		kill(crowd->pid[i], SIGKILL);
	for (i = 0; i < crowd->n; i++)
		waitpid(crowd->pid[i], NULL, 0);
	free(crowd->pid);
	crowd->pid = NULL;
	crowd->n = 0;
}
