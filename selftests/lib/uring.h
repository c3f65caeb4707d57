/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_URING_H
#define SELFTESTS_URING_H

#include "agent.h"

/*
 * Makes an io_uring in the agent, with IORING_SETUP_ @flags.  An agent has one at
 * a time.  Returns its descriptor there, or a negative errno.
 */
int uring_make(struct agent *agent, unsigned int flags);

/* Lets the test itself use the ring of an agent as well.  0 or a negative errno. */
int uring_take(struct agent *from);

/* Registers the agent's credentials with its ring.  Their id, or -errno. */
int uring_personality(struct agent *agent);

/*
 * Opens a file for reading through the agent's ring and closes it, with IOSQE_
 * @flags and as @personality, 0 for whoever submits.  0 or a negative errno.
 */
int uring_open(struct agent *agent, const char *path, unsigned int flags,
	       int personality);

#endif
