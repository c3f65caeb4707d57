// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whole files: growing buffers, reading to the end, one write() for one value.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util.h"

static void buf_reserve(struct buf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : 4096;

	if (more > SIZE_MAX / 4 || b->len > SIZE_MAX / 4) {
		msg("input too large");
		exit(IMANS_ERROR);
	}
	while (cap - b->len < more + 1)
		cap *= 2;
	if (cap != b->cap) {
		b->data = xreallocarray(b->data, cap, 1);
		b->cap = cap;
	}
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	buf_reserve(b, len);
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = 0;
}

void buf_free(struct buf *b)
{
	free(b->data);
	memset(b, 0, sizeof(*b));
}

int read_fd(int fd, struct buf *b)
{
	for (;;) {
		ssize_t n;

		buf_reserve(b, 65536);
		n = read(fd, b->data + b->len, b->cap - b->len - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		b->len += (size_t)n;
		b->data[b->len] = 0;
		if (!n)
			return 0;
	}
}

int read_file(const char *path, struct buf *b)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc, saved;

	if (fd < 0)
		return -1;
	rc = read_fd(fd, b);
	saved = errno;
	close(fd);
	errno = saved;
	return rc;
}

char *read_line_file(const char *path)
{
	struct buf b = { 0 };
	char *nl;

	if (read_file(path, &b)) {
		buf_free(&b);
		return NULL;
	}
	nl = strchr((char *)b.data, '\n');
	if (nl)
		*nl = '\0';
	return (char *)b.data;
}

int write_file_data(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;
	int saved;

	if (fd < 0)
		return -1;
	do {
		n = write(fd, data, len);
	} while (n < 0 && errno == EINTR);
	if (n < 0 || (size_t)n != len) {
		saved = n < 0 ? errno : EIO;
		close(fd);
		errno = saved;
		return -1;
	}
	return close(fd);
}

int write_file(const char *path, const char *text)
{
	return write_file_data(path, text, strlen(text));
}
