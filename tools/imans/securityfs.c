// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "securityfs.h"
#include "util.h"

char *securityfs_ns_file(const char *dir, uint64_t id, const char *file)
{
	return xasprintf("%s/integrity/ima/ns/%llu/%s", dir,
			 (unsigned long long)id, file);
}

char *securityfs_list(const char *dir)
{
	return xasprintf("%s/integrity/ima/" SECURITYFS_LIST, dir);
}

bool securityfs_is_mounted(const char *dir)
{
	struct statfs st;

	return !statfs(dir, &st) && st.f_type == SECURITYFS_MAGIC;
}

bool securityfs_is_child(const char *dir)
{
	char *path = xasprintf("%s/integrity/ima/active", dir);
	bool found = !access(path, F_OK);

	free(path);
	return found;
}

bool securityfs_is_own(const char *dir)
{
	char *path = xasprintf("%s/integrity/ima/active", dir);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	free(path);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static bool has_directory(const char *dir, const char *sub)
{
	char *path = xasprintf("%s/%s", dir, sub);
	bool found = !access(path, F_OK);

	free(path);
	return found;
}

void securityfs_explain(const char *dir, const char *path)
{
	int reason = errno;

	msg_errno("%s", path);
	if (strncmp(path, dir, strlen(dir)))
		return;
	if (!securityfs_is_mounted(dir))
		msg("securityfs is not mounted at %s", dir);
	else if (reason == ENOENT && !has_directory(dir, "integrity/ima"))
		msg("the kernel has no IMA");
	else if (reason == ENOENT && strstr(path, "/ima/ns") &&
		 !has_directory(dir, "integrity/ima/ns"))
		msg("this securityfs does not show other namespaces: not the initial one, or a kernel without that");
	else if (reason == ENOENT && strstr(path, "/ima/ns/"))
		msg("there is no such namespace, or it is gone");
	else if ((reason == EACCES || reason == EPERM) &&
		 strstr(path, "/ima/ns"))
		msg("only root of the initial user namespace sees other namespaces");
	else if (reason == EACCES && securityfs_is_child(dir))
		msg("the namespace is not active yet, or belongs to another user namespace");
}
