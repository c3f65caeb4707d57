// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent.h"

struct request {
	agent_fn fn;
	long arg[3];
	uint64_t in_len;
	uint64_t out_room;
	bool has_fd;
};

struct reply {
	long ret;
	uint64_t out_len;
	bool has_fd;
};

/* The test's ends of all sockets, which no new agent may keep open. */
static int test_ends[512];
static int test_ends_count;

/* The agent's own end, in an agent. */
static int own_socket = -1;

static int send_bytes(int sock, const void *buf, size_t len)
{
	const char *p = buf;

	while (len) {
		ssize_t n = send(sock, p, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= n;
	}
	return 0;
}

static int receive_bytes(int sock, void *buf, size_t len)
{
	char *p = buf;

	while (len) {
		ssize_t n = recv(sock, p, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			return -EPIPE;
		p += n;
		len -= n;
	}
	return 0;
}

/* Descriptors travel with one byte of their own, behind the header. */
static int send_fd(int sock, int fd)
{
	char byte = 0;
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {};
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	if (sendmsg(sock, &msg, MSG_NOSIGNAL) != 1)
		return -errno;
	return 0;
}

static int receive_fd(int sock)
{
	char byte;
	int fd;
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {};
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	struct cmsghdr *cmsg;
	ssize_t n;

	do {
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n != 1)
		return n ? -errno : -EPIPE;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg || cmsg->cmsg_type != SCM_RIGHTS)
		return -EBADMSG;
	memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	return fd;
}

void agent_forget_socket(void)
{
	if (own_socket >= 0)
		close(own_socket);
	own_socket = -1;
}

pid_t agent_own_pid(void)
{
	char buf[32];
	ssize_t n = readlink("/proc/self", buf, sizeof(buf) - 1);

	if (n < 0)
		return -errno;
	buf[n] = 0;
	return atoi(buf);
}

static int serve_one(int sock, char *in, char *out)
{
	struct request request;
	struct reply reply = {};
	struct call call = { .fd = -1, .out_fd = -1 };

	if (receive_bytes(sock, &request, sizeof(request)))
		return -EPIPE;
	if (request.has_fd)
		call.fd = receive_fd(sock);
	if (receive_bytes(sock, in, request.in_len))
		return -EPIPE;
	in[request.in_len] = 0;
	memcpy(call.arg, request.arg, sizeof(call.arg));
	call.in = in;
	call.in_len = request.in_len;
	call.out = out;
	call.out_len = request.out_room;
	reply.ret = request.fn(&call);
	if (call.fd >= 0)
		close(call.fd);
	/* The function may have moved this agent to another process. */
	reply.out_len = reply.ret < 0 ? 0 : call.out_len;
	reply.has_fd = call.out_fd >= 0;
	if (send_bytes(sock, &reply, sizeof(reply)))
		return -EPIPE;
	if (reply.has_fd && send_fd(sock, call.out_fd))
		return -EPIPE;
	if (reply.has_fd)
		close(call.out_fd);
	return send_bytes(sock, out, reply.out_len);
}

static void __attribute__((noreturn)) serve(int sock)
{
	char *in = malloc(AGENT_MAX_BYTES + 1);
	char *out = malloc(AGENT_MAX_BYTES);
	int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0; i < test_ends_count; i++)
		close(test_ends[i]);
	test_ends_count = 0;
	agent_forget_socket();
	own_socket = sock;
	if (!in || !out)
		_exit(1);
	while (!serve_one(sock, in, out))
		;
	_exit(0);
}

static long get_own_pid(struct call *call)
{
	call->out_len = 0;
	return agent_own_pid();
}

static long fork_agent(struct call *call)
{
	pid_t child;
	int sock = call->fd;

	call->out_len = 0;
	child = fork();
	if (child < 0)
		return -errno;
	if (!child)
		serve(sock);
	return child;
}

static long reap(struct call *call)
{
	int status;

	call->out_len = 0;
	if (waitpid(call->arg[0], &status, 0) < 0)
		return -errno;
	return 0;
}

int agent_start(struct agent *agent, struct agent *parent)
{
	struct call call = { .fd = -1 };
	int sv[2];
	long ret;

	if (test_ends_count == sizeof(test_ends) / sizeof(test_ends[0]))
		return -EMFILE;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv))
		return -errno;
	test_ends[test_ends_count++] = sv[0];
	call.fd = sv[1];
	ret = agent_call(parent, fork_agent, &call);
	close(sv[1]);
	if (ret < 0) {
		test_ends_count--;
		close(sv[0]);
		return ret;
	}
	agent->parent = parent;
	agent->child = ret;
	agent->sock = sv[0];
	call = (struct call){ .fd = -1 };
	ret = agent_call(agent, get_own_pid, &call);
	if (ret < 0)
		return ret;
	agent->pid = ret;
	return 0;
}

void agent_stop(struct agent *agent)
{
	struct call call = { .fd = -1 };
	char byte;
	int i;

	if (!agent->pid)
		return;
	kill(agent->pid, SIGKILL);
	/* End of file means that the agent has closed its descriptors. */
	while (recv(agent->sock, &byte, 1, 0) > 0)
		;
	for (i = 0; i < test_ends_count; i++)
		if (test_ends[i] == agent->sock)
			test_ends[i] = test_ends[--test_ends_count];
	close(agent->sock);
	call.arg[0] = agent->child;
	/* A parent that died before has left the reaping to its reaper. */
	agent_call(agent->parent, reap, &call);
	memset(agent, 0, sizeof(*agent));
}

int agent_send(struct agent *agent, agent_fn fn, const struct call *call)
{
	struct request request = {
		.fn = fn,
		.in_len = call->in_len,
		.out_room = call->out ? call->out_len : 0,
		.has_fd = call->fd >= 0,
	};
	int ret;

	if (call->in_len > AGENT_MAX_BYTES || request.out_room > AGENT_MAX_BYTES)
		return -E2BIG;
	memcpy(request.arg, call->arg, sizeof(request.arg));
	ret = send_bytes(agent->sock, &request, sizeof(request));
	if (!ret && request.has_fd)
		ret = send_fd(agent->sock, call->fd);
	if (!ret)
		ret = send_bytes(agent->sock, call->in, call->in_len);
	return ret;
}

long agent_receive(struct agent *agent, struct call *call)
{
	struct reply reply;
	int ret;

	call->out_fd = -1;
	ret = receive_bytes(agent->sock, &reply, sizeof(reply));
	if (ret)
		return ret;
	if (reply.has_fd) {
		call->out_fd = receive_fd(agent->sock);
		if (call->out_fd < 0)
			return call->out_fd;
	}
	ret = receive_bytes(agent->sock, call->out, reply.out_len);
	if (ret)
		return ret;
	call->out_len = reply.out_len;
	return reply.ret;
}

bool agent_is_busy(struct agent *agent)
{
	struct pollfd answer = { .fd = agent->sock, .events = POLLIN };

	return !poll(&answer, 1, 0);
}

long agent_call(struct agent *agent, agent_fn fn, struct call *call)
{
	char nothing[1];
	int ret;

	if (!agent) {
		call->out_fd = -1;
		if (!call->out) {
			call->out = nothing;
			call->out_len = 0;
		}
		return fn(call);
	}
	ret = agent_send(agent, fn, call);
	if (ret)
		return ret;
	return agent_receive(agent, call);
}
