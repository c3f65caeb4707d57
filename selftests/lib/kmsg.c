// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kmsg.h"

int kmsg_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	lseek(fd, 0, SEEK_END);
	return fd;
}

long kmsg_last(int fd, const char *text, char *last, unsigned long size)
{
	char message[8192];
	long count = 0;

	for (;;) {
		ssize_t n = read(fd, message, sizeof(message) - 1);

		/* Messages were overwritten before they were read. */
		if (n < 0 && errno == EPIPE)
			continue;
		if (n < 0)
			return errno == EAGAIN ? count : -errno;
		message[n] = 0;
		if (!strstr(message, text))
			continue;
		count++;
		if (last)
			snprintf(last, size, "%s", message);
	}
}

long kmsg_count(int fd, const char *text)
{
	return kmsg_last(fd, text, NULL, 0);
}
