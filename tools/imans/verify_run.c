// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>
#include <sys/stat.h>

#include "json.h"
#include "leaf_read.h"
#include "tree.h"
#include "verify_anchor.h"
#include "verify_run.h"

/* A list that grows while it is read is read again this often. */
#define LIVE_ATTEMPTS 5

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

/* Also of an empty list: a PCR that was extended must have entries. */
static uint64_t wanted_pcrs(const struct list_request *rq, uint64_t used)
{
	return rq->opt.pcrs_chosen ? rq->opt.pcrs :
				     used | 1u << IMA_DEFAULT_PCR;
}

static bool asks_anchor(const struct list_request *rq)
{
	return rq->anchor.boot || rq->anchor.anchor;
}

/**
 * struct outcome - of a list, and with --boot or --anchor of its records
 * @opt:	what was asked of @list
 * @has_list:	it was judged: not if all PCRs are those of the anchor
 * @others:	the values without those of the anchor
 * @quoted:	where the values come from, or NULL
 * @reasons:	of all of them
 */
struct outcome {
	struct verify_options opt;
	bool has_list;
	struct verdict list;
	struct pcr_set others;
	struct anchor anchor;
	struct anchor_request asked;
	const struct verify_quoted *quoted;
	struct texts reasons;
};

static void outcome_free(struct outcome *o)
{
	verdict_free(&o->list);
	pcr_set_free(&o->others);
	anchor_free(&o->anchor);
	texts_free(&o->reasons);
	memset(o, 0, sizeof(*o));
}

static void add_all(struct texts *to, const struct texts *from)
{
	size_t i;

	for (i = 0; i < from->n; i++)
		texts_add(to, "%s", from->text[i]);
}

/* The PCRs of the anchor do not begin at zero: they are replayed apart. */
static bool judge_anchor(const struct list_request *rq, const struct buf *list,
			 const struct pcr_set *pcrs, struct outcome *o)
{
	if (!anchor_read(&o->anchor, list))
		return false;
	o->opt.pcrs &= ~(o->anchor.boot_pcrs | o->anchor.anchor_pcrs);
	o->asked = rq->anchor;
	o->asked.has_default = o->opt.pcrs >> IMA_DEFAULT_PCR & 1;
	o->asked.trust.padded = rq->opt.padded;
	o->asked.trust.bank_chosen = rq->opt.bank_chosen;
	anchor_judge(&o->anchor, pcrs, &o->asked);
	add_all(&o->reasons, &o->anchor.problems);
	return true;
}

static bool judge_once(const struct list_request *rq, const struct buf *list,
		       const struct pcr_set *pcrs, struct outcome *o)
{
	size_t i;

	o->opt = rq->opt;
	if (asks_anchor(rq) && !judge_anchor(rq, list, pcrs, o))
		return false;
	for (i = 0; i < pcrs->n; i++)
		if (o->opt.pcrs >> pcrs->v[i].pcr & 1)
			pcr_set_add(&o->others, pcrs->v[i].pcr, pcrs->v[i].bank,
				    pcrs->v[i].value, pcrs->v[i].source);
	o->has_list = o->opt.pcrs;
	if (o->has_list && !verify_list(list, &o->others, &o->opt, &o->list))
		return false;
	for (i = 0; i < o->list.nreasons; i++)
		texts_add(&o->reasons, "%s", o->list.reason[i]);
	return true;
}

static void print_quoted(const struct verify_quoted *vq, bool values)
{
	const struct quote *q = vq->quote;
	size_t i;

	quote_print(q);
	for (i = 0; values && i < q->pcrs.n; i++) {
		printf("quoted: %u %s:", q->pcrs.v[i].pcr,
		       q->pcrs.v[i].bank->name);
		hex_print(stdout, q->pcrs.v[i].value,
			  q->pcrs.v[i].bank->size);
		putchar('\n');
	}
	for (i = 0; i < q->nns; i++)
		printf("namespace %llu: %llu entries, slot %llu\n",
		       (unsigned long long)q->ns[i].id,
		       (unsigned long long)q->ns[i].seq,
		       (unsigned long long)q->ns[i].slot);
	texts_print("note:", &vq->notes);
}

static json_t *json_quoted(const struct verify_quoted *vq)
{
	json_t *o = quote_json(vq->quote), *ids = json_check(json_array());
	size_t i;

	for (i = 0; i < vq->quote->nns; i++)
		json_push(ids, json_integer((json_int_t)vq->quote->ns[i].id));
	json_put(o, "namespaces", ids);
	json_put(o, "notes", texts_json(&vq->notes));
	return o;
}

static void report(const struct list_request *rq, const struct outcome *o,
		   const struct pcr_set *pcrs)
{
	json_t *root;

	if (rq->json) {
		root = o->has_list ?
			verdict_json(&o->list, &o->opt, &o->reasons) :
			json_check(json_object());
		if (!o->has_list) {
			json_put(root, "verified", json_boolean(!o->reasons.n));
			json_put(root, "reasons", texts_json(&o->reasons));
		}
		if (o->quoted)
			json_put(root, "quote", json_quoted(o->quoted));
		if (asks_anchor(rq))
			json_put(root, "anchor",
				 anchor_json(&o->anchor, pcrs, &o->asked));
		json_finish(root, JSON_INDENT(2));
		return;
	}
	if (o->quoted)
		print_quoted(o->quoted, !pcrs->n);
	if (o->has_list)
		verdict_print(&o->list, &o->opt);
	if (asks_anchor(rq))
		anchor_print(&o->anchor, pcrs, &o->asked);
	texts_print("NOT verified:", &o->reasons);
	if (!o->reasons.n)
		printf("verified\n");
}

/* The last anchor must be the one that all lists were read for. */
static void judge_tree(const struct list_request *rq, struct outcome *o,
		       const struct leaf_all *all)
{
	const struct anchor *a = &o->anchor;
	const struct anchor_mark *last = a->nmarks ? &a->mark[a->nmarks - 1] :
						     NULL;

	if (!rq->namespaces)
		return;
	if (!last)
		texts_add(&o->reasons, "no anchor covers the lists of the namespaces");
	else if (all->n && all->anchor != last->seq)
		texts_add(&o->reasons, "the lists of the namespaces are not all under the last anchor, seq %llu: anchors are made faster than they can be read",
			  (unsigned long long)last->seq);
	else
		tree_judge(all->v, all->n, last, rq->opt.allow_prefix,
			   &o->reasons);
}

/*
 * An entry that comes while a live list and live PCRs are read makes them
 * differ in either direction: a kernel may extend before it lists, or after.
 * Hence the repetition. The first reading of the list is for the PCRs it uses.
 */
int verify_run(struct list_request *rq)
{
	struct outcome o = { 0 };
	struct leaf_all all = { 0 };
	struct buf list = { 0 };
	struct pcr_set pcrs = { 0 };
	int attempt, rc = IMANS_ERROR;
	struct stat st;
	uint64_t used;
	bool live;

	/* Files of securityfs are regular files, but have no size. */
	live = sources_are_live(&rq->src) && !stat(rq->path, &st) &&
	       S_ISREG(st.st_mode) && !st.st_size;
	if (!read_list(rq->path, &list))
		goto out_free;
	for (attempt = 1; ; attempt++) {
		leaf_free_all(&all);
		if (rq->namespaces && !leaf_read_all(rq->namespaces, &all))
			goto out_free;
		if (!used_pcrs(&list, &used) ||
		    !sources_gather(&rq->src, wanted_pcrs(rq, used),
				    rq->opt.pcrs, &pcrs))
			goto out_free;
		if (live && !read_list(rq->path, &list))
			goto out_free;
		if (!judge_once(rq, &list, &pcrs, &o))
			goto out_free;
		judge_tree(rq, &o, &all);
		if (!live || attempt == LIVE_ATTEMPTS || !o.reasons.n)
			break;
		outcome_free(&o);
	}
	report(rq, &o, &pcrs);
	rc = o.reasons.n ? IMANS_FAILED : IMANS_OK;
out_free:
	leaf_free_all(&all);
	outcome_free(&o);
	buf_free(&list);
	pcr_set_free(&pcrs);
	return rc;
}

/*
 * The records of the anchor are judged if there are any. A quoted PCR that has
 * no entries is not the list's.
 */
static bool choose_values(struct list_request *rq, const struct buf *list,
			  struct verify_quoted *vq, struct pcr_set *pcrs)
{
	const struct pcr_set *all = &vq->quote->pcrs;
	uint64_t used, unused = 0;
	struct anchor a;
	size_t i;

	if (!used_pcrs(list, &used) || !anchor_read(&a, list))
		return false;
	if (!asks_anchor(rq)) {
		rq->anchor.boot = rq->opt.pcrs & a.boot_pcrs;
		rq->anchor.anchor = rq->opt.pcrs & a.anchor_pcrs;
	}
	anchor_free(&a);
	if (!rq->opt.pcrs_chosen)
		used |= 1u << IMA_DEFAULT_PCR;
	for (i = 0; i < all->n; i++) {
		const struct pcr_value *v = &all->v[i];

		if (!(rq->opt.pcrs >> v->pcr & 1) ||
		    (rq->src.bank && rq->src.bank != v->bank))
			continue;
		if (used >> v->pcr & 1)
			pcr_set_add(pcrs, v->pcr, v->bank, v->value, v->source);
		else
			unused |= 1ull << v->pcr;
	}
	for (i = 0; i < PCR_COUNT; i++)
		if (unused >> i & 1)
			texts_add(&vq->notes, "PCR %zu is quoted, but no entry of the list belongs to it",
				  i);
	return true;
}

/* The lists of the namespaces, if they are there. */
static void judge_namespaces(const struct list_request *rq,
			     struct outcome *o)
{
	const struct quote *q = o->quoted->quote;
	const struct anchor *a = &o->anchor;

	if (!q->has_namespaces)
		return;
	if (!a->nmarks)
		texts_add(&o->reasons, "there are lists of namespaces, but no anchor that covers them");
	else
		tree_judge(q->ns, q->nns, &a->mark[a->nmarks - 1],
			   rq->opt.allow_prefix, &o->reasons);
}

int verify_run_quoted(struct list_request *rq, const struct buf *list,
		      struct verify_quoted *vq)
{
	struct outcome o = { .quoted = vq, .opt = rq->opt };
	struct pcr_set pcrs = { 0 };
	int rc = IMANS_ERROR;

	add_all(&o.reasons, &vq->problems);
	if (list && (!choose_values(rq, list, vq, &pcrs) ||
		     !judge_once(rq, list, &pcrs, &o)))
		goto out_free;
	if (!list) {
		rq->anchor.boot = rq->anchor.anchor = false;
		texts_add(&vq->notes, "there is no list: nothing is known of what led to these values");
	}
	judge_namespaces(rq, &o);
	report(rq, &o, &pcrs);
	rc = o.reasons.n ? IMANS_FAILED : IMANS_OK;
out_free:
	outcome_free(&o);
	pcr_set_free(&pcrs);
	return rc;
}
