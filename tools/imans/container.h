/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process `imans run` starts in new user, pid and mount namespaces.
 */
#ifndef IMANS_CONTAINER_H
#define IMANS_CONTAINER_H

#include <signal.h>

#include "ns.h"
#include "vtpm.h"

/**
 * struct container - all that the new process needs
 * @securityfs:	where to mount it
 * @vtpm:	or NULL
 * @go:		pipe: a byte comes once the ids are mapped; end of file means
 *		that the parent is gone
 * @mask:	signal mask for CMD
 * @forwarded:	signals that are passed on, and SIGCHLD; blocked
 */
struct container {
	const char *securityfs;
	const struct ns_config *cfg;
	struct vtpm *vtpm;
	int go[2];
	sigset_t mask;
	sigset_t forwarded;
	char **argv;
};

/* Fills @forwarded and @mask, and blocks what is in @forwarded. */
void container_block_signals(struct container *c);
/* Start the process; its pid or -1, the reason printed. */
pid_t container_start(struct container *c);
/*
 * Give the user namespace of @pid its ids: run by root, all ids the caller
 * has, each as itself; else only the caller's own, as 0.
 */
bool container_map_ids(pid_t pid);
/*
 * Wait until @pid ends, reaping others and passing signals on; *@other is set
 * to 0 if it ended meanwhile. Returns the exit status, 128 + N for signal N.
 */
int container_supervise(const struct container *c, pid_t pid, pid_t *other);

#endif
