// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ns_above.h"
#include "util.h"

/**
 * struct helper - a process of ours inside of the user namespace
 *
 * It does three things, each when it is told to, and says when one is done:
 * joins and mounts, activates, and ends.
 *
 * @up:		a byte comes when something is done, and the end if it failed
 * @down:	a byte, or the end, tells it to go on
 */
struct helper {
	pid_t pid;
	int up[2];
	int down[2];
};

/*
 * Its mount namespace is its own, so that neither the container nor the machine
 * sees the mount, and belongs to the user namespace, so that securityfs does.
 */
static bool helper_join(int userns, const char *securityfs)
{
	if (setns(userns, CLONE_NEWUSER)) {
		msg_errno("joining the container's user namespace");
		return false;
	}
	if (unshare(CLONE_NEWNS)) {
		msg_errno("making a mount namespace in the container's user namespace");
		return false;
	}
	return ns_mount_securityfs(securityfs);
}

static int helper_main(struct helper *h, int userns, const char *securityfs)
{
	close(h->up[0]);
	close(h->down[1]);
	if (!read_byte(h->down[0]) || !helper_join(userns, securityfs) ||
	    !write_byte(h->up[1]) || !read_byte(h->down[0]) ||
	    !ns_activate(securityfs) || !write_byte(h->up[1]))
		return IMANS_ERROR;
	/* Until the policy is loaded the mount is needed. */
	read_byte(h->down[0]);
	return IMANS_OK;
}

static bool helper_start(struct helper *h, int userns, const char *securityfs)
{
	if (pipe2(h->up, O_CLOEXEC)) {
		msg_errno("pipe");
		return false;
	}
	if (pipe2(h->down, O_CLOEXEC)) {
		msg_errno("pipe");
		goto close_up;
	}
	fflush(NULL);
	h->pid = fork();
	if (!h->pid)
		_exit(helper_main(h, userns, securityfs));
	close(h->up[1]);
	close(h->down[0]);
	if (h->pid > 0)
		return true;
	msg_errno("fork");
	close(h->down[1]);
	close(h->up[0]);
	return false;

close_up:
	close(h->up[0]);
	close(h->up[1]);
	return false;
}

/* False if it failed; then it has said why. */
static bool helper_does(const struct helper *h)
{
	return write_byte(h->down[1]) && read_byte(h->up[0]);
}

static void helper_stop(struct helper *h)
{
	int status = 0;

	close(h->up[0]);
	close(h->down[1]);
	while (waitpid(h->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		msg("the process that mounts securityfs was killed by signal %d",
		    WTERMSIG(status));
}

/*
 * The list's memory is charged to who activates the namespace, who is in the
 * container's control group for that reason. Label, certificate and policy are
 * written from outside, as the records will say.
 */
static bool set_up(const struct helper *h, const struct process *p,
		   const char *securityfs, const struct ns_config *cfg)
{
	char *dir;
	bool good;

	if (!process_take_into_cgroup(p, h->pid))
		msg("so the memory of the container's list will be charged to the control group of the hook");
	if (!helper_does(h))
		return false;
	dir = xasprintf("/proc/%d/root%s", (int)h->pid, securityfs);
	/* What is refused comes first: then the hook can be tried again. */
	good = ns_demand_ca(dir, cfg) && ns_configure(dir, cfg) &&
	       helper_does(h) &&
	       (!cfg->policy_path || ns_load_policy(dir, cfg));
	free(dir);
	return good;
}

bool ns_set_up_from_above(const struct process *p, const char *securityfs,
			  const struct ns_config *cfg)
{
	int userns = process_open_ns(p, "user");
	struct helper h;
	bool good;

	if (userns < 0)
		return false;
	/* That it was killed is found out by waiting for it. */
	signal(SIGPIPE, SIG_IGN);
	good = helper_start(&h, userns, securityfs);
	close(userns);
	if (!good)
		return false;
	good = set_up(&h, p, securityfs, cfg);
	helper_stop(&h);
	return good;
}
