/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_SCRATCH_H
#define SELFTESTS_SCRATCH_H

#include <stddef.h>

/*
 * Files under test live on /scratch (or $SCRATCH): IMA notices changes by
 * i_version, which not every file system has.
 */

/* A new directory that anyone may enter.  Returns 0 or a negative errno. */
int scratch_directory(char *path, size_t size);
void scratch_remove(const char *directory);

/* Puts a program that exits with 0 at @path, distinct by @mark. */
int scratch_program(const char *path, const char *mark);

/*
 * Puts a program that exits with @version, at least 1, at @path; and makes
 * another version of it in place, as long as nobody runs it.
 */
int scratch_version(const char *path, int version);
int scratch_set_version(const char *path, int version);

/* Puts a file with this content at @path. */
int scratch_text(const char *path, const char *content);

/* Changes a file in place by appending, as the host would. */
int scratch_append(const char *path, const char *text);

/*
 * A new overlay, mounted by root of the machine: lower, upper and merged in
 * @directory, of which the last is @target.  0 or a negative errno.
 */
int scratch_overlay(const char *directory, char *target, size_t size);

/* A program built along with the tests. */
int scratch_built(const char *name, char *path, size_t size);

#endif
