/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_FUSEFILE_H
#define SELFTESTS_FUSEFILE_H

#include "agent.h"

/*
 * A FUSE file system of one file, without a library: mounted by the agent on
 * an existing regular file @path in its own mount namespace, and served by a
 * process of its own.
 */

/**
 * struct fuse_plan - what the file is
 * @size: its size as claimed
 * @content: what every 4096 bytes of it begin with; the rest are newlines
 * @stuck: never answer a READ
 */
struct fuse_plan {
	unsigned long size;
	char content[256];
	int stuck;
};

/* Returns the server's pid as the agent counts, or a negative errno. */
int fusefile_start(struct agent *agent, const char *path,
		   const struct fuse_plan *plan);

/* Ends the server: whoever waits for it gets an error. */
int fusefile_stop(struct agent *agent, int server);

#endif
