/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_IMA_H
#define SELFTESTS_IMA_H

#include <stdbool.h>

#include "agent.h"

#define SECURITYFS "/sys/kernel/security"
#define IMA_DIR SECURITYFS "/integrity/ima"

/* What the tests measure: executions and nothing else. */
#define EXEC_RULE "measure func=BPRM_CHECK mask=MAY_EXEC\n"

/*
 * In front of rules for files of uid 0: those of securityfs are its own, and
 * reading a list would be an entry.
 */
#define NOT_SECURITYFS "dont_measure fsmagic=0x73636673\n"

/* Mounts the agent's own securityfs at SECURITYFS. */
int ima_mount(struct agent *agent);

/* Files below IMA_DIR; errors as in file.h. */
int ima_put(struct agent *agent, const char *name, const char *text);
long ima_get(struct agent *agent, const char *name, char *buf, size_t size);
int ima_open(struct agent *agent, const char *name, int flags);

/* A file that holds one decimal number. */
long ima_number(struct agent *agent, const char *name);
long ima_count(struct agent *agent);

int ima_activate(struct agent *agent);

/*
 * Opens policy, writes each line of @rules with a write() of its own, closes.
 * Returns the first error of these.
 */
int ima_load_policy(struct agent *agent, const char *rules);

/* Mounts, activates and loads @rules unless NULL. */
int ima_start(struct agent *agent, const char *rules);

/* ns_start() with NULL for the map, then ima_start(). */
int ima_start_new(struct agent *agent, struct agent *parent, uid_t uid,
		  const char *rules);

/* Mounts and writes what is not NULL of hash and template_name. */
int ima_configure(struct agent *agent, const char *hash, const char *template);

/*
 * The agent's IMA_DIR as a descriptor of the test's, to be given to those who
 * would be asked by ptrace if they went through /proc/PID/root.
 */
int ima_directory(const struct agent *agent);

/* Does this kernel have IMA namespaces?  A child's ima/active tells. */
bool ima_has_namespaces(void);

#endif
