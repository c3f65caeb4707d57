// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"
#include "ns.h"

static long change_uid(uid_t uid)
{
	/* Denied where setgroups is; the groups are then empty anyway. */
	if (setgroups(0, NULL) && errno != EPERM)
		return -errno;
	if (setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
		return -errno;
	/* Both are reset by a change of the uid. */
	prctl(PR_SET_DUMPABLE, 1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return 0;
}

static long do_drop(struct call *call)
{
	call->out_len = 0;
	return change_uid(call->arg[0]);
}

static long do_unshare(struct call *call)
{
	long ret;
	pid_t child;

	call->out_len = 0;
	/* Root of init keeps its uid: with no map yet it is nobody inside. */
	if (call->arg[0]) {
		ret = change_uid(call->arg[0]);
		if (ret)
			return ret;
	}
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS |
		    (call->arg[1] ? 0 : CLONE_NEWPID)))
		return -errno;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return -errno;
	if (call->arg[1]) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		return agent_own_pid();
	}
	child = fork();
	if (child < 0)
		return -errno;
	if (child) {
		/*
		 * The agent is pid 1 from here on; this process only waits,
		 * so that whoever reaps it knows that pid 1 is gone.
		 */
		int status;

		agent_forget_socket();
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
		_exit(0);
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return agent_own_pid();
}

static long do_become_root(struct call *call)
{
	call->out_len = 0;
	return change_uid(0);
}

static long do_join(struct call *call)
{
	char path[64];
	int fd_user = -1, fd_mnt;

	call->out_len = 0;
	if (call->arg[1]) {
		snprintf(path, sizeof(path), "/proc/%ld/ns/user", call->arg[0]);
		fd_user = open(path, O_RDONLY | O_CLOEXEC);
		if (fd_user < 0)
			return -errno;
	}
	snprintf(path, sizeof(path), "/proc/%ld/ns/mnt", call->arg[0]);
	fd_mnt = open(path, O_RDONLY | O_CLOEXEC);
	if (fd_mnt < 0)
		return -errno;
	if (fd_user >= 0 && setns(fd_user, CLONE_NEWUSER))
		return -errno;
	if (setns(fd_mnt, CLONE_NEWNS))
		return -errno;
	close(fd_mnt);
	if (fd_user >= 0)
		close(fd_user);
	return 0;
}

static long do_limit(struct call *call)
{
	unsigned long long mask = call->arg[0];
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = {
		{ .effective = mask, .permitted = mask },
		{ .effective = mask >> 32, .permitted = mask >> 32 },
	};

	call->out_len = 0;
	if (syscall(SYS_capset, &header, data))
		return -errno;
	return 0;
}

static long do_unshare_mount(struct call *call)
{
	call->out_len = 0;
	if (unshare(CLONE_NEWNS))
		return -errno;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return -errno;
	return 0;
}

static long do_user_inum(struct call *call)
{
	struct stat st;

	call->out_len = 0;
	if (stat("/proc/self/ns/user", &st))
		return -errno;
	return st.st_ino;
}

static int call_numbers(struct agent *agent, agent_fn fn, long a, long b)
{
	struct call call = { .arg = { a, b }, .fd = -1 };

	return agent_call(agent, fn, &call);
}

int ns_map(struct agent *agent, const char *map)
{
	char path[64];
	int ret;

	snprintf(path, sizeof(path), "/proc/%d/setgroups", agent->pid);
	ret = file_put(agent->parent, path, "deny", 4);
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "/proc/%d/uid_map", agent->pid);
	ret = file_put(agent->parent, path, map, strlen(map));
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "/proc/%d/gid_map", agent->pid);
	return file_put(agent->parent, path, map, strlen(map));
}

int ns_become_root(struct agent *agent)
{
	return call_numbers(agent, do_become_root, 0, 0);
}

static int start(struct agent *agent, struct agent *parent, uid_t uid,
		 const char *map, bool same_pid)
{
	char own[32];
	int ret;

	ret = agent_start(agent, parent);
	if (ret)
		return ret;
	ret = call_numbers(agent, do_unshare, uid, same_pid);
	if (ret < 0)
		return ret;
	agent->pid = ret;
	if (map && !*map)
		return 0;
	snprintf(own, sizeof(own), "0 %u 1\n", uid);
	ret = ns_map(agent, map ? map : own);
	if (ret)
		return ret;
	return ns_become_root(agent);
}

int ns_start(struct agent *agent, struct agent *parent, uid_t uid,
	     const char *map)
{
	return start(agent, parent, uid, map, false);
}

int ns_start_same_pid(struct agent *agent, struct agent *parent, uid_t uid)
{
	return start(agent, parent, uid, NULL, true);
}

int ns_join_mount(struct agent *agent, pid_t pid)
{
	return call_numbers(agent, do_join, pid, 0);
}

int ns_join_user(struct agent *agent, pid_t pid)
{
	return call_numbers(agent, do_join, pid, 1);
}

int ns_drop_to(struct agent *agent, uid_t uid)
{
	return call_numbers(agent, do_drop, uid, 0);
}

int ns_limit_capabilities(struct agent *agent, unsigned long long mask)
{
	return call_numbers(agent, do_limit, mask, 0);
}

int ns_unshare_mount(struct agent *agent)
{
	return call_numbers(agent, do_unshare_mount, 0, 0);
}

long ns_user_inum(struct agent *agent)
{
	struct call call = { .fd = -1 };

	return agent_call(agent, do_user_inum, &call);
}
