/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_INJECT_H
#define SELFTESTS_INJECT_H

#include "agent.h"

#define FAILSLAB "/sys/kernel/debug/failslab/"

/*
 * Slab allocations that fail: each in its turn, until an operation succeeds
 * without any having failed.
 *
 *	for (nth = 1; ; nth++) {
 *		attempt.nth = nth;
 *		inject(agent, &attempt);
 *		... what attempt.ret may be, what has to be true now ...
 *		if (!attempt.hit)
 *			break;
 *	}
 */

/* What a kernel without fault injection lacks; NULL if nothing. */
const char *inject_missing(void);

/* Lets every slab allocation be one that can fail, and none fail yet. */
int inject_begin(void);
int inject_end(void);

/* What is done while an allocation fails. */
enum inject_operation {
	INJECT_MOUNT,	/* file system @text at @path */
	INJECT_WRITE,	/* @text into @path, which was opened before */
	INJECT_OPEN,	/* @path with @flags; the descriptor is in @ret */
	INJECT_CLOSE,	/* descriptor @fd */
	INJECT_EXEC,	/* runs @path: its status, 128 + N, or -errno */
	INJECT_IOCTL,	/* @flags is the request, @fd the descriptor */
	INJECT_READ,	/* all of @path, opened before; its length is in @ret */
};

/**
 * struct inject - an operation with one failing allocation
 * @operation: what is done
 * @nth: the allocation that fails, counting from 1
 * @path: see &enum inject_operation
 * @text: the same
 * @flags: the same
 * @fd: the same; of the agent
 * @ret: what the operation returned, or -errno
 * @hit: there were so many allocations
 */
struct inject {
	enum inject_operation operation;
	unsigned int nth;
	char path[300];
	char text[300];
	unsigned long flags;
	int fd;
	long ret;
	int hit;
};

/*
 * Does it in @agent.  0 or a negative errno, which is not that of the
 * operation.
 */
int inject(struct agent *agent, struct inject *attempt);

/*
 * From now on, or not any longer, all allocations of the kernel's workers
 * fail.  0 or a negative errno.
 */
int inject_workers(int on);

/*
 * Scans for memory that nobody refers to, shows it, and returns how many
 * objects that were; a negative errno if the kernel does not look.
 */
long inject_leaks(void);

#endif
