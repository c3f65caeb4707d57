// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * imans activate: the IMA namespace of the user namespace one is in.
 */
#include "command.h"
#include "ns.h"
#include "securityfs.h"

enum { OPT_HASH, OPT_TEMPLATE, OPT_LABEL, OPT_POLICY, OPT_SECURITYFS };

static const struct option_spec options[] = {
	[OPT_HASH] = { "hash", "ALGO", false,
		"Hash of file digests: sha1, sha256, sha384, sha512 ... Default: the host's." },
	[OPT_TEMPLATE] = { "template", "NAME", false,
		"Template of the list: ima-ng, ima-sig ... Default: the host's." },
	[OPT_LABEL] = { "label", "TEXT", false,
		"What the host sees as label, at most 256 printable bytes." },
	[OPT_POLICY] = { "policy", "FILE", false,
		"Rules to load after activation. Default: the kernel's default policy stays." },
	[OPT_SECURITYFS] = { "securityfs", "DIR", false,
		"Where securityfs is or shall be mounted. Default: " SECURITYFS_DIR "." },
	{ NULL, NULL, false, NULL },
};

static const char *const text[] = {
	"For container runtimes and hooks: run it as root of a user namespace that has its own mount namespace. It mounts securityfs unless it is there, writes hash, template and label, activates the namespace, and loads the policy.",
	"Activation is final. If the policy is refused, the namespace is active with the default policy; the message names the line.",
	NULL,
};

static int activate(const char *dir, const struct ns_config *cfg)
{
	if (!ns_mount_securityfs(dir) || !ns_configure(dir, cfg) ||
	    !ns_activate(dir))
		return IMANS_ERROR;
	if (cfg->policy_path && !ns_load_policy(dir, cfg))
		return IMANS_ERROR;
	return IMANS_OK;
}

static int run(struct cmdline *c)
{
	const char *dir = SECURITYFS_DIR, *policy = NULL;
	struct ns_config cfg = { 0 };
	int o, rc;

	while ((o = cmdline_next(c)) >= 0) {
		switch (o) {
		case OPT_HASH:
			cfg.hash = c->value;
			break;
		case OPT_TEMPLATE:
			cfg.tmpl = c->value;
			break;
		case OPT_LABEL:
			cfg.label = c->value;
			break;
		case OPT_POLICY:
			policy = c->value;
			break;
		default:
			dir = c->value;
		}
	}
	if (o != CMDLINE_END)
		return cmdline_exit(c, o);
	if (c->argc)
		return usage_error(c, "no operands expected");
	/* A bad policy file is found before anything final is done. */
	if (policy && !ns_read_policy(&cfg, policy))
		rc = IMANS_ERROR;
	else
		rc = activate(dir, &cfg);
	buf_free(&cfg.policy);
	return rc;
}

const struct command command_activate = {
	.name = "activate",
	.args = "[OPTIONS]",
	.summary = "Activate the IMA namespace of this user namespace.",
	.text = text,
	.options = options,
	.run = run,
};
