// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * imans proof: a tenant's bundle, or one of its parts.
 */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "proof_make.h"
#include "securityfs.h"

enum {
	OPT_OUTPUT, OPT_SELF, OPT_SAVED, OPT_LIST, OPT_FOR, OPT_HOST_LIST,
	OPT_NO_PCRS, OPT_NONCE, OPT_KEY, OPT_HANDLE, OPT_HIERARCHY, OPT_TCTI,
	OPT_SECURITYFS,
};

static const struct option_spec options[] = {
	[OPT_OUTPUT] = { "output", "FILE", false,
		"Write to FILE. Default: standard output." },
	[OPT_SELF] = { "self", NULL, false,
		"Inside of a namespace: write the tenant's part." },
	[OPT_SAVED] = { "saved", "FILE", false,
		"The namespace has ended: FILE is a copy of its ima/anchor, made at any time before. Needs --list." },
	[OPT_LIST] = { "list", "FILE", false,
		"With --saved: the whole list the namespace ended with." },
	[OPT_FOR] = { "for", "PART", false,
		"Write the host's part that goes with the tenant's part PART; takes no ID." },
	[OPT_HOST_LIST] = { "host-list", "FILE", false,
		"A copy of the host's list. Default: its own." },
	[OPT_NO_PCRS] = { "no-pcrs", NULL, false,
		"Leave the values of the PCRs out: the verifier has them from elsewhere." },
	[OPT_NONCE] = { "nonce", "HEX", false,
		"Have the values signed, see imans quote, as an answer to this." },
	[OPT_KEY] = { "key", "CTX", false,
		"With --nonce: sign with the key of a context file of tpm2-tools." },
	[OPT_HANDLE] = { "handle", "H", false,
		"With --nonce: sign with a persistent key, e.g. 0x81010002." },
	[OPT_HIERARCHY] = { "hierarchy", "NAME", false,
		"With --nonce: of the key that is made: endorsement (default) or owner." },
	[OPT_TCTI] = { "tcti", "TCTI", false,
		"How to reach the TPM. Default: $TPM2TOOLS_TCTI, else device:/dev/tpmrm0." },
	[OPT_SECURITYFS] = { "securityfs", "DIR", false,
		"Where securityfs is mounted. Default: " SECURITYFS_DIR "." },
	{ NULL, NULL, false, NULL },
};

static const char *const text[] = {
	"Writes what proves to a verifier what the list of namespace ID was, and nothing of other tenants but digests: the list, the leaf with its salt and path, the boot record of the namespace, the register record and the anchor that covers the list in clear, all other records of the two PCRs as digests, and the values of these PCRs. The format is that of 'imans verify --proof'. What is not anchored yet is anchored first; the list is written up to what that anchor covers.",
	"If anchors come so often that the last one is always another, the bundle has the one that covers the list and says so: it is verified with --allow-prefix.",
	"--self is for inside, where the host's list and TPM are not to be seen: it writes the list, the leaf and the path, read from ima/anchor and the namespace's own list. What is missing, the records of the two PCRs and their values, the host writes by 'imans proof --for PART', and 'imans verify --proof PART --host-part FILE' takes both. Neither has to believe the other.",
	"A namespace that has ended has no leaf any more, but an anchor told its last one. Who kept a copy of ima/anchor, from any time, for its salt, and the whole list, can prove the list: --saved and --list, with ID on the host, or with --self anywhere for the tenant's part.",
	"The bundle is judged before it is left: the exit status is 1 if it will not be verified, with the reasons on standard error. It is written nevertheless. Files are written for their owner only.",
	NULL,
};

static bool set_option(struct proof_maker *m, int o, const char *value)
{
	switch (o) {
	case OPT_OUTPUT:
		m->output = value;
		return true;
	case OPT_SELF:
		return m->self = true;
	case OPT_SAVED:
		m->saved = value;
		return true;
	case OPT_LIST:
		m->list = value;
		return true;
	case OPT_FOR:
		m->part = value;
		return true;
	case OPT_HOST_LIST:
		m->host_list = value;
		return true;
	case OPT_NO_PCRS:
		return m->no_pcrs = true;
	case OPT_NONCE:
		m->maker.nonce = value;
		return true;
	case OPT_KEY:
		m->maker.choice.context = value;
		return true;
	case OPT_HANDLE:
		return quote_maker_handle(&m->maker, value);
	case OPT_HIERARCHY:
		return quote_maker_hierarchy(&m->maker, value);
	case OPT_TCTI:
		m->maker.tcti = value;
		return true;
	default:
		m->dir = value;
		return true;
	}
}

/* What does not go together; NULL if all does. */
static const char *check(const struct proof_maker *m, int argc)
{
	bool key = m->maker.choice.context || m->maker.choice.handle;

	if (m->self + !!m->part + (argc > 0) != 1 || argc > 1)
		return "one of ID, --self and --for expected";
	if (!m->saved != !m->list)
		return "--saved and --list go together";
	if (m->saved && m->part)
		return "--saved does not go with --for: the part has it";
	if (m->self && (m->maker.nonce || m->host_list || m->no_pcrs))
		return "--self writes nothing of the host's";
	if (m->no_pcrs && m->maker.nonce)
		return "--no-pcrs does not go with --nonce";
	if (key && !m->maker.nonce)
		return "--key and --handle go with --nonce";
	if (m->maker.choice.context && m->maker.choice.handle)
		return "--key and --handle exclude each other";
	return NULL;
}

static int run(struct cmdline *c)
{
	struct proof_maker m = { .dir = SECURITYFS_DIR };
	const char *why;
	int o;

	while ((o = cmdline_next(c)) >= 0)
		if (!set_option(&m, o, c->value))
			return cmdline_exit(c, CMDLINE_REFUSED);
	if (o != CMDLINE_END)
		return cmdline_exit(c, o);
	why = check(&m, c->argc);
	if (why)
		return usage_error(c, "%s", why);
	if (c->argc &&
	    (!parse_uint(c->argv[0], INT64_MAX, &m.id) || !m.id))
		return usage_error(c, "%s: no number of a namespace",
				   c->argv[0]);
	return proof_make(&m);
}

const struct command command_proof = {
	.name = "proof",
	.args = "(ID | --self | --for PART) [OPTIONS]",
	.summary = "Write what proves a namespace's list to a verifier.",
	.text = text,
	.options = options,
	.run = run,
};
