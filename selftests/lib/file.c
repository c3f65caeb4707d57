// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "file.h"

static long do_open(struct call *call)
{
	int fd = open(call->in, call->arg[0] | O_CLOEXEC, 0644);

	call->out_len = 0;
	return fd < 0 ? -errno : fd;
}

static long do_close(struct call *call)
{
	call->out_len = 0;
	return close(call->arg[0]) ? -errno : 0;
}

static long do_read(struct call *call)
{
	ssize_t n = read(call->arg[0], call->out, call->out_len);

	call->out_len = n < 0 ? 0 : n;
	return n < 0 ? -errno : n;
}

static long do_write(struct call *call)
{
	ssize_t n = write(call->arg[0], call->in, call->in_len);

	call->out_len = 0;
	return n < 0 ? -errno : n;
}

static long do_pwrite(struct call *call)
{
	ssize_t n = pwrite(call->arg[0], call->in, call->in_len, call->arg[1]);

	call->out_len = 0;
	return n < 0 ? -errno : n;
}

static long do_stat(struct call *call)
{
	if (call->out_len < sizeof(struct stat))
		return -EINVAL;
	call->out_len = sizeof(struct stat);
	return lstat(call->in, call->out) ? -errno : 0;
}

static long do_readlink(struct call *call)
{
	ssize_t n = readlink(call->in, call->out, call->out_len);

	call->out_len = n < 0 ? 0 : n;
	return n < 0 ? -errno : n;
}

static long do_list(struct call *call)
{
	struct dirent **names;
	size_t len = 0;
	int count = scandir(call->in, &names, NULL, alphasort);
	int i;

	if (count < 0)
		return -errno;
	for (i = 0; i < count; i++) {
		const char *name = names[i]->d_name;

		if (!strcmp(name, ".") || !strcmp(name, ".."))
			continue;
		if (len + strlen(name) + 1 > call->out_len)
			return -E2BIG;
		len += sprintf((char *)call->out + len, "%s\n", name);
	}
	call->out_len = len;
	return len;
}

static long do_mount(struct call *call)
{
	const char *type = call->in;
	const char *target = type + strlen(type) + 1;

	call->out_len = 0;
	return mount(type, target, type, 0, NULL) ? -errno : 0;
}

static long do_umount(struct call *call)
{
	call->out_len = 0;
	return umount2(call->in, 0) ? -errno : 0;
}

static long do_mkdir(struct call *call)
{
	call->out_len = 0;
	return mkdir(call->in, 0755) ? -errno : 0;
}

static long do_unlink(struct call *call)
{
	call->out_len = 0;
	return unlink(call->in) ? -errno : 0;
}

static long do_chmod(struct call *call)
{
	call->out_len = 0;
	return chmod(call->in, call->arg[0]) ? -errno : 0;
}

/* arg: remove it; in: path, NUL, name, NUL, value */
static long do_set_xattr(struct call *call)
{
	const char *path = call->in;
	const char *name = path + strlen(path) + 1;
	const char *value = name + strlen(name) + 1;
	size_t len = call->in_len - (value - path);
	int ret;

	call->out_len = 0;
	ret = call->arg[0] ? removexattr(path, name) :
			     setxattr(path, name, value, len, 0);
	return ret ? -errno : 0;
}

static long do_ioctl(struct call *call)
{
	int ret = ioctl(call->arg[0], (unsigned long)call->arg[1],
			call->arg[2]);

	call->out_len = 0;
	return ret < 0 ? -errno : ret;
}

static long do_map_executable(struct call *call)
{
	void *at = mmap(NULL, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE,
			call->arg[0], 0);

	call->out_len = 0;
	if (at == MAP_FAILED)
		return -errno;
	return munmap(at, 1) ? -errno : 0;
}

static long do_map_then_protect(struct call *call)
{
	int fd = open(call->in, O_RDONLY | O_CLOEXEC);
	long ret = 0;
	void *map;

	call->out_len = 0;
	if (fd < 0)
		return -errno;
	map = mmap(NULL, 1, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return -errno;
	if (mprotect(map, 1, PROT_READ | PROT_EXEC))
		ret = -errno;
	munmap(map, 1);
	return ret;
}

static long do_fetch_fd(struct call *call)
{
	call->out_len = 0;
	call->out_fd = dup(call->arg[0]);
	return call->out_fd < 0 ? -errno : 0;
}

static long do_give_fd(struct call *call)
{
	int fd = fcntl(call->fd, F_DUPFD_CLOEXEC, 0);

	call->out_len = 0;
	return fd < 0 ? -errno : fd;
}

static void __attribute__((noreturn)) exec_child(char *words, int output,
						 int error)
{
	char *argv[64];
	int argc = 0, code;
	char *save, *word;

	for (word = strtok_r(words, " ", &save); word && argc < 63;
	     word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	argv[argc] = NULL;
	dup2(open("/dev/null", O_RDONLY), 0);
	dup2(output, 1);
	dup2(output, 2);
	execv(argv[0], argv);
	code = errno;
	if (write(error, &code, sizeof(code)) != sizeof(code))
		_exit(126);
	_exit(127);
}

static long do_run(struct call *call)
{
	char *words = strdup(call->in);
	int output[2], error[2], status, code;
	size_t len = 0;
	char rest[512];
	pid_t child;

	if (!words)
		return -ENOMEM;
	if (pipe2(output, O_CLOEXEC) || pipe2(error, O_CLOEXEC))
		return -errno;
	child = fork();
	if (child < 0)
		return -errno;
	if (!child)
		exec_child(words, output[1], error[1]);
	free(words);
	close(output[1]);
	close(error[1]);
	for (;;) {
		bool full = len == call->out_len;
		char *to = full ? rest : (char *)call->out + len;
		ssize_t n = read(output[0], to,
				 full ? sizeof(rest) : call->out_len - len);

		if (n <= 0)
			break;
		if (!full)
			len += n;
	}
	call->out_len = len;
	close(output[0]);
	if (waitpid(child, &status, 0) < 0)
		return -errno;
	if (read(error[0], &code, sizeof(code)) == sizeof(code)) {
		close(error[0]);
		return -code;
	}
	close(error[0]);
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   128 + WTERMSIG(status);
}

static long call_path(struct agent *agent, agent_fn fn, const char *path,
		      long arg)
{
	struct call call = {
		.arg = { arg },
		.fd = -1,
		.in = path,
		.in_len = strlen(path) + 1,
	};

	return agent_call(agent, fn, &call);
}

int file_open(struct agent *agent, const char *path, int flags)
{
	return call_path(agent, do_open, path, flags);
}

int file_close(struct agent *agent, int fd)
{
	struct call call = { .arg = { fd }, .fd = -1 };

	return agent_call(agent, do_close, &call);
}

long file_read(struct agent *agent, int fd, void *buf, size_t len)
{
	struct call call = {
		.arg = { fd },
		.fd = -1,
		.out = buf,
		.out_len = len,
	};

	return agent_call(agent, do_read, &call);
}

long file_write(struct agent *agent, int fd, const void *buf, size_t len)
{
	struct call call = {
		.arg = { fd },
		.fd = -1,
		.in = buf,
		.in_len = len,
	};

	return agent_call(agent, do_write, &call);
}

long file_pwrite(struct agent *agent, int fd, const void *buf, size_t len,
		 off_t offset)
{
	struct call call = {
		.arg = { fd, offset },
		.fd = -1,
		.in = buf,
		.in_len = len,
	};

	return agent_call(agent, do_pwrite, &call);
}

int file_put(struct agent *agent, const char *path, const void *buf,
	     size_t len)
{
	int fd = file_open(agent, path, O_WRONLY);
	long n, closed;

	if (fd < 0)
		return fd;
	n = file_write(agent, fd, buf, len);
	closed = file_close(agent, fd);
	if (n < 0)
		return n;
	if ((size_t)n != len)
		return -EIO;
	return closed;
}

int file_put_text(struct agent *agent, const char *path, const char *text)
{
	return file_put(agent, path, text, strlen(text));
}

long file_get_all(struct agent *agent, const char *path, char **buf)
{
	int fd = file_open(agent, path, O_RDONLY);
	size_t size = 65536, len = 0;
	long n;

	*buf = NULL;
	if (fd < 0)
		return fd;
	for (;;) {
		char *bigger = realloc(*buf, size + 1);

		if (!bigger) {
			n = -ENOMEM;
			break;
		}
		*buf = bigger;
		n = file_read(agent, fd, *buf + len,
			      size - len < 65536 ? size - len : 65536);
		if (n <= 0)
			break;
		len += n;
		if (len == size)
			size *= 2;
	}
	file_close(agent, fd);
	if (n < 0) {
		free(*buf);
		*buf = NULL;
		return n;
	}
	(*buf)[len] = 0;
	return len;
}

long file_get(struct agent *agent, const char *path, char *buf, size_t size)
{
	char *all;
	long len = file_get_all(agent, path, &all);

	if (len < 0)
		return len;
	if ((size_t)len >= size) {
		free(all);
		return -E2BIG;
	}
	memcpy(buf, all, len + 1);
	free(all);
	return len;
}

int file_stat(struct agent *agent, const char *path, struct stat *st)
{
	struct call call = {
		.fd = -1,
		.in = path,
		.in_len = strlen(path) + 1,
		.out = st,
		.out_len = sizeof(*st),
	};

	return agent_call(agent, do_stat, &call);
}

static long call_text(struct agent *agent, agent_fn fn, const char *path,
		      char *buf, size_t size)
{
	struct call call = {
		.fd = -1,
		.in = path,
		.in_len = strlen(path) + 1,
		.out = buf,
		.out_len = size - 1,
	};
	long ret = agent_call(agent, fn, &call);

	buf[ret < 0 ? 0 : call.out_len] = 0;
	return ret;
}

int file_readlink(struct agent *agent, const char *path, char *buf,
		  size_t size)
{
	return call_text(agent, do_readlink, path, buf, size);
}

long file_list(struct agent *agent, const char *dir, char *buf, size_t size)
{
	return call_text(agent, do_list, dir, buf, size);
}

int file_mount(struct agent *agent, const char *type, const char *target)
{
	char both[512];
	struct call call = { .fd = -1, .in = both };

	if (strlen(type) + strlen(target) + 2 > sizeof(both))
		return -ENAMETOOLONG;
	strcpy(both, type);
	strcpy(both + strlen(type) + 1, target);
	call.in_len = strlen(type) + strlen(target) + 2;
	return agent_call(agent, do_mount, &call);
}

int file_umount(struct agent *agent, const char *target)
{
	return call_path(agent, do_umount, target, 0);
}

int file_mkdir(struct agent *agent, const char *path)
{
	return call_path(agent, do_mkdir, path, 0);
}

int file_unlink(struct agent *agent, const char *path)
{
	return call_path(agent, do_unlink, path, 0);
}

int file_chmod(struct agent *agent, const char *path, mode_t mode)
{
	return call_path(agent, do_chmod, path, mode);
}

int file_set_xattr(struct agent *agent, const char *path, const char *name,
		   const void *value, size_t len)
{
	char all[1024];
	struct call call = { .arg = { !value }, .fd = -1, .in = all };
	size_t n = strlen(path) + strlen(name) + 2;

	if (!value)
		len = 0;
	if (n + len > sizeof(all))
		return -ENAMETOOLONG;
	strcpy(all, path);
	strcpy(all + strlen(path) + 1, name);
	if (len)
		memcpy(all + n, value, len);
	call.in_len = n + len;
	return agent_call(agent, do_set_xattr, &call);
}

int file_ioctl(struct agent *agent, int fd, unsigned long request, long arg)
{
	struct call call = { .arg = { fd, (long)request, arg }, .fd = -1 };

	return agent_call(agent, do_ioctl, &call);
}

int file_map_executable(struct agent *agent, int fd)
{
	struct call call = { .arg = { fd }, .fd = -1 };

	return agent_call(agent, do_map_executable, &call);
}

int file_map_then_protect(struct agent *agent, const char *path)
{
	return call_path(agent, do_map_then_protect, path, 0);
}

int file_fetch_fd(struct agent *agent, int fd)
{
	struct call call = { .arg = { fd }, .fd = -1 };
	long ret = agent_call(agent, do_fetch_fd, &call);

	return ret < 0 ? ret : call.out_fd;
}

int file_give_fd(struct agent *agent, int fd)
{
	struct call call = { .fd = fd };

	return agent_call(agent, do_give_fd, &call);
}

int file_path_below(struct agent *agent, int directory, const char *name,
		    char *path, size_t size)
{
	int given = file_give_fd(agent, directory);

	if (given < 0)
		return given;
	snprintf(path, size, "/proc/self/fd/%d/%s", given, name);
	return 0;
}

int file_run_output(struct agent *agent, const char *command, char *buf,
		    size_t size)
{
	return call_text(agent, do_run, command, buf, size);
}

int file_run(struct agent *agent, const char *command)
{
	return call_path(agent, do_run, command, 0);
}

int file_run_begin(struct agent *agent, const char *command)
{
	struct call call = {
		.fd = -1,
		.in = command,
		.in_len = strlen(command) + 1,
	};

	return agent_send(agent, do_run, &call);
}

int file_run_end(struct agent *agent)
{
	struct call call = { .fd = -1 };

	return agent_receive(agent, &call);
}
