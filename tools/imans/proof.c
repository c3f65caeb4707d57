// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "chain.h"
#include "proof.h"
#include "replay.h"

/* Hostile input may have any number of bad records. */
#define PROBLEMS_MAX 20

/* Does this record, which has to be in clear, say what kind it is? */
static bool read_record(struct proof *p, const struct bundle_records *r,
			size_t i, const char *array,
			struct anchor_record *rec)
{
	enum anchor_kind kind;
	struct list_entry e;
	const char *why;

	bundle_entry(&r->v[i], &e);
	kind = anchor_record_parse(&e, rec, &why);
	if (kind == ANCHOR_NONE || kind == ANCHOR_BAD)
		texts_add(&p->problems, "record %zu of %s: %s%s", i + 1, array,
			  kind == ANCHOR_BAD ? "malformed: " : "foreign entry",
			  kind == ANCHOR_BAD ? why : "");
	else
		return true;
	anchor_record_free(rec);
	return false;
}

static bool is_same_record(const struct bundle_record *a,
			   const struct bundle_record *b)
{
	return a->clear && b->clear && a->entry.len == b->entry.len &&
	       !memcmp(a->entry.data, b->entry.data, a->entry.len);
}

static void check_banks(struct proof *p, const struct bundle *b)
{
	size_t i;

	p->has_reg = p->reg.nbanks == b->nbanks;
	for (i = 0; p->has_reg && i < b->nbanks; i++)
		p->has_reg = p->reg.start[i].bank == b->bank[i];
	if (!p->has_reg)
		texts_add(&p->problems, "the banks of the digests are not those of the register record");
}

/* Both PCRs begin with the same register record, in clear. */
static void take_register(struct proof *p, const struct bundle *b)
{
	struct anchor_record rec = { 0 };
	uint8_t digest[HASH_MAX_SIZE];
	struct list_entry e;

	if (!is_same_record(&b->anchor.v[0], &b->boot.v[0])) {
		texts_add(&p->problems, "pcr_boot and pcr_anchor do not begin with the same register record");
		return;
	}
	if (!read_record(p, &b->anchor, 0, "pcr_anchor", &rec))
		return;
	if (rec.kind == ANCHOR_REGISTER) {
		p->reg = rec.reg;
		bundle_entry(&b->anchor.v[0], &e);
		list_entry_digest(&e, hash_by_name("sha256"), digest);
		memcpy(p->reg_digest, digest, sizeof(p->reg_digest));
		check_banks(p, b);
	} else {
		texts_add(&p->problems, "record 1 of pcr_anchor is no register record");
	}
	anchor_record_free(&rec);
}

/*
 * @i is the number of the record, the register record being 0, and the tokens
 * count, too: whatever stands between two records in clear has used one each.
 */
static void take_mark(struct proof *p, struct chain *chain, size_t *last,
		      const struct anchor_mark *m, size_t i)
{
	const char *why;

	if (m->seq != i)
		texts_add(&p->problems, "record %zu of pcr_anchor: seq %llu, but it is the anchor number %zu",
			  i + 1, (unsigned long long)m->seq, i);
	why = chain_step(chain, m->token, i - *last);
	if (!why)
		why = chain_next(chain, m->has_next ? m->next : NULL);
	if (why) {
		texts_add(&p->problems, "record %zu of pcr_anchor: %s", i + 1,
			  why);
		return;
	}
	*last = i;
	p->mark = *m;
	p->mark.entry = i + 1;
}

/*
 * What comes after the last anchor in clear may be anything. For who has died
 * it does not matter: no id is used again.
 */
static void judge_last(struct proof *p, const struct bundle *b, size_t last,
		       const struct proof_request *rq)
{
	size_t after = b->anchor.n - 1 - last;

	p->has_mark = last;
	if (!last)
		texts_add(&p->problems, "pcr_anchor has no good anchor in clear");
	else if (!after || b->dead)
		return;
	else if (rq->allow_prefix)
		texts_add(&p->notes, "%zu records of pcr_anchor come after the anchor that covers the list: what the list was then is not proved",
			  after);
	else
		texts_add(&p->problems, "the last record of pcr_anchor is no good anchor in clear: %zu come after that with seq %llu",
			  after, (unsigned long long)p->mark.seq);
}

static void read_anchors(struct proof *p, const struct bundle *b,
			 const struct proof_request *rq)
{
	const struct bundle_records *r = &b->anchor;
	struct chain chain;
	size_t i, last = 0;

	chain_begin(&chain, p->reg.token, p->reg.chain);
	for (i = 1; i < r->n && p->problems.n < PROBLEMS_MAX; i++) {
		struct anchor_record rec;

		if (!r->v[i].clear ||
		    !read_record(p, r, i, "pcr_anchor", &rec))
			continue;
		if (rec.kind == ANCHOR_ANCHOR)
			take_mark(p, &chain, &last, &rec.mark, i);
		else
			texts_add(&p->problems, "record %zu of pcr_anchor: foreign entry: %s",
				  i + 1, rec.name);
		anchor_record_free(&rec);
	}
	judge_last(p, b, last, rq);
}

static void take_boot(struct proof *p, const struct bundle *b,
		      struct anchor_boot *boot, size_t i)
{
	if (boot->id != b->id)
		return;
	if (p->has_own) {
		texts_add(&p->problems, "record %zu of pcr_boot: namespace %llu has two boot records",
			  i + 1, (unsigned long long)b->id);
		return;
	}
	p->has_own = true;
	p->own = *boot;
	p->own.entry = i + 1;
	/* Its strings have moved. */
	memset(boot, 0, sizeof(*boot));
}

static void read_boots(struct proof *p, const struct bundle *b)
{
	const struct bundle_records *r = &b->boot;
	size_t i;

	for (i = 1; i < r->n && p->problems.n < PROBLEMS_MAX; i++) {
		struct anchor_record rec;

		if (!r->v[i].clear || !read_record(p, r, i, "pcr_boot", &rec))
			continue;
		if (rec.kind == ANCHOR_BOOT)
			take_boot(p, b, &rec.boot, i);
		else
			texts_add(&p->problems, "record %zu of pcr_boot: foreign entry: %s",
				  i + 1, rec.name);
		anchor_record_free(&rec);
	}
	if (!p->has_own)
		texts_add(&p->problems, "there is no boot record of namespace %llu",
			  (unsigned long long)b->id);
}

/* What the tenant's list comes to after seq entries. */
static bool read_list(struct proof *p, const struct bundle *b,
		      const struct proof_request *rq)
{
	static const struct pcr_set none;
	enum list_status st;
	struct list_reader r;
	struct list_entry e;
	struct replay rp;

	list_begin(&r, b->list.data, b->list.len);
	replay_begin(&rp, &none, b->seq);
	while ((st = list_next(&r, &e)) == LIST_ENTRY)
		replay_entry(&rp, &e);
	p->entries = rp.entries;
	memcpy(p->acc, rp.acc_then, sizeof(p->acc));
	replay_free(&rp);
	if (st != LIST_END) {
		msg("%s list of the tenant: %s",
		    st == LIST_SHORT ? "truncated" : "malformed", r.error);
		return false;
	}
	if (p->entries < b->seq)
		texts_add(&p->problems, "the leaf covers %llu entries, the list has only %llu",
			  (unsigned long long)b->seq,
			  (unsigned long long)p->entries);
	else if (p->entries > b->seq &&
		 (!rq->allow_prefix || !b->seq || b->dead))
		texts_add(&p->problems, "the leaf covers only %llu of %llu entries",
			  (unsigned long long)b->seq,
			  (unsigned long long)p->entries);
	return true;
}

/* The end of a namespace is told with its last leaf. */
static void compare_leaf(struct proof *p, const struct bundle *b)
{
	if (!p->has_mark)
		return;
	if (!p->mark.has_leaf || p->mark.id != b->id)
		texts_add(&p->problems, "the last anchor in clear does not tell the end of namespace %llu",
			  (unsigned long long)b->id);
	else if (memcmp(p->mark.leaf, p->leaf, sizeof(p->leaf)))
		texts_add(&p->problems, "the list is not the one that namespace %llu ended with: its last leaf was another",
			  (unsigned long long)b->id);
}

static void climb(struct proof *p, const struct bundle *b)
{
	const char *why;

	merkle_ns_leaf(b->id, b->seq, b->salt, p->acc, p->leaf);
	if (b->dead) {
		compare_leaf(p, b);
		return;
	}
	why = merkle_climb(p->leaf, b->index, b->n,
			   (const uint8_t (*)[MERKLE_SIZE])b->path, b->npath,
			   p->root);
	if (why) {
		texts_add(&p->problems, "slot %llu of %llu: %s",
			  (unsigned long long)b->index,
			  (unsigned long long)b->n, why);
		return;
	}
	if (!p->has_mark)
		return;
	if (b->n != p->mark.n)
		texts_add(&p->problems, "the bundle has %llu slots, the last anchor %llu",
			  (unsigned long long)b->n,
			  (unsigned long long)p->mark.n);
	else if (memcmp(p->root, p->mark.root, sizeof(p->root)))
		texts_add(&p->problems, "the list, as slot %llu of %llu, is not below the root of the last anchor",
			  (unsigned long long)b->index,
			  (unsigned long long)b->n);
}

static void replay_records(struct anchor_pcr *pcr,
			   const struct bundle_records *r)
{
	struct list_entry e;
	size_t i;

	for (i = 0; i < r->n; i++) {
		if (r->v[i].clear) {
			bundle_entry(&r->v[i], &e);
			anchor_pcr_entry(pcr, &e);
		} else {
			anchor_pcr_digests(pcr, r->v[i].entry.data);
		}
	}
}

/*
 * If nothing was extended before it, it is the first of its kind. Otherwise
 * whoever has the TPM could have written it, at any time.
 */
static void judge_register(struct proof *p, const struct proof_request *rq)
{
	bool zero = true;
	size_t i;

	for (i = 0; i < p->reg.nbanks; i++)
		zero &= all_bytes(p->reg.start[i].anchor,
				  p->reg.start[i].bank->size, 0);
	if (rq->reg && memcmp(rq->reg, p->reg_digest, sizeof(p->reg_digest)))
		texts_add(&p->problems, "the register record is not the one that is expected");
	else if (!rq->reg && !zero)
		texts_add(&p->problems, "PCR %u was not zero at the registration: its record is believed only by its digest (--register)",
			  p->reg.pcr_anchor);
}

bool proof_judge(struct proof *p, const struct bundle *b,
		 const struct pcr_set *set, const struct proof_request *rq)
{
	memset(p, 0, sizeof(*p));
	take_register(p, b);
	if (!read_list(p, b, rq))
		return false;
	if (!p->has_reg)
		return true;
	judge_register(p, rq);
	read_anchors(p, b, rq);
	read_boots(p, b);
	climb(p, b);
	anchor_pcr_begin(&p->boot, &p->reg, p->reg.pcr_boot);
	anchor_pcr_begin(&p->anchor, &p->reg, p->reg.pcr_anchor);
	replay_records(&p->boot, &b->boot);
	replay_records(&p->anchor, &b->anchor);
	anchor_pcr_judge(&p->boot, set, &rq->trust, &p->problems);
	anchor_pcr_judge(&p->anchor, set, &rq->trust, &p->problems);
	return true;
}

void proof_free(struct proof *p)
{
	anchor_boot_free(&p->own);
	texts_free(&p->problems);
	texts_free(&p->notes);
	memset(p, 0, sizeof(*p));
}
