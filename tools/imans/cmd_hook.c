// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * imans hook: an OCI runtime's hook, which gives a container an IMA namespace
 * before its first program.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adopt.h"
#include "command.h"
#include "ns_above.h"
#include "oci.h"
#include "securityfs.h"

enum { OPT_LABEL, OPT_POLICY, OPT_POLICY_DIR, OPT_CA, OPT_SECURITYFS };

/* As the kernel has it. */
#define LABEL_MAX_LEN 256

static const struct option_spec options[] = {
	[OPT_LABEL] = { "label", "TEXT", false,
		"What the records show as label, 1 to 256 printable characters of ASCII; without a blank if the container is adopted. Default: the id of the container." },
	[OPT_POLICY] = { "policy", "FILE", false,
		"Rules, by a path from the root. Default: the kernel's default policy." },
	[OPT_POLICY_DIR] = { "policy-dir", "DIR", false,
		"A container may choose the file of rules, in this directory, by its annotation " OCI_POLICY_ANNOTATION "; who has none gets that of --policy." },
	[OPT_CA] = { "ca", "CERT", false,
		"Only keys whose certificates this CA has signed verify anything in the container: an X.509 certificate in DER or PEM, by a path from the root. For containers with a user namespace of their own; others are refused." },
	[OPT_SECURITYFS] = { "securityfs", "DIR", false,
		"Where securityfs is mounted. Default: " SECURITYFS_DIR "." },
	{ NULL, NULL, false, NULL },
};

static const char *const text[] = {
	"For the hooks createRuntime and prestart of an OCI runtime (runc, crun, podman, containerd): it reads the state of the container from standard input, as the OCI runtime specification has it, and gives the container an IMA namespace before it executes its first program. So the first program in its list is its own, and with ima_ns.ko the container's beginning is in PCR 11. The runtime does not start a container whose hook fails; the exit status is 2 then, and the reason is on standard error, which runtimes show or log.",
	"A container without a user namespace is adopted, by ima_ns/adopt of ima_ns.ko: that takes root, and a container with a mount namespace of its own. Nobody inside can leave or change it; its files are ima/ns/<id>/ in the securityfs of the machine.",
	"A container with a user namespace of its own has its IMA activated from above, by whoever may: root, or the user who made the user namespace if root in it is mapped to him. uid 0 and gid 0 must be mapped by then. It needs no ima_ns.ko. Its root can add rules later, if it has CAP_MAC_ADMIN or CAP_SYS_ADMIN there. If the policy is refused, the namespace is active, but the container does not start.",
	"There is no --key, as a hook cannot reach the container's session keyring: the container's root adds keys, to a keyring named _ima in it, and --ca says which of them count.",
	"The value of the annotation " OCI_POLICY_ANNOTATION " is the name of a file in DIR, without a slash and not beginning with a dot. As who starts containers is often not who administers the machine, a container that has the annotation is refused unless --policy-dir is given.",
	"In config.json: { \"hooks\": { \"createRuntime\": [ { \"path\": \"/usr/local/bin/imans\", \"args\": [\"imans\", \"hook\", \"--policy\", \"/etc/ima/containers\"] } ] } }",
	NULL,
};

/**
 * struct request - what is to be done to the container
 * @policy, @policy_dir, @ca: options, or NULL
 * @chosen:	the file of rules, or NULL; to be freed
 */
struct request {
	struct oci_state state;
	struct process process;
	const char *label;
	const char *policy;
	const char *policy_dir;
	const char *ca;
	const char *securityfs;
	char *chosen;
};

static bool read_state(struct oci_state *s)
{
	struct buf b = { 0 };
	char *why;

	if (read_fd(STDIN_FILENO, &b)) {
		msg_errno("standard input");
		buf_free(&b);
		return false;
	}
	why = oci_parse(s, (char *)b.data, b.len);
	buf_free(&b);
	if (why)
		msg("standard input is not the state of a container that begins: %s",
		    why);
	free(why);
	return !why;
}

static bool check_label(const char *label)
{
	size_t len = strlen(label);

	if (len && len <= LABEL_MAX_LEN &&
	    all_printable((const uint8_t *)label, len))
		return true;
	msg("label: not 1 to %d printable characters of ASCII", LABEL_MAX_LEN);
	return false;
}

/* Which file of rules it is to be. */
static bool choose_policy(struct request *rq)
{
	const char *name = rq->state.policy;
	char *shown;

	if (!name) {
		rq->chosen = rq->policy ? xstrdup(rq->policy) : NULL;
		return true;
	}
	shown = escape_string(name);
	if (!rq->policy_dir)
		msg("the container has the annotation " OCI_POLICY_ANNOTATION " (\"%s\"), but the hook no --policy-dir",
		    shown);
	else if (!*name || *name == '.' || strchr(name, '/'))
		msg("annotation " OCI_POLICY_ANNOTATION ": \"%s\" is no name of a file in %s",
		    shown, rq->policy_dir);
	else
		rq->chosen = xasprintf("%s/%s", rq->policy_dir, name);
	free(shown);
	return rq->chosen;
}

static bool adopt_it(const struct request *rq, const struct ns_config *cfg)
{
	const struct adoption a = {
		.process = &rq->process, .label = cfg->label,
		.policy = cfg->policy_path,
	};
	char *why;

	if (!process_in_initial_userns()) {
		msg("the container has no user namespace of its own, and can be adopted in the initial one only");
		return false;
	}
	if (cfg->ca.path) {
		msg("the container has no user namespace of its own: --ca is not for containers that are adopted");
		return false;
	}
	why = adopt_check(&a);
	if (why) {
		msg("%s", why);
		free(why);
		return false;
	}
	return adopt(&a, rq->securityfs);
}

static bool give_namespace(const struct request *rq,
			   const struct ns_config *cfg)
{
	switch (process_compare_ns(&rq->process, "user")) {
	case PROCESS_NS_SAME:
		return adopt_it(rq, cfg);
	case PROCESS_NS_OTHER:
		return ns_set_up_from_above(&rq->process, rq->securityfs, cfg);
	default:
		return false;
	}
}

static bool hook(struct request *rq)
{
	struct ns_config cfg = {
		.label = rq->label ? rq->label : rq->state.id,
	};
	bool good = false;

	/* The kernel reads the file again, but tells less of what is wrong. */
	if (check_label(cfg.label) && choose_policy(rq) &&
	    (!rq->chosen || ns_read_policy(&cfg, rq->chosen)) &&
	    (!rq->ca || certificate_read(&cfg.ca, rq->ca)) &&
	    process_open(&rq->process, rq->state.pid)) {
		good = give_namespace(rq, &cfg);
		process_close(&rq->process);
	}
	certificate_free(&cfg.ca);
	buf_free(&cfg.policy);
	free(rq->chosen);
	return good;
}

static int run(struct cmdline *c)
{
	struct request rq = { .securityfs = SECURITYFS_DIR };
	bool good;
	int o;

	while ((o = cmdline_next(c)) >= 0) {
		switch (o) {
		case OPT_LABEL:
			rq.label = c->value;
			break;
		case OPT_POLICY:
			rq.policy = c->value;
			break;
		case OPT_POLICY_DIR:
			rq.policy_dir = c->value;
			break;
		case OPT_CA:
			rq.ca = c->value;
			break;
		default:
			rq.securityfs = c->value;
		}
	}
	if (o != CMDLINE_END)
		return cmdline_exit(c, o);
	if (c->argc)
		return usage_error(c, "no operands expected");
	/* Runtimes have their own ideas of a hook's working directory. */
	if ((rq.policy && *rq.policy != '/') ||
	    (rq.policy_dir && *rq.policy_dir != '/') ||
	    (rq.ca && *rq.ca != '/') || *rq.securityfs != '/')
		return usage_error(c, "paths have to begin at the root");
	if (!read_state(&rq.state))
		return IMANS_ERROR;
	good = hook(&rq);
	oci_free(&rq.state);
	return good ? IMANS_OK : IMANS_ERROR;
}

const struct command command_hook = {
	.name = "hook",
	.args = "[OPTIONS]",
	.summary = "Give a container that an OCI runtime creates an IMA namespace.",
	.text = text,
	.options = options,
	.run = run,
};
