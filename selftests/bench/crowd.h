/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_BENCH_CROWD_H
#define SELFTESTS_BENCH_CROWD_H

#include <sys/types.h>

/**
 * enum crowd_kind - what each member is
 * @CROWD_TMPFS: a user and a mount namespace with a tmpfs, which is what the
 *	others are compared with
 * @CROWD_ACTIVE: the same with its own securityfs instead of the tmpfs, and an
 *	active IMA namespace
 * @CROWD_UNMOUNTED: the same, which has unmounted its securityfs
 */
enum crowd_kind {
	CROWD_TMPFS,
	CROWD_ACTIVE,
	CROWD_UNMOUNTED,
};

/**
 * struct crowd - processes that each hold namespaces of their own
 * @pid: the processes, which do nothing any more
 * @n: number of them
 */
struct crowd {
	pid_t *pid;
	unsigned int n;
};

/*
 * Makes a crowd of @n, one after the other.  Who has an IMA namespace loads
 * @rules, unless NULL, and each opens the @files, a list that ends with NULL,
 * unless that is NULL.  Returns 0 or the negative errno of the first that
 * failed; in both cases the crowd has to be stopped.
 */
int crowd_start(struct crowd *crowd, unsigned int n, enum crowd_kind kind,
		const char *rules, const char *const *files);

/* Kills and reaps all of them. */
void crowd_stop(struct crowd *crowd);

#endif
