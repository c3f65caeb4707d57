// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "count.h"
#include "ops.h"

/* What reading the counter twice costs, of which every sample is relieved. */
static uint64_t overhead(void)
{
	uint64_t start = count_now();

	return count_now() - start;
}

int count_works(void)
{
	const unsigned long loops = 100000;
	uint64_t start, n, least = UINT64_MAX;
	int i;

	/* The timer's interrupt may come into one of these, not into all. */
	for (i = 0; i < 9; i++) {
		unsigned long left = loops;

		start = count_now();
		asm volatile("1: nop; dec %0; jnz 1b" : "+r" (left) : : "cc");
		n = count_now() - start;
		if (n < least)
			least = n;
	}
	if (least < 3 * loops || least > 3 * loops + 100)
		return -ENOSYS;
	return 0;
}

static int open_once(const char *path, uint64_t *cost)
{
	uint64_t start = count_now();
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		return -errno;
	close(fd);
	*cost = count_now() - start;
	return 0;
}

static int exec_once(const char *path, uint64_t *cost)
{
	char *const argv[] = { (char *)path, NULL };
	char *const envp[] = { NULL };
	uint64_t start = count_now();
	int status;
	pid_t pid;

	pid = vfork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		execve(path, argv, envp);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	*cost = count_now() - start;
	return status ? -ENOEXEC : 0;
}

static int exec_refused_once(const char *path, uint64_t *cost)
{
	char *const argv[] = { (char *)path, NULL };
	char *const envp[] = { NULL };
	uint64_t start = count_now();

	execve(path, argv, envp);
	*cost = count_now() - start;
	return errno == ENOEXEC ? 0 : -errno;
}

/* Each content is another one, or the entry would be a duplicate. */
static int change(const char *path)
{
	char text[32];
	int fd, len, ret = 0;

	len = snprintf(text, sizeof(text), "%020" PRIu64 "\n", count_now());
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -errno;
	if (pwrite(fd, text, len, 0) != len)
		ret = -EIO;
	close(fd);
	return ret;
}

static int first_once(const char *path, uint64_t *cost)
{
	int ret = change(path);

	return ret ? ret : open_once(path, cost);
}

static int activate_once(const char *path, uint64_t *cost)
{
	uint64_t start = count_now();
	int fd = open(path, O_WRONLY);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, "1", 1);
	*cost = count_now() - start;
	if (n < 0)
		n = -errno;
	close(fd);
	return n < 0 ? n : 0;
}

static int (*const op_once[])(const char *, uint64_t *) = {
	[OP_OPEN] = open_once,
	[OP_EXEC] = exec_once,
	[OP_EXEC_REFUSED] = exec_refused_once,
	[OP_FIRST] = first_once,
	[OP_ACTIVATE] = activate_once,
};

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void summarize(uint64_t *cost, unsigned int n, struct sample *sample)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		cost[i] -= overhead();
		sum += cost[i];
	}
	qsort(cost, n, sizeof(*cost), compare);
	sample->median = cost[n / 2];
	sample->least = cost[0];
	sample->mean = sum / n;
}

static long do_op(struct call *call)
{
	static uint64_t cost[OP_MAX_SAMPLES];
	unsigned int i, n = call->arg[1];
	const char *path = call->in;
	bool counts = call->arg[2];
	int ret = 0;

	for (i = 0; i < n && !ret; i++)
		ret = op_once[call->arg[0]](path, &cost[counts ? i : 0]);
	if (ret)
		return ret;
	call->out_len = 0;
	if (counts) {
		summarize(cost, n, call->out);
		call->out_len = sizeof(struct sample);
	}
	return 0;
}

int op_run(struct agent *agent, enum op op, const char *path, unsigned int n,
	   struct sample *sample)
{
	struct call call = {
		.arg = { op, n, !!sample },
		.fd = -1,
		.in = path,
		.in_len = strlen(path) + 1,
		.out = sample,
		.out_len = sample ? sizeof(*sample) : 0,
	};

	if (!n || (sample && n > OP_MAX_SAMPLES))
		return -EINVAL;
	return agent_call(agent, do_op, &call);
}
