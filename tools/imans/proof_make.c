// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bundle_make.h"
#include "leaf_read.h"
#include "proof.h"
#include "proof_make.h"
#include "securityfs.h"
#include "swtpm.h"
#include "tree.h"

/* So long the last anchor is waited for to be the one that was read. */
#define QUIET_SECONDS 10
#define PAUSE_MS 20

/* Values of the two PCRs, signed or not. */
static bool read_values(struct proof_maker *m, struct host_part *h)
{
	size_t i;

	if (m->no_pcrs)
		return true;
	if (!quote_make(&m->maker, &h->quote))
		return false;
	h->has_quote = m->maker.nonce;
	for (i = 0; i < h->quote.pcrs.n; i++)
		pcr_set_add(&h->pcrs, h->quote.pcrs.v[i].pcr,
			    h->quote.pcrs.v[i].bank,
			    h->quote.pcrs.v[i].value, "TPM");
	return true;
}

/*
 * The values first, then as much of the list as leads to them; all of it if
 * none does, which the judgement says in the end.
 */
static bool read_host(struct proof_maker *m, struct host_part *h)
{
	char *path = m->host_list ? xstrdup(m->host_list) :
				    securityfs_list(m->dir);
	struct prefix p;
	bool good;

	good = read_values(m, h) &&
	       read_covered(path, &h->pcrs, &h->list, &p) != PREFIX_MALFORMED;
	free(path);
	return good;
}

/*
 * Which PCRs they are only the list says; @ended: a namespace that has, or 0.
 */
static bool begin_host(struct proof_maker *m, uint64_t ended)
{
	char *path = m->host_list ? xstrdup(m->host_list) :
				    securityfs_list(m->dir);
	struct buf list = { 0 };
	bool good = false;

	if (read_file(path, &list)) {
		securityfs_explain(m->dir, path);
	} else {
		m->maker.pcrs = host_part_pcrs(&list, ended);
		good = m->maker.pcrs;
		if (!good)
			msg("%s: there is no ima_ns_register in it: nothing is anchored",
			    path);
	}
	buf_free(&list);
	free(path);
	if (!good || m->no_pcrs || quote_maker_begin(&m->maker))
		return good;
	msg("--no-pcrs leaves the values of the PCRs out");
	return false;
}

/* What is still to be told about a bundle that is good. */
static void explain(const struct host_part *h, const struct proof *p)
{
	bool zero = true;
	char hex[65];
	size_t i;

	for (i = 0; i < p->reg.nbanks; i++)
		zero &= all_bytes(p->reg.start[i].anchor,
				  p->reg.start[i].bank->size, 0);
	if (h->later)
		msg("%llu anchors came after the one that covers the list: to be verified with --allow-prefix",
		    (unsigned long long)h->later);
	hex_encode(h->reg->digest, sizeof(h->reg->digest), hex);
	if (!zero)
		msg("PCR %u was not zero at the registration: to be verified with --register sha256:%s, which has to be known from elsewhere",
		    p->reg.pcr_anchor, hex);
}

/* A verifier would say the same. Returns enum imans_exit. */
static int judge(const struct host_part *h, const struct bundle *b)
{
	const struct proof_request rq = {
		.reg = h->reg->digest, .allow_prefix = h->later,
		.trust.no_values = !b->pcrs.n,
	};
	struct proof p = { 0 };
	bool good;
	size_t i;

	good = proof_judge(&p, b, &b->pcrs, &rq) && !p.problems.n;
	for (i = 0; i < p.problems.n; i++)
		msg("it will not be verified: %s", p.problems.text[i]);
	if (good)
		explain(h, &p);
	proof_free(&p);
	return good ? IMANS_OK : IMANS_FAILED;
}

/* Write a bundle, or the host's part of it to the tenant's part @part. */
static int finish(struct proof_maker *m, json_t *root, const struct buf *part,
		  const struct host_part *h)
{
	char *text = json_dumps(root, JSON_COMPACT), *why = NULL;
	struct buf all = { 0 };
	struct bundle b;
	bool good;
	int rc;

	if (text)
		buf_add(&all, text, strlen(text));
	good = text && (part ? bundle_parse_parts(&b, part, &all, &why) :
			bundle_parse(&b, text, all.len, &why));
	rc = good ? judge(h, &b) : IMANS_ERROR;
	if (!good)
		msg("the bundle cannot be read back: %s",
		    why ? why : "out of memory");
	if (text)
		bundle_free(&b);
	if (!json_write(root, m->output))
		rc = IMANS_ERROR;
	buf_free(&all);
	free(text);
	free(why);
	return rc;
}

/* --- A namespace that is there */

/* Its file comes with the first anchor that covers it. */
static bool wait_for_leaf(struct proof_maker *m, struct leaf *l, double end)
{
	static const struct timespec pause = { 0, PAUSE_MS * 1000000 };
	char *path = leaf_path(m->dir, m->id);
	char *parent = xasprintf("%s/ima_ns", m->dir);
	enum view_result res;
	bool exists;

	for (;;) {
		res = leaf_read(path, l);
		exists = view_exists(m->dir, m->id);
		if (res != VIEW_GONE || !exists || access(parent, F_OK) ||
		    swtpm_now() >= end)
			break;
		nanosleep(&pause, NULL);
	}
	if (res == VIEW_GONE) {
		if (access(parent, F_OK))
			msg_errno("%s", parent);
		if (access(parent, F_OK))
			msg("ima_ns is not loaded, or this is not the initial namespace's securityfs");
		else if (exists)
			msg("no anchor covers namespace %llu",
			    (unsigned long long)m->id);
		else
			msg("there is no namespace %llu; what is left of one that has ended can be proved by --saved and --list",
			    (unsigned long long)m->id);
	}
	free(parent);
	free(path);
	return res == VIEW_OK;
}

static bool read_tenant(struct proof_maker *m, struct leaf *l,
			struct buf *list, double end)
{
	char *path = securityfs_ns_file(m->dir, m->id, SECURITYFS_LIST);
	bool good = wait_for_leaf(m, l, end) && leaf_read_list(path, l, list);

	free(path);
	return good;
}

/* The leaf first: the anchor it is under is then in the values and the list. */
static int make_live(struct proof_maker *m)
{
	double end = swtpm_now() + QUIET_SECONDS;
	struct host_part h = { 0 };
	struct buf list = { 0 };
	int rc = IMANS_ERROR;
	char *why = NULL;
	struct leaf l;

	if (!begin_host(m, 0))
		return IMANS_ERROR;
	for (;;) {
		if (!read_tenant(m, &l, &list, end) || !read_host(m, &h))
			goto out_free;
		why = host_part_read(&h, m->id, l.anchor);
		/* Without its anchor the list may only be late. */
		if ((why ? !!h.mark : !h.later) || swtpm_now() >= end)
			break;
		free(why);
		host_part_free(&h);
	}
	if (why) {
		msg("%s", why);
		goto out_free;
	}
	rc = finish(m, bundle_join(bundle_tenant_json(&l, &list),
				   bundle_host_json(m->id, &h)), NULL, &h);
out_free:
	host_part_free(&h);
	buf_free(&list);
	free(why);
	return rc;
}

/* --- One that has ended */

/*
 * What it ended with: the salt is that of the file, all else that of the list.
 */
static bool read_saved(struct proof_maker *m, struct leaf *l, struct buf *list)
{
	enum view_result res = leaf_read(m->saved, l);
	int64_t n;

	if (res == VIEW_GONE)
		msg_errno("%s", m->saved);
	if (res != VIEW_OK)
		return false;
	if (m->id && l->id != m->id) {
		msg("%s is of namespace %llu", m->saved,
		    (unsigned long long)l->id);
		return false;
	}
	if (read_file(m->list, list)) {
		msg_errno("%s", m->list);
		return false;
	}
	n = list_acc(m->list, list, UINT64_MAX, l->acc, NULL);
	l->seq = (uint64_t)n;
	return n >= 0;
}

static int make_dead(struct proof_maker *m)
{
	struct host_part h = { 0 };
	struct buf list = { 0 };
	int rc = IMANS_ERROR;
	char *why = NULL;
	struct leaf l;

	if (!read_saved(m, &l, &list) || !begin_host(m, m->id) ||
	    !read_host(m, &h))
		goto out_free;
	why = host_part_read(&h, m->id, 0);
	if (why)
		msg("%s", why);
	else
		rc = finish(m, bundle_join(bundle_dead_json(&l, &list),
					   bundle_host_json(m->id, &h)),
			    NULL, &h);
out_free:
	host_part_free(&h);
	buf_free(&list);
	free(why);
	return rc;
}

/* --- The parts */

static bool read_own(struct proof_maker *m, struct leaf *l, struct buf *list)
{
	char *path = leaf_own_path(m->dir);
	char *list_path = securityfs_list(m->dir);
	enum view_result res;
	bool good;

	res = leaf_read(path, l);
	if (res == VIEW_GONE)
		securityfs_explain(m->dir, path);
	good = res == VIEW_OK && leaf_read_list(list_path, l, list);
	free(list_path);
	free(path);
	return good;
}

#define MISSING "missing are the records of pcr_boot and pcr_anchor and their values, which the host writes by: imans proof --for PART"

static int make_self(struct proof_maker *m)
{
	struct buf list = { 0 };
	int rc = IMANS_ERROR;
	struct leaf l;

	if (m->saved ? !read_saved(m, &l, &list) : !read_own(m, &l, &list))
		goto out_free;
	if (!json_write(m->saved ? bundle_dead_json(&l, &list) :
				   bundle_tenant_json(&l, &list), m->output))
		goto out_free;
	rc = IMANS_OK;
	if (m->saved)
		msg("this is the tenant's part; " MISSING);
	else
		msg("this is the tenant's part, under the anchor with seq %llu; "
		    MISSING, (unsigned long long)l.anchor);
out_free:
	buf_free(&list);
	return rc;
}

static int make_host(struct proof_maker *m)
{
	struct host_part h = { 0 };
	struct buf part = { 0 };
	int rc = IMANS_ERROR;
	uint64_t anchor;
	char *why;

	if (read_file(m->part, &part)) {
		msg_errno("%s", m->part);
		goto out_free;
	}
	why = bundle_parse_tenant(&part, &m->id, &anchor);
	if (why)
		msg("%s: malformed tenant's part: %s", m->part, why);
	free(why);
	if (why || !begin_host(m, anchor ? 0 : m->id) || !read_host(m, &h))
		goto out_free;
	why = host_part_read(&h, m->id, anchor);
	if (why)
		msg("%s", why);
	else
		rc = finish(m, bundle_host_json(m->id, &h), &part, &h);
	free(why);
out_free:
	host_part_free(&h);
	buf_free(&part);
	return rc;
}

int proof_make(struct proof_maker *m)
{
	int rc;

	if (m->self)
		return make_self(m);
	rc = m->part ? make_host(m) : m->saved ? make_dead(m) : make_live(m);
	quote_maker_end(&m->maker);
	return rc;
}
