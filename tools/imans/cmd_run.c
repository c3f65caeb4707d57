// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * imans run: a command in an IMA namespace of its own.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "command.h"
#include "container.h"
#include "securityfs.h"

enum {
	OPT_POLICY, OPT_KEY, OPT_CA, OPT_VTPM, OPT_TPM12, OPT_VTPM_LOG,
	OPT_HASH, OPT_TEMPLATE, OPT_LABEL, OPT_SECURITYFS,
};

static const struct option_spec options[] = {
	[OPT_POLICY] = { "policy", "FILE", false,
		"Rules for the namespace. Default: the kernel's default policy stays." },
	[OPT_KEY] = { "key", "CERT", false,
		"A key that signatures of files are verified with: an X.509 certificate in DER or PEM. May be given more than once." },
	[OPT_CA] = { "ca", "CERT", false,
		"Only keys whose certificates this CA has signed verify anything in it, whoever adds them: an X.509 certificate in DER or PEM." },
	[OPT_VTPM] = { "vtpm", "DIR", true,
		"Give it a TPM 2.0 of its own, by swtpm; its state is kept in DIR, or is temporary. Needs root." },
	[OPT_TPM12] = { "tpm1.2", NULL, false, "With --vtpm: a TPM 1.2." },
	[OPT_VTPM_LOG] = { "vtpm-log", "FILE", false,
		"With --vtpm: swtpm logs every command to FILE." },
	[OPT_HASH] = { "hash", "ALGO", false,
		"Hash of file digests: sha1, sha256, sha384, sha512 ... Default: the host's." },
	[OPT_TEMPLATE] = { "template", "NAME", false,
		"Template of the list: ima-ng, ima-sig ... Default: the host's." },
	[OPT_LABEL] = { "label", "TEXT", false,
		"What the host sees as label, at most 256 printable bytes." },
	[OPT_SECURITYFS] = { "securityfs", "DIR", false,
		"Where to mount securityfs in it. Default: " SECURITYFS_DIR "." },
	{ NULL, NULL, false, NULL },
};

static const char *const text[] = {
	"Makes new user, pid and mount namespaces, mounts /proc and securityfs in them, connects the TPM, configures and activates the IMA namespace, loads the policy and then runs CMD as its first program. The root directory stays the caller's.",
	"Run by root, all ids of the caller are mapped to themselves, so that files keep their owners. Run by anybody else, the caller becomes root of the namespace and is the only id there.",
	"With --key, CMD has a session keyring of its own, and in it a keyring named " KEYRING_NAME " with the keys, added behind the policy: a rule for KEY_CHECK, as the default policy has one, lists them. The namespace takes this keyring as its own when a signature is to be verified for a task with CAP_MAC_ADMIN or CAP_SYS_ADMIN in it, which CMD itself is if the policy appraises it, and keeps it to its end. Without --key it takes what such a task has under this name. Signatures name a key by the end of the subjectKeyIdentifier of its certificate. Without --ca whoever can write to the keyring can add any key.",
	"With --ca, the certificate is written from outside, before the activation; the record of birth and imans show have its SHA-256. It has to be that of a CA (basicConstraints with CA:TRUE).",
	"With --vtpm, CMD finds the name of its TPM in IMANS_TPM (/dev/tpmN), and for a TPM 2.0 TPM2TOOLS_TCTI is set for tpm2-tools and imans; a TPM 1.2 is read with --tpm1.2 $IMANS_TPM of imans verify and imans pcr read. swtpm runs outside of the namespace and ends with it.",
	"Pid 1 of the new pid namespace is imans, which reaps orphans and passes signals on; when CMD ends, all that is left there is killed. The exit status is that of CMD, 128+N if signal N killed it, 126 or 127 if it could not be executed, 2 if the namespace could not be set up.",
	NULL,
};

struct request {
	struct ns_config cfg;
	struct swtpm_config vtpm;
	const char *policy;
	const char *securityfs;
	const char *ca;
	struct certificate *keys;
	size_t nkeys;
	bool with_vtpm;
};

static void add_key(struct request *rq, const char *path)
{
	rq->keys = xreallocarray(rq->keys, rq->nkeys + 1, sizeof(*rq->keys));
	rq->keys[rq->nkeys++] = (struct certificate){ .path = path };
}

static void set_option(struct request *rq, int o, const char *value)
{
	switch (o) {
	case OPT_POLICY:
		rq->policy = value;
		break;
	case OPT_KEY:
		add_key(rq, value);
		break;
	case OPT_CA:
		rq->ca = value;
		break;
	case OPT_VTPM:
		rq->with_vtpm = true;
		rq->vtpm.state_dir = value;
		break;
	case OPT_TPM12:
		rq->vtpm.tpm2 = false;
		break;
	case OPT_VTPM_LOG:
		rq->vtpm.log = value;
		break;
	case OPT_HASH:
		rq->cfg.hash = value;
		break;
	case OPT_TEMPLATE:
		rq->cfg.tmpl = value;
		break;
	case OPT_LABEL:
		rq->cfg.label = value;
		break;
	default:
		rq->securityfs = value;
	}
}

/* Map the ids, let it go, and wait for its end. */
static int run_container(struct container *ct)
{
	int rc = IMANS_ERROR;
	pid_t pid;

	if (pipe2(ct->go, O_CLOEXEC) || pipe2(ct->up, O_CLOEXEC)) {
		msg_errno("pipe");
		return IMANS_ERROR;
	}
	pid = container_start(ct);
	close(ct->go[0]);
	close(ct->up[1]);
	/* swtpm alone holds the server's end from when the child closes it. */
	if (ct->vtpm)
		vtpm_close_server(ct->vtpm);
	if (pid > 0) {
		bool ok = container_release(ct, pid);

		close(ct->go[1]);
		rc = container_supervise(ct, pid,
					 ct->vtpm ? &ct->vtpm->swtpm.pid : NULL);
		close(ct->up[0]);
		return ok ? rc : IMANS_ERROR;
	}
	close(ct->go[1]);
	close(ct->up[0]);
	return rc;
}

/* What the kernel takes, and may not be what was meant. */
static void remark(const struct certificate *key)
{
	if (!key->named)
		msg("%s: the certificate has no subjectKeyIdentifier, by which signatures name their key",
		    key->path);
	if (key->expired)
		msg("%s: the certificate has expired", key->path);
}

/* All that can be wrong with the files is found before anything is made. */
static bool read_files(struct request *rq)
{
	size_t i;

	for (i = 0; i < rq->nkeys; i++) {
		if (!certificate_read(&rq->keys[i], rq->keys[i].path))
			return false;
		remark(&rq->keys[i]);
	}
	return (!rq->ca || certificate_read(&rq->cfg.ca, rq->ca)) &&
	       (!rq->policy || ns_read_policy(&rq->cfg, rq->policy));
}

static void free_files(struct request *rq)
{
	size_t i;

	for (i = 0; i < rq->nkeys; i++)
		certificate_free(&rq->keys[i]);
	free(rq->keys);
	certificate_free(&rq->cfg.ca);
	buf_free(&rq->cfg.policy);
}

static int run_request(struct request *rq, char **argv)
{
	struct container ct = {
		.securityfs = rq->securityfs, .cfg = &rq->cfg, .argv = argv,
		.keys = rq->keys, .nkeys = rq->nkeys,
	};
	struct vtpm vtpm;
	int rc;

	container_block_signals(&ct);
	if (rq->with_vtpm) {
		rq->vtpm.wait_for = &ct.forwarded;
		rq->vtpm.mask = &ct.mask;
		if (!vtpm_start(&vtpm, &rq->vtpm))
			return IMANS_ERROR;
		ct.vtpm = &vtpm;
	}
	rc = run_container(&ct);
	if (ct.vtpm)
		vtpm_stop(&vtpm);
	return rc;
}

static int run(struct cmdline *c)
{
	struct request rq = {
		.securityfs = SECURITYFS_DIR, .vtpm = { .tpm2 = true },
	};
	int o, rc = IMANS_ERROR;

	while ((o = cmdline_next(c)) >= 0)
		set_option(&rq, o, c->value);
	if (o != CMDLINE_END)
		return cmdline_exit(c, o);
	if (!c->argc)
		return usage_error(c, "CMD expected");
	if (!rq.with_vtpm && (!rq.vtpm.tpm2 || rq.vtpm.log))
		return usage_error(c, "--tpm1.2 and --vtpm-log need --vtpm");
	if (rq.ca && *rq.securityfs != '/')
		return usage_error(c, "with --ca, the path of --securityfs has to begin at the root");
	if (read_files(&rq))
		rc = run_request(&rq, c->argv);
	free_files(&rq);
	return rc;
}

const struct command command_run = {
	.name = "run",
	.args = "[OPTIONS] [--] CMD [ARG...]",
	.summary = "Run a command in an IMA namespace of its own.",
	.text = text,
	.options = options,
	.stop_early = true,
	.run = run,
};
