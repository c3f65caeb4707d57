// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * imans verify: a measurement list against PCR values.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command.h"
#include "securityfs.h"
#include "tpm.h"
#include "verify.h"
#include "verify_host.h"

/* A list that grows while it is read is read again this often. */
#define LIVE_ATTEMPTS 5

/* CONFIG_IMA_MEASURE_PCR_IDX, unless somebody changed it. */
#define IMA_DEFAULT_PCR 10

enum {
	OPT_BANK, OPT_PCR, OPT_PCR_VALUE, OPT_TCTI, OPT_SYSFS, OPT_TPM12,
	OPT_VPCR, OPT_REFERENCE, OPT_ALLOW_PREFIX, OPT_ALLOW_VIOLATIONS, OPT_PADDED,
	OPT_JSON, OPT_HOST, OPT_SAVED, OPT_KEXEC, OPT_SECURITYFS,
};

/* What says nothing without PCR values, and what goes with --host only. */
#define PCR_OPTIONS (1u << OPT_BANK | 1u << OPT_PCR | 1u << OPT_REFERENCE | \
		     1u << OPT_ALLOW_PREFIX | 1u << OPT_ALLOW_VIOLATIONS | \
		     1u << OPT_PADDED)
#define HOST_OPTIONS (1u << OPT_SAVED | 1u << OPT_KEXEC | 1u << OPT_SECURITYFS)

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
	[OPT_HOST] = { "host", NULL, false,
		"Verify the records of all namespaces of the machine. LIST is the host's own then, unless given." },
	[OPT_SAVED] = { "list", "ID=FILE", false,
		"With --host: FILE has to be the list that namespace ID left; may be repeated." },
	[OPT_KEXEC] = { "kexec", NULL, false,
		"With --host: the last boot_aggregate is that of a kexec; namespaces born before it have ended without a record." },
	[OPT_SECURITYFS] = { "securityfs", "DIR", false,
		"With --host: where the host's securityfs is mounted. Default: " SECURITYFS_DIR "." },
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
	"The exit status is 1 if the list is not verified and 2 if it cannot be judged: malformed list, no value for a PCR to be had, no such namespace.",
	NULL,
};

struct sources {
	const char *list;
	const struct hash_alg *bank;
	const char *tcti;
	const char *sysfs;
	const char *tpm12;
	const char *vpcr;
	struct pcr_set given;
};

static bool has_live_source(const struct sources *src)
{
	return src->tcti || src->sysfs || src->tpm12 || src->vpcr;
}

struct request {
	struct sources src;
	struct verify_options opt;
	struct reference reference;
	struct vpcr_acc acc;
	struct host_request host;
	unsigned int options;
	bool json;
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

static bool set_option(struct request *rq, int o, const char *value)
{
	uint64_t n;

	rq->options |= 1u << o;
	switch (o) {
	case OPT_BANK:
		rq->src.bank = hash_bank_by_name(value);
		rq->opt.bank_chosen = true;
		if (!rq->src.bank)
			msg("%s: no such PCR bank", value);
		return rq->src.bank;
	case OPT_PCR:
		if (!parse_uint(value, PCR_COUNT - 1, &n)) {
			msg("%s: no PCR number from 0 to %d", value,
			    PCR_COUNT - 1);
			return false;
		}
		rq->opt.pcrs |= 1ull << n;
		rq->opt.pcrs_chosen = true;
		return true;
	case OPT_PCR_VALUE:
		return pcr_parse_value(value, &rq->src.given);
	case OPT_TCTI:
		rq->src.tcti = value;
		return true;
	case OPT_SYSFS:
		rq->src.sysfs = value;
		return true;
	case OPT_TPM12:
		rq->src.tpm12 = value;
		return true;
	case OPT_VPCR:
		if (add_host_file(&rq->host.src.vpcr, value))
			return true;
		rq->src.vpcr = value;
		rq->opt.acc = &rq->acc;
		return true;
	case OPT_REFERENCE:
		reference_free(&rq->reference);
		rq->opt.reference = &rq->reference;
		return reference_read(&rq->reference, value);
	case OPT_ALLOW_PREFIX:
		return rq->opt.allow_prefix = true;
	case OPT_ALLOW_VIOLATIONS:
		return rq->opt.allow_violations = true;
	case OPT_PADDED:
		return rq->opt.padded = true;
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
	case OPT_JSON:
		return rq->json = true;
	default:
		return true;
	}
}

/* PCRs below 24 that entries of the list belong to. */
static bool used_pcrs(const struct buf *list, uint64_t *pcrs)
{
	enum list_status st;
	struct list_reader r;
	struct list_entry e;

	*pcrs = 0;
	list_begin(&r, list->data, list->len);
	while ((st = list_next(&r, &e)) == LIST_ENTRY)
		*pcrs |= 1ull << e.pcr;
	if (st == LIST_END)
		return true;
	msg("%s list: %s", st == LIST_SHORT ? "truncated" : "malformed",
	    r.error);
	return false;
}

static bool read_list(const char *path, struct buf *list)
{
	buf_free(list);
	if (!read_file(path, list))
		return true;
	msg_errno("%s", path);
	return false;
}

/* A value of a PCR nobody asked for is left out. */
static void filter(struct pcr_set *s, const struct request *rq)
{
	size_t i, n = 0;

	for (i = 0; i < s->n; i++)
		if ((rq->opt.pcrs >> s->v[i].pcr & 1) &&
		    (!rq->src.bank || rq->src.bank == s->v[i].bank))
			s->v[n++] = s->v[i];
	s->n = n;
}

static bool gather(struct request *rq, uint64_t used, struct pcr_set *s)
{
	uint32_t wanted;
	size_t i;

	/* Also of an empty list: a PCR that was extended must have entries. */
	used |= 1u << IMA_DEFAULT_PCR;
	wanted = (uint32_t)(rq->opt.pcrs_chosen ? rq->opt.pcrs : used) &
		 ((1u << PCR_COUNT) - 1);

	s->n = 0;
	for (i = 0; i < rq->src.given.n; i++)
		pcr_set_add(s, rq->src.given.v[i].pcr, rq->src.given.v[i].bank,
			    rq->src.given.v[i].value, "given");
	if (rq->src.vpcr && !pcr_read_vpcr(rq->src.vpcr, s, &rq->acc))
		return false;
	if (rq->src.sysfs && wanted &&
	    !pcr_read_sysfs(rq->src.sysfs, rq->src.bank, wanted, s))
		return false;
	if (rq->src.tpm12 && wanted &&
	    !tpm12_read_pcrs(rq->src.tpm12, wanted, s))
		return false;
	if (rq->src.tcti && wanted) {
		struct tpm *t = tpm_open(rq->src.tcti);
		bool ok = t && tpm_read_pcrs(t, rq->src.bank, wanted, s);

		tpm_close(t);
		if (!ok)
			return false;
	}
	filter(s, rq);
	return true;
}

/*
 * An entry that comes while a live list and live PCRs are read makes them
 * differ in either direction: a kernel may extend before it lists, or after.
 * Hence the repetition. The first reading of the list is for the PCRs it uses.
 */
static int judge(struct request *rq)
{
	struct buf list = { 0 };
	struct pcr_set pcrs = { 0 };
	struct verdict v;
	int attempt, rc = IMANS_ERROR;
	struct stat st;
	uint64_t used;
	bool live;

	/* Files of securityfs are regular files, but have no size. */
	live = has_live_source(&rq->src) && !stat(rq->src.list, &st) && !st.st_size;
	if (!read_list(rq->src.list, &list))
		goto out_free;
	for (attempt = 1; ; attempt++) {
		if (!used_pcrs(&list, &used) || !gather(rq, used, &pcrs))
			goto out_free;
		if (live && !read_list(rq->src.list, &list))
			goto out_free;
		if (!verify_list(&list, &pcrs, &rq->opt, &v))
			goto out_free;
		if (!live || attempt == LIVE_ATTEMPTS || !v.nreasons)
			break;
		verdict_free(&v);
	}
	if (rq->json)
		verdict_print_json(&v, &rq->opt);
	else
		verdict_print(&v, &rq->opt);
	rc = v.nreasons ? IMANS_FAILED : IMANS_OK;
	verdict_free(&v);
out_free:
	buf_free(&list);
	pcr_set_free(&pcrs);
	return rc;
}

/* The first of some options. */
static const char *name_of(unsigned int some)
{
	return options[__builtin_ctz(some)].name;
}

/* --host: the list against PCR values if there are any, then the records. */
static int run_host(struct cmdline *c, struct request *rq)
{
	bool has_values = rq->src.given.n || has_live_source(&rq->src);
	int rc = IMANS_OK, rc_host;
	char *list;

	if (c->argc > 1)
		return usage_error(c, "one LIST at most with --host");
	if (has_values && rq->json)
		return usage_error(c, "--host --json takes no PCR values: verify LIST with them on its own");
	if (!has_values && rq->options & PCR_OPTIONS)
		return usage_error(c, "--%s needs PCR values to compare with",
				   name_of(rq->options & PCR_OPTIONS));
	rq->host.src.list = c->argc ? c->argv[0] : NULL;
	rq->host.json = rq->json;
	if (has_values) {
		list = c->argc ? xstrdup(c->argv[0]) :
		       securityfs_list(rq->host.src.dir);
		rq->src.list = list;
		rc = judge(rq);
		free(list);
	}
	if (rc == IMANS_ERROR)
		return rc;
	rc_host = verify_host(&rq->host);
	return rc_host > rc ? rc_host : rc;
}

static int run_list(struct cmdline *c, struct request *rq)
{
	if (rq->options & HOST_OPTIONS)
		return usage_error(c, "--%s goes with --host only",
				   name_of(rq->options & HOST_OPTIONS));
	if (rq->host.src.vpcr.n)
		return usage_error(c, "--vpcr ID=FILE goes with --host only");
	if (c->argc != 1)
		return usage_error(c, "one LIST expected");
	if (!rq->src.given.n && !has_live_source(&rq->src))
		return usage_error(c, "no PCR values to compare with");
	rq->src.list = c->argv[0];
	return judge(rq);
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
	if (!rq.opt.pcrs_chosen)
		rq.opt.pcrs = ~0ull;
	rc = rq.options & 1u << OPT_HOST ? run_host(c, &rq) : run_list(c, &rq);
out_free:
	pcr_set_free(&rq.src.given);
	reference_free(&rq.reference);
	free(rq.host.src.saved.v);
	free(rq.host.src.vpcr.v);
	return rc;
}

const struct command command_verify = {
	.name = "verify",
	.args = "LIST [OPTIONS] | --host [LIST] [OPTIONS]",
	.summary = "Compare a list with PCR values, or the records of all namespaces.",
	.text = text,
	.options = options,
	.run = run,
};
