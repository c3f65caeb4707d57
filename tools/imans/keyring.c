// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/keyctl.h>

#include "keyring.h"

const char *keyring_reason(int error)
{
	switch (error) {
	case EBADMSG:
		return "the kernel does not take it for a certificate";
	case EKEYREJECTED:
		return "the certificate is blacklisted, or its own signature is wrong";
	case EKEYEXPIRED:
		return "the certificate has expired, by the clock of this machine";
	case ENOPKG:
		return "the kernel has not got its algorithms, those of the key or of the signature";
	case EDQUOT:
		return "this user has too many keys: see /proc/key-users, and kernel.keys.maxkeys and maxbytes in /proc/sys";
	case ENODEV:
		return "the kernel has no keys of type asymmetric";
	case ENOSYS:
		return "the kernel has no keys";
	case EACCES:
	case EPERM:
		return "is there a filter of system calls, as in most containers?";
	default:
		return NULL;
	}
}

static bool failed(const char *what, const char *path)
{
	int error = errno;

	if (path)
		msg_errno("%s: %s", path, what);
	else
		msg_errno("%s", what);
	if (keyring_reason(error))
		msg("%s", keyring_reason(error));
	return false;
}

bool keyring_give(const struct certificate *keys, size_t n)
{
	long ring;
	size_t i;

	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0)
		return failed("beginning a session keyring", NULL);
	ring = syscall(SYS_add_key, "keyring", KEYRING_NAME, NULL, 0,
		       KEY_SPEC_SESSION_KEYRING);
	if (ring < 0)
		return failed("making the keyring " KEYRING_NAME, NULL);
	/* The kernel describes them by what is in the certificates. */
	for (i = 0; i < n; i++)
		if (syscall(SYS_add_key, "asymmetric", "", keys[i].der.data,
			    keys[i].der.len, (int)ring) < 0)
			return failed("adding the key to " KEYRING_NAME,
				      keys[i].path);
	return true;
}
