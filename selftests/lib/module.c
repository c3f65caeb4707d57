// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "module.h"

static int module_open(void)
{
	const char *path = getenv("IMA_NS_KO");
	char self[512], beside[600];
	ssize_t n;
	int fd;

	if (!path) {
		n = readlink("/proc/self/exe", self, sizeof(self) - 1);
		if (n < 0)
			return -errno;
		self[n] = 0;
		snprintf(beside, sizeof(beside), "%s/ima_ns.ko", dirname(self));
		path = beside;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int module_load(const char *parameters)
{
	int ret = 0, fd = module_open();

	if (fd < 0)
		return fd;
	/* A test that failed may have left it behind, with other parameters. */
	if (!access(IMA_NS_DIR, F_OK))
		ret = module_unload();
	if (!ret && syscall(SYS_finit_module, fd, parameters, 0))
		ret = -errno;
	close(fd);
	return ret;
}

int module_unload(void)
{
	struct patience wait = patience(30000);

	while (syscall(SYS_delete_module, "ima_ns", O_NONBLOCK)) {
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return -errno;
		if (!patience_lasts(&wait))
			return -ETIMEDOUT;
	}
	return 0;
}
