// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ns_above.h"

/**
 * struct helper - a process of ours inside of the user namespace
 * @up:		it writes a byte when securityfs is mounted
 * @down:	it ends when this is closed
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
static int helper_main(struct helper *h, int userns, const char *securityfs)
{
	char byte;

	close(h->up[0]);
	close(h->down[1]);
	if (setns(userns, CLONE_NEWUSER)) {
		msg_errno("joining the container's user namespace");
		return IMANS_ERROR;
	}
	if (unshare(CLONE_NEWNS)) {
		msg_errno("making a mount namespace in the container's user namespace");
		return IMANS_ERROR;
	}
	if (!ns_mount_securityfs(securityfs))
		return IMANS_ERROR;
	if (write(h->up[1], "", 1) != 1)
		return IMANS_ERROR;
	while (read(h->down[0], &byte, 1) < 0 && errno == EINTR)
		;
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
static bool helper_is_up(const struct helper *h)
{
	char byte;
	ssize_t n;

	do {
		n = read(h->up[0], &byte, 1);
	} while (n < 0 && errno == EINTR);
	return n == 1;
}

static void helper_stop(struct helper *h)
{
	close(h->up[0]);
	close(h->down[1]);
	while (waitpid(h->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

bool ns_set_up_from_above(const struct process *p, const char *securityfs,
			  const struct ns_config *cfg)
{
	int userns = process_open_ns(p, "user");
	struct helper h;
	char *dir;
	bool good;

	if (userns < 0)
		return false;
	good = helper_start(&h, userns, securityfs);
	close(userns);
	if (!good)
		return false;
	dir = xasprintf("/proc/%d/root%s", (int)h.pid, securityfs);
	good = helper_is_up(&h) && ns_configure(dir, cfg) && ns_activate(dir) &&
	       (!cfg->policy_path || ns_load_policy(dir, cfg));
	free(dir);
	helper_stop(&h);
	return good;
}
