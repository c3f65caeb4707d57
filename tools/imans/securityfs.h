/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of an IMA namespace in securityfs.
 */
#ifndef IMANS_SECURITYFS_H
#define IMANS_SECURITYFS_H

#include <stdbool.h>
#include <stdint.h>

#define SECURITYFS_DIR "/sys/kernel/security"
#define SECURITYFS_LIST "binary_runtime_measurements"

/* Path of the binary list of the namespace it belongs to, to be freed. */
char *securityfs_list(const char *dir);
/* Path of a file init sees of namespace @id, to be freed. */
char *securityfs_ns_file(const char *dir, uint64_t id, const char *file);
/* Print why @path could not be opened (errno), and what that means. */
void securityfs_explain(const char *dir, const char *path);

/* Is securityfs mounted at @dir? */
bool securityfs_is_mounted(const char *dir);
/* Does it show a namespace that can be configured, not the initial one? */
bool securityfs_is_child(const char *dir);
/* The same, and is it open to this user namespace? An inherited mount is not. */
bool securityfs_is_own(const char *dir);

#endif
