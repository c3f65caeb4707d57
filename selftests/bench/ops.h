/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_BENCH_OPS_H
#define SELFTESTS_BENCH_OPS_H

#include <stdbool.h>
#include <stdint.h>

#include "agent.h"

/**
 * enum op - what is counted, from its first system call to the end of its last
 * @OP_OPEN: open for reading and close
 * @OP_EXEC: vfork, execve, the program's exit, waitpid
 * @OP_EXEC_REFUSED: execve of a text that no binary format takes: the hooks
 *	of an exec without fork, loading and exit, thus with next to no noise
 * @OP_FIRST: open for reading and close of a file that was changed just before;
 *	the change is not counted
 * @OP_ACTIVATE: write 1 to ima/active, once
 */
enum op {
	OP_OPEN,
	OP_EXEC,
	OP_EXEC_REFUSED,
	OP_FIRST,
	OP_ACTIVATE,
};

/* More than that does not fit into an answer of an agent, nor helps. */
#define OP_MAX_SAMPLES	1024

/* Instructions of one operation. */
struct sample {
	uint64_t median;
	uint64_t least;
	uint64_t mean;
};

/* Does the counter count instructions?  A negative errno if not. */
int count_works(void);

/*
 * Lets @agent do @op with the file @path @n times; for more than
 * OP_MAX_SAMPLES times @sample must be NULL, and nothing is counted.  Returns 0
 * or a negative errno.
 */
int op_run(struct agent *agent, enum op op, const char *path, unsigned int n,
	   struct sample *sample);

#endif
