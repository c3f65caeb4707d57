/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_ADOPT_H
#define SELFTESTS_ADOPT_H

#include <sys/types.h>

#include "agent.h"
#include "module.h"

/* How a process gets an IMA namespace without a user namespace of its own. */
#define ADOPT MODULE_DIR "/adopt"

/* When @pid began, in ticks since the machine did.  -1 if there is no such process. */
long adopt_start_time(pid_t pid);

/* @agent adopts the process @pid; init does @whom.  0 or a negative errno. */
int adopt_by(struct agent *agent, pid_t pid, const char *options);
int adopt(struct agent *whom, const char *options);

/* The largest id that init sees, of whoever became a namespace last.  0: none is. */
long adopt_newest_id(void);

#endif
