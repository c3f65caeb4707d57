// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * imans verify: a measurement list against PCR values.
 */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "securityfs.h"
#include "verify_host.h"
#include "verify_proof.h"
#include "verify_run.h"

enum {
	OPT_BANK, OPT_PCR, OPT_PCR_VALUE, OPT_TCTI, OPT_SYSFS, OPT_TPM12,
	OPT_VPCR, OPT_REFERENCE, OPT_ALLOW_PREFIX, OPT_ALLOW_VIOLATIONS,
	OPT_PADDED, OPT_JSON, OPT_BOOT, OPT_ANCHOR, OPT_PROOF, OPT_REGISTER,
	OPT_HOST, OPT_SAVED, OPT_KEXEC, OPT_SECURITYFS, OPT_HOST_PART,
	OPT_QUOTE, OPT_NONCE, OPT_AK, OPT_NAMESPACES,
};

/* Values from elsewhere than the quote, whose they have to be. */
#define VALUE_OPTIONS (1u << OPT_PCR_VALUE | 1u << OPT_TCTI | \
		       1u << OPT_SYSFS | 1u << OPT_TPM12 | 1u << OPT_VPCR)
/* Of no use to --proof: all of a bundle is judged. */
#define LIST_OPTIONS (1u << OPT_BANK | 1u << OPT_PCR | 1u << OPT_VPCR | \
		      1u << OPT_REFERENCE | 1u << OPT_ALLOW_VIOLATIONS | \
		      1u << OPT_BOOT | 1u << OPT_ANCHOR | 1u << OPT_NAMESPACES)
/* What says nothing without PCR values, and what goes with --host only. */
#define PCR_OPTIONS (1u << OPT_BANK | 1u << OPT_PCR | 1u << OPT_REFERENCE | \
		     1u << OPT_ALLOW_PREFIX | 1u << OPT_ALLOW_VIOLATIONS | \
		     1u << OPT_PADDED)
#define ANCHOR_OPTIONS (1u << OPT_BOOT | 1u << OPT_ANCHOR | \
			1u << OPT_REGISTER | 1u << OPT_NAMESPACES)
#define HOST_OPTIONS (1u << OPT_SAVED | 1u << OPT_KEXEC | 1u << OPT_SECURITYFS)
#define QUOTE_OPTIONS (1u << OPT_NONCE | 1u << OPT_AK)

static const struct option_spec options[] = {
	[OPT_BANK] = { "bank", "ALGO", false,
		"Use only this PCR bank: sha1, sha256, sha384, sha512, sm3. Default: every bank the source of the PCRs has." },
	[OPT_PCR] = { "pcr", "N", false,
		"Judge only entries of this PCR; may be repeated. Default: every PCR the list uses." },
	[OPT_PCR_VALUE] = { "pcr-value", "N:ALGO:HEX", false,
		"A PCR value, e.g. from a quote; may be repeated." },
	[OPT_TCTI] = { "tcti", "TCTI", false,
		"Read the PCRs from a TPM 2.0, e.g. device:/dev/tpmrm0 or swtpm:port=2321." },
	[OPT_SYSFS] = { "sysfs", "DIR", false,
		"Read the PCRs from /sys/class/tpm/tpmN." },
	[OPT_TPM12] = { "tpm1.2", "DEVICE", false,
		"Read the PCRs from a TPM 1.2, e.g. /dev/tpm0." },
	[OPT_VPCR] = { "vpcr", "FILE", false,
		"Compare with the lines of an ima/vpcr file, acc included. With --host also ID=FILE, the acc that namespace ID tells of itself; may be repeated." },
	[OPT_REFERENCE] = { "reference", "FILE", false,
		"Lines \"algo:digest path\": every file of the list must be there with that digest." },
	[OPT_ALLOW_PREFIX] = { "allow-prefix", NULL, false,
		"Accept a list that is longer than what the PCRs cover." },
	[OPT_ALLOW_VIOLATIONS] = { "allow-violations", NULL, false,
		"With --reference: accept violations of files it names." },
	[OPT_PADDED] = { "padded-sha1", NULL, false,
		"Accept banks that Linux extended with SHA-1 digests padded with zeros." },
	[OPT_JSON] = { "json", NULL, false, "Print the result as JSON." },
	[OPT_BOOT] = { "boot", NULL, false,
		"Judge the anchor's records in LIST, the initial namespace's; the PCR of boot records must have a value." },
	[OPT_ANCHOR] = { "anchor", NULL, false,
		"Judge the anchor's records in LIST, the initial namespace's; the PCR of anchor records must have a value." },
	[OPT_PROOF] = { "proof", "BUNDLE", false,
		"Judge a tenant's bundle; takes no LIST." },
	[OPT_REGISTER] = { "register", "sha256:HEX", false,
		"With --proof: the template digest the register record must have." },
	[OPT_HOST] = { "host", NULL, false,
		"Verify the records of all namespaces of the machine. LIST is the host's own then, unless given." },
	[OPT_SAVED] = { "list", "ID=FILE", false,
		"With --host: FILE has to be the list that namespace ID left; may be repeated." },
	[OPT_KEXEC] = { "kexec", NULL, false,
		"With --host: the last boot_aggregate is that of a kexec; namespaces born before it have ended without a record." },
	[OPT_SECURITYFS] = { "securityfs", "DIR", false,
		"With --host and --namespaces, and with --boot or --anchor without LIST: where the host's securityfs is mounted. Default: " SECURITYFS_DIR "." },
	[OPT_HOST_PART] = { "host-part", "FILE", false,
		"With --proof: BUNDLE is a tenant's part, FILE the host's." },
	[OPT_QUOTE] = { "quote", "FILE", false,
		"Judge a quote and the lists that came with it, or LIST. Needs no TPM." },
	[OPT_NONCE] = { "nonce", "HEX", false,
		"The nonce the quote has to answer; with --quote, or with --proof if the bundle has a quote." },
	[OPT_AK] = { "ak", "FILE", false,
		"The public key the quote has to be signed with: PEM or TPM2B_PUBLIC." },
	[OPT_NAMESPACES] = { "namespaces", NULL, false,
		"With --anchor: rebuild the tree of the last anchor from the lists of all namespaces of this machine. With --quote they are in FILE." },
	{ NULL, NULL, false, NULL },
};

static const char *const text[] = {
	"Replays LIST, a binary measurement list (a copy or the file in securityfs), and compares the result with PCR values from at least one of --pcr-value, --tcti, --sysfs, --tpm1.2 and --vpcr. Entries are counted from 1, as the lines of ascii_runtime_measurements.",
	"The template digest of every entry is computed from its data; one that differs from the digest in the list is named, that is where the list was changed. If all of them are right and the PCR differs, entries were added, removed or reordered, which cannot be told apart; but if the PCR had the right value after an earlier entry, that entry is named. This is what a list read later than the PCR looks like: it is refused unless --allow-prefix is given, and the entries behind are not covered by the TPM. A LIST in securityfs is read again a few times first.",
	"Every PCR that entries of the list belong to must have a value; --pcr restricts the judgement to entries of some PCRs.",
	"A bank whose hash the kernel does not have was extended with padded SHA-1 digests. That is accepted if another bank vouches for the same entries with its own hash, or with --padded-sha1.",
	"Violations are reported. They fail the verification only with --reference, because then the contents matter, and not with --allow-violations. The name in a violation is covered by no PCR: the kernel extends the same value for all of them.",
	"In the reference a blank in a path counts as '_', as the kernel writes it; several lines of one path are alternatives; \"verity:algo:digest\" is an fs-verity digest; lines with '#' are comments. boot_aggregate as first entry and buffer records are no files.",
	"Names with control characters, backslashes or bytes that are not UTF-8 are shown with \\xNN in their place.",
	"--host reads the list of the initial namespace and, from ima/ns, those of all others. Every birth record must have exactly one death record in the same list or be that of a namespace in ima/ns, and every active namespace must have been born in the list of its parent. A policy record must stand between birth and death, and their numbers must have no gap; what the namespace's own list says of a policy must stand above, too. No id is given twice. With PCR values the host's list is verified first, otherwise it is taken at its word.",
	"With --host each list is replayed. The result, acc, is what the death record commits to. It is compared with the kernel's own, which status shows, for the living; with the death record for those that end meanwhile and those given with --list; and with what the namespace says itself for those given with --vpcr: their files can be reached by /proc/PID/root. A list that lost entries never leads to acc.",
	"Namespaces that are born or die meanwhile do no harm: lists are read before the directory and again after it. What the kernel may still have to add is waited for, up to 13 seconds; if it does not come the exit status is 2.",
	"After a kexec with the list carried over, births of the kernel before have no death records. Any file can be listed as boot_aggregate: only the user can know that there was a kexec, see --kexec.",
	"--boot and --anchor judge what the kernel's anchor module wrote in LIST, the host's own unless given. The record ima_ns_register names the two PCRs and their start values; from there all their entries are replayed. It must be the first of both and stand in the default PCR with the same text, and nothing else may be in the two PCRs but ima_ns_boot, ima_ns_anchor and ima_ns_unregister. Each anchor must have the next number and a token whose SHA-256 is the token before: only the kernel knew it. The rest of LIST is verified, too: whoever trusts the register record does so because of what the default PCR had before it. With --pcr and only PCRs of the anchor it is not, and then their start values must be zero. --namespaces rebuilds the tree of the last anchor from the lists of all namespaces, whose leaves init sees in ima_ns/proof: it has to have the same root, with all other slots free.",
	"Tokens vouch for anchors, not for boot records: a boot record that somebody with access to the TPM has appended is not told from one of the kernel. An anchor does not agree with an earlier value of the PCR: --allow-prefix does not apply to these two.",
	"A registration ends with ima_ns_unregister, which has the next token, or with the ima_ns_shutdown of a kexec, which the anchor before has to tell; then another may follow. One that is not in the default PCR failed, and is noted if another follows. What is only noted, too: that there were more or fewer boot records with late=1 than namespaces alive. Start values are none if the machine had no TPM: then nothing is verified, whatever the tokens are.",
	"--proof judges a JSON object with exactly these members. \"format\": \"ima-ns-proof\", \"version\": 1; \"id\" of the namespace; \"list\", its binary list in base64; \"seq\", so many entries of it the leaf covers; \"salt\", 64 hex digits; \"index\" and \"n\", slot of the leaf and number of slots; \"path\", the siblings of the leaf from the bottom up, each 64 hex digits; \"banks\", the PCR banks of the register record in its order, e.g. [\"sha1\", \"sha256\"]; \"pcr_boot\" and \"pcr_anchor\", all records of these PCRs from the register record on: a string is the template data in base64, an array has the template digests in hex, as many as banks; \"pcrs\", values as 'imans pcr read --json' prints them; \"quote\", null or what 'imans quote' writes, without lists. A namespace that has ended has \"dead\": true in place of index, n and path.",
	"In a bundle must be in clear: the register record in both PCRs, the tenant's own boot record, the last anchor and each anchor that begins a new chain of tokens. All others may be digests: the token of the last anchor, hashed as often as there were anchors, must be that of the register record. acc is computed from the list; with id, seq and salt it makes the leaf, which the path must lead to the root of the last anchor; and the records must lead to the PCR values, those of the bundle and those from elsewhere if any are given. A register record that is not the first thing ever extended in pcr_anchor is believed only with --register. With --allow-prefix the last anchor in clear need not be the last record: then the list is what it was at that anchor, and nothing is said of later. Of a dead namespace that anchor has to tell the end, with the leaf.",
	"--host-part takes the bundle in two parts: the tenant's (\"format\": \"ima-ns-tenant\") has id, seq, salt, list, index, n and path and the number of the \"anchor\" they are under, the host's (\"ima-ns-host\") all else. With --nonce and --ak the bundle must have a quote, and its values are taken instead of those in \"pcrs\".",
	"--quote judges what 'imans quote' wrote, without a TPM: the signature is by the key --ak, what is signed is a quote that a TPM made and answers --nonce, and the values are those it was made of. Then the list that came with it, or LIST, is verified against these values as above; the anchor's records, if it has any, as by --boot and --anchor. If the lists of the namespaces came with it, the tree is rebuilt from them: it must have the root of the last anchor, with all other slots free, so none was changed or is missing. With a key that is known as TPM2B_PUBLIC it is checked that it is a restricted one; a PEM file does not say so. That resetCount and restartCount have not gone back, as they do where a snapshot of a virtual machine is run again, is for the verifier to see.",
	"The exit status is 1 if the list is not verified and 2 if it cannot be judged: malformed list, no value for a PCR to be had, no such namespace.",
	NULL,
};

struct request {
	struct list_request one;
	struct reference reference;
	struct host_request host;
	struct bundle_files bundle;
	struct proof_request proof;
	uint8_t reg[HASH_MAX_SIZE];
	unsigned int options;
};

/* "ID=FILE", added to the others; false if it is not that. */
static bool add_host_file(struct host_files *files, const char *value)
{
	const char *eq = strchr(value, '=');
	char *number = xasprintf("%.*s", eq ? (int)(eq - value) : 0, value);
	uint64_t id;
	bool good;

	good = eq && eq[1] && parse_uint(number, UINT64_MAX, &id) && id;
	free(number);
	if (!good)
		return false;
	files->v = xreallocarray(files->v, files->n + 1, sizeof(*files->v));
	files->v[files->n++] = (struct host_file){ id, eq + 1 };
	return true;
}

static bool set_register(struct request *rq, const char *value)
{
	const struct hash_alg *alg;
	const char *why = "not a SHA-256";

	alg = hash_parse_digest(value, rq->reg, &why);
	if (!alg || strcmp(alg->name, "sha256")) {
		msg("%s: %s", value, why);
		return false;
	}
	rq->proof.reg = rq->reg;
	return true;
}

/* What is to be judged beside a list, and how. */
static bool set_mode(struct request *rq, int o, const char *value)
{
	switch (o) {
	case OPT_BOOT:
		return rq->one.anchor.boot = true;
	case OPT_ANCHOR:
		return rq->one.anchor.anchor = true;
	case OPT_PROOF:
		rq->bundle.bundle = value;
		return true;
	case OPT_HOST_PART:
		rq->bundle.host = value;
		return true;
	case OPT_QUOTE:
		rq->bundle.quote.quote = value;
		return true;
	case OPT_NONCE:
		rq->bundle.quote.nonce = value;
		return true;
	case OPT_AK:
		rq->bundle.quote.ak = value;
		return true;
	case OPT_REGISTER:
		return set_register(rq, value);
	case OPT_SAVED:
		if (add_host_file(&rq->host.src.saved, value))
			return true;
		msg("%s: ID=FILE expected", value);
		return false;
	case OPT_KEXEC:
		return rq->host.kexec = true;
	case OPT_SECURITYFS:
		rq->host.src.dir = value;
		return true;
	default:
		return true;
	}
}

static bool set_option(struct request *rq, int o, const char *value)
{
	uint64_t n;

	rq->options |= 1u << o;
	switch (o) {
	case OPT_BANK:
		rq->one.src.bank = hash_bank_by_name(value);
		rq->one.opt.bank_chosen = true;
		if (!rq->one.src.bank)
			msg("%s: no such PCR bank", value);
		return rq->one.src.bank;
	case OPT_PCR:
		if (!parse_uint(value, PCR_COUNT - 1, &n)) {
			msg("%s: no PCR number from 0 to %d", value,
			    PCR_COUNT - 1);
			return false;
		}
		rq->one.opt.pcrs |= 1ull << n;
		rq->one.opt.pcrs_chosen = true;
		return true;
	case OPT_PCR_VALUE:
		return pcr_parse_value(value, &rq->one.src.given);
	case OPT_TCTI:
		rq->one.src.tcti = value;
		return true;
	case OPT_SYSFS:
		rq->one.src.sysfs = value;
		return true;
	case OPT_TPM12:
		rq->one.src.tpm12 = value;
		return true;
	case OPT_VPCR:
		if (add_host_file(&rq->host.src.vpcr, value))
			return true;
		rq->one.src.vpcr = value;
		rq->one.opt.acc = &rq->one.src.acc;
		return true;
	case OPT_REFERENCE:
		reference_free(&rq->reference);
		rq->one.opt.reference = &rq->reference;
		return reference_read(&rq->reference, value);
	case OPT_ALLOW_PREFIX:
		return rq->one.opt.allow_prefix = true;
	case OPT_ALLOW_VIOLATIONS:
		return rq->one.opt.allow_violations = true;
	case OPT_PADDED:
		return rq->one.opt.padded = true;
	case OPT_JSON:
		return rq->one.json = true;
	default:
		return set_mode(rq, o, value);
	}
}

/* The first of some options. */
static const char *name_of(unsigned int some)
{
	return options[__builtin_ctz(some)].name;
}

/* --host: the list against PCR values if there are any, then the records. */
static int run_host(struct cmdline *c, struct request *rq)
{
	bool has_values = rq->one.src.given.n || sources_are_live(&rq->one.src);
	unsigned int wrong = rq->options & (ANCHOR_OPTIONS | QUOTE_OPTIONS |
					    1u << OPT_HOST_PART);
	int rc = IMANS_OK, rc_host;
	char *list;

	if (c->argc > 1)
		return usage_error(c, "one LIST at most with --host");
	if (wrong)
		return usage_error(c, "--%s does not go with --host",
				   name_of(wrong));
	if (has_values && rq->one.json)
		return usage_error(c, "--host --json takes no PCR values: verify LIST with them on its own");
	if (!has_values && rq->options & PCR_OPTIONS)
		return usage_error(c, "--%s needs PCR values to compare with",
				   name_of(rq->options & PCR_OPTIONS));
	rq->host.src.list = c->argc ? c->argv[0] : NULL;
	rq->host.json = rq->one.json;
	if (has_values) {
		list = c->argc ? xstrdup(c->argv[0]) :
		       securityfs_list(rq->host.src.dir);
		rq->one.path = list;
		rc = verify_run(&rq->one);
		free(list);
	}
	if (rc == IMANS_ERROR)
		return rc;
	rc_host = verify_host(&rq->host);
	return rc_host > rc ? rc_host : rc;
}

static int run_proof(struct cmdline *c, struct request *rq)
{
	unsigned int wrong = rq->options & (LIST_OPTIONS | HOST_OPTIONS |
					    1u << OPT_HOST | 1u << OPT_QUOTE);
	unsigned int asked = rq->options & QUOTE_OPTIONS;

	if (wrong)
		return usage_error(c, "--%s does not go with --proof",
				   name_of(wrong));
	if (asked && asked != QUOTE_OPTIONS)
		return usage_error(c, "--nonce and --ak go together");
	if (c->argc)
		return usage_error(c, "no LIST with --proof: the bundle has it");
	rq->proof.allow_prefix = rq->one.opt.allow_prefix;
	rq->proof.trust.padded = rq->one.opt.padded;
	return verify_proof(&rq->bundle, &rq->one.src, &rq->proof,
			    rq->one.json);
}

static int run_quote(struct cmdline *c, struct request *rq)
{
	unsigned int wrong = rq->options &
		(VALUE_OPTIONS | HOST_OPTIONS | 1u << OPT_HOST |
		 1u << OPT_REGISTER | 1u << OPT_HOST_PART |
		 1u << OPT_NAMESPACES);

	if (wrong)
		return usage_error(c, "--%s does not go with --quote",
				   name_of(wrong));
	if ((rq->options & QUOTE_OPTIONS) != QUOTE_OPTIONS)
		return usage_error(c, "--quote needs --nonce and --ak: without them it may be anybody's, of any time");
	if (c->argc > 1)
		return usage_error(c, "one LIST at most with --quote");
	rq->one.path = c->argc ? c->argv[0] : NULL;
	return verify_quote(&rq->bundle.quote, &rq->one);
}

/* The host's own list if records of the anchor are wanted and none is given. */
static int run_list(struct cmdline *c, struct request *rq)
{
	const unsigned int records = 1u << OPT_BOOT | 1u << OPT_ANCHOR;
	const unsigned int proofs = 1u << OPT_REGISTER | 1u << OPT_HOST_PART;
	bool own = !c->argc && rq->options & records;
	bool tree = rq->options & 1u << OPT_NAMESPACES;
	unsigned int wrong = rq->options & HOST_OPTIONS &
			     ~(own || tree ? 1u << OPT_SECURITYFS : 0);
	char *list;
	int rc;

	if (wrong)
		return usage_error(c, "--%s goes with --host only",
				   name_of(wrong));
	if (rq->options & proofs)
		return usage_error(c, "--%s goes with --proof only",
				   name_of(rq->options & proofs));
	if (tree && !(rq->options & 1u << OPT_ANCHOR))
		return usage_error(c, "--namespaces goes with --anchor only");
	rq->one.namespaces = tree ? rq->host.src.dir : NULL;
	if (rq->options & QUOTE_OPTIONS)
		return usage_error(c, "--%s goes with --quote or --proof only",
				   name_of(rq->options & QUOTE_OPTIONS));
	if (rq->host.src.vpcr.n)
		return usage_error(c, "--vpcr ID=FILE goes with --host only");
	if (c->argc != 1 && !own)
		return usage_error(c, "one LIST expected");
	if (!sources_are_there(&rq->one.src))
		return usage_error(c, "no PCR values to compare with");
	list = own ? securityfs_list(rq->host.src.dir) : xstrdup(c->argv[0]);
	rq->one.path = list;
	rc = verify_run(&rq->one);
	free(list);
	return rc;
}

static int run(struct cmdline *c)
{
	struct request rq = { .host.src.dir = SECURITYFS_DIR };
	int o, rc;

	while ((o = cmdline_next(c)) >= 0)
		if (!set_option(&rq, o, c->value)) {
			rc = cmdline_exit(c, CMDLINE_REFUSED);
			goto out_free;
		}
	if (o != CMDLINE_END) {
		rc = cmdline_exit(c, o);
		goto out_free;
	}
	if (!rq.one.opt.pcrs_chosen)
		rq.one.opt.pcrs = ~0ull;
	rc = rq.bundle.bundle ? run_proof(c, &rq) :
	     rq.bundle.quote.quote ? run_quote(c, &rq) :
	     rq.options & 1u << OPT_HOST ? run_host(c, &rq) :
	     run_list(c, &rq);
out_free:
	pcr_set_free(&rq.one.src.given);
	reference_free(&rq.reference);
	free(rq.host.src.saved.v);
	free(rq.host.src.vpcr.v);
	return rc;
}

const struct command command_verify = {
	.name = "verify",
	.args = "LIST [OPTIONS] | (--boot | --anchor | --host) [LIST] [OPTIONS] | --proof BUNDLE [OPTIONS] | --quote FILE --nonce HEX --ak FILE [LIST] [OPTIONS]",
	.summary = "Compare a list with PCR values, the records of all namespaces, a proof or a quote.",
	.text = text,
	.options = options,
	.run = run,
};
