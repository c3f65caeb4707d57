// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "ns.h"
#include "process.h"
#include "securityfs.h"

/* The kernel takes at most a page with the NUL, and 1024 rules in a child. */
#define RULE_MAX_LEN 4094
#define RULES_MAX 1024

/* One rule of a policy file. */
struct rule {
	const char *text;
	size_t len;
	size_t line;
};

/* The next line that is a rule; @pos and @r->line carry on from the last. */
static bool next_rule(const struct buf *policy, size_t *pos, struct rule *r)
{
	const char *data = (const char *)policy->data;

	while (*pos < policy->len) {
		const char *start = data + *pos;
		const char *nl = memchr(start, '\n', policy->len - *pos);
		size_t len = nl ? (size_t)(nl - start) : policy->len - *pos;
		size_t blanks;

		*pos += len + (nl ? 1 : 0);
		r->line++;
		for (blanks = 0; blanks < len; blanks++)
			if (!strchr(" \t\r", start[blanks]))
				break;
		if (blanks == len || start[blanks] == '#')
			continue;
		r->text = start;
		r->len = len;
		return true;
	}
	return false;
}

bool ns_read_policy(struct ns_config *cfg, const char *path)
{
	size_t pos = 0, rules = 0;
	struct rule r = { 0 };

	if (read_file(path, &cfg->policy)) {
		msg_errno("%s", path);
		return false;
	}
	cfg->policy_path = path;
	if (memchr(cfg->policy.data, 0, cfg->policy.len)) {
		msg("%s: not a text file", path);
		return false;
	}
	while (next_rule(&cfg->policy, &pos, &r)) {
		rules++;
		if (r.len > RULE_MAX_LEN) {
			msg("%s: line %zu: longer than the %d characters the kernel takes",
			    path, r.line, RULE_MAX_LEN);
			return false;
		}
	}
	if (!rules) {
		msg("%s: no rule in it", path);
		return false;
	}
	if (rules > RULES_MAX) {
		/* The kernel would drop them all, and close() would say 0. */
		msg("%s: %zu rules, a namespace keeps at most %d", path, rules,
		    RULES_MAX);
		return false;
	}
	return true;
}

bool ns_mount_securityfs(const char *dir)
{
	if (securityfs_is_mounted(dir) && securityfs_is_own(dir))
		return true;
	if (process_in_initial_userns()) {
		msg("this is the initial user namespace, its IMA is always active; use imans run, or unshare --user --map-root-user --mount first");
		return false;
	}
	if (mount("securityfs", dir, "securityfs",
		  MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL)) {
		int reason = errno;

		msg_errno("mounting securityfs at %s", dir);
		if (reason == EPERM)
			msg("it takes CAP_SYS_ADMIN in the user namespace that owns this mount namespace, uid 0 and gid 0 mapped, and a kernel with IMA namespaces");
		return false;
	}
	if (securityfs_is_own(dir))
		return true;
	msg_errno("%s/integrity/ima/active", dir);
	if (!securityfs_is_child(dir))
		msg("the kernel has no IMA namespaces");
	return false;
}

static const char *write_reason(int reason)
{
	switch (reason) {
	case EBUSY:
		return "it is fixed already: the namespace is active, or a label was written before";
	case EINVAL:
		return "the kernel does not know or allow this value";
	case EACCES:
		return "the file belongs to another user namespace";
	case EPERM:
		return "it takes CAP_MAC_ADMIN or CAP_SYS_ADMIN in the user namespace";
	case EAGAIN:
		return "too many activations by this user in a short time";
	case ENOSPC:
		return "user.max_ima_namespaces is reached";
	default:
		return NULL;
	}
}

static bool write_value(const char *dir, const char *file, const char *value)
{
	char *path = xasprintf("%s/integrity/ima/%s", dir, file);
	bool ok = !write_file(path, value);
	int reason = errno;

	if (!ok) {
		msg_errno("writing \"%s\" to %s", value, path);
		if (write_reason(reason))
			msg("%s", write_reason(reason));
	}
	free(path);
	return ok;
}

bool ns_configure(const char *dir, const struct ns_config *cfg)
{
	return (!cfg->hash || write_value(dir, "hash", cfg->hash)) &&
	       (!cfg->tmpl || write_value(dir, "template_name", cfg->tmpl)) &&
	       (!cfg->label || write_value(dir, "label", cfg->label));
}

const char *ns_ca_reason(int error)
{
	switch (error) {
	case ENOENT:
		return "the kernel cannot demand certified keys: its namespaces have no appraisal";
	case EPERM:
		return "it takes somebody in a user namespace above, with CAP_MAC_ADMIN or CAP_SYS_ADMIN over the container's";
	case EACCES:
		return "the file belongs to another user namespace";
	case EBUSY:
		return "it is fixed already: the namespace is active, or has such a certificate";
	case EBADMSG:
		return "the kernel does not take it for a certificate";
	case EKEYREJECTED:
		return "it is not that of a CA (basicConstraints with CA:TRUE), is blacklisted, or its own signature is wrong";
	case EKEYEXPIRED:
		return "the certificate has expired, by the clock of this machine";
	case ENOPKG:
		return "the kernel has not got its algorithms, those of the key or of the signature";
	case E2BIG:
		return "it is longer than the 16 KiB that the kernel takes";
	case EOPNOTSUPP:
		return "the kernel verifies no signatures: it lacks CONFIG_INTEGRITY_ASYMMETRIC_KEYS";
	default:
		return NULL;
	}
}

bool ns_demand_ca(const char *dir, const struct ns_config *cfg)
{
	const struct certificate *ca = &cfg->ca;
	char *path;
	int error;

	if (!ca->path)
		return true;
	path = xasprintf("%s/integrity/ima/ca", dir);
	error = write_file_data(path, ca->der.data, ca->der.len) ? errno : 0;
	if (error) {
		msg_errno("writing the certificate of %s to %s", ca->path,
			  path);
		if (ns_ca_reason(error))
			msg("%s", ns_ca_reason(error));
	}
	free(path);
	return !error;
}

bool ns_activate(const char *dir)
{
	return write_value(dir, "active", "1");
}

static const char *rule_reason(int reason)
{
	switch (reason) {
	case EINVAL:
		return "the kernel does not understand the rule";
	case EPERM:
		return "this user may not load such a rule into a namespace";
	case EACCES:
		return "policies are not accepted from here";
	case ENOMEM:
		return "out of memory, perhaps that of the memory cgroup";
	default:
		return NULL;
	}
}

static bool write_rule(int fd, const struct ns_config *cfg,
		       const struct rule *r)
{
	char line[RULE_MAX_LEN + 2];
	ssize_t n;
	int reason;

	memcpy(line, r->text, r->len);
	line[r->len] = '\n';
	do {
		n = write(fd, line, r->len + 1);
	} while (n < 0 && errno == EINTR);
	/* The kernel may or may not count the newline. */
	if (n >= (ssize_t)r->len)
		return true;
	reason = n < 0 ? errno : EIO;
	errno = reason;
	msg_errno("%s: line %zu: %.*s", cfg->policy_path, r->line, (int)r->len,
		  r->text);
	if (rule_reason(reason))
		msg("%s; no rule of this file is in force", rule_reason(reason));
	return false;
}

bool ns_load_policy(const char *dir, const struct ns_config *cfg)
{
	char *path = xasprintf("%s/integrity/ima/policy", dir);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	struct rule r = { 0 };
	bool ok = true;
	size_t pos = 0;

	if (fd < 0) {
		msg_errno("%s", path);
		if (errno == EBUSY)
			msg("somebody else is writing this policy");
		free(path);
		return false;
	}
	while (ok && next_rule(&cfg->policy, &pos, &r))
		ok = write_rule(fd, cfg, &r);
	if (close(fd) && ok) {
		msg_errno("the kernel refused the policy when %s was closed",
			  path);
		ok = false;
	}
	free(path);
	return ok;
}
