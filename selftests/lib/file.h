/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_FILE_H
#define SELFTESTS_FILE_H

#include <sys/stat.h>

#include "agent.h"

/*
 * File operations by an agent.  All return 0 or more, or a negative errno;
 * descriptors are the agent's own.
 */
int file_open(struct agent *agent, const char *path, int flags);
int file_close(struct agent *agent, int fd);
long file_read(struct agent *agent, int fd, void *buf, size_t len);
long file_write(struct agent *agent, int fd, const void *buf, size_t len);
long file_pwrite(struct agent *agent, int fd, const void *buf, size_t len,
		 off_t offset);

/* Open, one write, close: the first error of the three, a short write too. */
int file_put(struct agent *agent, const char *path, const void *buf,
	     size_t len);
int file_put_text(struct agent *agent, const char *path, const char *text);

/* The whole file, NUL-terminated.  Returns its length. */
long file_get(struct agent *agent, const char *path, char *buf, size_t size);

/* The same in memory that the caller frees. */
long file_get_all(struct agent *agent, const char *path, char **buf);

/* Like lstat(2). */
int file_stat(struct agent *agent, const char *path, struct stat *st);
int file_readlink(struct agent *agent, const char *path, char *buf,
		  size_t size);

/* Names in a directory, sorted, each followed by a newline. */
long file_list(struct agent *agent, const char *dir, char *buf, size_t size);

int file_mount(struct agent *agent, const char *type, const char *target);
int file_umount(struct agent *agent, const char *target);
int file_mkdir(struct agent *agent, const char *path);
int file_unlink(struct agent *agent, const char *path);
int file_chmod(struct agent *agent, const char *path, mode_t mode);

/* Sets an extended attribute; @value NULL: removes it. */
int file_set_xattr(struct agent *agent, const char *path, const char *name,
		   const void *value, size_t len);
int file_ioctl(struct agent *agent, int fd, unsigned long request, long arg);

/* Maps the first byte to be executed, as a library is used.  0 or -errno. */
int file_map_executable(struct agent *agent, int fd);

/* Maps it to be read, and only then makes it executable, by mprotect(2). */
int file_map_then_protect(struct agent *agent, const char *path);

/* A descriptor of the agent as one of the test, and the way back. */
int file_fetch_fd(struct agent *agent, int fd);
int file_give_fd(struct agent *agent, int fd);

/* A path by which the agent reaches what is below the test's @directory. */
int file_path_below(struct agent *agent, int directory, const char *name,
		    char *path, size_t size);

/*
 * Runs a program (words separated by one space) with its output thrown away.
 * Returns its exit status, 128 + N for signal N, or -errno of the exec.
 */
int file_run(struct agent *agent, const char *command);
int file_run_output(struct agent *agent, const char *command, char *buf,
		    size_t size);

/* The halves of file_run(). */
int file_run_begin(struct agent *agent, const char *command);
int file_run_end(struct agent *agent);

#endif
