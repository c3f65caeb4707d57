// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "auditlog.h"

static int open_netlink(unsigned int groups)
{
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = groups,
	};
	int size = 16 << 20;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);

	if (fd < 0)
		return -errno;
	/* A burst of records must fit in. */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		int ret = -errno;

		close(fd);
		return ret;
	}
	return fd;
}

int auditlog_open(void)
{
	return open_netlink(1 << (AUDIT_NLGRP_READLOG - 1));
}

/*
 * A record of our own: those made before it come before it.  This type is taken
 * although auditing of system calls is off.
 */
static int send_mark(const char *text)
{
	struct {
		struct nlmsghdr header;
		char text[64];
	} message = {
		.header.nlmsg_type = AUDIT_USER_AVC,
		.header.nlmsg_flags = NLM_F_REQUEST,
	};
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	int fd = open_netlink(0);
	ssize_t n;

	if (fd < 0)
		return fd;
	snprintf(message.text, sizeof(message.text), "%s", text);
	message.header.nlmsg_len = NLMSG_LENGTH(strlen(message.text) + 1);
	n = sendto(fd, &message, message.header.nlmsg_len, 0,
		   (struct sockaddr *)&kernel, sizeof(kernel));
	close(fd);
	return n < 0 ? -errno : 0;
}

/* The next record, NUL-terminated in @text. */
static int next_record(int fd, int *type, char *text, size_t size)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	struct {
		struct nlmsghdr header;
		char text[16384];
	} message;
	ssize_t n;

	/* The mark is on its way: this is for a kernel that lost it. */
	if (poll(&ready, 1, 60000) <= 0)
		return -ETIMEDOUT;
	n = recv(fd, &message, sizeof(message) - 1, 0);
	if (n < (ssize_t)NLMSG_HDRLEN)
		return n < 0 ? -errno : -EBADMSG;
	n -= NLMSG_HDRLEN;
	message.text[n] = 0;
	*type = message.header.nlmsg_type;
	snprintf(text, size, "%.*s", (int)size - 1, message.text);
	return 0;
}

int auditlog_take(int fd, int type, const char *text, struct auditlog *log)
{
	static unsigned int marks;
	char mark[64], record[sizeof(log->last)];
	int got = 0, ret;

	memset(log, 0, sizeof(*log));
	snprintf(mark, sizeof(mark), "selftest-mark-%d-%u", getpid(), ++marks);
	ret = send_mark(mark);
	while (!ret) {
		ret = next_record(fd, &got, record, sizeof(record));
		if (ret || (got == AUDIT_USER_AVC && strstr(record, mark)))
			break;
		if ((type && got != type) || !strstr(record, text))
			continue;
		log->count++;
		strcpy(log->last, record);
	}
	return ret;
}

long auditlog_count(int fd, int type, const char *text)
{
	struct auditlog log;
	int ret = auditlog_take(fd, type, text, &log);

	return ret ? ret : log.count;
}

bool auditlog_ends_with(const struct auditlog *log, const char *end)
{
	size_t len = strlen(log->last);

	while (len && (log->last[len - 1] == ' ' || log->last[len - 1] == '\n'))
		len--;
	return len >= strlen(end) &&
	       !memcmp(log->last + len - strlen(end), end, strlen(end));
}
