/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_AGENT_H
#define SELFTESTS_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * An agent is a forked copy of the test that waits on a socket and calls the
 * functions the test names, wherever it lives: in other namespaces, under
 * another uid.  A test thus reads top to bottom although several processes
 * take part, and nothing in it needs to sleep.
 *
 *   test ----- socket -----> agent (pid 1 of its pid namespace)
 *                              `--- socket ---> agent one level deeper
 *
 * Wherever a function takes a struct agent *, NULL is the test itself.
 */
struct agent {
	struct agent *parent;	/* who forked it, NULL: the test */
	pid_t pid;		/* as the initial pid namespace counts */
	pid_t child;		/* what the parent must reap, in its numbers */
	int sock;
};

/**
 * struct call - the arguments and results of one function call in an agent
 * @arg: numbers, passed as they are
 * @fd: a descriptor that travels with the call, -1 for none
 * @in: bytes that travel with the call
 * @in_len: length of @in
 * @out: where result bytes go, NULL if none are wanted
 * @out_len: room in @out; after the call, the bytes in it
 * @out_fd: a descriptor that travels back, -1 for none
 */
struct call {
	long arg[3];
	int fd;
	const void *in;
	size_t in_len;
	void *out;
	size_t out_len;
	int out_fd;
};

#define AGENT_MAX_BYTES (256 * 1024)

/* Functions for agents return 0 or more, or a negative errno. */
typedef long (*agent_fn)(struct call *call);

/* Forks an agent from @parent.  Returns 0 or a negative errno. */
int agent_start(struct agent *agent, struct agent *parent);

/* Kills and reaps it; when this returns, its descriptors are closed. */
void agent_stop(struct agent *agent);

long agent_call(struct agent *agent, agent_fn fn, struct call *call);

/* The halves of agent_call(), so that several agents work at once. */
int agent_send(struct agent *agent, agent_fn fn, const struct call *call);
long agent_receive(struct agent *agent, struct call *call);

/* Is it still at what agent_send() asked for?  Nothing is received. */
bool agent_is_busy(struct agent *agent);

/* For functions that fork inside an agent: drops the agent's socket. */
void agent_forget_socket(void);

/* This process' pid in the numbers of the initial pid namespace. */
pid_t agent_own_pid(void);

#endif
