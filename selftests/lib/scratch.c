// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scratch.h"

int scratch_directory(char *path, size_t size)
{
	const char *base = getenv("SCRATCH");

	snprintf(path, size, "%s/ima_ns.XXXXXX", base ? base : "/scratch");
	if (!mkdtemp(path))
		return -errno;
	return chmod(path, 0755) ? -errno : 0;
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void scratch_remove(const char *directory)
{
	if (*directory)
		nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static int append_and_close(int fd, const char *text)
{
	ssize_t n = write(fd, text, strlen(text));
	int ret = n < 0 ? -errno : 0;

	if (close(fd) && !ret)
		ret = -errno;
	return ret;
}

int scratch_built(const char *name, char *path, size_t size)
{
	char self[512];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0)
		return -errno;
	self[n] = 0;
	snprintf(path, size, "%s/%s", dirname(self), name);
	return access(path, X_OK) ? -errno : 0;
}

static int copy_built(const char *name, const char *path, const char *mark)
{
	char source[1024];
	struct stat st;
	int in, out, ret;

	ret = scratch_built(name, source, sizeof(source));
	if (ret)
		return ret;
	in = open(source, O_RDONLY | O_CLOEXEC);
	if (in < 0 || fstat(in, &st))
		return -errno;
	out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	if (out < 0)
		return -errno;
	if (sendfile(out, in, NULL, st.st_size) != st.st_size)
		return -EIO;
	close(in);
	fchmod(out, 0755);
	/* Behind the end of an ELF program nobody looks, but its hash moves. */
	return append_and_close(out, mark);
}

int scratch_program(const char *path, const char *mark)
{
	return copy_built("payload", path, mark);
}

/* Where the byte behind the mark of version.c is in its file. */
static off_t version_offset(int fd)
{
	static const char mark[] = "SELFTESTS_VERSION=";
	char content[65536];
	ssize_t n = pread(fd, content, sizeof(content), 0);
	char *at = n < 0 ? NULL : memmem(content, n, mark, strlen(mark));

	return at ? (off_t)(at - content + strlen(mark)) : -1;
}

int scratch_set_version(const char *path, int version)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	uint8_t byte = version;
	off_t offset;
	int ret = 0;

	if (fd < 0)
		return -errno;
	offset = version_offset(fd);
	if (offset < 0)
		ret = -ENOEXEC;
	else if (pwrite(fd, &byte, 1, offset) != 1)
		ret = -EIO;
	close(fd);
	return ret;
}

int scratch_version(const char *path, int version)
{
	int ret = copy_built("version", path, "");

	return ret ? ret : scratch_set_version(path, version);
}

int scratch_text(const char *path, const char *content)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0)
		return -errno;
	fchmod(fd, 0644);
	return append_and_close(fd, content);
}

int scratch_append(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return append_and_close(fd, text);
}

int scratch_overlay(const char *directory, char *target, size_t size)
{
	char options[1024], path[300];

	snprintf(path, sizeof(path), "%s/lower", directory);
	if (mkdir(path, 0755))
		return -errno;
	snprintf(path, sizeof(path), "%s/upper", directory);
	if (mkdir(path, 0777) || chmod(path, 0777))
		return -errno;
	snprintf(path, sizeof(path), "%s/work", directory);
	if (mkdir(path, 0755))
		return -errno;
	snprintf(options, sizeof(options), "lowerdir=%s/lower,upperdir=%s/upper,"
		 "workdir=%s/work", directory, directory, directory);
	snprintf(path, sizeof(path), "%s/merged", directory);
	if (mkdir(path, 0755))
		return -errno;
	if (mount("overlay", path, "overlay", 0, options))
		return -errno;
	snprintf(target, size, "%s", path);
	return 0;
}
