// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * imans quote: have the TPM sign its PCRs, and give the lists along.
 */
#include <stdlib.h>
#include <string.h>

#include "anchor.h"
#include "command.h"
#include "leaf_read.h"
#include "quote_make.h"
#include "securityfs.h"
#include "swtpm.h"

/* So long it is tried to read lists of which the last anchor tells. */
#define NAMESPACES_SECONDS 15

enum {
	OPT_NONCE, OPT_OUTPUT, OPT_KEY, OPT_HANDLE, OPT_HIERARCHY, OPT_PCRS,
	OPT_AK_OUT, OPT_LIST, OPT_NO_LIST, OPT_NAMESPACES, OPT_TCTI,
	OPT_SECURITYFS, OPT_RSA,
};

static const struct option_spec options[] = {
	[OPT_NONCE] = { "nonce", "HEX", false,
		"What the verifier asks, 1 to 64 bytes: it proves that the quote is not an old one." },
	[OPT_OUTPUT] = { "output", "FILE", false,
		"Write to FILE. Default: standard output." },
	[OPT_KEY] = { "key", "CTX", false,
		"Sign with the key of a context file of tpm2-tools." },
	[OPT_HANDLE] = { "handle", "H", false,
		"Sign with a persistent key, e.g. 0x81010002." },
	[OPT_HIERARCHY] = { "hierarchy", "NAME", false,
		"Of the key that is made if none is given: endorsement (default) or owner." },
	[OPT_PCRS] = { "pcrs", "LIST", false,
		"Default: 10,11,12 and those that the records of the anchor name." },
	[OPT_AK_OUT] = { "ak-out", "FILE", false,
		"Write the public key to FILE, in PEM." },
	[OPT_LIST] = { "list", "FILE", false,
		"The list to give along. Default: the host's own." },
	[OPT_NO_LIST] = { "no-list", NULL, false, "Give no list along." },
	[OPT_NAMESPACES] = { "namespaces", NULL, false,
		"Give the lists of all namespaces that are anchored along, with their salts: for the machine's owner." },
	[OPT_TCTI] = { "tcti", "TCTI", false,
		"How to reach the TPM. Default: $TPM2TOOLS_TCTI, else device:/dev/tpmrm0." },
	[OPT_SECURITYFS] = { "securityfs", "DIR", false,
		"Where the host's securityfs is mounted. Default: " SECURITYFS_DIR "." },
	[OPT_RSA] = { "rsa", NULL, false,
		"The key that is made if none is given is an RSA key, also where the TPM has P-256." },
	{ NULL, NULL, false, NULL },
};

static const char *const text[] = {
	"Has the TPM sign the values of PCRs, in all its banks, together with the nonce, and writes a file that 'imans verify --quote' judges on another machine, without a TPM. Of the list that part is given along which leads to the signed values: entries that came later would not be covered. Files are written for their owner only.",
	"The key is a restricted one: it signs nothing that its TPM did not make. Without --key and --handle it is a primary key (ECDSA on P-256, or RSA 2048 where the TPM has no such curve), which is the same each time. The verifier has to know its public part beforehand (--ak-out, tpm2_readpublic) and from whom: a key that comes with the quote proves nothing. In the owner hierarchy a TPM shows resetCount and restartCount with a number added that only it knows; they can still be compared.",
	"The file is a JSON object with exactly these members. \"format\": \"ima-ns-quote\", \"version\": 1; \"attest\", the TPMS_ATTEST that was signed, \"signature\", a TPMT_SIGNATURE, \"public\", a TPM2B_PUBLIC, all three in base64; \"pcrs\", values as 'imans pcr read --json' prints them; \"list\", the binary list of the initial namespace in base64, or null; \"namespaces\", null or an array with \"id\", \"slot\", \"seq\", \"salt\" and \"list\" of each: the leaf in that slot covers seq entries, all there are in its list.",
	"The exit status is 1 if no part of the list leads to the values: somebody else has extended a PCR, or the list is not that of this machine. The file is written nevertheless, with all of the list.",
	NULL,
};

/**
 * struct request - what to do
 * @list:	file, or NULL
 */
struct request {
	struct quote_maker maker;
	const char *output;
	const char *ak_out;
	const char *list;
	bool no_list;
	bool namespaces;
	const char *dir;
};

/* 10, 11, 12, and what the module said it uses. */
static uint32_t default_pcrs(const struct buf *list)
{
	uint32_t pcrs = 1u << IMA_DEFAULT_PCR | 1u << 11 | 1u << 12;
	struct anchor a;

	if (!list->len)
		return pcrs;
	if (anchor_read(&a, list))
		pcrs |= (uint32_t)(a.boot_pcrs | a.anchor_pcrs);
	anchor_free(&a);
	return pcrs;
}

/* The last anchor of a list, 0 if there is none. */
static uint64_t last_anchor(const struct buf *list)
{
	uint64_t seq = 0;
	struct anchor a;

	if (anchor_read(&a, list) && a.nregistrations)
		seq = a.registration[a.nregistrations - 1].last.seq;
	anchor_free(&a);
	return seq;
}

static bool make_once(struct request *rq, const char *list, struct quote *q,
		      enum prefix_result *res, struct prefix *p)
{
	if (!quote_make(&rq->maker, q))
		return false;
	q->has_list = !rq->no_list;
	if (rq->no_list)
		return true;
	*res = read_covered(list, &q->pcrs, &q->list, p);
	return *res != PREFIX_MALFORMED;
}

/* With the lists of namespaces all must fit: it is repeated until it does. */
static bool make_all(struct request *rq, const char *list, struct quote *q,
		     enum prefix_result *res, struct prefix *p)
{
	double end = swtpm_now() + NAMESPACES_SECONDS;
	struct leaf_all all;

	if (!rq->namespaces)
		return make_once(rq, list, q, res, p);
	while (swtpm_now() < end) {
		if (!leaf_read_all(rq->dir, &all) ||
		    !make_once(rq, list, q, res, p)) {
			leaf_free_all(&all);
			return false;
		}
		q->has_namespaces = true;
		q->ns = all.v;
		q->nns = all.n;
		if (!all.n || *res == PREFIX_NONE ||
		    (all.anchor && all.anchor == last_anchor(&q->list)))
			return true;
		quote_free(q);
	}
	msg("anchors are made faster than all lists can be read: try without --namespaces");
	return false;
}

static int explain(enum prefix_result res, const struct prefix *p)
{
	uint32_t pcr;

	if (res == PREFIX_FOUND)
		return IMANS_OK;
	for (pcr = 0; pcr < PCR_COUNT; pcr++)
		if (p->never >> pcr & 1)
			msg("PCR %u: the list never leads to its value: somebody else has extended it, or it is another machine's list",
			    pcr);
	msg("no part of the list leads to all values at a time: it will not be verified");
	return IMANS_FAILED;
}

static int quote(struct request *rq)
{
	char *list = rq->list ? xstrdup(rq->list) : securityfs_list(rq->dir);
	enum prefix_result res = PREFIX_FOUND;
	struct quote q = { 0 };
	struct buf before = { 0 };
	struct prefix p = { 0 };
	int rc = IMANS_ERROR;

	if (!rq->no_list && read_file(list, &before)) {
		securityfs_explain(rq->dir, list);
		goto out_free;
	}
	if (!rq->maker.pcrs)
		rq->maker.pcrs = default_pcrs(&before);
	if (!quote_maker_begin(&rq->maker) ||
	    (rq->ak_out && !quote_maker_write_key(&rq->maker, rq->ak_out)) ||
	    !make_all(rq, list, &q, &res, &p) ||
	    !json_write(quote_to_json(&q), rq->output))
		goto out_end;
	rc = explain(res, &p);
out_end:
	quote_maker_end(&rq->maker);
out_free:
	quote_free(&q);
	buf_free(&before);
	free(list);
	return rc;
}

static bool set_option(struct request *rq, int o, const char *value)
{
	switch (o) {
	case OPT_NONCE:
		rq->maker.nonce = value;
		return true;
	case OPT_OUTPUT:
		rq->output = value;
		return true;
	case OPT_KEY:
		rq->maker.choice.context = value;
		return true;
	case OPT_HANDLE:
		return quote_maker_handle(&rq->maker, value);
	case OPT_HIERARCHY:
		return quote_maker_hierarchy(&rq->maker, value);
	case OPT_PCRS:
		return quote_maker_pcrs(&rq->maker, value);
	case OPT_AK_OUT:
		rq->ak_out = value;
		return true;
	case OPT_LIST:
		rq->list = value;
		return true;
	case OPT_NO_LIST:
		return rq->no_list = true;
	case OPT_NAMESPACES:
		return rq->namespaces = true;
	case OPT_RSA:
		return rq->maker.choice.rsa = true;
	case OPT_TCTI:
		rq->maker.tcti = value;
		return true;
	default:
		rq->dir = value;
		return true;
	}
}

static int run(struct cmdline *c)
{
	struct request rq = { .dir = SECURITYFS_DIR };
	int o;

	while ((o = cmdline_next(c)) >= 0)
		if (!set_option(&rq, o, c->value))
			return cmdline_exit(c, CMDLINE_REFUSED);
	if (o != CMDLINE_END)
		return cmdline_exit(c, o);
	if (c->argc)
		return usage_error(c, "no operands expected");
	if (!rq.maker.nonce)
		return usage_error(c, "--nonce is missing");
	if (rq.maker.choice.context && rq.maker.choice.handle)
		return usage_error(c, "--key and --handle exclude each other");
	if (rq.no_list && (rq.list || rq.namespaces))
		return usage_error(c, "--no-list goes neither with --list nor with --namespaces");
	return quote(&rq);
}

const struct command command_quote = {
	.name = "quote",
	.args = "--nonce HEX [OPTIONS]",
	.summary = "Have the TPM sign its PCRs, for another machine to verify.",
	.text = text,
	.options = options,
	.run = run,
};
