// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/vtpm_proxy.h>

#include "vtpm.h"

/* Newer than the headers distributions carry. */
#ifndef VTPM_PROXY_IOC_CONNECT_TO_IMA_NS
#define VTPM_PROXY_IOC_CONNECT_TO_IMA_NS _IO(0xa1, 0x10)
#endif

/* The kernel tests the TPM before it shows the device. */
#define DEVICE_TIMEOUT_S 120
/* What makes device nodes follows at once, unless there is nothing. */
#define NODE_TIMEOUT_S 5

static int open_vtpmx(void)
{
	int fd = open("/dev/vtpmx", O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		msg_errno("/dev/vtpmx");
		if (errno == ENOENT)
			msg("the kernel needs CONFIG_TCG_VTPM_PROXY, perhaps as module tpm_vtpm_proxy");
	}
	return fd;
}

static bool make_device(struct vtpm *t, int vtpmx)
{
	struct vtpm_proxy_new_dev dev = {
		.flags = t->tpm2 ? VTPM_PROXY_FLAG_TPM2 : 0,
	};

	if (ioctl(vtpmx, VTPM_PROXY_IOC_NEW_DEV, &dev)) {
		msg_errno("making a virtual TPM%s", errno == EPERM ?
			  " (it takes CAP_SYS_ADMIN on the host)" : "");
		return false;
	}
	t->server_fd = (int)dev.fd;
	t->num = dev.tpm_num;
	/* The kernel hands it out without. */
	if (fcntl(t->server_fd, F_SETFD, FD_CLOEXEC)) {
		msg_errno("fcntl");
		return false;
	}
	return true;
}

/* The kernel hangs up if the TPM fails its tests, or takes too long. */
static bool kernel_gave_up(const struct vtpm *t)
{
	struct pollfd p = { .fd = t->server_fd };

	if (poll(&p, 1, 0) <= 0 || !(p.revents & (POLLHUP | POLLERR)))
		return false;
	msg("the kernel gave up the virtual TPM, its log says why");
	return true;
}

/*
 * Wait until @path exists, the kernel hangs up, swtpm ends, a signal comes or
 * the time is up.
 */
static bool wait_for_path(struct vtpm *t, const struct swtpm_config *cfg,
			  const char *path, double seconds)
{
	double end = swtpm_now() + seconds;

	while (access(path, F_OK)) {
		if (kernel_gave_up(t) || !swtpm_wait(&t->swtpm, cfg))
			return false;
		if (swtpm_now() > end) {
			msg("%s did not appear within %.0f seconds", path,
			    seconds);
			return false;
		}
	}
	return true;
}

static bool wait_for_device(struct vtpm *t, const struct swtpm_config *cfg)
{
	char *sysfs = xasprintf("/sys/class/tpm/tpm%u/dev", t->num);
	char *node = xasprintf("/dev/tpm%u", t->num);
	char *rm_node = xasprintf("/dev/tpmrm%u", t->num);
	bool ok;

	ok = wait_for_path(t, cfg, sysfs, DEVICE_TIMEOUT_S) &&
	     wait_for_path(t, cfg, node, NODE_TIMEOUT_S) &&
	     (!t->tpm2 || wait_for_path(t, cfg, rm_node, NODE_TIMEOUT_S));
	free(sysfs);
	free(node);
	free(rm_node);
	return ok;
}

/*
 * swtpm comes first: from the moment the device exists the kernel gives each
 * command, the first one too, a limited time, and a TPM 1.2 may need longer
 * than that to start.
 */
bool vtpm_start(struct vtpm *t, const struct swtpm_config *cfg)
{
	int vtpmx = open_vtpmx();
	bool ok;

	memset(t, 0, sizeof(*t));
	t->server_fd = -1;
	t->tpm2 = cfg->tpm2;
	if (vtpmx < 0)
		return false;
	ok = swtpm_start(&t->swtpm, cfg) && make_device(t, vtpmx) &&
	     swtpm_serve(&t->swtpm, cfg, t->server_fd) &&
	     wait_for_device(t, cfg);
	close(vtpmx);
	if (!ok) {
		vtpm_close_server(t);
		vtpm_stop(t);
	}
	return ok;
}

bool vtpm_connect(const struct vtpm *t)
{
	int rc;

	do {
		rc = ioctl(t->server_fd, VTPM_PROXY_IOC_CONNECT_TO_IMA_NS, 0);
	} while (rc && errno == EINTR);
	if (!rc)
		return true;
	msg_errno("giving /dev/tpm%u to the IMA namespace", t->num);
	if (errno == ENOTTY)
		msg("the kernel cannot do that: it has no VTPM_PROXY_IOC_CONNECT_TO_IMA_NS");
	else if (errno == EBUSY)
		msg("the namespace is active or has a TPM already, or somebody has the device open");
	else if (errno == EINVAL)
		msg("there is no IMA namespace, or the TPM failed to start");
	return false;
}

void vtpm_close_server(struct vtpm *t)
{
	if (t->server_fd >= 0)
		close(t->server_fd);
	t->server_fd = -1;
}

void vtpm_forget(struct vtpm *t)
{
	vtpm_close_server(t);
	swtpm_close_control(&t->swtpm);
}

void vtpm_stop(struct vtpm *t)
{
	swtpm_stop(&t->swtpm);
}
