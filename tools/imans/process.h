/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process as /proc shows it, which stays the same one while it is open.
 */
#ifndef IMANS_PROCESS_H
#define IMANS_PROCESS_H

#include <sys/types.h>

#include "util.h"

/**
 * struct process - a process that exists, or has existed
 * @dir:	its directory in /proc, not that of who gets the same pid later
 * @start:	when it was started, in clock ticks since boot
 */
struct process {
	pid_t pid;
	int dir;
	uint64_t start;
};

/* How a namespace of a process is related to one's own. */
enum process_ns {
	PROCESS_NS_SAME,
	PROCESS_NS_OTHER,
	PROCESS_NS_UNKNOWN,	/* the reason is printed */
};

/* False, the reason printed, if there is no such process. */
bool process_open(struct process *p, pid_t pid);
void process_close(struct process *p);
/* Field 22 of @stat, what /proc/PID/stat has; false if there is none. */
bool process_parse_start(const char *stat, uint64_t *start);

/* @name is "user" or "mnt". */
enum process_ns process_compare_ns(const struct process *p, const char *name);
/* A descriptor of that namespace, or -1, the reason printed. */
int process_open_ns(const struct process *p, const char *name);
/*
 * Put @pid into the control group (version 2) of @p. True also if it is in
 * there or there is none; false, the reason printed, if that cannot be done.
 */
bool process_take_into_cgroup(const struct process *p, pid_t pid);
/* Is one's own user namespace the initial one? */
bool process_in_initial_userns(void);

#endif
