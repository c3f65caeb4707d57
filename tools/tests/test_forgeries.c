// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What root of the machine can try, who has its TPM and all of its files, but
 * neither the kernel's memory nor the key of the TPM: each attack on complete
 * data, before every judge whose matter it is.
 *
 * host		the host's list against the PCRs, as verify --boot --anchor
 * quote	the same, with the lists of all tenants, as verify --quote
 * bundle	a tenant's bundle, as verify --proof --nonce
 */
#include <stdlib.h>
#include <string.h>

#include "anchor.h"
#include "leaf.h"
#include "mkquote.h"
#include "proof.h"
#include "tap.h"
#include "tree.h"
#include "verify.h"

#define TENANT 5
#define OTHER 6
#define SLOT 1
#define OTHER_SLOT 0

static const uint8_t asked[] = { 0xa5, 1, 2, 3, 4, 5, 6, 7 };
static const uint8_t earlier[] = { 0x5a, 1, 2, 3, 4, 5, 6, 7 };

/**
 * struct world - a machine, its TPM and the lists of two tenants
 * @nonce:	what its quotes answer
 */
struct world {
	struct mkanchor m;
	struct mkquote tpm;
	struct mklist list[2];
	const uint8_t *nonce;
};

static void make_list(struct mklist *l, const char *evil, const char *last)
{
	mk_begin(l, "sha1");
	mk_file(l, 10, 1, "boot_aggregate");
	if (evil)
		mk_file(l, 10, 6, evil);
	mk_file(l, 10, 2, last);
}

static void set_leaves(struct world *w)
{
	mka_set_leaf(&w->m, SLOT, TENANT, w->list[0].entries, w->list[0].acc);
	mka_set_leaf(&w->m, OTHER_SLOT, OTHER, w->list[1].entries,
		     w->list[1].acc);
}

/* The tenant has run something that somebody wants to be forgotten. */
static void begin(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->nonce = asked;
	mkq_begin(&w->tpm, false);
	make_list(&w->list[0], "/bin/evil", "/bin/tenant");
	make_list(&w->list[1], NULL, "/bin/other");
	mka_begin(&w->m);
	mka_register(&w->m, 16, 0);
	mka_boot(&w->m, OTHER, false);
	mka_boot(&w->m, TENANT, false);
	set_leaves(w);
	mka_anchor(&w->m, "interval");
	mka_anchor(&w->m, "read");
}

static void end(struct world *w)
{
	mkq_free(&w->tpm);
	mk_free(&w->list[0]);
	mk_free(&w->list[1]);
	mka_free(&w->m);
}

/* A list of the tenant without what is not to be seen. */
static void forget(struct world *w)
{
	mk_free(&w->list[0]);
	make_list(&w->list[0], NULL, "/bin/tenant");
}

static void says(const struct texts *problems, const char *reason,
		 const char *judge, const char *what)
{
	bool good = false;
	size_t i;

	for (i = 0; i < problems->n; i++)
		good |= reason && strstr(problems->text[i], reason);
	if (!ok(reason ? good : !problems->n, "%s, %s: %s", what, judge,
		reason ? reason : "verified"))
		for (i = 0; i < problems->n; i++)
			note("problem: %s", problems->text[i]);
}

/* The list against values of the TPM. */
static void judge_values(const struct buf *list, const struct pcr_set *pcrs,
			 struct anchor *a, struct texts *problems)
{
	const struct anchor_request rq = {
		.boot = true, .anchor = true, .has_default = true,
	};
	struct verify_options opt = { .pcrs = 1 << 10 };
	struct pcr_set ten = { 0 };
	struct verdict v;
	size_t i;

	for (i = 0; i < pcrs->n; i++)
		if (pcrs->v[i].pcr == 10)
			pcr_set_add(&ten, 10, pcrs->v[i].bank,
				    pcrs->v[i].value, pcrs->v[i].source);
	if (anchor_read(a, list))
		anchor_judge(a, pcrs, &rq);
	for (i = 0; i < a->problems.n; i++)
		texts_add(problems, "%s", a->problems.text[i]);
	if (verify_list(list, &ten, &opt, &v)) {
		for (i = 0; i < v.nreasons; i++)
			texts_add(problems, "%s", v.reason[i]);
		verdict_free(&v);
	} else {
		texts_add(problems, "malformed");
	}
	pcr_set_free(&ten);
}

static void judge_host(const struct world *w, const char *reason,
		       const char *what)
{
	struct texts problems = { 0 };
	struct pcr_set pcrs = { 0 };
	struct anchor a;
	uint32_t pcr;
	int bank;

	for (pcr = 10; pcr <= 12; pcr++)
		for (bank = 0; bank < 2; bank++)
			pcr_set_add(&pcrs, pcr,
				    hash_by_name(mk_bank_name[bank]),
				    w->m.l.pcr[pcr][bank], "TPM");
	judge_values(&w->m.l.b, &pcrs, &a, &problems);
	says(&problems, reason, "host", what);
	anchor_free(&a);
	texts_free(&problems);
	pcr_set_free(&pcrs);
}

/* The key of @w's TPM; what is asked is always the same. */
static void ask(const struct world *w, struct quote_request *rq,
		struct quote_key *key)
{
	struct buf public = { 0 };

	mkq_public(&w->tpm, &public);
	if (quote_key_parse(key, public.data, public.len))
		abort();
	buf_free(&public);
	memset(rq, 0, sizeof(*rq));
	rq->key = key;
	rq->nonce_len = sizeof(asked);
	memcpy(rq->nonce, asked, sizeof(asked));
}

/* The machine's owner: lists and leaves of all tenants as they are shipped. */
static void judge_quote_of(const struct world *w, json_t *quote,
			   const char *reason, const char *what)
{
	struct texts problems = { 0 }, notes = { 0 };
	struct quote_ns ns[2] = {
		{ .id = TENANT, .slot = SLOT, .list = w->list[0].b,
		  .seq = w->list[0].entries },
		{ .id = OTHER, .slot = OTHER_SLOT, .list = w->list[1].b,
		  .seq = w->list[1].entries },
	};
	struct quote_request rq;
	struct quote_key key;
	struct quote q;
	struct anchor a;
	char *why = NULL;

	mka_salt(TENANT, ns[0].salt);
	mka_salt(OTHER, ns[1].salt);
	ask(w, &rq, &key);
	if (ok(quote_parse(&q, quote, &why), "%s, quote: can be judged",
	       what)) {
		quote_judge(&q, &rq, &problems, &notes);
		judge_values(&q.list, &q.pcrs, &a, &problems);
		if (a.nmarks)
			tree_judge(ns, 2, &a.mark[a.nmarks - 1], false,
				   &problems);
		says(&problems, reason, "quote", what);
		anchor_free(&a);
	}
	free(why);
	quote_free(&q);
	quote_key_free(&key);
	texts_free(&problems);
	texts_free(&notes);
	json_decref(quote);
}

static json_t *quote_of(const struct world *w)
{
	return mkq_quote(&w->tpm, &w->m, w->nonce, sizeof(asked), &w->m.l.b);
}

static void judge_quote(const struct world *w, const char *reason,
			const char *what)
{
	judge_quote_of(w, quote_of(w), reason, what);
}

/*
 * @list as the tenant's in @slot, the tenant's boot record being number @boot.
 */
static json_t *bundle_with(const struct world *w, const struct mklist *list,
			   size_t slot, size_t boot)
{
	json_t *o = mka_bundle(&w->m, list, TENANT, slot, boot);

	json_object_set_new(o, "quote",
			    mkq_quote(&w->tpm, &w->m, w->nonce, sizeof(asked),
				      NULL));
	return o;
}

static json_t *bundle_of(const struct world *w)
{
	return bundle_with(w, &w->list[0], SLOT, 2);
}

static void judge_bundle_of(const struct world *w, json_t *bundle,
			    const char *reason, const char *what)
{
	static const struct proof_request usual;
	char *text = json_dumps(bundle, 0), *why = NULL;
	struct texts notes = { 0 };
	struct quote_request rq;
	struct quote_key key;
	struct proof p = { 0 };
	struct bundle b;

	ask(w, &rq, &key);
	if (ok(bundle_parse(&b, text, strlen(text), &why) &&
	       proof_judge(&p, &b, &b.quote.pcrs, &usual),
	       "%s, bundle: can be judged", what)) {
		quote_judge(&b.quote, &rq, &p.problems, &notes);
		says(&p.problems, reason, "bundle", what);
	} else {
		note("%s", why ? why : "malformed list");
	}
	free(why);
	free(text);
	texts_free(&notes);
	proof_free(&p);
	bundle_free(&b);
	quote_key_free(&key);
	json_decref(bundle);
}

static void judge_bundle(const struct world *w, const char *reason,
			 const char *what)
{
	judge_bundle_of(w, bundle_of(w), reason, what);
}

static void is_honest(void)
{
	struct world w;

	begin(&w);
	judge_host(&w, NULL, "honest");
	judge_quote(&w, NULL, "honest");
	judge_bundle(&w, NULL, "honest");
	end(&w);
}

#define NOT_BELOW "is not below the root of the last anchor"
#define NOT_BELOW_ALL "the lists of 2 namespaces are not what is below the root of the anchor with seq"

#define NOT_12(source) \
	"PCR 12 of bank sha256 (" source ") is not what its records lead to"
#define NO_KERNEL "its token does not continue the chain: the kernel did not write it"
#define SHOWN "its token was shown before"

/* 1. An entry is left out: of a tenant's list, or of the host's. */
static void entry_removed(void)
{
	struct world w;
	size_t len;

	begin(&w);
	forget(&w);
	judge_quote(&w, NOT_BELOW_ALL, "tenant's entry removed");
	judge_bundle(&w, NOT_BELOW, "tenant's entry removed");
	end(&w);
	begin(&w);
	len = w.m.l.b.len;
	mk_file(&w.m.l, 10, 9, "/bin/x");
	w.m.l.b.len = len;
	judge_host(&w, "PCR 10 of bank sha256 (TPM) is not what the list leads to",
		   "host's entry removed");
	judge_quote(&w, "PCR 10 of bank sha256 (quote) is not what the list leads to",
		    "host's entry removed");
	end(&w);
	begin(&w);
	w.m.hide = true;
	mka_boot(&w.m, 7, false);
	judge_host(&w, "PCR 11 of bank sha256 (TPM) is not what its records lead to",
		   "boot record removed");
	judge_quote(&w, "PCR 11 of bank sha256 (quote) is not what its records lead to",
		    "boot record removed");
	end(&w);
	begin(&w);
	w.m.hide = true;
	mka_anchor(&w.m, "interval");
	judge_host(&w, NOT_12("TPM"), "last anchor removed");
	judge_quote(&w, NOT_12("quote"), "last anchor removed");
	end(&w);
}

/* The root that the tree has, written over that of the last anchor. */
static void replace_root(struct world *w)
{
	static const char key[] = "root=sha256:";
	struct buf *last = &w->m.records[1].v[w->m.records[1].n - 1];
	uint8_t root[32], *at, *end;
	char hex[65];

	mka_root((const uint8_t (*)[32])w->m.leaf, w->m.n, root);
	hex_encode(root, sizeof(root), hex);
	at = memmem(last->data, last->len, key, strlen(key));
	memcpy(at + strlen(key), hex, 64);
	/* The last in the list is the same record. */
	end = w->m.l.b.data + w->m.l.b.len - last->len;
	memcpy(end, last->data, last->len);
}

/* 2. The value that stands for a tenant's list is replaced. */
static void acc_replaced(void)
{
	struct world w;
	char *text;
	struct leaf l;

	begin(&w);
	forget(&w);
	set_leaves(&w);
	replace_root(&w);
	judge_host(&w, NOT_12("TPM"), "acc replaced");
	judge_quote(&w, NOT_12("quote"), "acc replaced");
	judge_bundle(&w, NOT_12("quote"), "acc replaced");
	end(&w);
	/* What a namespace is told of itself. */
	begin(&w);
	text = mka_leaf_text(&w.m, TENANT, SLOT, w.list[0].entries,
			     w.list[1].acc);
	is_text(leaf_parse(&l, text) ? "malformed" : leaf_check(&l),
		"its path does not lead to its root", "acc replaced in the leaf");
	free(text);
	end(&w);
}

/*
 * 3. All anchors are invented, with tokens of another secret, and PCR 12
 * extended by it from user space.
 */
static void history_invented(void)
{
	struct mkanchor *m;
	struct world w;

	begin(&w);
	m = &w.m;
	forget(&w);
	set_leaves(&w);
	/* The PCRs are what they are: the history begins with that. */
	mka_register(m, 16, 0);
	mka_boot(m, TENANT, false);
	mka_anchor(m, "interval");
	judge_host(&w, "ima_ns_register, but that of entry 3 has not ended",
		   "history invented");
	judge_quote(&w, "ima_ns_register, but that of entry 3 has not ended",
		    "history invented");
	judge_bundle_of(&w, bundle_with(&w, &w.list[0], SLOT, 1),
			"PCR 12 was not zero at the registration",
			"history invented");
	end(&w);
	/* ... and the true one is left out. */
	begin(&w);
	m = &w.m;
	forget(&w);
	set_leaves(&w);
	m->l.b.len = 0;
	mk_file(&m->l, 10, 1, "boot_aggregate");
	mka_register(m, 16, 0);
	mka_boot(m, TENANT, false);
	mka_anchor(m, "interval");
	judge_host(&w, "PCR 10 of bank sha256 (TPM) is not what the list leads to",
		   "history invented, the true one left out");
	judge_quote(&w, "PCR 10 of bank sha256 (quote) is not what the list leads to",
		    "history invented, the true one left out");
	end(&w);
}

/* What is said to have been in PCR 12 before: nothing. */
static void history_invented_from_zero(void)
{
	uint8_t real[2][MK_BANKS][64];
	struct world w;
	json_t *o;
	size_t i;

	begin(&w);
	forget(&w);
	set_leaves(&w);
	memcpy(real, &w.m.l.pcr[11], sizeof(real));
	memset(&w.m.l.pcr[11], 0, sizeof(real));
	mka_register(&w.m, 16, 0);
	mka_boot(&w.m, TENANT, false);
	mka_anchor(&w.m, "interval");
	o = mka_bundle(&w.m, &w.list[0], TENANT, SLOT, 1);
	/* The TPM has the old value, extended by something. */
	memcpy(&w.m.l.pcr[11], real, sizeof(real));
	for (i = 0; i < 2; i++)
		mka_sha256(real[i][1], 32, w.m.l.pcr[11 + i][1]);
	json_object_set_new(o, "quote", mkq_quote(&w.tpm, &w.m, w.nonce,
						  sizeof(asked), NULL));
	judge_bundle_of(&w, o, NOT_12("quote"), "history invented from zero");
	judge_host(&w, NOT_12("TPM"), "history invented from zero");
	end(&w);
}

/*
 * 4. A doctored list, a tree with it, a well-formed further anchor, and one
 * extend from user space.
 */
static void anchor_appended(void)
{
	static const uint8_t guess[32] = { 0x42 };
	struct world w;
	int i;

	for (i = 0; i < 2; i++) {
		const char *why = i ? SHOWN : NO_KERNEL;
		const char *what = i ? "appended, last token again" :
				       "appended, token guessed";

		begin(&w);
		forget(&w);
		set_leaves(&w);
		mka_forge(&w.m, i ? NULL : guess);
		judge_host(&w, why, what);
		judge_quote(&w, why, what);
		/*
		 * In a bundle tokens between may be left out, so it counts
		 * them.
		 */
		judge_bundle(&w, NO_KERNEL, what);
		end(&w);
	}
	/* The same instead of the last one, whose token is then not known. */
	begin(&w);
	forget(&w);
	set_leaves(&w);
	w.m.hide = true;
	mka_anchor(&w.m, "interval");
	w.m.hide = false;
	w.m.seq--;
	mka_forge(&w.m, NULL);
	judge_host(&w, NOT_12("TPM"), "in place of the last, with its token");
	judge_quote(&w, NOT_12("quote"), "in place of the last, with its token");
	judge_bundle(&w, NO_KERNEL, "in place of the last, with its token");
	end(&w);
}

/* 5. Two tenants' leaves change places. */
static void leaves_swapped(void)
{
	struct world w;
	uint8_t leaf[32];
	struct mklist l;

	/* One tenant is given the other's slot, or the other's list. */
	begin(&w);
	judge_bundle_of(&w, bundle_with(&w, &w.list[0], OTHER_SLOT, 2),
			NOT_BELOW, "the other's slot");
	judge_bundle_of(&w, bundle_with(&w, &w.list[1], OTHER_SLOT, 2),
			NOT_BELOW, "the other's slot and list");
	l = w.list[0];
	w.list[0] = w.list[1];
	w.list[1] = l;
	judge_quote(&w, NOT_BELOW_ALL, "lists swapped");
	end(&w);
	/* In the tree itself, by an anchor that the kernel did not write. */
	begin(&w);
	memcpy(leaf, w.m.leaf[SLOT], 32);
	memcpy(w.m.leaf[SLOT], w.m.leaf[OTHER_SLOT], 32);
	memcpy(w.m.leaf[OTHER_SLOT], leaf, 32);
	mka_forge(&w.m, NULL);
	judge_host(&w, SHOWN, "leaves swapped in the tree");
	judge_quote(&w, SHOWN, "leaves swapped in the tree");
	judge_bundle(&w, NO_KERNEL, "leaves swapped in the tree");
	end(&w);
}

/* 6. What was true before the tenant ran evil is shown again. */
static void old_replayed(void)
{
	json_t *bundle, *quote, *fresh;
	struct world w;

	begin(&w);
	w.nonce = earlier;
	bundle = bundle_of(&w);
	quote = quote_of(&w);
	w.nonce = asked;
	judge_bundle_of(&w, json_deep_copy(bundle),
			"the quote answers the nonce 5a01020304050607, which was not asked",
			"old bundle, fresh nonce");
	judge_quote_of(&w, quote,
		       "the quote answers the nonce 5a01020304050607, which was not asked",
		       "old quote, fresh nonce");
	/* The quote is fresh, all else is old. */
	mk_file(&w.list[0], 10, 7, "/bin/more-evil");
	set_leaves(&w);
	mka_anchor(&w.m, "interval");
	fresh = mkq_quote(&w.tpm, &w.m, w.nonce, sizeof(asked), NULL);
	json_object_set(bundle, "quote", fresh);
	judge_bundle_of(&w, json_deep_copy(bundle), NOT_12("quote"),
			"old bundle, fresh quote");
	/* ... with the old values in it. */
	json_object_set(fresh, "pcrs", json_object_get(bundle, "pcrs"));
	json_object_set(bundle, "quote", fresh);
	judge_bundle_of(&w, bundle,
			"PCR 10 of bank sha1 is quoted, but its value is missing",
			"old bundle, fresh quote, old values");
	json_decref(fresh);
	judge_bundle(&w, NULL, "fresh bundle");
	end(&w);
}

int main(void)
{
	is_honest();
	entry_removed();
	acc_replaced();
	history_invented();
	history_invented_from_zero();
	anchor_appended();
	leaves_swapped();
	old_replayed();
	return tap_done();
}
