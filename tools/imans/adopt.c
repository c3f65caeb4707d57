// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adopt.h"
#include "securityfs.h"

/* The kernel takes less than a page. */
#define LINE_MAX_LEN 4095

char *adopt_check(const struct adoption *a)
{
	char *text;
	size_t len;

	if (strchr(a->label, ' '))
		return xasprintf("label \"%s\" has a blank: that of an adopted container cannot",
				 a->label);
	if (!a->policy)
		return NULL;
	if (strpbrk(a->policy, " \n"))
		return xstrdup("the path of the policy has a blank: that for an adopted container cannot");
	text = adopt_text(a);
	len = strlen(text);
	free(text);
	return len > LINE_MAX_LEN ? xstrdup("the path of the policy is too long") :
				    NULL;
}

char *adopt_text(const struct adoption *a)
{
	return xasprintf("%d:%llu label=%s%s%s", (int)a->process->pid,
			 (unsigned long long)a->process->start, a->label,
			 a->policy ? " policy=" : "",
			 a->policy ? a->policy : "");
}

const char *adopt_reason(int error)
{
	switch (error) {
	case EPERM:
		return "it takes CAP_SYS_ADMIN in the initial user namespace, by somebody who is not adopted himself; or a rule of the policy is not allowed";
	case EINVAL:
		return "the process is in the mount namespace of the machine, or a kernel thread, or the kernel does not understand the policy (its log names the rule)";
	case ESRCH:
		return "the process has ended";
	case EBUSY:
		return "it is adopted already, by another hook or by adopt=auto of ima_ns.ko";
	case EAGAIN:
		return "the process has children or executes a program, so that it is too late or too early; or this user has done it too often in a short time";
	case ENOSPC:
		return "user.max_ima_namespaces is reached, or the policy has too many rules";
	case ENODEV:
		return "the kernel has no IMA";
	case EIO:
		return "the TPM of the machine failed";
	case ENOMEM:
		return "out of memory, perhaps that of the container's memory cgroup";
	case ENOENT:
	case EACCES:
		return "the kernel cannot open the policy";
	default:
		return NULL;
	}
}

/* What the kernel does not tell one EINVAL from another. */
static const char *explain(const struct adoption *a, int error)
{
	if (error != EINVAL)
		return adopt_reason(error);
	if (process_compare_ns(a->process, "mnt") == PROCESS_NS_SAME)
		return "the container has no mount namespace of its own";
	return adopt_reason(error);
}

static void explain_open(const char *securityfs, const char *path)
{
	int reason = errno;

	msg_errno("%s", path);
	if (reason == ENOENT && !securityfs_is_mounted(securityfs))
		msg("securityfs is not mounted at %s: is this a hook that runs inside of the container? It has to be createRuntime or prestart",
		    securityfs);
	else if (reason == ENOENT)
		msg("ima_ns.ko is not loaded, or too old to adopt");
	else if (reason == EPERM || reason == EACCES)
		msg("it takes root of the machine");
}

bool adopt(const struct adoption *a, const char *securityfs)
{
	char *path = xasprintf("%s/ima_ns/adopt", securityfs);
	char *text = adopt_text(a);
	int fd = open(path, O_WRONLY | O_CLOEXEC), reason;
	ssize_t n = -1;

	if (fd < 0) {
		explain_open(securityfs, path);
		goto out_free;
	}
	/* Each write is about a process, so there is just one. */
	n = write(fd, text, strlen(text));
	if (n != (ssize_t)strlen(text)) {
		reason = n < 0 ? errno : EIO;
		errno = reason;
		msg_errno("process %d cannot be adopted", (int)a->process->pid);
		if (explain(a, reason))
			msg("%s", explain(a, reason));
		n = -1;
	}
	close(fd);
out_free:
	free(text);
	free(path);
	return n > 0;
}
