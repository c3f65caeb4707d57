// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fusefile.h"

#define BLOCK 4096

union request {
	struct fuse_in_header header;
	struct {
		struct fuse_in_header header;
		struct fuse_read_in in;
	} read;
	char bytes[FUSE_MIN_READ_BUFFER + BLOCK];
};

struct response {
	struct fuse_out_header header;
	union {
		struct fuse_init_out init;
		struct fuse_attr_out attr;
		struct fuse_open_out open;
		char data[32 * BLOCK];
	};
};

/* Fills in what a READ gets; returns its length. */
static size_t read_file(const struct fuse_plan *plan,
			const struct fuse_read_in *in, char *data)
{
	size_t len = in->size, i;

	if (in->offset >= plan->size)
		return 0;
	if (len > plan->size - in->offset)
		len = plan->size - in->offset;
	if (len > 32 * BLOCK)
		len = 32 * BLOCK;
	for (i = 0; i < len; i++) {
		size_t at = (in->offset + i) % BLOCK;

		data[i] = at < strlen(plan->content) ? plan->content[at] :
						       '\n';
	}
	return len;
}

/* The length of the answer, 0 for none, or a negative errno. */
static long answer(const struct fuse_plan *plan, const union request *in,
		   struct response *out)
{
	switch (in->header.opcode) {
	case FUSE_INIT:
		out->init.major = FUSE_KERNEL_VERSION;
		out->init.minor = FUSE_KERNEL_MINOR_VERSION;
		out->init.max_write = BLOCK;
		return sizeof(out->init);
	case FUSE_GETATTR:
		out->attr.attr.ino = FUSE_ROOT_ID;
		out->attr.attr.mode = S_IFREG | 0644;
		out->attr.attr.nlink = 1;
		out->attr.attr.size = plan->size;
		return sizeof(out->attr);
	case FUSE_OPEN:
		out->open.open_flags = FOPEN_DIRECT_IO;
		return sizeof(out->open);
	case FUSE_READ:
		return plan->stuck ? 0 : (long)read_file(plan, &in->read.in,
							 out->data);
	case FUSE_FORGET:
	case FUSE_INTERRUPT:
		return 0;
	case FUSE_FLUSH:
	case FUSE_RELEASE:
		return -EAGAIN;		/* done, nothing to say */
	default:
		return -ENOSYS;
	}
}

static void __attribute__((noreturn)) serve(int fuse,
					    const struct fuse_plan *plan)
{
	static struct response out;
	static union request in;

	while (read(fuse, &in, sizeof(in)) > 0) {
		long len;

		memset(&out.header, 0, sizeof(out.header));
		memset(out.data, 0, sizeof(struct fuse_attr_out));
		len = answer(plan, &in, &out);
		if (!len && in.header.opcode != FUSE_READ)
			continue;
		if (!len && plan->stuck)
			continue;
		if (len < 0)
			out.header.error = len == -EAGAIN ? 0 : len;
		out.header.len = sizeof(out.header) + (len < 0 ? 0 : len);
		out.header.unique = in.header.unique;
		if (write(fuse, &out, out.header.len) < 0)
			break;
	}
	_exit(0);
}

/* in: the plan, then the path */
static long do_start(struct call *call)
{
	struct fuse_plan plan;
	const char *path = (const char *)call->in + sizeof(plan);
	char options[64];
	struct stat st;
	pid_t server;
	int fuse;

	call->out_len = 0;
	memcpy(&plan, call->in, sizeof(plan));
	fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fuse < 0)
		return -errno;
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=100644,user_id=0,group_id=0", fuse);
	if (mount("fusefile", path, "fuse", 0, options))
		return -errno;
	server = fork();
	if (server < 0)
		return -errno;
	if (!server) {
		agent_forget_socket();
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(fuse, &plan);
	}
	close(fuse);
	/* The kernel asks for the size now; it starts with none. */
	if (stat(path, &st))
		return -errno;
	return server;
}

static long do_stop(struct call *call)
{
	call->out_len = 0;
	if (kill(call->arg[0], SIGKILL) ||
	    waitpid(call->arg[0], NULL, 0) < 0)
		return -errno;
	return 0;
}

int fusefile_start(struct agent *agent, const char *path,
		   const struct fuse_plan *plan)
{
	char both[sizeof(*plan) + 512];
	struct call call = { .fd = -1, .in = both };

	if (strlen(path) >= 512)
		return -ENAMETOOLONG;
	memcpy(both, plan, sizeof(*plan));
	strcpy(both + sizeof(*plan), path);
	call.in_len = sizeof(*plan) + strlen(path) + 1;
	return agent_call(agent, do_start, &call);
}

int fusefile_stop(struct agent *agent, int server)
{
	struct call call = { .arg = { server }, .fd = -1 };

	return agent_call(agent, do_stop, &call);
}
