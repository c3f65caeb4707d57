/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process `imans run` starts in new user, pid and mount namespaces.
 */
#ifndef IMANS_CONTAINER_H
#define IMANS_CONTAINER_H

#include <signal.h>

#include "keyring.h"
#include "ns.h"
#include "vtpm.h"

/**
 * struct container - all that the new process needs
 * @securityfs:	where to mount it
 * @keys:	certificates of the keys in its keyring
 * @nkeys:	how many; 0: its session keyring stays the caller's
 * @vtpm:	or NULL
 * @go:		pipe: a byte comes once the ids are mapped, another one, if there
 *		is a CA, once that is written; end of file means that the parent
 *		is gone
 * @up:		pipe: a byte comes once securityfs is mounted, if there is a CA
 * @mask:	signal mask for CMD
 * @forwarded:	signals that are passed on, and SIGCHLD; blocked
 */
struct container {
	const char *securityfs;
	const struct ns_config *cfg;
	const struct certificate *keys;
	size_t nkeys;
	struct vtpm *vtpm;
	int go[2];
	int up[2];
	sigset_t mask;
	sigset_t forwarded;
	char **argv;
};

/* Fills @forwarded and @mask, and blocks what is in @forwarded. */
void container_block_signals(struct container *c);
/* Start the process; its pid or -1, the reason printed. */
pid_t container_start(struct container *c);
/*
 * Give the user namespace of @pid its ids and let it go: run by root, all ids
 * the caller has, each as itself; else only the caller's own, as 0. A CA is
 * written when there is securityfs. False, the reason printed.
 */
bool container_release(struct container *c, pid_t pid);
/*
 * Wait until @pid ends, reaping others and passing signals on; *@other is set
 * to 0 if it ended meanwhile. Returns the exit status, 128 + N for signal N.
 */
int container_supervise(const struct container *c, pid_t pid, pid_t *other);

#endif
