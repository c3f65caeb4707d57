/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_NS_H
#define SELFTESTS_NS_H

#include <linux/capability.h>

#include "agent.h"

/* A capability as a bit of a mask. */
#define CAP(_name) (1ULL << CAP_##_name)

/*
 * Puts a new agent, forked from @parent, into a user, mount and pid namespace
 * of its own.  @uid is who makes it, in the numbers of @parent's user
 * namespace.  @map is the text for uid_map and gid_map; NULL maps 0 to @uid
 * alone, "" maps nothing yet.  The agent is uid 0 inside once it is mapped.
 * Returns 0 or a negative errno.
 */
int ns_start(struct agent *agent, struct agent *parent, uid_t uid,
	     const char *map);

/* The same with NULL for @map, in the pid namespace of @parent. */
int ns_start_same_pid(struct agent *agent, struct agent *parent, uid_t uid);

/* Writes both maps of a namespace that was started with the map "". */
int ns_map(struct agent *agent, const char *map);

/* Makes the agent uid 0 and gid 0 inside, as ns_start() does after mapping. */
int ns_become_root(struct agent *agent);

/* Moves @agent into the mount namespace of the process @pid, nothing else. */
int ns_join_mount(struct agent *agent, pid_t pid);

/* Moves @agent into the user namespace of the process @pid, then its mount's. */
int ns_join_user(struct agent *agent, pid_t pid);

/* Takes the agent's uid and gid; it keeps nothing else of root. */
int ns_drop_to(struct agent *agent, uid_t uid);

/* Leaves the agent with only these capabilities (a mask), its uid stays. */
int ns_limit_capabilities(struct agent *agent, unsigned long long mask);

/* Makes only a new mount namespace for the agent. */
int ns_unshare_mount(struct agent *agent);

/* The inode number of the agent's user namespace. */
long ns_user_inum(struct agent *agent);

#endif
