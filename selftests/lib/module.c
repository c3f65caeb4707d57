// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "module.h"

int module_load(const char *parameters)
{
	const char *path = getenv("IMANS_MODULE");
	int fd, ret;

	if (!path)
		return -ENOENT;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = syscall(SYS_finit_module, fd, parameters, 0) ? -errno : 0;
	close(fd);
	return ret;
}

int module_unload(void)
{
	return syscall(SYS_delete_module, "ima_ns", O_NONBLOCK) ? -errno : 0;
}

int module_unload_soon(void)
{
	struct patience left = patience(30000);
	int ret;

	do {
		ret = module_unload();
	} while (ret == -EAGAIN && patience_lasts(&left));
	return ret;
}

int module_reload(const char *parameters)
{
	int ret = module_is_loaded() ? module_unload_soon() : 0;

	return ret ?: module_load(parameters);
}

bool module_is_loaded(void)
{
	return !access("/sys/module/ima_ns", F_OK);
}
