// SPDX-License-Identifier: GPL-2.0-only
/*
 * The least of io_uring that opens a file: one request at a time, by the system
 * calls alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "uring.h"

/* The ring of this agent. */
static struct {
	int fd;
	struct io_uring_params params;
	char *rings;
	struct io_uring_sqe *sqes;
	bool taken;
} uring = { .fd = -1 };

static unsigned int *at(unsigned int offset)
{
	return (unsigned int *)(uring.rings + offset);
}

/* Maps what uring.fd and uring.params are about. */
static long map_rings(void)
{
	const struct io_uring_params *p = &uring.params;
	size_t size = p->cq_off.cqes +
		      p->cq_entries * sizeof(struct io_uring_cqe);
	size_t array = p->sq_off.array + p->sq_entries * sizeof(unsigned int);
	void *rings, *sqes;

	if (!(p->features & IORING_FEAT_SINGLE_MMAP))
		return -EOPNOTSUPP;
	rings = mmap(NULL, size > array ? size : array, PROT_READ | PROT_WRITE,
		     MAP_SHARED, uring.fd, IORING_OFF_SQ_RING);
	if (rings == MAP_FAILED)
		return -errno;
	sqes = mmap(NULL, p->sq_entries * sizeof(struct io_uring_sqe),
		    PROT_READ | PROT_WRITE, MAP_SHARED, uring.fd,
		    IORING_OFF_SQES);
	if (sqes == MAP_FAILED)
		return -errno;
	uring.rings = rings;
	uring.sqes = sqes;
	return uring.fd;
}

/* arg[0]: flags; out: the parameters */
static long do_make(struct call *call)
{
	call->out_len = 0;
	memset(&uring.params, 0, sizeof(uring.params));
	uring.params.flags = call->arg[0];
	uring.taken = false;
	uring.params.sq_thread_idle = 100;
	uring.fd = syscall(SYS_io_uring_setup, 1, &uring.params);
	return uring.fd < 0 ? -errno : map_rings();
}

static long do_tell(struct call *call)
{
	if (uring.fd < 0 || call->out_len < sizeof(uring.params))
		return -EINVAL;
	memcpy(call->out, &uring.params, sizeof(uring.params));
	call->out_len = sizeof(uring.params);
	return uring.fd;
}

static long do_personality(struct call *call)
{
	long id = syscall(SYS_io_uring_register, uring.fd,
			  IORING_REGISTER_PERSONALITY, NULL, 0);

	call->out_len = 0;
	return id < 0 ? -errno : id;
}

/* Submits uring.sqes[0], waits for the completion and returns its result. */
static long submit(void)
{
	const struct io_uring_params *p = &uring.params;
	unsigned int *tail = at(p->sq_off.tail), *head = at(p->cq_off.head);
	unsigned int flags = IORING_ENTER_GETEVENTS;
	struct patience wait = patience(30000);
	struct io_uring_cqe *cqes;
	long result;

	*at(p->sq_off.array) = 0;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (p->flags & IORING_SETUP_SQPOLL)
		flags = IORING_ENTER_SQ_WAKEUP;
	if (syscall(SYS_io_uring_enter, uring.fd, 1, !(flags &
		    IORING_ENTER_SQ_WAKEUP), flags, NULL, 0) < 0)
		return -errno;
	while (__atomic_load_n(at(p->cq_off.tail), __ATOMIC_ACQUIRE) == *head)
		if (!patience_lasts(&wait))
			return -ETIMEDOUT;
	cqes = (struct io_uring_cqe *)(uring.rings + p->cq_off.cqes);
	result = cqes[*head & *at(p->cq_off.ring_mask)].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return result;
}

/* arg[0]: IOSQE_ flags, arg[1]: personality; in: the path */
static long do_open(struct call *call)
{
	long fd;

	call->out_len = 0;
	if (uring.fd < 0)
		return -EINVAL;
	uring.sqes[0] = (struct io_uring_sqe){
		.opcode = IORING_OP_OPENAT,
		.flags = call->arg[0],
		.fd = AT_FDCWD,
		.addr = (unsigned long)call->in,
		.open_flags = O_RDONLY | O_CLOEXEC,
		.personality = call->arg[1],
	};
	fd = submit();
	if (fd < 0)
		return fd;
	/* It is a descriptor of who made the ring, and stays open there. */
	if (uring.taken && uring.params.flags & IORING_SETUP_SQPOLL)
		return 0;
	return close(fd) ? -errno : 0;
}

int uring_make(struct agent *agent, unsigned int flags)
{
	struct call call = { .arg = { flags }, .fd = -1 };

	return agent_call(agent, do_make, &call);
}

int uring_take(struct agent *from)
{
	struct call call = {
		.fd = -1, .out = &uring.params, .out_len = sizeof(uring.params),
	};
	long fd = agent_call(from, do_tell, &call), ret;
	int pidfd;

	if (fd < 0)
		return fd;
	pidfd = syscall(SYS_pidfd_open, from->pid, 0);
	if (pidfd < 0)
		return -errno;
	uring.fd = syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	ret = uring.fd < 0 ? -errno : map_rings();
	uring.taken = true;
	close(pidfd);
	return ret < 0 ? ret : 0;
}

int uring_personality(struct agent *agent)
{
	struct call call = { .fd = -1 };

	return agent_call(agent, do_personality, &call);
}

int uring_open(struct agent *agent, const char *path, unsigned int flags,
	       int personality)
{
	struct call call = {
		.arg = { flags, personality },
		.fd = -1,
		.in = path,
		.in_len = strlen(path) + 1,
	};

	return agent_call(agent, do_open, &call);
}
